"""Lines of a reStructuredText or similar document: where each begins and ends, and how far it is indented."""

import re
from array import array

_LINE = re.compile(rb"([ \t\x0b\x0c]*)([^\r\n]*)(?:\r\n|\n|\r|\Z)")
_TAB = 8


class Lines:
    """Offsets of every line: `start` of its text after the indentation, `end` of the text, `indent` in columns."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.begin, self.start, self.end, self.indent = array("q"), array("q"), array("q"), array("q")
        for match in _LINE.finditer(data):
            if match.start() == len(data):
                break
            self.begin.append(match.start())
            self.start.append(match.end(1))
            self.end.append(match.end(1) + len(match[2].rstrip()))
            space = match[1]
            self.indent.append(len(space.expandtabs(_TAB)) if b"\t" in space else len(space))

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
