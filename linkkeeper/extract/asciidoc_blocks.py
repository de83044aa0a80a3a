"""Block structure of AsciiDoc, as far as it decides where links may stand.

One flat pass over the lines. Observed with Asciidoctor 2.0, which is what the language's specification follows.
"""

import re
from collections.abc import Generator, Iterator

from msgspec import Struct

from linkkeeper.extract.rst_lines import Lines

_VERBATIM = re.compile(rb"(-{4,}|\.{4,}|\+{4,}|/{4,}|`{3,})([^`]*)$")
_CONTAINER = re.compile(rb"(={4,}|\*{4,}|_{4,}|--)$")
_TABLE = re.compile(rb"[|,:!]={3,}$")
_ATTRIBUTE = re.compile(rb":(!?\w[^:]*):(?:[ \t]+(.*))?$")
_STYLE = re.compile(rb"\[(|[\w.#%{,\"'].*)\]$")
_ANCHOR = re.compile(rb"\[\[([A-Za-z_:][\w:.-]*)(?:,[^\]]*)?\]\]$")
_MEDIA = re.compile(rb"(image|video|audio)::(\S|\S.*?\S)\[(.*)\]$")
_DIRECTIVE = re.compile(rb"(?:include|ifdef|ifndef|ifeval|endif)::\S*\[(.*)\]$")
_LIST = re.compile(
    rb"(?:[-*]+|\.{1,5}|\d+\.|[A-Za-z]\.|[ivxIVX]+\)|<[\d.]+>|\xe2\x80\xa2)[ \t]+\S|\S.*?(?::{2,4}|;;)(?:[ \t]|$)"
)
_WORD = re.compile(rb"[A-Za-z][A-Za-z]++[ :]")
"""What begins a line of prose, unless it is a term (`a::`) or a directive (`include::`)."""
_CSV = re.compile(rb"\bformat=\"?csv\b")
_CODE_STYLES = frozenset(
    b"source listing literal pass stem asciimath latexmath comment ditaa plantuml graphviz mermaid".split()
)
_RAW_STYLES = frozenset({b"pass"})


class Block(Struct, frozen=True, gc=False):
    """A stretch of the document: `kind`: text, row, csv, title, verbatim, comment, raw, media, attribute, anchor."""

    kind: str
    start: int
    end: int
    name: bytes = b""


Step = Generator[Block, None, int]
"""Yields what it finds and returns the line to go on at."""


class _State:
    """What carries over from line to line."""

    def __init__(self) -> None:
        self.style = b""
        self.table = b""
        self.csv = False
        self.in_header = False


def blocks(lines: Lines) -> Iterator[Block]:
    """Yield the document's parts in order."""
    state = _State()
    line = 0
    while (following := lines.past_blank(line)) < len(lines):
        state.in_header = state.in_header and following == line
        line = yield from _one(lines, following, state)


def _one(lines: Lines, line: int, state: _State) -> Step:
    text = lines.text(line)
    flush = lines.start[line] == lines.begin[line]
    if flush:
        following = yield from _marked(lines, line, text, state)
        if following > line:
            return following
    style, state.style = state.style, b""
    state.csv = state.csv and bool(state.table)
    if style in _CODE_STYLES:
        return (yield from _paragraph(lines, line, "raw" if style in _RAW_STYLES else "verbatim"))
    if not flush and not state.table and not _LIST.match(text):
        return (yield from _paragraph(lines, line, "verbatim"))
    if state.in_header:  # the author's line, the revision's
        yield Block("text", lines.start[line], lines.end[line])
        return line + 1
    kind = "text" if not state.table else "csv" if state.csv else "row"
    return (yield from _prose(lines, line, kind))


def _marked(lines: Lines, line: int, text: bytes, state: _State) -> Step:
    """Handle a line that is markup of its own; returns the same line if it is none."""
    if fence := _VERBATIM.match(text):
        if text[:1] == b"`" or not fence[2]:
            return (yield from _fenced(lines, line, fence[1], state))
    elif _TABLE.match(text):
        state.table = b"" if state.table == text else (state.table or text)
        state.csv = state.table[:1] == b"," or (state.csv and bool(state.table))
        state.style = b""
        return line + 1
    elif _CONTAINER.match(text):
        if state.style in _CODE_STYLES:
            return (yield from _fenced(lines, line, text, state))
        return line + 1
    elif text.startswith(b"//") and not text.startswith(b"///"):
        yield Block("comment", lines.start[line], lines.end[line])
        return line + 1
    elif attribute := _ATTRIBUTE.match(text):
        return (yield from _attribute(lines, line, attribute))
    return (yield from _line_of_markup(lines, line, text, state))


def _line_of_markup(lines: Lines, line: int, text: bytes, state: _State) -> Step:
    start = lines.start[line]
    if anchor := _ANCHOR.match(text):
        yield Block("anchor", start + anchor.start(1), start + anchor.end(1))
    elif style := _STYLE.match(text):
        state.style = _style_name(style[1]) or state.style
        state.csv = state.csv or _CSV.search(style[1]) is not None
        yield Block("style", start, lines.end[line])
    elif media := _MEDIA.match(text):
        yield Block("media", start + media.start(2), lines.end[line], media[1])
    elif directive := _DIRECTIVE.match(text):
        if text.startswith(b"if"):
            yield Block("text", start + directive.start(1), start + directive.end(1))
    elif title := re.match(rb"(?:={1,6}|#{1,6})[ \t]+(?=\S)", text):
        state.in_header = text[1:2] in b" \t"
        yield Block("title", start + title.end(), lines.end[line])
    elif re.match(rb"\.[^\s.]", text):
        yield Block("text", start + 1, lines.end[line])
    else:
        return line
    return line + 1


def _style_name(attributes: bytes) -> bytes:
    first = attributes.split(b",", 1)[0].strip()
    name = re.match(rb"[\w-]*", first)
    if attributes.startswith(b",") or name is None:
        return b"source" if attributes.startswith(b",") else b""
    return name[0]


def _fenced(lines: Lines, line: int, fence: bytes, state: _State) -> Step:
    style, state.style = state.style, b""
    end = line + 1
    while end < len(lines) and lines.text(end) != fence:
        end += 1
    if end > line + 1:
        kind = "comment" if fence[:1] == b"/" or style == b"comment" else "verbatim"
        if fence[:1] == b"+" and style not in _CODE_STYLES - _RAW_STYLES:
            kind = "raw"
        yield Block(kind, lines.begin[line + 1], lines.end[end - 1])
    return end + 1


def _attribute(lines: Lines, line: int, attribute: re.Match[bytes]) -> Step:
    start, last = lines.start[line], line
    while lines.text(last).endswith(b" \\") and not lines.blank(last + 1):
        last += 1
    value = attribute.start(2) if attribute[2] is not None else attribute.end()
    yield Block("attribute", start + value, lines.end[last], attribute[1])
    return last + 1


def _paragraph(lines: Lines, line: int, kind: str) -> Step:
    first = line
    while not lines.blank(line):
        line += 1
    yield Block(kind, lines.start[first], lines.end[line - 1])
    return line


def _prose(lines: Lines, line: int, kind: str) -> Step:
    """Consume lines of text up to a blank line or a line that begins something else."""
    first = line
    line += 1
    while not lines.blank(line) and not _interrupts(lines, line, kind):
        line += 1
    yield Block(kind, lines.start[first], lines.end[line - 1])
    return line


def _interrupts(lines: Lines, line: int, kind: str) -> bool:
    if lines.start[line] != lines.begin[line]:
        return bool(_LIST.match(lines.text(line)))
    text = lines.text(line)
    if _WORD.match(text) and b"::" not in text and b";;" not in text:
        return False
    if text == b"+" or _LIST.match(text):
        return True
    fence = _VERBATIM.match(text)
    if fence and (text[:1] == b"`" or not fence[2]):
        return True
    own = _CONTAINER.match(text) or _TABLE.match(text) or _STYLE.match(text) or _ANCHOR.match(text)
    return bool(own or _DIRECTIVE.match(text) or text.startswith(b"//") or (kind == "row" and text[:1] == b"|"))
