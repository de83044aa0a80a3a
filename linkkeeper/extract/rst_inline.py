"""Inline markup of reStructuredText: embedded URIs, standalone URIs, and what hides text from both.

Follows docutils' order: markup with start and end strings first (it does not nest), then standalone URIs in
the text between. An end string that was not found once is not looked for again, so the work stays linear.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from linkkeeper.extract import bare
from linkkeeper.extract.base import SKIP_MAIL, SKIP_TEMPLATE, Found
from linkkeeper.extract.escape_rst import LAYERS
from linkkeeper.extract.template import in_url

_NAME = r"(?:(?!_)\w)+(?:[-._+:](?:(?!_)\w)+)*"
_EMBEDDED = re.compile(r"(?:[ \t\r\n]+|\A)<(?!\s)((?:[^<>\\]|\\[\s\S])+)(?<!\s)>\Z")
_URI_CHARACTER = r"(?:[-_.!~*'()\[\];/:@&=+$,%a-zA-Z0-9]|\\[^\s])"
_URI_LAST = rf"(?:[_~*/=+a-zA-Z0-9]|{_URI_CHARACTER}(?=>))"
_MAIL = re.compile(r"(?:mailto:)?[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+\Z")


class _Patterns(Struct, frozen=True):
    start: re.Pattern[str]
    ends: dict[str, re.Pattern[str]]
    uri: re.Pattern[str]
    pairs: dict[str, str]


@cache
def _patterns() -> _Patterns:
    """Compile on first use: the punctuation of all scripts is looked up."""
    by_category: dict[str, str] = {}
    for code in range(0x80, 0x10000):
        category = unicodedata.category(chr(code))
        if category[0] == "P":
            by_category[category] = by_category.get(category, "") + chr(code)
    quotes = by_category["Pi"] + by_category["Pf"]
    openers = "\"'(<[{" + by_category["Ps"] + quotes
    closers = "\"')>]}" + by_category["Pe"] + quotes
    middle = "-/:" + by_category["Pd"] + by_category["Po"]
    before = rf"(?:(?<=[\s{re.escape(openers + middle)}])|\A)"
    after = rf"(?=[\s\\{re.escape(closers + middle)}.,;!?]|\Z)"
    start = re.compile(
        rf"\\[\s\S]|{before}(?:(?P<mark>\*\*|\*(?!\*)|``|_`|\|(?!\|))(?!\s)"
        rf"|(?P<role>:{_NAME}:)?(?P<quote>`)(?![`\s]))"
    )
    ends = {
        "**": re.compile(rf"(?<![\s\\])\*\*{after}"),
        "*": re.compile(rf"(?<![\s\\])\*{after}"),
        "``": re.compile(rf"(?<!\s)``{after}"),
        "_`": re.compile(rf"(?<![\s\\])`{after}"),
        "|": re.compile(rf"(?<![\s\\])\|_{{0,2}}{after}"),
        "`": re.compile(rf"(?<![\s\\])`(?::{_NAME}:|__?)?{after}"),
    }
    part = rf"{_URI_CHARACTER}*{_URI_LAST}"
    uri = re.compile(rf"[a-zA-Z][a-zA-Z0-9.+-]*:(?://?)?{part}(?:\?{part})?(?:#{part})?{after}")
    return _Patterns(start, ends, uri, _pairs(by_category["Ps"]))


def _pairs(brackets: str) -> dict[str, str]:
    """Return the closing partner of each opening mark: of a bracket, the closing one next to it in Unicode."""
    pairs = dict(zip("\"'(<[{“‘«‹", "\"')>]}”’»›", strict=True))
    for opening in brackets:
        following = (chr(ord(opening) + step) for step in (1, 2))
        pairs.update((opening, one) for one in following if unicodedata.category(one) == "Pe")
    return pairs


def find(text: bytes, include_verbatim: bool = False) -> Iterator[Found]:
    """Yield the links of one paragraph in order; offsets are those of text."""
    if b"`_" not in text and b"://" not in text and b"@" not in text and b"www." not in text.lower():
        return  # a reference ends so, and whatever else is found holds one of the others
    characters = text.decode("utf-8", "surrogateescape")
    places = _Places(characters)
    for start, end, kind in _parts(characters):
        if kind == "phrase":
            yield from _embedded(characters, start, end, places)
        elif kind == "text" or (kind == "literal" and include_verbatim):
            yield from _standalone(text, places.byte(start), places.byte(end))


class _Places:
    """Offsets of characters -> offsets of bytes, asked in ascending order."""

    def __init__(self, characters: str) -> None:
        self._characters = characters
        self._character = self._byte = 0

    def byte(self, character: int) -> int:
        passed = self._characters[self._character : character]
        self._byte += len(passed.encode("utf-8", "surrogateescape"))
        self._character = character
        return self._byte


def _parts(text: str) -> Iterator[tuple[int, int, str]]:
    """Cut a paragraph into text, phrase references, literals; other markup is passed over."""
    if not ("`" in text or "*" in text or "|" in text or "\\" in text):
        yield 0, len(text), "text"
        return
    patterns = _patterns()
    hopeless: set[str] = set()
    position = plain = 0
    while match := patterns.start.search(text, position):
        position = match.end()
        mark = "`" if match["quote"] else match["mark"]
        if mark is None or mark in hopeless or _quoted(text, match, patterns):
            continue
        end = patterns.ends[mark].search(text, match.end() + 1)
        if end is None:
            hopeless.add(mark)
            continue
        position = end.end()
        yield plain, match.start(), "text"
        plain = position
        if mark == "`" and not match["role"] and end[0] in ("`_", "`__"):
            yield match.end(), end.start(), "phrase"
        elif mark == "``":
            yield match.end(), end.start(), "literal"
    yield plain, len(text), "text"


def _quoted(text: str, match: re.Match[str], patterns: _Patterns) -> bool:
    """Whether the mark stands alone in brackets or quotes, `"*"`: no markup then."""
    if match.start() == 0 or match["role"]:
        return False
    return patterns.pairs.get(text[match.start() - 1]) == text[match.end() : match.end() + 1]


def _embedded(text: str, start: int, end: int, places: _Places) -> Iterator[Found]:
    content = text[start:end]
    opening = content.rfind("<")
    while opening > 0 and content[opening - 1] == "\\":
        opening = content.rfind("<", 0, opening)
    embedded = _EMBEDDED.search(content, max(0, opening - 1)) if opening >= 0 else None
    if embedded is None:
        return
    written = embedded[1]
    if written.endswith("_") and not written.endswith("\\_") and not _patterns().uri.match(written):
        return  # `text <name_>`_ points at a target
    spot = start + embedded.start(1)
    begin = places.byte(spot)
    yield made(written, begin, places.byte(spot + len(written)), "rst-embedded", "inline")


def made(written: str, start: int, end: int, layer: str, kind: str) -> Found:
    """Return the link for a URI as written in a target, embedded, or as an argument."""
    url = LAYERS[layer].decode(written)
    skip = SKIP_TEMPLATE if in_url(written.encode("utf-8", "surrogateescape")) else ""
    if not skip and _MAIL.match(url):
        url = url if url[:7].lower() == "mailto:" else f"mailto:{url}"
        skip = SKIP_MAIL
    return Found(start, end, url, kind, (layer,), skip)


def _standalone(text: bytes, start: int, end: int) -> Iterator[Found]:
    """Yield bare URLs: found as in any prose, ended as docutils ends them where its rule applies."""
    done = run_end = start
    for found in bare.find(text, start, end, escapes=True):
        if found.start < done or text[found.start - 1 : found.start] == b"\\":
            continue
        if found.start >= run_end:
            run = _ASCII_RUN.match(text, found.start, end)
            run_end = run.end() if run else found.end
        yield (link := _as_docutils(text, found, run_end, end))
        done = link.end


_PLAIN = re.compile(rb"https?://[A-Za-z0-9]++(?:[./-][A-Za-z0-9]++)*+/?")
"""What docutils reads as a whole, up to white space."""
_LONGEST = 1 << 16
"""Bytes of what may be a URL for docutils: a longer run has commas, and is no URL for anybody."""
_SPACE = frozenset(b" \n")
_BARE = ("rst-bare",)
_ASCII_RUN = re.compile(rb"[!-;=?-~]*")


def _as_docutils(data: bytes, found: Found, end: int, stop: int) -> Found:
    if found.skip or (found.url[:4] == "http" and data[found.start : found.start + 4].lower() == b"www."):
        return found
    if (found.end == stop or data[found.end] in _SPACE) and _PLAIN.fullmatch(data, found.start, found.end):
        return Found(found.start, found.end, found.url, "bare", _BARE)
    if end - found.start > _LONGEST:
        return found
    ascii_text = data[found.start : min(end + 1, stop)].decode("utf-8", "replace")
    if end < stop and data[end] >= 0x80:
        return found
    match = _patterns().uri.match(ascii_text)
    if match is None or in_url(match[0].encode()):
        return Found(found.start, found.end, _plain(data[found.start : found.end]), "bare", ("rst-bare",), found.skip)
    return Found(found.start, found.start + match.end(), LAYERS["rst-bare"].decode(match[0]), "bare", ("rst-bare",))


def _plain(written: bytes) -> str:
    return LAYERS["rst-bare"].decode(written.decode("utf-8", "replace"))
