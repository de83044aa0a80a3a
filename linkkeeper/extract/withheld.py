"""Lines that hold credentials: a disk is told where they stand, not what they say.

Such a line is made again from the bytes of its document, which must be the same as then: what is written down is
numbers. Everything else of the document is remembered as it is.
"""

from collections.abc import Iterable

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from linkkeeper.errors import DocumentError
from linkkeeper.extract.lines import Line, Lines, encoded
from linkkeeper.extract.reading import read_ranges
from linkkeeper.extract.remembered import Stamp
from linkkeeper.models.document import FileProblem

_UNWRITTEN = "https://http://mailto:?#[]@&="
"""What a URL may have although it is not written, or not so: schemes, and what separates its parts (RFC 3986, 2.2)."""
_MOST_SLICES = 64

Slices = tuple[tuple[int, int], ...]
"""Ranges of a text, in the order in which they make another."""


class Withheld(Struct, frozen=True, gc=False, array_like=True):
    """One line: where it belongs among the others, and how to make it of its document's bytes."""

    after: int
    """Bytes of the other lines before it."""
    start: int
    end: int
    line: int
    column: int
    kind: str
    skip: str
    charset: str
    url: Slices
    clean: Slices


class Safe(Struct, frozen=True):
    """The `Lines` of one document without those that hold credentials."""

    text: bytes
    problems: tuple[FileProblem, ...]
    withheld: tuple[Withheld, ...]


class Part(Struct, frozen=True):
    """Some lines of a document without those that hold credentials."""

    text: bytes
    withheld: tuple[Withheld, ...] = ()


def part(lines: list[Line], text: bytes, hidden: frozenset[str], charset: str) -> Part | None:
    """Return what a disk may keep of some lines; None: nothing.

    text: the lines as they are printed. hidden: what they show of credentials. charset: what the document's bytes are
    decoded by.
    """
    kept: list[bytes] = []
    held: list[Withheld] = []
    size = 0
    for line, printed in zip(lines, text.splitlines(keepends=True), strict=True):
        if hidden.isdisjoint((line.url, line.raw, line.clean)):
            kept.append(printed)
            size += len(printed)
        elif one := _withheld(line, size, charset):
            held.append(one)
        else:
            return None
    return Part(b"".join(kept), tuple(held))


def safe(parts: Iterable[Part], problems: tuple[FileProblem, ...]) -> bytes:
    """Return what a disk may keep of the lines of one document, for `whole`."""
    held: list[Withheld] = []
    text = bytearray()
    for one in parts:
        held += [replace(line, after=line.after + len(text)) for line in one.withheld] if text else one.withheld
        text += one.text
    return msgspec.msgpack.encode(Safe(bytes(text), problems, tuple(held)))


def part_of(kept: bytes) -> Part:
    """Return what `safe` was given, as one part."""
    known = msgspec.msgpack.decode(kept, type=Safe)
    return Part(known.text, known.withheld)


def _withheld(one: Line, after: int, charset: str) -> Withheld | None:
    """Return how to make a line again, if that is possible."""
    source = _UNWRITTEN + one.raw
    url, clean = _slices(one.url, source), _slices(one.clean, source)
    if url is None or clean is None:
        return None
    return Withheld(after, one.start, one.end, one.line, one.column, one.kind, one.skip, charset, url, clean)


def _slices(text: str, source: str) -> Slices | None:
    """Return the ranges of source that make text, the longest first found; None: there are none, or too many."""
    slices: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        length = _shared(text, at, source)
        if not length or len(slices) == _MOST_SLICES:
            return None
        start = source.find(text[at : at + length])
        slices.append((start, start + length))
        at += length
    return tuple(slices)


def _shared(text: str, at: int, source: str) -> int:
    """Return how much of text, from a place on, source has in one piece."""
    least, most = 0, len(text) - at
    if text[at:] in source:  # nearly always
        return most
    while least < most:
        length = (least + most + 1) // 2
        if text[at : at + length] in source:
            least = length
        else:
            most = length - 1
    return least


def whole(path: str, kept: bytes, stamp: Stamp) -> bytes | None:
    """Return the `Lines` that `safe` was given; None if the file is not the one with this stamp any more."""
    known = msgspec.msgpack.decode(kept, type=Safe)
    try:
        pieces = read_ranges(path, stamp, [(one.start, one.end) for one in known.withheld])
    except DocumentError:
        return None
    return msgspec.msgpack.encode(Lines(_merged(path, known, pieces), known.problems))


def _merged(path: str, known: Safe, pieces: Iterable[bytes]) -> bytes:
    """Return all lines. pieces: what the document has where each of those withheld stands."""
    text: list[bytes] = []
    done = 0
    for one, piece in zip(known.withheld, pieces, strict=True):
        text += (known.text[done : one.after], encoded([_line(path, one, piece)]))
        done = one.after
    return b"".join([*text, known.text[done:]])


def _line(path: str, one: Withheld, piece: bytes) -> Line:
    raw = piece.decode(one.charset, "replace")
    url, clean = ("".join([(_UNWRITTEN + raw)[start:end] for start, end in slices]) for slices in (one.url, one.clean))
    return Line(path, one.start, one.end, one.line, one.column, one.kind, raw, url, clean, one.skip)
