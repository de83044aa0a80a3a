"""Which blocks of a Markdown text its ignore comments exempt."""

import re

from linkkeeper.extract import ignore
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.extract.markdown_scan import PARSER, definitions

_COMMENT = re.compile(rb"<!--.*?-->|\{/\*.*?\*/\}", re.DOTALL)
_BLOCKS = frozenset({"Paragraph", "Item", "TableRow", "TableHead", "HtmlBlock"})
_BLOCK_TAGS = frozenset({"Heading", "BlockQuote", "CodeBlock", "List", "Table", "FootnoteDefinition"})

Range = tuple[int, int]


def exempt(source: bytes, text: str, options: ExtractOptions) -> list[ignore.Exempt]:
    """Return the ranges whose links are exempt; comments in code are no comments."""
    blocks, code = _blocks(text)
    comments = []
    for match in _COMMENT.finditer(source):
        said = ignore.directive(match.group())
        if said and not any(start <= match.start() < end for start, end in code):
            comments.append((match.start(), match.end(), said))
    blocks = [block for block in blocks if not _is_comment(source, block)]
    blocks = sorted(blocks + _definition_runs(source, text), key=lambda block: (block[0], -block[1]))
    return ignore.ranges(comments, blocks, len(source), options)


def _is_comment(source: bytes, block: Range) -> bool:
    """Tell whether a block is nothing but comments: it cannot be what a comment exempts."""
    body = source[slice(*block)]
    return ignore.WORD in body and not _COMMENT.sub(b"", body).strip(b" \t\r\n>")


def _blocks(text: str) -> tuple[list[Range], list[Range]]:
    blocks: list[Range] = []
    code: list[Range] = []
    for event, span in PARSER.events_with_range(text, merge_text=True):
        if event.__class__ is not dict:
            continue
        here = (span["start"], span["end"])
        if "Start" in event:
            tag = event["Start"]
            if tag in _BLOCKS if tag.__class__ is str else not _BLOCK_TAGS.isdisjoint(tag):
                blocks.append(here)
            if tag.__class__ is dict and "CodeBlock" in tag:
                code.append(here)
        elif "Code" in event:
            code.append(here)
    return blocks, code


def _definition_runs(source: bytes, text: str) -> list[Range]:
    """Join definitions that follow each other line by line: together they are a block."""
    if b"]:" not in source:
        return []
    runs: list[Range] = []
    for start, end in sorted(span for _, span in definitions(source, text)):
        if (
            runs
            and not source[runs[-1][1] : start].strip(b" \t>").replace(b"\r\n", b"\n").strip(b"\n")
            and (source[runs[-1][1] : start].count(b"\n") <= 1)
        ):
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs
