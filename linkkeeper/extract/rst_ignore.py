"""Ignore comments of reStructuredText: `.. linkkeeper-ignore` and its `-start` and `-end`."""

from collections.abc import Iterator

from linkkeeper.extract import ignore
from linkkeeper.extract.base import ExtractOptions, Found
from linkkeeper.extract.rst_lines import Lines


def exempt(data: bytes, lines: Lines, found: Iterator[Found], options: ExtractOptions) -> Iterator[Found]:
    """Yield what was found, links that a comment exempts marked as skipped."""
    if ignore.WORD not in data:
        yield from found
        return
    comments, blocks = [], []
    line = 0
    while (line := lines.past_blank(line)) < len(lines):
        first, indent = line, lines.indent[line]
        while not lines.blank(line):
            line += 1
        said = ignore.directive(lines.text(first)) if lines.text(first).startswith(b"..") else None
        if said:
            comments.append((lines.start[first], lines.end[first], said))
        if not said or line > first + 1:
            end = line if not lines.text(first).startswith(b"..") else lines.past_indented(first + 1, indent)
            blocks.append((lines.start[first], lines.begin[end] if end < len(lines) else len(data)))
    yield from ignore.apply(found, ignore.ranges(comments, sorted(blocks), len(data), options))
