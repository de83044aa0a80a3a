"""Reads the tables of `check/data/*.toml`, once each."""

from pathlib import Path
from typing import TypeVar

import msgspec
import tomli
from msgspec import Struct

T = TypeVar("T")


_loaded: dict[str, object] = {}


def load(name: str, kind: type[T]) -> T:
    """Return the table `name` as `kind`. Raises msgspec.ValidationError if the data do not fit (a test reads all)."""
    table = _loaded.get(name)
    if table is None:
        text = (Path(__file__).parent / "data" / name).read_text("utf-8")
        table = _loaded[name] = msgspec.convert(tomli.loads(text), type=kind)
    assert isinstance(table, kind)
    return table


class Suffixes(Struct, frozen=True, forbid_unknown_fields=True):
    """What file names say: `suffixes.toml`. Suffixes are lower case, without the dot."""

    source: str
    downloads: frozenset[str]
    copied: frozenset[str]
    names: frozenset[str]
    layout_anchors: frozenset[str]


def suffixes() -> Suffixes:
    """Return the table of suffixes."""
    return load("suffixes.toml", Suffixes)
