"""What was found -> its place in the document: offset, line and column."""

import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from linkkeeper.extract.base import LONGEST_URL, SKIP_LONG, Found

_CONTINUATION = bytes(range(0x80, 0xC0))
_SHORT = 1 << 12
_SURROGATE = re.compile(r"[\ud800-\udfff]")

FoundFrom = tuple[int, Iterable[Found]]
"""An offset in a document, and what was found from there on, in order; may be an iterator."""
Placed = tuple[Found, int, int, int, int]
"""What was found, with start and end in the document, line and column."""


def placed(data: bytes, parts: Iterable[FoundFrom]) -> Iterator[Placed]:
    """Yield what was found, in order, with its place in data; of two that overlap, the first stays (an attribute
    before what is in it).

    One loop, since a document may have millions.
    """
    data = _with_newlines(data)
    line, column, seen, reach = 1, 1, 0, 0
    for offset, found in parts:
        for one in found:
            start = one.start + offset
            if start < reach:
                continue
            reach = one.end + offset
            if not one.url.isascii() or len(one.url) >= _SHORT:
                one = _sound(one)
            last = data.rfind(b"\n", seen, start)
            if last >= 0:
                line += data.count(b"\n", seen, last) + 1
                column = 1
                seen = last + 1
            if start > seen:
                piece = data[seen:start]
                column += len(piece) if piece.isascii() else len(piece.translate(None, _CONTINUATION))
                seen = start
            yield one, start, reach, line, column


def _sound(one: Found) -> Found:
    """Return a link whose URL can be written down: half of a UTF-16 pair, which some escapes can name, is U+FFFD."""
    if len(one.url) > LONGEST_URL:
        one = _shown(one)
    if one.url.isascii() or not _SURROGATE.search(one.url):
        return one
    return replace(one, url=_SURROGATE.sub("\ufffd", one.url))


def _shown(one: Found) -> Found:
    """Return a link that nobody can follow, with the beginning of its URL."""
    return Found(one.start, one.end, one.url[:100], one.kind, one.context, one.skip or SKIP_LONG, SKIP_LONG)


class Positions:
    """Tells line and column of ascending offsets. Holds its place, so a whole document costs one pass over it."""

    def __init__(self, data: bytes) -> None:
        """data is UTF-8; lines end with LF, CR LF or CR."""
        self._data = _with_newlines(data)
        self._line = 1
        self._column = 1
        self._offset = 0

    def at(self, offset: int) -> tuple[int, int]:
        """Return line and column, both from 1, the column in characters. Offsets must not go down."""
        data, seen = self._data, self._offset
        last = data.rfind(b"\n", seen, offset)
        if last >= 0:
            self._line += data.count(b"\n", seen, last) + 1
            self._column = 1
            seen = last + 1
        piece = data[seen:offset]
        self._column += len(piece) if piece.isascii() else len(piece.translate(None, _CONTINUATION))
        self._offset = offset
        return self._line, self._column


def _with_newlines(data: bytes) -> bytes:
    """Return data with every line end as one LF, at its last byte: no offset moves."""
    return data.replace(b"\r\n", b" \n").replace(b"\r", b"\n") if b"\r" in data else data
