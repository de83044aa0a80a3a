"""Whether a commit brought a link, or only changed where the links of its line lead. Pure.

A fix, and whoever swaps `http` for `https`, changes lines without writing them: the links beside the changed one are
as old as before, and so is one that was only cleaned or taken back from the archive.
"""

import re
from collections.abc import Sequence
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
_REACH = 200
"""Lines above and below: who changes only links moves no lines."""
_ARGUMENTS = re.compile(rb"&(?:amp;)?")


def before(line: bytes, older: Sequence[bytes], written: bytes, near: int = 0) -> tuple[int, bytes] | None:
    """Return where a link stood in the older text: the number (from 0) of its line, and the link's bytes there.

    None if no line of the older text differs from this one only in where its links lead, or if the link itself leads
    elsewhere by now. Of several such lines the one nearest to `near` counts.
    """
    if len(line) > _LONGEST:
        return None
    words, urls = _taken_apart(line)
    at = _place(urls, written)
    if at is None:
        return None
    reach = range(max(0, near - _REACH), min(len(older), near + _REACH))
    for number in sorted(reach, key=lambda number: abs(number - near)):
        if len(older[number]) > _LONGEST or not older[number].startswith(words[0]):
            continue
        words_then, urls_then = _taken_apart(older[number])
        if words_then == words and _same_page(urls[at], urls_then[at]):
            return number, urls_then[at]
    return None


def _taken_apart(line: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the text between the URLs of a line, and the URLs; without what a fix put beside them."""
    text = _COPY_BESIDE.sub(b"", line.rstrip())
    return _URL.split(text), _URL.findall(text)


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
