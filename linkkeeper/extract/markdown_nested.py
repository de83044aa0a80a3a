"""Content that CommonMark takes for indented code: admonitions and tabs of MkDocs, the inside of MDX components."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from linkkeeper.extract.base import Found

_OWNER = re.compile(rb"[ \t]*(?:!!![ \t]|\?\?\?\+?[ \t]|===!?[ \t]+[\"'])")
_INDENT = re.compile(rb"[ \t]*")
_LOOK_BACK_LINES = 200
SPLIT = "the destination runs over several lines of indented content"


class Nested(Struct, frozen=True):
    """Indented lines with their indentation taken away, and where each line came from."""

    data: bytes
    lines: tuple[tuple[int, int], ...]
    """Offset in data, offset in the document; ascending."""

    def back(self, found: Found) -> Found:
        """Return what was found in data with the document's offsets."""
        first, last = self._line(found.start), self._line(max(found.start, found.end - 1))
        unwritable = found.unwritable or (SPLIT if first != last else "")
        start, end = found.start + self._shift(first), found.end + self._shift(last)
        return replace(found, start=start, end=end, unwritable=unwritable)

    def _line(self, offset: int) -> int:
        return bisect_right(self.lines, offset, key=lambda line: line[0]) - 1

    def _shift(self, line: int) -> int:
        return self.lines[line][1] - self.lines[line][0]


def contents(
    source: bytes, indented: list[tuple[int, int]], everywhere: bool
) -> Iterator[tuple[tuple[int, int], Nested]]:
    """Yield each indented code block that is content, with its lines. everywhere: all are (MDX has no such code)."""
    for start, end in indented:
        first = source.rfind(b"\n", 0, start) + 1
        width = start - first
        if everywhere or _has_owner(source, first, width):
            yield (start, end), _dedented(source, first, end, width)


def _has_owner(source: bytes, first: int, width: int) -> bool:
    """Tell whether the nearest line above that is indented less opens an admonition or a tab."""
    for _ in range(_LOOK_BACK_LINES):
        if first <= 0:
            return False
        line = source.rfind(b"\n", 0, first - 1) + 1
        indent = _INDENT.match(source, line, first)
        depth = indent.end() - line if indent else 0
        if depth < width and source[line:first].strip():
            return _OWNER.match(source, line, first) is not None
        first = line
    return False


def _dedented(source: bytes, first: int, end: int, width: int) -> Nested:
    pieces: list[bytes] = []
    lines: list[tuple[int, int]] = []
    size, position = 0, first
    while position < end:
        stop = source.find(b"\n", position, end) + 1 or end
        indent = _INDENT.match(source, position, min(stop, position + width))
        begin = indent.end() if indent else position
        lines.append((size, begin))
        pieces.append(source[begin:stop])
        size += stop - begin
        position = stop
    return Nested(b"".join(pieces), tuple(lines))
