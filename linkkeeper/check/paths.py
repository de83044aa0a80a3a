"""Paths as text with forward slashes, and the boundaries outside of which nothing is looked at."""

import os
from pathlib import Path
from urllib.parse import unquote

from linkkeeper.check import sites

_LONGEST = 4000
_UPWARDS = 8
"""How many folders above a scanned one are asked whether they are the site's root."""


def decoded(path: str) -> str | None:
    """Return the path of a URL with its escapes decoded; None for what no file name can be."""
    found = unquote(path, errors="surrogateescape") if "%" in path else path
    return None if "\0" in found or len(found) > _LONGEST else found


def stem(path: str) -> str:
    """Return the file name without its suffix."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def parent(path: str) -> str:
    """Return the folder of an absolute path."""
    return path.rpartition("/")[0] or "/"


def absolute(path: str) -> str:
    """Return the absolute path as text; symbolic links are not resolved."""
    here = path.replace(os.sep, "/")
    return normal(here if here.startswith("/") else f"{Path.cwd().as_posix()}/{here}")


def normal(path: str) -> str:
    """Resolve `.` and `..` and doubled slashes by text; a path cannot climb above `/`."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if kept:
                kept.pop()
        elif part not in {"", "."}:
            kept.append(part)
    return "/" + "/".join(kept)


def boundaries(scanned: tuple[str, ...], set_root: str) -> tuple[str, ...]:
    """Return the folders outside of which nothing is looked at: what was scanned, or the sites that it belongs to."""
    folders = [_folder_of(path) for path in scanned] or [absolute(".")]
    if set_root:
        return (*folders, set_root)
    return tuple(_site_above(folder) or folder for folder in folders)


def _folder_of(path: str) -> str:
    """Return a scanned folder; for a single file the checkout that holds it, else its folder."""
    here = absolute(path)
    if Path(here).is_dir():
        return here
    folder = parent(here)
    return next((above for above in _upwards(folder) if Path(above, ".git").exists()), folder)


def _site_above(folder: str) -> str:
    """Return the nearest folder at or above that a generator marks, within the checkout; empty: none."""
    for above in _upwards(folder):
        if sites.site_at(above) is not None:
            return above
        if Path(above, ".git").exists():
            break
    return ""


def _upwards(folder: str) -> list[str]:
    """Return a folder and those above it, at most eight; never `/`, nor the home directory from below."""
    home = Path.home().as_posix()
    found: list[str] = []
    while folder != "/" and len(found) < _UPWARDS and not (found and folder == home):
        found.append(folder)
        folder = parent(folder)
    return found
