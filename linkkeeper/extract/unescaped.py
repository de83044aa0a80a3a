"""Decoded bytes that know where in the source they came from."""

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable

_NONE: "array[int]" = array("i")
Decode = Callable[[re.Match[bytes]], tuple[int, bytes] | None]


class Unescaped:
    """Bytes after unescaping, and the way back: `source` turns their offsets into those of the source.

    Built from pieces: plain runs, where offsets move together, and escapes, which are one atom each. A text may have
    millions of them: 13 bytes each are held. Offsets are below 2 GiB.
    """

    __slots__ = ("_at", "_atom", "_breaks", "_origin", "_size", "data")

    def __init__(self, data: bytes, origin: int = 0) -> None:
        """Hold `data` as it is; it stands at `origin` in the source."""
        self.data = data
        self._at, self._origin, self._size = array("i", [0]), array("i", [origin]), array("i", [len(data)])
        self._atom, self._breaks = bytearray(1), _NONE

    @property
    def is_plain(self) -> bool:
        """Whether nothing was escaped."""
        return len(self._at) == 1 and not self._atom[0]

    def source(self, start: int, end: int) -> tuple[int, int] | None:
        """Return where `data[start:end]` stands in the source, or None if it is not one stretch of whole pieces."""
        first = self._piece(start)
        last = self._piece(end - 1) if end > start else first
        begin = self._begin(first, start)
        stop = begin if end == start else self._end(last, end)
        if begin is None or stop is None or bisect_right(self._breaks, first) != bisect_right(self._breaks, last):
            return None
        return begin, stop

    def source_of(self, start: int) -> int:
        """Return where the byte at `start`, or the escape that holds it, begins in the source."""
        piece = self._piece(start)
        return self._origin[piece] + (0 if self._atom[piece] else start - self._at[piece])

    def _piece(self, offset: int) -> int:
        return bisect_right(self._at, max(offset, 0)) - 1

    def _begin(self, piece: int, offset: int) -> int | None:
        inside = offset - self._at[piece]
        if not self._atom[piece]:
            return self._origin[piece] + inside
        if inside == 0:
            return self._origin[piece]
        return self._origin[piece] + self._size[piece] if offset == len(self.data) else None

    def _end(self, piece: int, offset: int) -> int | None:
        if not self._atom[piece]:
            return self._origin[piece] + offset - self._at[piece]
        following = self._at[piece + 1] if piece + 1 < len(self._at) else len(self.data)
        return self._origin[piece] + self._size[piece] if offset == following else None


class Builder:
    """Collects the pieces of an `Unescaped`."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._at = array("i")
        self._origin = array("i")
        self._size = array("i")
        self._atom = bytearray()
        self._breaks = array("i")
        """Numbers of the pieces that do not stand right behind the one before them."""

    def plain(self, data: bytes, origin: int) -> None:
        """Add bytes that stand in the source as they are, at `origin`."""
        if data:
            self._add(data, origin, len(data), False)

    def escape(self, data: bytes, origin: int, size: int) -> None:
        """Add what the `size` source bytes at `origin` stand for; may be nothing (a line continuation)."""
        if data:
            self._add(data, origin, size, True)

    def _add(self, data: bytes, origin: int, size: int, atom: bool) -> None:
        if self._at and self._origin[-1] + self._size[-1] != origin:
            self._breaks.append(len(self._at))
        self._at.append(len(self._data))
        self._origin.append(origin)
        self._size.append(size)
        self._atom.append(atom)
        self._data += data

    def done(self) -> Unescaped:
        """Return what was collected."""
        built = Unescaped(bytes(self._data))
        if self._at:
            built._at, built._origin, built._size = self._at, self._origin, self._size
            built._atom, built._breaks = self._atom, self._breaks
        return built


def unescape(raw: bytes, escapes: re.Pattern[bytes], decode: Decode, origin: int = 0) -> Unescaped:
    """Replace what `escapes` finds by what `decode` makes of it: (source bytes used, text), or None to leave it."""
    builder = Builder()
    unescape_into(builder, raw, escapes, decode, origin)
    return builder.done()


def unescape_into(builder: Builder, raw: bytes, escapes: re.Pattern[bytes], decode: Decode, origin: int) -> None:
    """Add the unescaped bytes to what a builder holds already."""
    position = 0
    for match in escapes.finditer(raw):
        if match.start() < position:
            continue
        replaced = decode(match)
        if replaced is None:
            continue
        builder.plain(raw[position : match.start()], origin + position)
        builder.escape(replaced[1], origin + match.start(), replaced[0])
        position = match.start() + replaced[0]
    builder.plain(raw[position:], origin + position)
