"""Anchors of files on this disk, each file read once."""

from pathlib import Path
from urllib.parse import unquote

_FILE_LIMIT = 20_000_000
_INCLUDES = (
    *(b"{% include", b"{% render", b"{% extends", b"{{<", b"{{%", b"{{ content }}", b"{{ template", b"{{ include"),
    *(b"--8<--", b".. include::", b"include::", b"@include", b"<script"),
)
"""What takes in text from elsewhere, or makes it: anchors that the file itself does not show."""


class Anchors:
    """What places the files of a run have."""

    def __init__(self) -> None:
        self._known: dict[str, frozenset[str] | None] = {}

    def of(self, path: str) -> frozenset[str] | None:
        """Return the anchors of a file; None if it is of no format that has them, or not all are in the file."""
        if path not in self._known:
            self._known[path] = _read(path)
        return self._known[path]


def _read(path: str) -> frozenset[str] | None:
    from linkkeeper.extract import registry  # every format with it: only a link with a fragment needs them

    if registry.source_for(path) is None:
        return None
    try:
        if Path(path).stat().st_size > _FILE_LIMIT:
            return None
        data = Path(path).read_bytes()
    except OSError:
        return None
    return None if any(mark in data for mark in _INCLUDES) else registry.anchors(path, data)


def has(known: frozenset[str], fragment: str) -> bool:
    """Tell whether a fragment names one of the anchors.

    Generators differ in case and in what they do with punctuation: an anchor that is the same but for
    that is meant.
    """
    wanted = unquote(fragment)
    if {wanted, fragment, wanted.removeprefix("user-content-")} & known:
        return True
    plain = _plain(wanted)
    return bool(plain) and any(_plain(anchor) == plain for anchor in known)


def _plain(anchor: str) -> str:
    return "".join(character for character in unquote(anchor).lower() if character.isalnum())
