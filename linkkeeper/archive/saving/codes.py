"""The archive's words for a capture that did not come about: codes.toml, read."""

from enum import StrEnum
from functools import cache
from importlib import resources

import msgspec
import tomli
from msgspec import Struct

PREFIX = "error:"
LONGEST_CODE = 80


class Kind(StrEnum):
    """What a code means for us; explained in codes.toml."""

    OWNER = "owner"
    PERMANENT = "permanent"
    TRANSIENT = "transient"
    SESSIONS = "sessions"
    HOST = "host"
    URL = "url"
    DAY = "day"
    CLIENT = "client"
    UNLISTED = "unlisted"


class Code(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry."""

    kind: Kind
    says: str
    """One human line without full stop."""
    source: str


@cache
def known() -> dict[str, Code]:
    """Return every listed code."""
    file = resources.files("linkkeeper.archive.saving") / "codes.toml"
    return msgspec.convert(tomli.loads(file.read_text("utf-8")), dict[str, Code])


def meaning(code: str) -> Code:
    """Return what a code (without `error:`) means; an unlisted one is permanent for this run."""
    return known().get(code) or Code(Kind.UNLISTED, f"the archive did not capture it ({code or 'no reason given'})", "")


def bare(status_ext: str) -> str:
    """Return a code without its prefix, in lower case, cut to a length that no real one has."""
    return status_ext.strip().lower().removeprefix(PREFIX).strip()[:LONGEST_CODE]
