"""Block structure of Org, as far as it decides where links may stand."""

import re
from collections.abc import Iterator

from msgspec import Struct

from linkkeeper.extract.rst_lines import Lines

_BEGIN = re.compile(rb"#\+begin_(\w+)\b[ \t]*(\w*)", re.IGNORECASE)
_END = re.compile(rb"#\+end_(\w+)", re.IGNORECASE)
_VERBATIM = frozenset({b"src", b"example", b"comment", b"export"})
_KEYWORD = re.compile(rb"#\+([\w-]+)(?:\[[^\]]*\])?:[ \t]*", re.IGNORECASE)
_RAW = frozenset({b"html", b"html_head", b"html_head_extra", b"hugo"})
_SILENT = frozenset(
    b"link options startup tags todo seq_todo property export_file_name latex latex_header tblfm".split()
)


class Block(Struct, frozen=True, gc=False):
    """A stretch of the document: `kind` is text, verbatim, comment or html."""

    kind: str
    start: int
    end: int


def blocks(lines: Lines) -> Iterator[Block]:
    """Yield the document's parts in order; each paragraph, heading and keyword is one."""
    line = 0
    while (line := lines.past_blank(line)) < len(lines):
        text = lines.text(line)
        if begin := _BEGIN.match(text):
            end = _matching_end(lines, line + 1, begin[1].lower())
            if begin[1].lower() in _VERBATIM:
                yield from _fenced(lines, line, end, begin)
                line = end
            line += 1
        elif text == b"#" or text.startswith(b"# "):
            yield Block("comment", lines.start[line], lines.end[line])
            line += 1
        elif text == b":" or text.startswith(b": "):
            yield Block("verbatim", lines.start[line], lines.end[line])
            line += 1
        elif text.startswith(b"#+"):
            yield from _keyword(lines, line, text)
            line += 1
        else:
            first = line
            line += 1
            while not lines.blank(line) and not _own_line(lines.text(line)):
                line += 1
            yield Block("text", lines.start[first], lines.end[line - 1])


def _own_line(text: bytes) -> bool:
    return text.startswith((b"#+", b"# ", b": ", b"* ", b"** ")) or text in (b"#", b":")


def _matching_end(lines: Lines, line: int, name: bytes) -> int:
    """Return the line of `#+END_name`, or where the block began again if it never ends."""
    first = line
    if name not in _VERBATIM:
        return first
    while line < len(lines):
        end = _END.match(lines.text(line))
        if end and end[1].lower() == name:
            return line
        line += 1
    return len(lines)


def _fenced(lines: Lines, line: int, end: int, begin: re.Match[bytes]) -> Iterator[Block]:
    if end > line + 1:
        name = begin[1].lower()
        kind = "comment" if name == b"comment" else "verbatim"
        if name == b"export" and begin[2].lower() in (b"html", b"md", b"markdown", b"hugo"):
            kind = "html"
        yield Block(kind, lines.begin[line + 1], lines.end[end - 1])


def _keyword(lines: Lines, line: int, text: bytes) -> Iterator[Block]:
    keyword = _KEYWORD.match(text)
    if keyword is None:
        return
    name = keyword[1].lower()
    if name not in _SILENT:
        yield Block("html" if name in _RAW else "text", lines.start[line] + keyword.end(), lines.end[line])
