"""Cells of reStructuredText's tables, each as one text that knows where its lines stand."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

from linkkeeper.extract.rst_blocks import Block
from linkkeeper.extract.rst_lines import Lines
from linkkeeper.extract.unescaped import Builder, Unescaped

_BORDER = re.compile(rb"\+[-=+]+\+$|[=\-]+(?:[ ]+[=\-]+)*$")
_COLUMN = re.compile(rb"=+")


Cells = Iterator[tuple[Unescaped | None, bool]]
_WIDEST = 1000
"""Columns of a table, at most: what has more is no table but costs memory for each column."""


def cells(lines: Lines, table: Block) -> Cells:
    """Yield the text of every cell, row by row, and whether it may grow: else the columns no longer line up.

    A cell that spans columns comes as one. None stands for the end of a row.
    """
    first = _line_at(lines, table.start)
    last = first
    while last < len(lines) and lines.begin[last] < table.end:
        last += 1
    if table.kind == "grid":
        yield from _grid(lines, first, last)
    else:
        yield from _simple(lines, first, last)


def _line_at(lines: Lines, offset: int) -> int:
    from bisect import bisect_right

    return max(0, bisect_right(lines.begin, offset) - 1)


def _grid(lines: Lines, first: int, last: int) -> Cells:
    rows: dict[int, Builder] = {}
    for line in range(first, last):
        text = lines.text(line)
        if _BORDER.match(text):
            yield from _done(rows, -1)
            continue
        position = lines.start[line]
        column = 0
        for part in text.split(b"|", _WIDEST):
            stripped = part.strip()
            begin = position + (part.find(stripped) if stripped else 0)
            _add(rows, column, stripped, begin)
            column += _width(part) + 1
            position += len(part) + 1
    yield from _done(rows, -1)


def _simple(lines: Lines, first: int, last: int) -> Cells:
    starts = [match.start() for match in islice(_COLUMN.finditer(lines.text(first)), _WIDEST)]
    rows: dict[int, Builder] = {}
    for line in range(first, last):
        if lines.blank(line) or _BORDER.match(lines.text(line)):
            yield from _done(rows, len(starts) - 1)
            continue
        parts = list(_columns(lines, line, starts, lines.indent[first]))
        if parts and parts[0][0] == 0:
            yield from _done(rows, len(starts) - 1)
        for column, begin, end in parts:
            _add(rows, column, lines.data[begin:end], begin)
    yield from _done(rows, len(starts) - 1)


def _columns(lines: Lines, line: int, starts: list[int], indent: int) -> Iterator[tuple[int, int, int]]:
    """Yield (column, start, end) of the text of each column of one line; a text across a gap stays whole."""
    text = b" " * max(0, lines.indent[line] - indent) + lines.text(line)
    base = lines.start[line] - max(0, lines.indent[line] - indent)
    offsets = _byte_offsets(text, starts)
    column = 0
    while column < len(offsets):
        following = column + 1
        while following < len(offsets) and text[offsets[following] - 1 : offsets[following]] not in (b" ", b""):
            following += 1
        stop = offsets[following] if following < len(offsets) else len(text)
        part = text[offsets[column] : stop]
        if part.strip():
            begin = offsets[column] + len(part) - len(part.lstrip())
            yield column, base + begin, base + offsets[column] + len(part.rstrip())
        column = following


def _byte_offsets(text: bytes, columns: list[int]) -> list[int]:
    if text.isascii():
        return [min(column, len(text)) for column in columns]
    offsets, width, byte = [], 0, 0
    wanted = iter(columns)
    column = next(wanted, None)
    for character in text.decode("utf-8", "surrogateescape"):
        while column is not None and width >= column:
            offsets.append(byte)
            column = next(wanted, None)
        width += 2 if unicodedata.east_asian_width(character) in "WF" else not unicodedata.combining(character)
        byte += len(character.encode("utf-8", "surrogateescape"))
    return offsets + [len(text)] * (len(columns) - len(offsets))


def _width(part: bytes) -> int:
    if part.isascii():
        return len(part)
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in part.decode("utf-8", "replace"))


def _add(rows: dict[int, Builder], column: int, text: bytes, origin: int) -> None:
    if text:
        builder = rows.get(column)
        if builder is None:
            builder = rows[column] = Builder()
        else:
            builder.plain(b"\n", -1)
        builder.plain(text, origin)


def _done(rows: dict[int, Builder], last: int) -> Cells:
    for column, builder in rows.items():
        yield builder.done(), column == last
    if rows:
        yield None, False
    rows.clear()
