"""Link reference definitions that the parser drops: a label defined again (CommonMark 6.3: the first one counts)."""

import re
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from linkkeeper.extract.base import Found
from linkkeeper.extract.markdown_scan import PARSER, definitions

_CANDIDATE = re.compile(rb"[ \t>*+\-0-9.)]*(\[(?!\^)(?:[^\\\[\]\r\n]|\\.){1,999}\]:)[^\r\n]*")
ELSEWHERE = "\ue000".encode()
"""What stands for the destination of a label that another piece of a long text defines: a character for private use."""
_ELSEWHERE = b" " + ELSEWHERE
_LEAVES = frozenset({"Paragraph", "HtmlBlock"})
_LEAF_TAGS = frozenset({"Heading", "CodeBlock", "Table"})
_LONGEST = 4096
"""Bytes of a definition over several lines that are looked at."""


def repeated(source: bytes, text: str, known: list[tuple[int, int]]) -> Iterator[tuple[Found, tuple[int, int]]]:
    """Yield definitions outside the known ranges, as `markdown_scan.definitions` does."""
    starts = {start for start, _ in known}
    rest = [match for match in _candidates(source) if match.start(1) not in starts]
    if not rest:
        return
    leaves = _leaves(text) + known
    leaves.sort()
    for match in _outside(rest, leaves):
        start = match.start(1)
        found = _first(source[start : match.end()]) or _first(source[start : start + _LONGEST])
        if found:
            link, (_, end) = found
            yield replace(link, start=link.start + start, end=link.end + start), (start, end + start)


def _candidates(source: bytes) -> Iterator[re.Match[bytes]]:
    """Yield the lines that look like a definition, ascending. Most lines have no such sign and are passed over."""
    end = 0
    while (sign := source.find(b"]:", end)) >= 0:
        start = source.rfind(b"\n", 0, sign) + 1
        end = source.find(b"\n", sign) + 1 or len(source)
        match = _CANDIDATE.match(source, start)
        if match and not source.startswith(_ELSEWHERE, match.end(1)):
            yield match


def _first(piece: bytes) -> tuple[Found, tuple[int, int]] | None:
    """Return the definition that a text begins with, or None."""
    text = piece.decode("utf-8", "ignore")
    found = next(definitions(text.encode(), text), None)
    return found if found and found[1][0] == 0 else None


def _outside(matches: list[re.Match[bytes]], ranges: list[tuple[int, int]]) -> Iterator[re.Match[bytes]]:
    """Yield the matches that begin in no range. Both are ascending."""
    at, reach = 0, 0
    for match in matches:
        while at < len(ranges) and ranges[at][0] <= match.start(1):
            reach = max(reach, ranges[at][1])
            at += 1
        if match.start(1) >= reach:
            yield match


def _leaves(text: str) -> list[tuple[int, int]]:
    events: Iterator[tuple[Any, Any]] = PARSER.events_with_range(text, merge_text=True)
    return [
        (span["start"], span["end"])
        for event, span in events
        if event.__class__ is dict and "Start" in event and _is_leaf(event["Start"])
    ]


def _is_leaf(tag: Any) -> bool:
    return tag in _LEAVES if tag.__class__ is str else not _LEAF_TAGS.isdisjoint(tag)
