"""A glance at many URLs at once: whether any of them may hold a credential. Most texts have no sign of one."""

import re
from functools import cache

from ahocorasick_rs import BytesAhoCorasick, Implementation

from linkkeeper.urls import secrets

_EQUALS = (b"=", b"%3d", b"%253d", b"%25253d", b"%2525253d")
_IN_ANOTHER_CASE = ("\u0130", "\u0131", "\u017f", "\u212a", "%e2%84%aa")
"""What is an i, s or k where case does not count."""
_ESCAPED = re.compile(rb"%(?=[2-7])(?:25){0,3}(?:2[de]|3[0-9]|40|[46][1-9a-f]|[57][0-9a]|5[bdf])")
"""An `@`, or what names are made of: nobody need escape that."""
_BEFORE = frozenset(b"/\\:")
_LONGEST = 4096
_MOST = 8
"""Of them in one text: with more, nothing is told at a glance."""


def may_hold_one(text: bytes) -> bool:
    """Tell whether a URL in quotation marks (JSON) in this text, UTF-8, may hold what `secrets.mask` hides.

    False is certain; True asks for a closer look.
    """
    low = text.lower()
    if b"=" not in low and b"@" not in low and b"%" not in low:
        return False
    if b"@" in low and _may_hold_userinfo(low):
        return True
    if b"%" in low and _ESCAPED.search(low):
        return True
    return bool(_names().find_matches_as_indexes(low))


def _may_hold_userinfo(low: bytes) -> bool:
    """Tell whether before an `@`, back to what ends a name and password, is a colon or the second of two slashes."""
    place = last = -1
    seen = 0
    while (place := low.find(b"@", place + 1)) >= 0:
        start = low.rfind(b'"', max(0, place - _LONGEST), place)
        seen = seen + 1 if start == last else 0
        last = start
        if start < 0 or seen == _MOST:
            return True
        before = low[start + 1 : place]
        cut = max(before.rfind(b"/"), before.rfind(b"?"), before.rfind(b"#"))
        if cut < 1 or before[cut - 1] in _BEFORE or b":" in before[cut:] or b"3a" in before[cut:]:
            return True
    return False


@cache
def _names() -> BytesAhoCorasick:
    names = [name.encode() + equals for name in secrets.suspicious_names() for equals in _EQUALS]
    others = (*secrets.known_names().prefixes, *_IN_ANOTHER_CASE)
    return BytesAhoCorasick([*names, *(one.encode() for one in others)], implementation=Implementation.DFA)
