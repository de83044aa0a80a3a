"""Byte offset -> line and column."""

from collections.abc import Iterable, Iterator

from linkkeeper.extract.base import Found

_CONTINUATION = bytes(range(0x80, 0xC0))


Placed = tuple[Found, int, int, int, int]
"""What was found, with start and end in the document, line and column."""


def placed(data: bytes, found: Iterable[Found]) -> Iterator[Placed]:
    """Yield what was found, in order, with its place in data: one loop, since a document may have millions."""
    data = _with_newlines(data)
    line, column, seen = 1, 1, 0
    for one in found:
        start = one.start
        last = data.rfind(b"\n", seen, start)
        if last >= 0:
            line += data.count(b"\n", seen, last) + 1
            column = 1
            seen = last + 1
        if start > seen:
            piece = data[seen:start]
            column += len(piece) if piece.isascii() else len(piece.translate(None, _CONTINUATION))
            seen = start
        yield one, start, one.end, line, column


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
