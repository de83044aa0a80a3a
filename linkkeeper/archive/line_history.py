"""Whether a commit brought a link, or only changed where the links of its line lead. Pure.

A fix, and whoever swaps `http` for `https`, changes lines without writing them: the links beside the changed one are
as old as before, and so is one that was only cleaned or taken back from the archive.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from urllib.parse import unquote_to_bytes

_URL = re.compile(rb"https?://[^\s\x80-\xff<>\"'()\[\]{}|`\\]*", re.IGNORECASE)
_SCHEME = re.compile(rb"https?://(?:www\.)?", re.IGNORECASE)
_IN_ARCHIVE = re.compile(rb"/web/\d{4,14}(?:[a-z]{2}_)?/|/\d{14}/")
_COPY_BESIDE = re.compile(
    rb"""
      [ ]\(\[archived\]\([^\s()]*(?:\([^\s()]*\)[^\s()]*)*\)\)
    | [ ]\(<a[ ]href="[^"<>]*">archived</a>\)
    | [ ]\(archived:[ ]\S*\)
    | [ ]\(`archived[ ]<[^<>`]*>`__\)
    | [ ]\(https?://[^\s\[\]]*\[archived\]\)
    | [ ]\(\[\[[^\s\]]*\]\[archived\]\]\)
    | [ ]data-originalurl="[^"<>]*"(?:[ ]data-versiondate="[^"<>]*")?
    """,
    re.VERBOSE,
)
"""What the styles `append` and `robust` put behind a link."""
_LONGEST = 20_000
_CANDIDATES = 8
"""Removed lines that one added line is compared with, where several have its words."""
_COMPARED = 20
"""URLs of a line that say which of them it was."""
_ARGUMENTS = re.compile(rb"&(?:amp;)?")

Line = tuple[tuple[bytes, ...], tuple[bytes, ...]]
"""The text between the URLs of a line, and the URLs."""


def pairs(removed: Sequence[bytes], added: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Yield which added line (from 0) of a hunk was which removed one: they differ only in where their links lead.

    A removed line became one added line at most, so a line that is written once more in the same place is new.
    """
    then = {number: _taken_apart(text) for number, text in enumerate(removed) if _has_links(text)}
    now = {number: _taken_apart(text) for number, text in enumerate(added) if _has_links(text)} if then else {}
    for key in (_words_and_pages, _words):
        queues: dict[Line, deque[int]] = {}
        for number, line in then.items():
            queues.setdefault(key(line), deque()).append(number)
        for number, line in list(now.items()):
            found = _take(line, queues.get(key(line)), then)
            if found is not None:
                del now[number], then[found]
                yield number, found


def before(now: bytes, then: bytes, written: bytes) -> bytes | None:
    """Return the bytes that a link of a line had in the line's older version. None if it leads elsewhere by now."""
    if not (_has_links(now) and _has_links(then)):
        return None
    (words, urls), (words_then, urls_then) = _taken_apart(now), _taken_apart(then)
    at = _place(urls, written)
    if at is None or words != words_then or not _same_page(urls[at], urls_then[at]):
        return None
    return urls_then[at]


def _has_links(line: bytes) -> bool:
    return len(line) <= _LONGEST and b"://" in line


def _take(line: Line, queue: deque[int] | None, then: Mapping[int, Line]) -> int | None:
    """Take the line's older version out of a queue of candidates: the one with most of its links, else the first."""
    best, most = None, 0
    for place, number in enumerate(islice(queue or (), _CANDIDATES)):
        some = islice(zip(line[1], then[number][1], strict=True), _COMPARED)
        same = sum(_same_page(now, older) for now, older in some)
        if same > most:
            best, most = place, same
    if queue is None or best is None:
        return None
    number = queue[best]
    del queue[best]
    return number


def _words(line: Line) -> Line:
    return line[0], ()


def _words_and_pages(line: Line) -> Line:
    return line[0], tuple(_page(url) for url in line[1])


def _page(url: bytes) -> bytes:
    """Return what a URL, its copy in the archive, its cleaned form and the one with https have in common."""
    original = _IN_ARCHIVE.split(url)[-1]
    return _SCHEME.sub(b"", original, count=1).partition(b"#")[0].partition(b"?")[0]


@lru_cache(maxsize=64)
def _taken_apart(line: bytes) -> Line:
    """Return the text between the URLs of a line, and the URLs; without what a fix put beside them."""
    text = _COPY_BESIDE.sub(b"", line.rstrip())
    return tuple(_URL.split(text)), tuple(_URL.findall(text))


def _place(urls: Sequence[bytes], written: bytes) -> int | None:
    """Return which of the URLs is the link's: it may go on where our plain pattern ends."""
    for number, url in enumerate(urls):
        if url == written:
            return number
    for number, url in enumerate(urls):
        if _SCHEME.sub(b"", url, count=1) and (written.startswith(url) or url.startswith(written)):
            return number
    return None


def _same_page(now: bytes, then: bytes) -> bool:
    """Say whether two URLs are of one page: one of them archived, cleaned, unwrapped, or with another scheme."""
    if (
        now == then
        or (_IN_ARCHIVE.search(then) and then.endswith(now))
        or (_IN_ARCHIVE.search(now) and now.endswith(then))
    ):
        return True
    one, other = _SCHEME.sub(b"", now, count=1), _SCHEME.sub(b"", then, count=1)
    place, _, query = one.partition(b"#")[0].partition(b"?")
    place_then, _, query_then = other.partition(b"#")[0].partition(b"?")
    if place == place_then:
        return set(filter(None, _ARGUMENTS.split(query))) <= set(_ARGUMENTS.split(query_then))
    return len(place) > 1 and now in unquote_to_bytes(then)[1:]
