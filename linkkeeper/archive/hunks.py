"""Reads what `git diff` and `git diff-tree --stdin` print (without context lines). Pure."""

import re
from collections.abc import Iterator

from msgspec import Struct

_COMMIT = re.compile(rb"[0-9a-f]{40,64}\Z")
_HUNK = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")

_ESCAPED = re.compile(rb"\\(?:([0-7]{3})|(.))", re.DOTALL)
_SIGNS = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


class Hunk(Struct, frozen=True, gc=False):
    """Lines that a commit removed and added in one place."""

    commit: str
    """Empty if the output names none."""
    before: bytes
    """What the file was called before."""
    after: bytes
    old: int
    """The number (from 1) of the first removed line, in the file before."""
    removed: tuple[bytes, ...]
    new: int
    added: tuple[bytes, ...]


def parse_diffs(output: bytes) -> Iterator[Hunk]:
    """Yield the hunks that removed lines and added lines. Lines are counted, so that no text passes for a header."""
    rows = output.split(b"\n")
    commit, before, after, at = "", b"", b"", 0
    while at < len(rows):
        row = rows[at]
        at += 1
        if match := _HUNK.match(row):
            old, many_old, new, many_new = (int(number) if number else 1 for number in match.groups())
            removed, at = _body(rows, at, b"-", many_old)
            added, at = _body(rows, at, b"+", many_new)
            if removed and added:
                yield Hunk(commit, before, after, old, removed, new, added)
        elif row.startswith(b"--- "):
            before = _name(row)
        elif row.startswith(b"+++ "):
            after = _name(row)
        elif _COMMIT.match(row):
            commit = row.decode("ascii")


def _body(rows: list[bytes], at: int, sign: bytes, many: int) -> tuple[tuple[bytes, ...], int]:
    """Return the texts of so many rows, and where the next begins. None if fewer are there: the output was cut."""
    texts = rows[at : at + many]
    if len(texts) < many or not all(text.startswith(sign) for text in texts):
        return (), at
    at += many
    if at < len(rows) and rows[at].startswith(b"\\"):  # "\ No newline at end of file"
        at += 1
    return tuple(text[1:] for text in texts), at


def _name(row: bytes) -> bytes:
    """Return the file of a `--- a/…` or `+++ b/…` row; names with spaces end with a tab."""
    return unquoted(row[4:].removesuffix(b"\t"))[2:]


def unquoted(name: bytes) -> bytes:
    """Return a name that git may have quoted as C does (git-config(1), core.quotePath)."""
    if len(name) < 2 or not (name.startswith(b'"') and name.endswith(b'"')):
        return name
    return _ESCAPED.sub(lambda match: bytes([int(match[1], 8) % 256]) if match[1] else _plain(match[2]), name[1:-1])


def _plain(sign: bytes) -> bytes:
    return _SIGNS.get(sign, sign)
