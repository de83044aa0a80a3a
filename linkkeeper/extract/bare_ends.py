"""Where a bare URL ends: trailing punctuation and brackets (GFM 6.9), and internationalised hosts."""

import re
from functools import cache
from pathlib import Path

_ENTITY_AT_END = re.compile(rb"&[A-Za-z0-9]{2,31};\Z")
_TRAILING = frozenset(b".,;:!?'\"*_~\\")
_BEFORE_PROSE = frozenset(b"([{|")
_PARTNER = {0x29: 0x28, 0x5D: 0x5B, 0x7D: 0x7B}
"""Closing bracket -> opening bracket."""
_CJK = (
    r"\u2e80-\u2fff\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\ua4cf\uac00-\ud7ff\uf900-\ufaff"
    r"\U00020000-\U0003ffff"
)
_IDN_RUN = re.compile(r"(?:[!#-;=?-_a-~]|[^\W\uff00-\uffef]|[\u0300-\u036f\u200c\u200d])+")
_LOOK_AHEAD = 4096
"""Bytes of an internationalised URL that are looked at: no browser takes a longer one."""


@cache
def _top_levels() -> str:
    """Return the top-level domains in CJK scripts as alternatives."""
    text = (Path(__file__).parent / "cjk_top_level.txt").read_text("utf-8")
    return "|".join(sorted((name for name in text.split("\n") if name and name[0] != "#"), key=len, reverse=True))


@cache
def _idn_host() -> re.Pattern[str]:
    """A host that begins with CJK, or mixes it into its first label. IGNORECASE would cost 3 ms more."""
    return re.compile(rf"(?:[Ww]{{3}}\.)?(?=[A-Za-z0-9-]*[{_CJK}])[\w-]+(?:[.\u3002][\w-]+)+")


@cache
def _glued() -> re.Pattern[str]:
    """What follows a top-level domain without a dot is prose. Made when needed: it takes 10 ms."""
    return re.compile(rf"\.({_top_levels()})(?=[^\W0-9A-Za-z_])(?![\w-]*\.)")


@cache
def _ascii_under_cjk() -> re.Pattern[str]:
    """ASCII labels under such a top-level domain: one label, or several with nothing glued to them."""
    name = "[A-Za-z0-9-]+"
    return re.compile(
        rf"(?:www\.)?{name}\.(?:{_top_levels()})[\w-]*|{name}(?:\.{name})+\.(?:{_top_levels()})(?![\w.-])"
    )


def trimmed_end(data: bytes, start: int, end: int, stop: int) -> int:
    """Return the end without trailing punctuation, entities, and closing brackets that nothing opened.

    Where prose in letters beyond ASCII follows (before stop), a bracket or bar that only opens it goes too.
    """
    surplus: dict[int, int] = {}
    prose = end < stop and data[end] >= 0x80
    while prose and end > start and data[end - 1] in _BEFORE_PROSE:
        end -= 1
    while end > start:
        last = data[end - 1]
        if last == 0x3B and (entity := _ENTITY_AT_END.search(data, max(start, end - 40), end)):
            end = entity.start()
        elif last in _TRAILING:
            end -= 1
        elif last in _PARTNER:
            if last not in surplus:
                surplus[last] = data.count(last, start, end) - data.count(_PARTNER[last], start, end)
            if surplus[last] <= 0:
                return end
            surplus[last] -= 1
            end -= 1
        else:
            return end
    return end


def idn_end(data: bytes, host: int, stop: int) -> int:
    """Return where a URL with an internationalised host ends, before trimming, or 0 if the host is none.

    Only hosts that begin with CJK (after `www.`), mix it into their first label or end in it are meant here.
    """
    if not _non_ascii_near(data, host, stop):
        return 0
    text = data[host : min(stop, host + _LOOK_AHEAD)].decode("utf-8", "ignore")
    name = _idn_host().match(text) or _ascii_under_cjk().match(text)
    if name is None:
        return 0
    glued = _glued().search(text, 0, name.end())
    if glued:
        return host + len(text[: glued.end()].encode())
    run = _IDN_RUN.match(text)
    return host + len(text[: run.end() if run else name.end()].encode())


_UP_TO_NON_ASCII = re.compile(rb"(?:(?:[Ww]{3}\.)?[A-Za-z0-9-]*+|[A-Za-z0-9.-]*+(?<=\.))[\xe2-\xf4]")


def _non_ascii_near(data: bytes, host: int, stop: int) -> bool:
    return _UP_TO_NON_ASCII.match(data, host, min(stop, host + 70)) is not None
