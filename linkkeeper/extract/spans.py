"""Byte offset -> line and column."""

from collections.abc import Iterable, Iterator

from linkkeeper.extract.base import Found

_CONTINUATION = bytes(range(0x80, 0xC0))


Placed = tuple[Found, int, int, int, int]
"""What was found, with start and end in the document, line and column."""


def placed(data: bytes, found: Iterable[Found]) -> Iterator[Placed]:
    """Yield what was found, in order, with its place in data; one loop where every line ends with LF."""
    if b"\r" in data:
        positions = Positions(data)
        for one in found:
            yield one, one.start, one.end, *positions.at(one.start)
        return
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
        self._data = data
        self._carriage_returns = b"\r" in data
        self._line = 1
        self._column = 1
        self._offset = 0

    def at(self, offset: int) -> tuple[int, int]:
        """Return line and column, both from 1, the column in characters. Offsets must not go down."""
        data, seen = self._data, self._offset
        newlines = data.count(b"\n", seen, offset)
        last = data.rfind(b"\n", seen, offset) if newlines else -1
        if self._carriage_returns:
            newlines += self._lone_returns(seen, offset)
            last = max(last, self._last_return(seen, offset))
        if newlines or last >= 0:
            self._line += newlines
            self._column = 1
            seen = last + 1
        self._column += offset - seen - _continuations(data, seen, offset)
        self._offset = offset
        return self._line, self._column

    def _lone_returns(self, start: int, end: int) -> int:
        """Count CR that no LF follows; a pair counts with its LF."""
        pairs = self._data.count(b"\r\n", start, end)
        alone = self._data.count(b"\r", start, end) - pairs
        if alone and self._data[end - 1 : end + 1] == b"\r\n":
            alone -= 1
        return alone

    def _last_return(self, start: int, end: int) -> int:
        inside = end - 1 if self._data[end - 1 : end + 1] == b"\r\n" else end
        return self._data.rfind(b"\r", start, inside)


def _continuations(data: bytes, start: int, end: int) -> int:
    """Count the bytes that continue a UTF-8 character."""
    piece = data[start:end]
    return 0 if piece.isascii() else len(piece) - len(piece.translate(None, _CONTINUATION))
