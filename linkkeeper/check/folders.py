"""What lies where on this disk, within one boundary: names by listing, each directory read once."""

import os
from enum import Enum
from pathlib import Path


class Kind(Enum):
    """What a path is."""

    FILE = "file"
    FOLDER = "folder"
    OUTSIDE = "outside"
    """A symbolic link that leads out of the boundary; whether anything is there is nobody's business."""


class Folders:
    """Answers what a path is, without a look at anything outside `boundaries` (absolute, normalised).

    Names are compared as listed, so `Image.PNG` is not `image.png` on any system.
    """

    def __init__(self, boundaries: tuple[str, ...]) -> None:
        self.boundaries = tuple(sorted(set(boundaries), key=len))
        self._real = tuple(os.path.realpath(boundary) for boundary in self.boundaries)
        self._listed: dict[str, dict[str, Kind]] = {}
        self._frozen: dict[str, frozenset[str]] = {}

    def around(self, path: str) -> str:
        """Return the boundary that a normalised absolute path lies within, by its text alone; empty: none."""
        return next((boundary for boundary in self.boundaries if _within(path, boundary)), "")

    def kind(self, path: str) -> Kind | None:
        """Return what a normalised absolute path is; None if nothing is there."""
        boundary = self.around(path)
        if not boundary:
            return Kind.OUTSIDE
        if path in self._listed or path == boundary:
            return Kind.FOLDER
        here, kind = boundary.rstrip("/"), Kind.FOLDER
        for name in path[len(here) + 1 :].split("/"):
            found = self._names(here or "/").get(name) if kind is Kind.FOLDER else None
            if found is None or found is Kind.OUTSIDE:
                return found
            here, kind = f"{here}/{name}", found
        return kind

    def names(self, folder: str) -> frozenset[str]:
        """Return the names of what lies in a folder within a boundary; none if it is no folder or cannot be read."""
        known = self._frozen.get(folder)
        if known is None:
            listed = self._names(folder) if self.kind(folder) is Kind.FOLDER else {}
            known = frozenset(name for name, kind in listed.items() if kind is not Kind.OUTSIDE)
            if listed:
                self._frozen[folder] = known
        return known

    def _names(self, folder: str) -> dict[str, Kind]:
        known = self._listed.get(folder)
        if known is None:
            known = self._listed[folder] = self._read(folder)
        return known

    def _read(self, folder: str) -> dict[str, Kind]:
        try:
            with os.scandir(folder) as entries:
                return {entry.name: kind for entry in entries if (kind := self._kind_of(entry)) is not None}
        except OSError:
            return {}

    def _kind_of(self, entry: os.DirEntry[str]) -> Kind | None:
        try:
            if entry.is_symlink():
                return self._linked(entry.path)
            return Kind.FOLDER if entry.is_dir() else Kind.FILE
        except OSError:
            return None

    def _linked(self, path: str) -> Kind | None:
        real = os.path.realpath(path)
        if not any(_within(real, boundary) for boundary in self._real):
            return Kind.OUTSIDE
        if Path(real).is_dir():
            return Kind.FOLDER
        return Kind.FILE if Path(real).exists() else None


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
