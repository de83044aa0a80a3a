"""Lines of a reStructuredText or similar document: where each begins and ends, and how far it is indented."""

import re
from array import array

_LINE = re.compile(rb"(?:[ \t\x0b\x0c]*+(?:\r\n|\n|\r))++|([ \t\x0b\x0c]*)([^\r\n]*)(?:\r\n|\n|\r|\Z)")
"""Blank lines, which count as one, or another line."""
_TAB = 8
_SPACE = b" \t\x0b\x0c"
_AT_ONCE = 1 << 22
"""Bytes of a text whose lines may be held."""


class Lines:
    """Offsets of every line: `start` of its text after the indentation, `end` of the text, `indent` in columns."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        unit = "I" if len(data) < 1 << 32 else "Q"
        self.begin, self.start, self.end, self.indent = array(unit), array(unit), array(unit), array(unit)
        if b"\r" in data or b"\n\n\n\n" in data or len(data) > _AT_ONCE:
            self._one_by_one()
        else:
            self._all_at_once()

    def _all_at_once(self) -> None:
        """Take in lines that end with LF, all of which are held for a moment."""
        begins, starts, ends, indents = self.begin.append, self.start.append, self.end.append, self.indent.append
        position = 0
        lines = self.data.split(b"\n")
        if not lines[-1]:
            lines.pop()
        for line in lines:
            text = line.lstrip(_SPACE)
            start = position + len(line) - len(text)
            begins(position)
            starts(start)
            ends(start + len(text.rstrip()))
            indents(len(line[: start - position].expandtabs(_TAB)) if start > position else 0)
            position += len(line) + 1

    def _one_by_one(self) -> None:
        for match in _LINE.finditer(self.data):
            if match.start() == len(self.data):
                break
            if match[2] is None:
                self._blank(match.start())
                continue
            self.begin.append(match.start())
            self.start.append(match.end(1))
            self.end.append(match.end(1) + len(match[2].rstrip()))
            space = match[1]
            self.indent.append(len(space.expandtabs(_TAB)) if b"\t" in space else len(space))

    def _blank(self, place: int) -> None:
        for offsets, offset in ((self.begin, place), (self.start, place), (self.end, place), (self.indent, 0)):
            offsets.append(offset)

    def __len__(self) -> int:
        return len(self.start)

    def blank(self, line: int) -> bool:
        """Whether a line has no text; true past the end."""
        return line >= len(self.start) or self.start[line] >= self.end[line]

    def text(self, line: int) -> bytes:
        """Return the text of a line without indentation and trailing space."""
        return self.data[self.start[line] : self.end[line]]

    def past_blank(self, line: int) -> int:
        """Return the first line from here on that has text, or the number of lines."""
        while line < len(self.start) and self.blank(line):
            line += 1
        return line

    def past_indented(self, line: int, indent: int) -> int:
        """Return the first line from here on with text that is not indented further than this."""
        while line < len(self.start) and (self.blank(line) or self.indent[line] > indent):
            line += 1
        return line

    def past_paragraph(self, line: int, indent: int) -> int:
        """Return the first line from here on that is blank or not indented further than this."""
        while not self.blank(line) and self.indent[line] > indent:
            line += 1
        return line
