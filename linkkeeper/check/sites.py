"""Which generator builds a site, and from which folders (`data/generators.toml`, and a look at the disk)."""

import re
from pathlib import Path

from msgspec import Struct

from linkkeeper.check import tables


class Generator(Struct, frozen=True, forbid_unknown_fields=True):
    """How a generator lays out its sources. Folders are relative to the site's root; `""` is the root."""

    name: str
    markers: tuple[str, ...]
    """Any of these files marks the root."""
    beside: tuple[str, ...] = ()
    """One of these must be there too; empty: the marker is enough."""
    folders: tuple[str, ...] = ("",)
    """Where `/x` of the built site may come from, in order."""
    setting: str = ""
    """Name of the setting, in the marker file, that says where pages are instead."""
    source: str = ""


class Generators(Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    generator: tuple[Generator, ...]


_ADDRESS = re.compile(
    r"^\s{0,20}(?:baseurl|base_url|root|site_url|url|base|pathPrefix)\s{0,9}[:=]\s{0,9}[\"']?([^\"'#\s]{1,200})",
    re.IGNORECASE | re.MULTILINE,
)
_CONVENTIONAL = ("", "static", "public", "source", "docs", "content", "assets")
"""Folders that a site root without a known generator may take files from."""


class Site(Struct, frozen=True):
    """One site on this disk. Paths are absolute and normalised."""

    root: str
    generator: str
    """Name, or the empty string for a root that was set without a known generator."""
    folders: tuple[str, ...]
    prefix: str = ""
    """Path below which the site is published, which the sources do not show: `blog` for `baseurl: /blog`."""


def site_at(root: str) -> Site | None:
    """Return the site whose root is this directory; None if it bears no generator's marker."""
    here = Path(root)
    for generator in tables.load("generators.toml", Generators).generator:
        marker = next((name for name in generator.markers if (here / name).exists()), None)
        if marker is None:
            continue
        if generator.beside and not any((here / name).exists() for name in generator.beside):
            continue
        return Site(root, generator.name, _folders(here, generator, here / marker), _prefix(here / marker))
    return None


def plain_site(root: str) -> Site:
    """Return the site of a root that the user set: its generator's folders, else the conventional ones."""
    found = site_at(root)
    return found or Site(root, "", tuple(_existing(Path(root), _CONVENTIONAL)))


def _folders(root: Path, generator: Generator, marker: Path) -> tuple[str, ...]:
    said = _setting(marker, generator.setting) if generator.setting else ""
    wanted = (said, *generator.folders) if said else generator.folders
    return tuple(dict.fromkeys(_existing(root, wanted)))


def _existing(root: Path, names: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for name in names:
        if "*" in name:
            found += sorted(str(path) for path in root.glob(name) if path.is_dir())[:20]
        elif (root / name).is_dir():
            found.append(str(root / name))
    return found


def _text(marker: Path) -> str:
    try:
        return marker.read_text("utf-8", "replace")[:200_000] if marker.is_file() else ""
    except OSError:
        return ""


def _prefix(marker: Path) -> str:
    """Return the path of the address that a settings file gives the site."""
    for found in _ADDRESS.finditer(_text(marker)):
        said = found[1].strip().rstrip("/")
        path = said.partition("://")[2].partition("/")[2] if "://" in said else said.lstrip("/")
        if path:
            return path
    return ""


def _setting(marker: Path, name: str) -> str:
    """Return a folder that a settings file names; empty for none, and for one outside the site."""
    text = _text(marker)
    found = re.search(
        rf"^\s{{0,20}}[\"']?{re.escape(name)}[\"']?\s{{0,9}}[:=]\s{{0,9}}[\"']?([^\"'#\r\n]{{1,200}})",
        text,
        re.MULTILINE,
    )
    said = found[1].strip().strip("/") if found else ""
    return (
        "" if said in {".", ""} or ".." in said.split("/") or said.startswith(("~", "\\")) else said.removeprefix("./")
    )
