"""Which parts of reStructuredText, AsciiDoc and Org are prose, where one more link is no more than that. Pure.

Told by what is known to be prose: all else may be a list of pages, a value or a key to the program that reads it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator

from linkkeeper.extract import asciidoc, asciidoc_blocks, org, org_blocks, rst, rst_blocks
from linkkeeper.extract.rst_lines import Lines

IN_DIRECTIVE = "it stands in a directive whose content may be more than text"
IN_FIELD = "it stands in a field, which a program may read"
IN_KEYWORD = "it stands in a keyword or property of Org"
IN_VALUES = "it stands in a table of separated or literal values"
IN_TITLE = "it stands in a title, which is also a name or as long as its underline"
IN_HEADER = "it stands in the header of the document"
IN_ATTRIBUTE = "it stands in an attribute of AsciiDoc"
NO_PROSE = "it stands in what is no prose"
_DIRECTIVE = re.compile(rb"(?:^|[ \t])\.\.[ \t]+(?:\|[^|]*\|[ \t]+)?([\w.+:-]+?)[ \t]?::(?:[ \t]|$)")
_FIELD = re.compile(rb"(?:[-*+#\d.()]+[ \t]+)*:(?![: ])(?:[^:\\]|\\.|:(?![\s`]|$))+:(?:[ \t]|$)")
_PROSE = frozenset(
    b"note warning attention caution danger error hint important tip admonition seealso versionadded versionchanged"
    b" deprecated versionremoved rubric topic sidebar epigraph highlights pull-quote compound container class"
    b" rst-class figure table list-table replace only todo".split()
)
"""Directives whose argument and content docutils or Sphinx parse as any text of the document."""
_DELIMITER = re.compile(rb"^[|,:!]={3,}[ \t]*\r?$", re.MULTILINE)
_VALUES = re.compile(rb"\b(?:format|separator)\b")
_COLUMNS = re.compile(rb"\bcols=[\"']?([^\"'=]*)")
_LITERAL_CELL = re.compile(rb"(?:^|[\s|])[\d.+*<>^]*[lv]\|")
_KEYWORD = re.compile(rb"[ \t]*(?:#\+|:\S+:(?:[ \t\r\n]|\Z))")

_BRACKET = re.compile(rb"\\.|[\[\]]|<<|>>", re.DOTALL)
_UNDERLINE = re.compile(rb"([!-/:-@\[-`{-~])\1{2,}$")
_UNDERLINED = re.compile(rb"[^\n]*\n[ \t]*([!-/:-@\[-`{-~])\1{2,}[ \t]*\r?(?:\n|\Z)")

Range = tuple[int, int, str]
"""Start, end, and why no link may be added there; empty if one may."""


class Prose:
    """The ranges of a document, in order of position."""

    def __init__(self, suffix: str, data: bytes) -> None:
        self._data = data
        self._ranges = sorted(_READERS[suffix](Lines(data)), key=lambda one: one[0])
        self._starts = [start for start, _, _ in self._ranges]
        self._brackets: dict[int, tuple[list[int], list[bool]]] = {}

    def why_not(self, offset: int) -> str:
        """Return why no link may be added at an offset; empty if one may."""
        return self._range_at(offset)[2]

    def is_bracketed(self, offset: int) -> bool:
        """Say whether a bracket, or the `<<` of a cross reference, is open there since the range began."""
        start, end, _ = self._range_at(offset)
        if start not in self._brackets:
            self._brackets[start] = _brackets(self._data, self._data.rfind(b"\n", 0, start) + 1, end)
        places, is_open = self._brackets[start]
        number = bisect_right(places, offset) - 1
        return number >= 0 and is_open[number]

    def _range_at(self, offset: int) -> Range:
        number = bisect_right(self._starts, offset) - 1
        if number >= 0 and offset < self._ranges[number][1]:
            return self._ranges[number]
        return offset, offset, NO_PROSE


def _brackets(data: bytes, start: int, end: int) -> tuple[list[int], list[bool]]:
    """Return where brackets stand that mean something, and whether any is open behind each."""
    places, is_open = [], []
    square = angle = 0
    for mark in _BRACKET.finditer(data, start, end):
        match mark[0]:
            case b"[" | b"]":
                square = max(0, square + (1 if mark[0] == b"[" else -1))
            case b"<<" | b">>":
                angle = max(0, angle + (1 if mark[0] == b"<<" else -1))
        places.append(mark.end())
        is_open.append(square > 0 or angle > 0)
    return places, is_open


def is_markup(suffix: str) -> bool:
    """Say whether documents with this suffix are of these formats."""
    return suffix in _READERS


def _rst(lines: Lines) -> Iterator[Range]:
    reasons = dict(_in_directives(lines))
    line = 0
    for block in rst_blocks.blocks(lines):
        while line + 1 < len(lines) and lines.begin[line + 1] <= block.start:
            line += 1
        if block.kind in ("text", "grid", "simple"):
            yield from _by_line(lines, line, block.end, reasons)
        else:
            yield block.start, block.end, NO_PROSE


def _by_line(lines: Lines, line: int, end: int, reasons: dict[int, str]) -> Iterator[Range]:
    while line < len(lines) and lines.begin[line] < end:
        is_title = line + 1 < len(lines) and _UNDERLINE.match(lines.text(line + 1)) is not None
        yield lines.begin[line], lines.end[line], reasons.get(line) or (IN_TITLE if is_title else "")
        line += 1


def _in_directives(lines: Lines) -> Iterator[tuple[int, str]]:
    """Yield the lines of directives that are not known as prose, and of fields, and what is indented below them."""
    outer: list[tuple[int, str]] = []
    for line in range(len(lines)):
        if lines.blank(line):
            continue
        text = lines.text(line)
        while outer and lines.indent[line] <= outer[-1][0]:
            outer.pop()
        reason = outer[-1][1] if outer else ""
        directives = _DIRECTIVE.findall(text)
        own = IN_DIRECTIVE if any(name.lower() not in _PROSE for name in directives) else ""
        own = own or (IN_FIELD if _FIELD.match(text) else "")
        if own:
            reason = reason or own
            outer.append((lines.indent[line], reason))
        if reason:
            yield line, reason


def _asciidoc(lines: Lines) -> Iterator[Range]:
    tables, done, header_end = _Tables(), 0, -10
    for block in asciidoc_blocks.blocks(lines):
        tables.past(lines.data, done, block)
        done = block.end
        in_header = block.start - header_end in (1, 2)
        if in_header or (block.kind == "title" and _is_first_level(lines.data, block.start)):
            header_end = block.end
        yield block.start, block.end, IN_HEADER if in_header else _asciidoc_reason(lines.data, block, tables)


def _is_first_level(data: bytes, start: int) -> bool:
    return data[data.rfind(b"\n", 0, start) + 1 : start].rstrip() in (b"=", b"#")


class _Tables:
    """Which table a block stands in, as the delimiters between the blocks and the styles above them say."""

    def __init__(self) -> None:
        self.of_text = False
        self._open, self._of_values = b"", False

    def past(self, data: bytes, done: int, block: asciidoc_blocks.Block) -> None:
        """Go on to a block from the end of the one before it."""
        for found in _DELIMITER.finditer(data, done, block.start):
            self._delimiter(found[0].strip())
        if block.kind == "style":
            style = data[block.start : block.end].lower()
            columns = _COLUMNS.findall(style)
            self._of_values |= bool(_VALUES.search(style)) or any(b"l" in one or b"v" in one for one in columns)

    def _delimiter(self, mark: bytes) -> None:
        if self._open and mark != self._open:
            self.of_text = False  # a table in a table
        elif self._open:
            self._open, self.of_text = b"", False
        else:
            self._open, self.of_text = mark, mark[:1] == b"|" and not self._of_values
            self._of_values = False


def _asciidoc_reason(data: bytes, block: asciidoc_blocks.Block, tables: _Tables) -> str:
    match block.kind:
        case "title":
            return IN_TITLE
        case "attribute":
            return IN_ATTRIBUTE
        case "row":
            return "" if tables.of_text and not _LITERAL_CELL.search(data, block.start, block.end) else IN_VALUES
        case "text":
            return IN_TITLE if _UNDERLINED.match(data, block.start) else ""
        case "media":
            return ""
        case _:
            return NO_PROSE


def _org(lines: Lines) -> Iterator[Range]:
    for block in org_blocks.blocks(lines):
        if block.kind != "text":
            yield block.start, block.end, NO_PROSE
            continue
        start = block.start
        while start < block.end:
            begin = lines.data.rfind(b"\n", 0, start) + 1
            stop = lines.data.find(b"\n", start, block.end)
            end = block.end if stop < 0 else stop
            yield start, end, IN_KEYWORD if _KEYWORD.match(lines.data, begin, end) else ""
            start = end + 1


_READERS = {
    **dict.fromkeys(rst.SUFFIXES, _rst),
    **dict.fromkeys(asciidoc.SUFFIXES, _asciidoc),
    **dict.fromkeys(org.SUFFIXES, _org),
}
