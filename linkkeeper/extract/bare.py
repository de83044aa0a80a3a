"""URLs, `www.` hosts and mail addresses written without markup, in any prose.

What ends a bare URL (observed on 92,000 links of 17 repositories, 2026-11): white space, `<>"` and the backtick;
Chinese, Japanese and Korean text and punctuation, since these languages put no space after a URL; then what GFM trims:
trailing punctuation and closing brackets without a partner. A host that begins with CJK is an internationalised
domain name (IDN) and its URL ends at full-width punctuation only.
"""

import re
from collections.abc import Iterator
from functools import cache

from ahocorasick_rs import BytesAhoCorasick, Implementation

from linkkeeper.extract import needles, template
from linkkeeper.extract.bare_ends import idn_end, trimmed_end
from linkkeeper.extract.base import SKIP_MAIL, SKIP_TEMPLATE, Found

_SCHEME_BEFORE = re.compile(rb"(?:https?|ftp)\Z", re.IGNORECASE)
_ESCAPED = rb"|\\[!#-/:;=?@\[-_{-~]"
_BEFORE_QUERY = rb"(?:[!#-)+\--:=@-\[\]-_a-}]++|[,;]++(?!(?i:https?|ftp)://)|\*(?!\*)|~(?!~)%b)*+"
_FROM_QUERY = rb"(?:[!#-)+-;=?-\[\]-_a-}]++|\*(?!\*)|~(?!~)%b)*+"
_RUNS = {
    escapes: (re.compile(_BEFORE_QUERY % escaped), re.compile(_FROM_QUERY % escaped))
    for escapes, escaped in ((False, b""), (True, _ESCAPED))
}
"""The ASCII characters of a URL; `**`, `~~` and a list of URLs with commas between end it."""
_SIMPLE = re.compile(
    rb"://[A-Za-z0-9][A-Za-z0-9-]*+(?:\.[A-Za-z0-9][A-Za-z0-9-]*+)*+"
    rb"(?:/[A-Za-z0-9/._-]*+(?<![._])(?=[ \n\xe3-\xe9\xef])|(?=[ \n]))"
)
"""A URL of which nothing is trimmed, before a space, or with a path before Chinese or Japanese: most, found at once."""
_BARE = ("bare",)
_BEFORE = frozenset(b" \n") | frozenset(range(0x80, 0x100))
_WEB = (b"http://", b"https://")
_HOST = re.compile(rb"(?:[^\s/?#@\\]*@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\x80-\xff](?:[A-Za-z0-9._\x80-\xff-]*))")
_WWW_HOST = re.compile(rb"[Ww]{3}\.[A-Za-z0-9\x80-\xff]")
_ADDRESS_AFTER = re.compile(rb"@[A-Za-z0-9](?:[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+)")
_ADDRESS_BEFORE = re.compile(rb"(?:mailto:)?[A-Za-z0-9][A-Za-z0-9._+-]*\Z", re.IGNORECASE)
_NOT_BEFORE_SCHEME = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_NOT_BEFORE_WWW = _NOT_BEFORE_SCHEME | frozenset(b"./-@")
NEEDLES = (b"://", b"www.", b"WWW.", b"Www.", *(b"@%c" % letter for letter in _NOT_BEFORE_SCHEME))
"""What a bare URL or an address has in it: an `@` alone is neither, and some texts have millions."""
_FINDER = BytesAhoCorasick(NEEDLES, implementation=Implementation.DFA)
PROSE = "，".encode()
"""What ends every URL."""
_LOOK_AHEAD = 4096
_RUN_BACKWARDS = re.compile(rb"[^\s/?#\\\"'<>`]*+")
_SLASHES_BACKWARDS = re.compile(rb"[/\\]{2}:[A-Za-z0-9+.\-]")
_SCHEME_IN_RUN = re.compile(rb"(?:https?|ftp):|mailto:[^:@]*+:", re.IGNORECASE)
_LONGEST_USERINFO = 1024
_LONGEST_LOCAL_PART = 80
"""RFC 5321, 4.5.3.1.1 allows 64; what is longer is no address."""


@cache
def _spaced_letters() -> re.Pattern[str]:
    """Letters of scripts that put spaces between words: a path written in them goes on (`/wiki/Köln`). Takes 2 ms."""
    return re.compile(
        r"(?:[^\W\u0e00-\u0eff\u1000-\u10ff\u1100-\u11ff\u1780-\u17ff\u2e80-\U000fffff]|[\u0300-\u036f])+"
    )


def candidates(
    data: bytes, start: int = 0, end: int | None = None, finder: BytesAhoCorasick = _FINDER
) -> Iterator[int]:
    """Yield where a look is worth it: offsets of `NEEDLES`, or of the finder's. Costs what a search in memory costs."""
    return needles.places(data, finder, start, end)


def find(data: bytes, start: int = 0, end: int | None = None, *, escapes: bool = False) -> Iterator[Found]:
    """Yield every bare URL and mail address between the offsets, in order.

    data is UTF-8; with `escapes`, a backslash before punctuation belongs to the URL (Markdown) instead of ending it.
    Offsets are those of data; what stands before `start` is looked at to see whether a word begins there.
    """
    stop = len(data) if end is None else end
    done = start
    for position in candidates(data, start, stop):
        if position < done:
            continue
        if simple := between_spaces(data, position, done, stop):
            start, done = simple
            yield Found(start, done, data[start:done].decode(), "bare", _BARE)
            continue
        found = at(data, position, done, stop, escapes=escapes)
        if found is not None:
            yield found
            done = found.end


def between_spaces(data: bytes, position: int, floor: int, stop: int) -> tuple[int, int] | None:
    """Return the range of the URL around one of `candidates`, if it stands between spaces (or text beyond ASCII) and
    nothing has to be trimmed: `at` gives the same, and takes longer."""
    simple = _SIMPLE.match(data, position, stop)
    if simple is None:
        return None
    start = position - (4 if data[position - 1] == 0x70 else 5)  # "p" or "s"
    if start > floor and data[start - 1] in _BEFORE and data.startswith(_WEB, start):
        return start, simple.end()
    return None


def at(data: bytes, position: int, floor: int, stop: int, *, escapes: bool = False) -> Found | None:
    """Return the bare URL or address around one of `candidates`, within floor and stop, or None if there is none."""
    match data[position]:
        case 0x3A:  # ":"
            return _url_at(data, position, floor, stop, escapes)
        case 0x40:  # "@"
            return _address_at(data, position, floor, stop)
        case _:
            return _www_at(data, position, stop, escapes)


def _url_at(data: bytes, colon: int, floor: int, stop: int, escapes: bool) -> Found | None:
    start = _scheme(data, colon, floor)
    if start < 0 or (start and data[start - 1] in _NOT_BEFORE_SCHEME):
        return None
    simple = _SIMPLE.match(data, colon, stop)
    if simple:
        end = simple.end()
        return Found(start, end, data[start:end].decode(), "bare", _BARE)
    return _finished(data, start, colon + 3, stop, escapes, prefix="")


def _scheme(data: bytes, colon: int, floor: int) -> int:
    """Return where the scheme begins that ends at the colon, -1 if there is none of ours."""
    if data.startswith(b"https", colon - 5) and colon - 5 >= floor:
        return colon - 5
    if data.startswith(b"http", colon - 4) and colon - 4 >= floor:
        return colon - 4
    scheme = _SCHEME_BEFORE.search(data, max(floor, colon - 5), colon)
    return scheme.start() if scheme else -1


def _www_at(data: bytes, start: int, stop: int, escapes: bool) -> Found | None:
    before = data[start - 1] if start else 0x20
    if before in _NOT_BEFORE_WWW or (before == 0x5F and start > 1 and data[start - 2] in _NOT_BEFORE_WWW):
        return None
    if not _WWW_HOST.match(data, start, stop):
        return None
    return _finished(data, start, start, stop, escapes, prefix="http://")


def _finished(data: bytes, start: int, host: int, stop: int, escapes: bool, prefix: str) -> Found | None:
    end = trimmed_end(data, start, _raw_end(data, start, host, stop, escapes), stop)
    if end <= host or not _is_host(data, host, end, dotted=bool(prefix)):
        return None
    written = data[start:end]
    url = prefix + written.decode("utf-8", "replace")
    skip = SKIP_TEMPLATE if template.in_url(written) or template.opens(data, end) else ""
    return Found(start, end, url, "bare", ("bare",), skip)


def _raw_end(data: bytes, start: int, host: int, stop: int, escapes: bool) -> int:
    """Return where the run of URL characters ends, before trimming."""
    idn = idn_end(data, host, stop)
    if idn:
        return idn
    if start and data[start - 1] == 0x27:  # in single quotes, as in code and shortcodes
        stop = _first_of(data, b"'", start, stop)
    elif start > 1 and data[start - 2 : start] == b"[[":  # a wiki's link: `[[URL|label]]`
        stop = _first_of(data, b"|", start, stop)
    return _run_end(data, host, stop, escapes)


def _first_of(data: bytes, mark: bytes, start: int, stop: int) -> int:
    position = data.find(mark, start, min(stop, start + _LOOK_AHEAD))
    return stop if position < 0 else position


def _run_end(data: bytes, position: int, stop: int, escapes: bool) -> int:
    run, from_query = _RUNS[escapes]
    while True:
        ascii_run = run.match(data, position, stop)
        position = ascii_run.end() if ascii_run else position
        if position >= stop:
            return position
        if data[position] == 0x3F:  # "?"
            run = from_query
        elif data[position] < 0x80:
            return position
        else:
            letters = _letters(data, position, stop)
            if not letters:
                return position
            position += letters


def _letters(data: bytes, position: int, stop: int) -> int:
    """Return the length of the letters here that go on with a URL, 0 if none do."""
    letters = _spaced_letters().match(data[position : min(stop, position + 400)].decode("utf-8", "replace"))
    return 0 if letters is None or "\ufffd" in letters.group() else len(letters.group().encode())


def _is_host(data: bytes, host: int, end: int, dotted: bool) -> bool:
    """Tell whether a host name begins here, by GFM's rule (6.9): no underscore in the last two labels."""
    match = _HOST.match(data, host, end)
    if match is None:
        return False
    labels = match.group(1).rstrip(b".").split(b".")
    return not any(b"_" in label for label in labels[-2:]) and (len(labels) > 1 or not dotted)


def _address_at(data: bytes, position: int, floor: int, stop: int) -> Found | None:
    after = _ADDRESS_AFTER.match(data, position, stop)
    if after is None or after.group()[-1:] in (b"-", b"_"):
        return None
    before = _ADDRESS_BEFORE.search(data, max(floor, position - _LONGEST_LOCAL_PART), position)
    if before is None:
        return None
    if _is_userinfo(data, position):
        return None
    written = data[before.start() : after.end()]
    name = written.decode("ascii", "replace")
    url = name if name[:7].lower() == "mailto:" else f"mailto:{name}"
    return Found(before.start(), after.end(), url, "bare", ("bare",), SKIP_MAIL)


def _is_userinfo(data: bytes, position: int) -> bool:
    """Tell whether the words before an `@` are name and password in a URL, of any scheme, and no mail address."""
    back = data[max(0, position - _LONGEST_USERINFO) : position][::-1]
    run = _RUN_BACKWARDS.match(back)
    end = run.end() if run else 0
    return _SLASHES_BACKWARDS.match(back, end) is not None or _SCHEME_IN_RUN.search(back[:end][::-1]) is not None
