"""One look through a Markdown text: what in it may be a link, and which stretches can hold none.

Most paragraphs hold no link, and what the parser says of them is most of its price. A stretch without a sign may be
left out where that changes nothing before and after it: it begins with a blank line, and what follows it stands at the
margin, after a blank line, which closes every quote and note and all but the outermost list (CommonMark 0.31.2, 5), and
in that it would begin an item anyhow. Within a code fence all is code before and after. What may close something else
(a code fence, a comment) is a sign; from an HTML block on that blank lines do not end (4.6, kinds 1 and 3 to 5),
nothing is left out.
"""

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, product

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind
from msgspec import Struct

from linkkeeper.extract import bare, ignore
from linkkeeper.extract.base import Found

Range = tuple[int, int]
_WEB = (b"://", b"www.", b"WWW.", b"Www.")
_MARKUP = (b"](", b"]:")
_TEMPLATE = (b"{{", b"{%", b"{#", b"<%")
_EXPRESSION = b"${"
_CLOSING = (b"```", b"~~~", b"-->")
_HTML = [bytes((0x3C, *two)) for word in (b"Ss Cc", b"Pp Rr", b"Ss Tt", b"Tt Ee") for two in product(*word.split())]
_DOUBLE = {b"]://": (b"]:", b"://"), **{b"$" + one: (_EXPRESSION, one) for one in _TEMPLATE if one[:1] == b"{"}}
"""Two in one, as the finder does not say what begins within what it said."""
_NEEDLES = (*_WEB, *_MARKUP, *_DOUBLE, *_TEMPLATE, _EXPRESSION, ignore.WORD, *_CLOSING, b"<?", b"<!", *_HTML)
_FINDER = BytesAhoCorasick(_NEEDLES, MatchKind.LeftmostLongest, implementation=Implementation.DFA)
"""Passes over what begins none of a few dozen words, all of two bytes or more, ten times as fast as over text that it
reads: for more words, shorter ones, or every hit it would not."""
_ADDRESSES = BytesAhoCorasick(
    [one for one in bare.NEEDLES if one[:1] == b"@"], MatchKind.LeftmostLongest, implementation=Implementation.DFA
)
_TAG = re.compile(rb"<[^\x00- !%?\x7f-\xff]")
"""What may begin a tag or an autolink: a `<` alone is nothing, and some texts have millions."""
_ADDRESS = re.compile(rb"@[A-Za-z0-9]")
_NUMBERS = {needle: number for number, needle in enumerate((*_NEEDLES, b"<", b"@"))}
_WEB_KINDS = len(_WEB)
_LINK_KINDS = frozenset(map(_NUMBERS.__getitem__, (*_WEB, *_MARKUP, b"<", b"@")))
_DEFINITION = _NUMBERS[b"]:"]
_TEMPLATE_KINDS = frozenset(map(_NUMBERS.__getitem__, _TEMPLATE))
_DOUBLE_KINDS = {_NUMBERS[double]: {_NUMBERS[one] for one in both} for double, both in _DOUBLE.items()}
_LASTING_KINDS = frozenset(map(_NUMBERS.__getitem__, (b"<?", b"<!", *_HTML)))
_HIDING_KINDS = frozenset({_NUMBERS[b"]://"]})
"""Within which a spot is."""
_LASTING = re.compile(rb"<(?:\?|![A-Za-z\[]|(?:script|pre|style|textarea)(?=[\s>]|\Z))", re.IGNORECASE)
"""What may begin an HTML block that goes on after a blank line."""
_BLANK = b"\n\n"
_NO_MARGIN = frozenset(bytes(range(33)))
"""What a line begins with that perhaps stands in a list, or is blank."""
_LONGEST = max(map(len, _NEEDLES))
_SHORTEST = 160
"""Bytes without a sign that are worth a look."""
_TRIES = 6
_WINDOW = 1 << 18
"""Bytes whose signs are held at a time; of a longer text, the spots are looked for twice."""


class Signs(Struct, frozen=True):
    """What a look at a text showed."""

    source: bytes
    spots: Sequence[int] | None
    """Where a bare URL or address may be; None: too many to hold."""
    kinds: frozenset[int]
    kept: tuple[Range, ...]
    """Ascending; a link in what is between them is none in the whole text either."""

    @property
    def bare(self) -> Iterable[int]:
        """Where a bare URL or address may be, as `bare.candidates` says."""
        return bare.candidates(self.source) if self.spots is None else self.spots

    @property
    def of_links(self) -> bool:
        """Whether there may be a link at all."""
        return not _LINK_KINDS.isdisjoint(self.kinds)

    @property
    def of_definitions(self) -> bool:
        """Whether there may be a link reference definition."""
        return _DEFINITION in self.kinds

    @property
    def of_templates(self) -> bool:
        """Whether there may be template code that confuses a parser."""
        return not _TEMPLATE_KINDS.isdisjoint(self.kinds)

    def of(self, needle: bytes) -> bool:
        """Whether these bytes, one of the needles, are in it."""
        return _NUMBERS[needle] in self.kinds


def look(source: bytes) -> Signs:
    """Look through a text once."""
    kinds: set[int] = set()
    spots = array("q") if len(source) <= _WINDOW else None
    gaps: list[Range] = []
    last = 0
    for base, hits in _windows(source):
        last -= base
        for kind, start, _ in hits:
            if kind not in kinds:
                kinds.add(kind)
            if start - last > _SHORTEST:
                gaps.append((base + last, base + start))
            last = start
            if kind < _WEB_KINDS and spots is not None:
                spots.append(start)
        last += base
    gaps.append((last, len(source)))
    if b"@" in source:
        spots = _with_addresses(source, spots, kinds)
    _complete(source, kinds)
    if spots is not None and not kinds.isdisjoint(_HIDING_KINDS):
        spots = array("q", bare.candidates(source))
    return Signs(source, spots, frozenset(kinds), _kept(source, gaps, _lasting(source, kinds)))


def _with_addresses(source: bytes, spots: "array[int] | None", kinds: set[int]) -> "array[int] | None":
    """Return the spots with those of addresses, which count as a kind."""
    if spots is None:
        kinds.add(_NUMBERS[b"@"])
        return None
    addresses = [start for _, start, _ in _ADDRESSES.find_matches_as_indexes(source)]
    if addresses:
        kinds.add(_NUMBERS[b"@"])
        return array("q", sorted([*spots, *addresses]))
    return spots


def _complete(source: bytes, kinds: set[int]) -> None:
    """Add to the kinds that were seen those within them, and tags, if that makes a difference."""
    for double in kinds & _DOUBLE_KINDS.keys():
        kinds |= _DOUBLE_KINDS[double]
    if kinds.isdisjoint(_LINK_KINDS) and _TAG.search(source):
        kinds.add(_NUMBERS[b"<"])


def masked(signs: Signs, source: bytes) -> Signs:
    """Return the signs of a text by those of the one that it was before `template.mask`, without a look: some that it
    has not any more, and those that letters for code behind `@` or `<` make are at the same places but one.
    """
    return signs if source is signs.source else Signs(source, signs.spots, signs.kinds, signs.kept)


def _windows(source: bytes) -> Iterator[tuple[int, list[tuple[int, int, int]]]]:
    """Yield an offset, and the hits from there on: number of the needle, start, end; in order."""
    if len(source) <= _WINDOW:
        yield 0, _FINDER.find_matches_as_indexes(source)
        return
    view = memoryview(source)
    for base in range(0, len(source), _WINDOW):
        hits = _FINDER.find_matches_as_indexes(view[base : base + _WINDOW + _LONGEST - 1])
        while hits and hits[-1][1] >= _WINDOW:
            hits.pop()
        yield base, hits


def _lasting(source: bytes, kinds: set[int]) -> int:
    """Return where HTML begins that blank lines do not end."""
    lasting = _LASTING.search(source) if not kinds.isdisjoint(_LASTING_KINDS) else None
    return lasting.start() if lasting else len(source)


def _kept(source: bytes, gaps: list[Range], until: int) -> tuple[Range, ...]:
    """Return what must be kept of a text with these gaps between its signs: all of it from `until` on."""
    kept: list[Range] = []
    begin = 0
    for start, end in _holes(source, gaps):
        if end > until:
            break
        kept.append((begin, start))
        begin = end
    return tuple(kept) if kept and begin == len(source) else (*kept, (begin, len(source)))


def _holes(source: bytes, gaps: list[Range]) -> Iterator[Range]:
    """Yield what may be left out: from after a blank line to what is at the margin after another, or to the end.

    Tags and addresses are looked for where they would matter only.
    """
    find, rfind, size = source.find, source.rfind, len(source)
    tags, addresses = b"<" in source, b"@" in source
    for last, mark in gaps:
        start = find(_BLANK, last, mark)
        if start < 0:
            continue
        end = rfind(_BLANK, start + 1, mark) if mark < size else size - 2
        if end < 0:
            continue
        if mark < size and source[end + 2] in _NO_MARGIN and (end := _margin(source, start, end)) < 0:
            continue
        start += 2
        end += 2
        if (tags and find(b"<", start, end) >= 0) or (addresses and find(b"@", start, end) >= 0):
            yield from _between_tags(source, last, mark)
        else:
            yield start, end


def _margin(source: bytes, start: int, end: int) -> int:
    """Return the last of some blank lines between the offsets behind which something stands at the margin, or -1."""
    for _ in range(_TRIES):
        end = source.rfind(_BLANK, start + 1, end)
        if end < 0 or source[end + 2] not in _NO_MARGIN:
            return end
    return -1


def _between_tags(source: bytes, last: int, mark: int) -> Iterator[Range]:
    """Yield what may be left out of a gap in which tags or addresses are."""
    marks = chain(_TAG.finditer(source, last, mark), _ADDRESS.finditer(source, last, mark))
    for place in [*sorted([one.start() for one in marks]), mark]:
        if place - last > _SHORTEST or place == len(source):
            start = source.find(_BLANK, last, place)
            end = len(source) - 2 if place == len(source) else _margin(source, start, place)
            if 0 <= start < end:
                yield start + 2, end + 2
        last = place


def without_rest(signs: Signs) -> Signs:
    """Return the signs of the text without what can hold no link. Offsets are those of the shorter text."""
    kept, source = signs.kept, signs.source
    if kept == ((0, len(source)),):
        return signs
    data = b"".join([source[start:end] for start, end in kept])
    spots = None if signs.spots is None else array("q", _shorter(signs.spots, kept))
    return Signs(data, spots, signs.kinds, ((0, len(data)),))


def _shorter(spots: Iterable[int], kept: Iterable[Range]) -> Iterator[int]:
    """Yield offsets of the whole text, ascending and none of them left out, as those of the shorter one."""
    ranges = iter(kept)
    gone = end = size = 0
    for spot in spots:
        while spot >= end:
            start, end = next(ranges)
            gone = start - size
            size += end - start
        yield spot - gone


def back(found: Iterable[Found], kept: Iterable[Range]) -> Iterator[Found]:
    """Yield what was found in the shorter text, in order, with the offsets of the whole one."""
    ranges = iter(kept)
    gone = size = 0
    for one in found:
        while one.start >= size and (following := next(ranges, None)):
            start, end = following
            gone = start - size
            size += end - start
        yield Found(one.start + gone, one.end + gone, one.url, one.kind, one.context, one.skip, one.unwritable)
