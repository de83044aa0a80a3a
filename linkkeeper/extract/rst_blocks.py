"""Block structure of reStructuredText, as far as it decides where links may stand.

One flat pass over the lines: nested bodies are only deeper indented, so no recursion is needed. What is no
prose (literal blocks, comments, code directives) is told as such. Source: docutils' specification, and its
parser where that is silent (observed with 0.23).
"""

import re
from collections.abc import Generator, Iterator

from msgspec import Struct

from linkkeeper.extract.rst_lines import Lines

_MARKER = re.compile(
    rb"(?:[-*+]|\xe2\x80[\xa2\xa3]|\xe2\x81\x83|\(?(?:[0-9]+|[A-Za-z]|[ivxlcdmIVXLCDM]+|#)[.)])[ \t]+(?=[^ \t])"
)
_FIELD = re.compile(rb":(?![: ])(?:[^:\\\r\n]|\\.|:(?!\s|$|`))+:(?:[ \t]+|$)")
_DIRECTIVE = re.compile(
    rb"\.\.[ \t]+(?:\|(?! )[^|]*[^ |]\|[ \t]+)?([A-Za-z0-9](?:[\w.+:-]*[\w.+-])?)[ \t]?::(?:[ \t]+|$)"
)
_TARGET = re.compile(
    rb"\.\.[ \t]+(?:__:|_(?![ _:])"
    rb"(?:`((?:[^`\\]|\\.)+)`|((?:[^:\\`]|\\.|:(?=[^\s]))(?:[^:\\]|\\.|:(?=[^\s]))*))[ ]?:)(?:[ \t]+|$)"
)
_NOTE = re.compile(rb"\.\.[ \t]+\[[^\]\s]+\](?:[ \t]+|$)")
_GRID = re.compile(rb"\+(?:[-=]+\+)+$")
_SIMPLE = re.compile(rb"=+(?:[ ]+=+)+$")
_PUNCTUATION = re.compile(rb"[!-/:-@\[-`{-~]")
_OPTION = re.compile(rb":([\w-]+):(?:[ \t]+|$)")

_DELIMITER = re.compile(rb":delim:[ \t]+(\S)\s")

CODE = frozenset(
    b"code code-block sourcecode literalinclude highlight math graphviz digraph graph uml plantuml mermaid doctest"
    b" testcode testsetup testcleanup testoutput productionlist ipython plot prompt parsed-literal-code jupyter-execute"
    b" autodoc blockdiag seqdiag actdiag nwdiag aafig date unicode role default-role index currentmodule include"
    b" program-output command-output runblock ipython3 asciinema chart vega exec exec_code code-cell".split()
)
"""Directives whose content is no text of the document."""
TEXT_ARGUMENT = frozenset(
    b"note warning attention caution danger error hint important tip admonition seealso versionadded versionchanged"
    b" deprecated versionremoved rubric topic sidebar centered replace table csv-table list-table todo parsed-literal"
    b" epigraph highlights pull-quote compound line-block".split()
)
"""Directives whose argument is text of the document (or its first line of content)."""
PICTURES = frozenset({b"image", b"figure"})


class Block(Struct, frozen=True, gc=False):
    """A stretch of the document: `kind` is text, verbatim, target, uri, raw, option, grid, simple or csv."""

    kind: str
    start: int
    end: int
    name: bytes = b""
    """The target's or option's name; the directive's, for raw; the delimiter, for csv."""


Step = Generator[Block, None, int]
"""Yields what it finds and returns the line to go on at."""


def blocks(lines: Lines) -> Iterator[Block]:
    """Yield the document's parts in order; what is empty or means nothing for links is left out."""
    line = 0
    while (line := lines.past_blank(line)) < len(lines):
        start, indent = _past_markers(lines, line)
        text = lines.data[start : lines.end[line]]
        if text == b".." or text.startswith((b".. ", b"..\t")):
            line = yield from _explicit(lines, line, start, indent, text)
        elif text.startswith((b"__ ", b"__\t")):
            end = lines.past_paragraph(line + 1, indent)
            yield _trimmed(lines, "target", start + 2, lines.end[end - 1])
            line = end
        elif text.startswith(b">>> ") or text == b">>>":
            line = yield from _until_blank(lines, line, "verbatim")
        elif _GRID.match(text) or _SIMPLE.match(text):
            line = yield from _table(lines, line, "grid" if text.startswith(b"+") else "simple")
        else:
            line = yield from _paragraph(lines, line, start, indent)


def _past_markers(lines: Lines, line: int) -> tuple[int, int]:
    """Return where the text of a line begins after list markers, and the indentation of what belongs to it."""
    start, end, indent = lines.start[line], lines.end[line], lines.indent[line]
    while marker := _MARKER.match(lines.data, start, end):
        indent += len(marker[0]) if marker[0].isascii() else len(marker[0]) - 2
        start = marker.end()
    field = _FIELD.match(lines.data, start, end)
    if field and not _role(lines.data, field):
        deeper = lines.indent[line + 1] if not lines.blank(line + 1) else 0
        return field.end(), max(indent, deeper)
    return start, indent


def _role(data: bytes, field: re.Match[bytes]) -> bool:
    return data[field.end() : field.end() + 1] == b"`"


def _trimmed(lines: Lines, kind: str, start: int, end: int, name: bytes = b"") -> Block:
    written = lines.data[start:end]
    begin = start + len(written) - len(written.lstrip())
    return Block(kind, begin, max(begin, start + len(written.rstrip())), name)


def _until_blank(lines: Lines, line: int, kind: str) -> Step:
    first = line
    while not lines.blank(line):
        line += 1
    yield Block(kind, lines.start[first], lines.end[line - 1])
    return line


def _paragraph(lines: Lines, line: int, start: int, indent: int) -> Step:
    following = line + 1
    while not lines.blank(following) and lines.indent[following] == indent:
        following += 1
    end = lines.end[following - 1]
    yield Block("text", start, end)
    if lines.data[max(start, end - 2) : end] == b"::" and lines.blank(following):
        return (yield from _literal(lines, following, indent))
    return following


def _literal(lines: Lines, line: int, indent: int) -> Step:
    """Consume the literal block after `::`: indented, or each line with the same quoting character."""
    first = lines.past_blank(line)
    if first == len(lines):
        return first
    if lines.indent[first] > indent:
        end = lines.past_indented(first, indent)
    else:
        quote = lines.text(first)[:1]
        end = first
        while not lines.blank(end) and _PUNCTUATION.match(quote) and lines.text(end).startswith(quote):
            end += 1
    if end > first:
        yield Block("verbatim", lines.start[first], _last_end(lines, end))
    return end


def _last_end(lines: Lines, line: int) -> int:
    while lines.blank(line - 1):
        line -= 1
    return lines.end[line - 1]


def _explicit(lines: Lines, line: int, start: int, indent: int, text: bytes) -> Step:
    if target := _TARGET.match(text):
        end = lines.past_paragraph(line + 1, indent)
        name = target[1] or target[2] or b""
        yield _trimmed(lines, "target", start + target.end(), lines.end[end - 1], name)
        return end
    if directive := _DIRECTIVE.match(text):
        return (yield from _directive(lines, line, start + directive.end(), indent, directive[1].lower()))
    if note := _NOTE.match(text):
        following = line + 1
        while not lines.blank(following) and lines.indent[following] > indent:
            following += 1
        yield Block("text", start + note.end(), lines.end[following - 1])
        return following
    if text == b".." and lines.blank(line + 1):
        return line + 1
    end = lines.past_indented(line + 1, indent)
    yield Block("comment", start, _last_end(lines, end))
    return end


def _directive(lines: Lines, line: int, argument: int, indent: int, name: bytes) -> Step:
    end = lines.past_indented(line + 1, indent)
    name = name.rpartition(b":")[2] if name.startswith(b"rst:") else name
    following = line + 1
    while not lines.blank(following) and following < end and not _OPTION.match(lines.text(following)):
        following += 1
    last = lines.end[following - 1]
    if name in PICTURES:
        yield _trimmed(lines, "uri", argument, last)
    elif name in TEXT_ARGUMENT:
        following = yield from _argument_text(lines, argument, following, indent)
    elif name == b"raw":
        name = b"raw " + lines.data[argument:last]
    elif name not in CODE and following > line + 1:
        following = line + 1  # these lines are content already
    first = following
    following = yield from _options(lines, following, end)
    if name == b"csv-table" and lines.past_blank(following) < end:
        given = _DELIMITER.search(lines.data, lines.begin[first] if first < end else argument, lines.begin[following])
        begin = lines.begin[lines.past_blank(following)]
        yield Block("csv", begin, _last_end(lines, end), given[1] if given else b",")
        return end
    if name.startswith(b"raw ") or name in CODE:
        if following < end and lines.past_blank(following) < end:
            first = lines.past_blank(following)
            kind = "raw" if b"html" in name else "verbatim"
            yield Block(kind, lines.begin[first], _last_end(lines, end), name)
        return end
    return following


def _argument_text(lines: Lines, argument: int, following: int, indent: int) -> Step:
    if argument < lines.end[following - 1]:
        yield Block("text", argument, lines.end[following - 1])
        if lines.data[lines.end[following - 1] - 2 : lines.end[following - 1]] == b"::" and lines.blank(following):
            return (yield from _literal(lines, following, max(indent, lines.indent[following - 1])))
    return following


def _options(lines: Lines, line: int, end: int) -> Step:
    while line < end and not lines.blank(line) and (option := _OPTION.match(lines.text(line))):
        following = lines.past_paragraph(line + 1, lines.indent[line])
        yield _trimmed(lines, "option", lines.start[line] + option.end(), lines.end[following - 1], option[1])
        line = following
    return line


def _table(lines: Lines, line: int, kind: str) -> Step:
    first, border = line, _GRID if kind == "grid" else _SIMPLE
    line += 1
    while line < len(lines) and lines.indent[line] >= lines.indent[first]:
        if kind == "grid" and (lines.blank(line) or lines.text(line)[:1] not in b"+|"):
            break
        if kind == "simple" and border.match(lines.text(line)) and lines.blank(line + 1):
            line += 1
            break
        line += 1
    yield Block(kind, lines.begin[first], lines.end[line - 1])
    return line
