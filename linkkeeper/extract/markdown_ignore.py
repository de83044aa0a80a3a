"""Which blocks of a Markdown text its ignore comments exempt."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from linkkeeper.extract import ignore
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.extract.markdown_scan import PARSER, definitions

_COMMENT = re.compile(rb"<!--(?:(?!-->)[\s\S])*+-->|\{/\*(?:(?!\*/)[\s\S])*+\*/\s*\}")
_BLOCKS = frozenset({"Paragraph", "Item", "TableRow", "TableHead", "HtmlBlock"})
_BLOCK_TAGS = frozenset({"Heading", "BlockQuote", "CodeBlock", "List", "Table", "FootnoteDefinition"})

Range = tuple[int, int]
_Comment = tuple[int, int, ignore.Directive]


def exempt(source: bytes, text: str, options: ExtractOptions) -> list[ignore.Exempt]:
    """Return the ranges whose links are exempt; comments in code are no comments.

    A comment with a block to itself exempts the next block; one inside a block, that block.
    """
    blocks, code = _blocks(text)
    alone = [block for block in blocks if _is_comment(source, block)]
    dropped = set(alone)
    blocks = [block for block in blocks if block not in dropped] + _definition_runs(source, text)
    blocks.sort(key=lambda block: (block[0], -block[1]))
    comments = list(_comments(source, code))
    lasting = [comment for comment in comments if comment[2].scope != "next"]
    return ignore.ranges(lasting, [], len(source), options) + list(_exempted(comments, blocks, alone, options))


def left_open(source: bytes, options: ExtractOptions) -> bytes:
    """Return the comment that begins a range of exempt links which does not end in this text, or nothing."""
    opened = b""
    _, code = _blocks(source.decode("utf-8", "replace"))
    for start, end, said in _comments(source, code):
        if said.scope == "end":
            opened = b""
        elif said.scope == "start" and not opened and ignore.holds(said, options):
            opened = source[start:end]
    return opened


def _comments(source: bytes, code: list[Range]) -> Iterator[_Comment]:
    for match in _COMMENT.finditer(source):
        said = ignore.directive(match.group())
        if said and not _inside(match.start(), code):
            yield match.start(), match.end(), said


def _inside(spot: int, ranges: list[Range]) -> bool:
    before = bisect_right(ranges, spot, key=lambda one: one[0]) - 1
    return before >= 0 and spot < ranges[before][1]


def _exempted(
    comments: list[_Comment], blocks: list[Range], alone: list[Range], options: ExtractOptions
) -> Iterator[ignore.Exempt]:
    """Yield what comments for one block exempt. One pass with a stack of the blocks around."""
    around: list[Range] = []
    following = 0
    for start, end, said in comments:
        while following < len(blocks) and blocks[following][0] <= start:
            while around and around[-1][1] <= blocks[following][0]:
                around.pop()
            around.append(blocks[following])
            following += 1
        while around and around[-1][1] <= start:
            around.pop()
        if said.scope != "next" or not ignore.holds(said, options):
            continue
        block = around[-1] if around else (end, end)
        if not _inside(start, alone):
            yield ignore.Exempt(*block, said.skip)
        elif following < len(blocks) and (not around or blocks[following][0] < block[1]):
            yield ignore.Exempt(*blocks[following], said.skip)
        elif around:  # a tight list has no paragraphs: the rest of the item
            yield ignore.Exempt(end, block[1], said.skip)


def _is_comment(source: bytes, block: Range) -> bool:
    """Tell whether a block is nothing but comments: it cannot be what a comment exempts."""
    if source[block[0] : block[0] + 4].lstrip()[:2] not in (b"<!", b"{/"):
        return False
    return not _COMMENT.sub(b"", source[slice(*block)]).strip(b" \t\r\n>")


def _blocks(text: str) -> tuple[list[Range], list[Range]]:
    blocks: list[Range] = []
    code: list[Range] = []
    events: Iterator[tuple[Any, Any]] = PARSER.events_with_range(text, merge_text=True)
    for event, span in events:
        if event.__class__ is not dict:
            continue
        if "Start" in event:
            tag = event["Start"]
            if tag in _BLOCKS if tag.__class__ is str else not _BLOCK_TAGS.isdisjoint(tag):
                blocks.append((span["start"], span["end"]))
            if tag.__class__ is dict and "CodeBlock" in tag:
                code.append((span["start"], span["end"]))
        elif "Code" in event:
            code.append((span["start"], span["end"]))
    return blocks, code


def _definition_runs(source: bytes, text: str) -> list[Range]:
    """Join definitions that follow each other line by line: together they are a block."""
    runs: list[Range] = []
    for start, end in sorted(span for _, span in definitions(source, text)) if b"]:" in source else ():
        if runs and _is_line_end(source[runs[-1][1] : start]):
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs


def _is_line_end(between: bytes) -> bool:
    return not between.strip(b" \t>\r\n") and len(between.splitlines()) <= 1 + between.endswith(b">")
