"""Long Markdown texts, read some at a time: the parser needs 60 bytes and more for each mark of what it is shown.

A text is cut where the parser begins anew whatever came before: after a blank line, where text at the margin closes
every list, quote and note (CommonMark 0.31.2, 5), or before a heading or list item at the margin, which end a
paragraph; the parser is asked whether a code fence or HTML block is still open there. A block that is longer than a
piece is code or HTML as a whole, read without the parser, or else cut between two of its lines (words, where it is one
line), preferably where no bracket is open. What a piece has to know of the rest comes with it: which of the labels it
names are defined, the head of its table, the ignore comment that still holds.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from linkkeeper.extract import bare, html, ignore, markdown_ignore, markdown_labels, pieces, template
from linkkeeper.extract.base import ExtractOptions, Found
from linkkeeper.extract.markdown_open import FENCE, begins_html, open_behind_blank, past_inner_code, still_open
from linkkeeper.extract.pieces import moved
from linkkeeper.extract.portions import Portion

_PLAIN = re.compile(rb"(?:[^\[\]()`<|\\~{$]++|!?\[[^\[\]()`<|\\~{$]*+\]\([^\[\]()`<|\\~{$\s]*+\)|[()])*+")
"""Text without markup but simple links."""
_LASTING = b"``` ~~~ ]: <! <? <script <pre <style <textarea {{ {% {# <%".split()
"""What may stay open after a blank line, or means something elsewhere in the text."""
_BEHIND_LINK = re.compile(rb"(?<=\)) (?=[^\s])")
Whole = Callable[[bytes, ExtractOptions], Iterable[Found]]
"""Yields the links of a text as a whole."""
LONG = pieces.LONG
"""Bytes of a text that is read in pieces. Below, links never depend on any of this."""
_PIECE = pieces.PIECE
_SHORT_PIECE = 1 << 17
"""Bytes of a piece, where a good place for a cut is near."""
_BLOCK = 1 << 14
_TRIES = 64
_NEAR_TRIES = 4
_LINE_END = pieces.LINE_END
_AFTER_BLANK = re.compile(rb"%b[ \t]*+%b(?=[^ \t\r\n])" % (_LINE_END, _LINE_END))
_NEAR = re.compile(rb"\n[ \t]*+\r?+\n(?=[^ \t\r\n])")
"""The same for all but a lone CR. A pattern that begins with a character is found ten times as fast."""
_NO_MARGIN = (b"", b" ", b"\t", b"\r", b"\n")
_BEFORE_BLOCK = re.compile(rb"%b(?=(?:#{1,6}|[-+*]|1[.)])[ \t]++[^ \t\r\n*+#=_-])" % _LINE_END)
_BETWEEN_LINES = re.compile(rb"%b(?=[^\r\n])" % _LINE_END)
_BETWEEN_WORDS = re.compile(rb"[ \t>\"](?=[^ \t])|(?=[,;](?:https?|ftp)://)|(?=[\xe3-\xe9\xf0])")
_HTML_ENDS = tuple(
    (re.compile(rb" {0,3}<" + opener, re.IGNORECASE), re.compile(ending, re.IGNORECASE))
    for opener, ending in (
        (rb"!--", rb"-->"),
        (rb"\?", rb"\?>"),
        (rb"!\[CDATA\[", rb"\]\]>"),
        (rb"![a-z]", rb">"),
        (rb"(?:script|pre|style|textarea)(?=[\s>])", rb"</(?:script|pre|style|textarea)>"),
        (rb"[a-z/]", rb"(?=%b[ \t]*+%b)" % (_LINE_END, _LINE_END)),
    )
)
"""How an HTML block begins and ends (CommonMark 4.6)."""
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_DELIMITERS = re.compile(rb"[ \t>|:-]*-[ \t|:-]*\Z")
_INDENTED = re.compile(rb" {4}|\t")
_INTERRUPTS = re.compile(rb" {0,3}(?:```|~~~|>|<(?:[!?]|script|pre|style|textarea))", re.IGNORECASE)
"""What ends a paragraph, or goes on with a quote."""
_LONGEST_HEAD = 4096
_WORD = b"a "
"""A line behind this begins no block."""
_CLOSED_BY = ((b"[", b"]"), (b"](", b")"), (b"<", b">"))


class _Cut(Struct, frozen=True):
    """Where a piece ends, where the next one begins, and what is to be put before that."""

    end: int
    resume: int
    lead: bytes = b""


class Step(Struct, frozen=True):
    """What is read at once, and what that has to know of the rest of the text."""

    start: int
    end: int
    resume: int
    """Where the next one begins: code that is left out may be between."""
    before: bytes = b""
    after: bytes = b""
    opened: bytes = b""
    """The ignore comment that holds behind it."""
    is_block: bool = False
    """It is nothing but code or HTML."""

    def moved(self, by: int) -> "Step":
        """Return the same for a text in which all stands further back."""
        start, end, resume = self.start + by, self.end + by, self.resume + by
        return Step(start, end, resume, self.before, self.after, self.opened, self.is_block)


def links(data: bytes, options: ExtractOptions, whole: Whole) -> Iterator[Found]:
    """Yield every link of a Markdown text in order of position, as `whole` does for one that is not long."""
    if len(data) <= LONG:
        yield from whole(data, options)
        return
    for step in _steps(data, options):
        yield from _read(data, step, options, whole)


def portions(data: bytes, options: ExtractOptions) -> Iterator[Portion]:
    """Yield what can be read one by one, in any order, by `read`; a single one without steps is the whole text."""
    plain = [] if len(data) > LONG and _near(data, 0) else list(ranges(data))
    if len(plain) > 1:
        yield from (Portion(*one) for one in plain)
    else:
        yield from in_steps(data, options)


def in_steps(data: bytes, options: ExtractOptions) -> Iterator[Portion]:
    """Yield the same for a text in which the parser has to be asked where it may be cut."""
    if len(data) <= LONG:
        yield Portion(0, len(data))
        return
    steps: list[Step] = []
    for step in _steps(data, options):
        steps.append(step)
        if step.resume - steps[0].start >= _PIECE or step.resume >= len(data):
            yield Portion(steps[0].start, step.resume, tuple(steps))
            steps = []


def read(data: bytes, portion: Portion, options: ExtractOptions, whole: Whole) -> Iterator[Found]:
    """Yield the links of a portion that has steps, with the offsets of the whole text."""
    for step in portion.steps:
        yield from _read(data, step, options, whole)


def _steps(data: bytes, options: ExtractOptions) -> Iterator[Step]:
    """Yield the steps in which a text is read. That is far less work than reading them."""
    labels = markdown_labels.defined(data)
    start, lead, opened = 0, b"", b""
    while start < len(data):
        if block := _block(data, start, lead):
            yield Step(start, block, block, opened=opened, is_block=True)
            start, lead = block, b""
            continue
        cut = _cut(data, start, lead, options)
        before = (opened + b"\n\n" if opened else b"") + lead
        if data.find(ignore.WORD, start, cut.end) >= 0:
            opened = markdown_ignore.left_open(before + data[start : cut.end], options)
        yield Step(start, cut.end, cut.resume, before, markdown_labels.wanted(data, start, cut.end, labels), opened)
        start, lead = cut.resume, cut.lead


def _read(data: bytes, step: Step, options: ExtractOptions, whole: Whole) -> Iterator[Found]:
    if step.is_block:
        yield from _exempt(_in_block(data, step.start, step.end, options), step.opened)
        return
    first, by = len(step.before), step.start - len(step.before)
    last = step.end - by
    for one in whole(step.before + data[step.start : step.end] + step.after, options):
        start, end = one.start, one.end
        if first <= start and end <= last:
            yield Found(start + by, end + by, one.url, one.kind, one.context, one.skip, one.unwritable)
    if options.include_verbatim:
        yield from _exempt(bare.find(data, step.end, step.resume), step.opened)


def _exempt(found: Iterable[Found], opened: bytes) -> Iterable[Found]:
    """Yield links of code, skipped where an ignore comment holds."""
    said = ignore.directive(opened) if opened else None
    return found if said is None else (replace(one, skip=one.skip or said.skip) for one in found)


def ranges(data: bytes) -> Iterator[pieces.Range]:
    """Yield ranges that can be read one by one, in any order, if that can be told without the parser: else one."""
    lower = data.lower()
    if ignore.WORD in lower or any(mark in lower for mark in _LASTING):
        yield 0, len(data)
    elif b"    " in data or b"\t" in data or not _PLAIN.fullmatch(data):
        yield from pieces.ranges(data, (_AFTER_BLANK,))
    elif b"](" in data:
        yield from pieces.ranges(data, (_AFTER_BLANK, _BEFORE_BLOCK, _BEHIND_LINK))
    else:
        places = _AFTER_BLANK, pieces.BEFORE_WORDS, pieces.BEFORE_URL, pieces.AFTER_PROSE, pieces.AFTER_URL
        yield from pieces.ranges(data, places)


def _cut(data: bytes, start: int, lead: bytes, options: ExtractOptions) -> _Cut:
    limit = start + _PIECE
    if limit >= len(data):
        return _Cut(len(data), len(data))
    cut = _near(data, start) or _between_blocks(data, start, limit) or _forced(data, start, limit, lead)
    return cut if options.include_verbatim else _outside_verbatim(data, start, cut)


def _near(data: bytes, start: int) -> _Cut | None:
    """Return a cut after a blank line at which nothing is open, for a piece that costs what a short text does."""
    limit = start + _SHORT_PIECE
    for _ in range(_NEAR_TRIES):
        end = next((end for end in _places_near(data, start + 1, limit) if not _is_comment_before(data, end)), 0)
        if not end:
            return None
        opened = open_behind_blank(data, start, end)
        if opened is None:
            return _Cut(end, end)
        limit = opened
    return None


def _places_near(data: bytes, floor: int, limit: int) -> Iterator[int]:
    """Yield places behind a blank line, the last one first: one where that is simply a line end before all others."""
    blank = data.rfind(b"\n\n", max(floor, limit - _BLOCK), limit)
    if blank >= 0 and data[blank + 2 : blank + 3] not in _NO_MARGIN:
        yield blank + 2
    yield from _backwards(_NEAR, data, floor, limit)


def _between_blocks(data: bytes, start: int, limit: int) -> _Cut | None:
    """Return a cut at which the parser begins anew."""
    for pattern in (_AFTER_BLANK, _BEFORE_BLOCK):
        for end in _backwards(pattern, data, start + _PIECE // 2, limit):
            if pattern is _AFTER_BLANK and _is_comment_before(data, end):
                continue
            look = open_behind_blank if pattern is _AFTER_BLANK else still_open
            opened = look(data, start, end)
            if opened is None:
                return _Cut(end, end)
            return _Cut(opened, opened) if opened > start else None
    return None


def _backwards(pattern: re.Pattern[bytes], data: bytes, floor: int, limit: int) -> Iterator[int]:
    """Yield where the last matches before limit end, the last one first."""
    tries, stop = _TRIES, limit
    while stop > floor and tries:
        begin = max(floor, stop - _BLOCK)
        ends = [match.end() for match in pattern.finditer(data, begin, min(len(data), stop + 8)) if match.end() <= stop]
        for end in ends[: -tries - 1 : -1]:
            yield end
            tries -= 1
        stop = begin


def _is_comment_before(data: bytes, end: int) -> bool:
    """Tell whether the block before this may be an ignore comment for the one behind."""
    before = data[max(0, end - _LONGEST_HEAD) : end].rstrip()
    return ignore.WORD in before[max(before.rfind(b"\n\n"), before.rfind(b"\r\n\r\n"), 0) :]


def _forced(data: bytes, start: int, limit: int, lead: bytes) -> _Cut:
    """Cut a block that is longer than a piece: between lines, words, characters."""
    end, between_lines = _somewhere(data, limit)
    one_line = lead == _WORD and not _BETWEEN_LINES.search(data, start, end)
    opened = None if one_line else still_open(data, start, end)
    if opened is not None and opened > start:
        return _Cut(opened, opened)
    if not between_lines:
        return _Cut(end, end, _WORD)
    resume = past_inner_code(data, start, end)
    return _Cut(end, resume, _lead(data, start, end, lead) if resume == end else b"")


def _somewhere(data: bytes, limit: int) -> tuple[int, bool]:
    """Return a good place to cut within a block, and whether it is between two lines."""
    floor = limit - _PIECE // 8
    for pattern in (_BETWEEN_LINES, _BETWEEN_WORDS):
        ends = list(_backwards(pattern, data, floor, limit))
        if ends:
            return next((end for end in ends if _is_settled(data, end)), ends[0]), pattern is _BETWEEN_LINES
    while 0x80 <= data[limit] < 0xC0:
        limit -= 1
    return limit, False


def _is_settled(data: bytes, end: int) -> bool:
    """Tell whether no bracket is open here, as far as one can see."""
    tail = data[max(0, end - 2048) : end]
    return tail.count(b"`") % 2 == 0 and all(tail.rfind(one) <= tail.rfind(other) for one, other in _CLOSED_BY)


def _lead(data: bytes, start: int, end: int, lead: bytes) -> bytes:
    """Return what has to stand before a line in the middle of a block: nothing, a table's head, or a word."""
    if _INTERRUPTS.match(data, end):
        return b""
    first = max(data.rfind(blank, start, end) + len(blank) for blank in (b"\n\n", b"\n\r\n", b"\r\r"))
    if first <= start + 2:  # no blank line in this piece
        if lead not in (b"", _WORD):
            return lead
        first = end if lead else start
    head = data[first : first + _LONGEST_HEAD].splitlines(keepends=True)[:2]
    if first < end and len(head) == 2 and b"|" in head[0] and _DELIMITERS.match(head[1].rstrip(b"\r\n")):
        return b"".join(head)
    before = data.rfind(b"\n", start, end - 1) + 1
    is_definition = markdown_labels.DEFINITION.match
    if is_definition(data[end : end + _LONGEST_HEAD]) and is_definition(data[before:end]):
        return b""
    return b"" if _INDENTED.match(data, first) and _INDENTED.match(data, end) else _WORD


def _outside_verbatim(data: bytes, start: int, cut: _Cut) -> _Cut:
    """Return a cut that is not within what a template block shows as code or drops: what is in it is left out."""
    if not template.may_open(data, start, cut.end):
        return cut
    piece = data[start : cut.end]
    opened = template.left_open(piece, template.pieces(piece))
    if opened is None:
        return cut
    name, begin = opened
    closer = template.closer(data, name, cut.end)
    return cut if closer < 0 else _Cut(start + begin, closer)


def _block(data: bytes, start: int, lead: bytes) -> int:
    """Return the end of the block of code or HTML that begins here, if it is longer than a piece, else 0.

    lead: what has to stand before; empty where nothing is open.
    """
    fence = FENCE.match(data, start)
    if fence and (fence[1][:1] == b"~" or b"`" not in fence[0][fence.end(1) - fence.start() :]):
        closing = rb" {0,3}%b{%d,}[ \t]*+(?=[\r\n]|\Z)" % (fence[1][:1], len(fence[1]))
        if re.compile(rb"\n" + closing).search(data, fence.end(), start + _PIECE // 2):  # found ten times as fast
            return 0
        return _long_enough(data, start, re.compile(rb"[\r\n]" + closing), fence.end())
    for opener, ending in _HTML_ENDS:
        if begun := opener.match(data, start):
            end = _long_enough(data, start, ending, begun.end())
            return end if end and begins_html(data[start : start + _LONGEST_HEAD], bool(lead)) else 0
    return 0


def _long_enough(data: bytes, start: int, ending: re.Pattern[bytes], position: int) -> int:
    if ending.search(data, position, start + _PIECE // 2):
        return 0
    match = ending.search(data, position)
    if match is None:
        return len(data)
    end = _BETWEEN_LINES.search(data, match.end())
    return end.end() if end else len(data)


def _in_block(data: bytes, start: int, end: int, options: ExtractOptions) -> Iterator[Found]:
    if FENCE.match(data, start):
        if options.include_verbatim:
            yield from bare.find(data, start, end)
        return
    if options.include_verbatim and data.startswith(b"<!--", start):
        for comment in _COMMENT.finditer(data, start, end):
            yield from bare.find(data, *comment.span())
        return
    for found in html.find(data[start:end], in_markdown=True):
        yield moved(found, start)
