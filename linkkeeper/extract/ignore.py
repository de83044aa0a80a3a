"""Ignore comments: links that the author exempts, with a reason and an expiry date where given.

`linkkeeper-ignore` exempts the next block, `linkkeeper-ignore-start` all up to `linkkeeper-ignore-end`. What follows
the word is the reason; `until 2027-01-31` in it is the last day it holds:
`<!-- linkkeeper-ignore: behind a paywall, until 2027-01-31 -->`.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import accumulate

from msgspec import Struct
from msgspec.structs import replace

from linkkeeper.extract.base import ExtractOptions, Found

WORD = b"linkkeeper-ignore"
"""A document without these bytes has no ignore comment."""
_DIRECTIVE = re.compile(rb"\A[\s<!/*#.%{;-]*linkkeeper-ignore(-start|-end)?(?!\w|-(?!->))[ \t:]*([^\r\n]*)")
_TAIL = re.compile(r"\s*(?:-->|--%?>|\*/\s*\}?|#\})?\s*\Z")
_UNTIL = re.compile(r"[\s,;(]*\buntil\b\s*[=:]?\s*[\"']?(\d{4}-\d{2}-\d{2})[\"']?\)?", re.IGNORECASE)
_REASON = re.compile(r"\Areason\s*[=:]\s*", re.IGNORECASE)


class Directive(Struct, frozen=True):
    """What one ignore comment says."""

    scope: str
    """`next`, `start` or `end`."""
    reason: str = ""
    until: date | None = None
    """The last day on which it holds."""

    @property
    def skip(self) -> str:
        """What `Link.skip` says of a link exempted by this."""
        return f"ignored: {self.reason}" if self.reason else "ignored"


class Exempt(Struct, frozen=True):
    """A range of bytes whose links are exempt."""

    start: int
    end: int
    skip: str


def directive(comment: bytes) -> Directive | None:
    """Read a comment (with or without its markers); None if it is no ignore comment."""
    match = _DIRECTIVE.match(comment)
    if match is None:
        return None
    text = _TAIL.sub("", match.group(2).decode("utf-8", "replace"))
    until = _UNTIL.search(text)
    reason = _REASON.sub("", _UNTIL.sub("", text).strip(" \t,;:—-")).strip(" \t\"'")
    scope = (match.group(1) or b"-next")[1:].decode()
    return Directive(scope, reason, _day(until.group(1)) if until else None)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def holds(said: Directive, options: ExtractOptions) -> bool:
    """Tell whether an ignore comment has not expired."""
    today = date.fromisoformat(options.today) if options.today else datetime.now(UTC).date()
    return said.until is None or today <= said.until


def ranges(
    comments: Iterable[tuple[int, int, Directive]], blocks: list[tuple[int, int]], size: int, options: ExtractOptions
) -> list[Exempt]:
    """Return what ignore comments exempt.

    comments are (start, end, directive) in order, each a block of its own; blocks (start, end) of the document, in any
    order; size is the document's length: an unclosed `-start` holds to the end.
    """
    blocks = sorted(blocks, key=lambda block: (block[0], -block[1]))
    exempt: list[Exempt] = []
    opened: tuple[int, Directive] | None = None
    for start, end, said in comments:
        if said.scope == "end":
            if opened and holds(opened[1], options):
                exempt.append(Exempt(opened[0], start, opened[1].skip))
            opened = None
        elif said.scope == "start":
            opened = opened or (end, said)
        elif holds(said, options):
            after = bisect_left(blocks, end, key=lambda block: block[0])
            exempt += [Exempt(*block, said.skip) for block in blocks[after : after + 1]]
    if opened and holds(opened[1], options):
        exempt.append(Exempt(opened[0], size, opened[1].skip))
    return exempt


def apply(found: Iterable[Found], exempt: list[Exempt]) -> Iterator[Found]:
    """Yield what was found, exempted links marked as skipped."""
    exempt = sorted(exempt, key=lambda one: one.start)
    starts = [one.start for one in exempt]
    reach = list(accumulate((one.end for one in exempt), max))
    for link in found:
        at = bisect_right(starts, link.start) - 1
        while at >= 0 and link.end <= reach[at] and exempt[at].end < link.end:
            at -= 1
        held = at >= 0 and link.end <= exempt[at].end
        yield replace(link, skip=link.skip or exempt[at].skip) if held else link
