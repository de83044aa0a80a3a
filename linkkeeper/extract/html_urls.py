"""Which HTML attributes hold URLs."""

from collections.abc import Mapping
from functools import lru_cache

ANYWHERE = frozenset(b"href src xlink:href cite poster longdesc formaction lowsrc dynsrc".split())
"""URL attributes on whatever element they stand: components (`<Card href>`) use the same names."""
ON_ELEMENTS: Mapping[bytes, frozenset[bytes]] = {
    b"action": frozenset({b"form"}),
    b"background": frozenset(b"body table thead tbody tfoot tr td th".split()),
    b"codebase": frozenset({b"object", b"applet"}),
    b"data": frozenset({b"object"}),
    b"icon": frozenset({b"menuitem"}),
    b"manifest": frozenset({b"html"}),
    b"classid": frozenset({b"object"}),
}
LISTS: Mapping[bytes, frozenset[bytes]] = {b"ping": frozenset({b"a", b"area"}), b"profile": frozenset({b"head"})}
"""Attributes with several URLs between spaces."""
SRCSETS = frozenset({b"srcset", b"imagesrcset"})
PARAMETERS = frozenset(b"movie src url data href filename".split())
"""`<param name=…>` whose value is a URL."""
META_URLS = frozenset(
    b"og:image og:image:url og:image:secure_url og:url og:video og:video:url og:video:secure_url og:audio"
    b" og:audio:url og:audio:secure_url og:see_also twitter:image twitter:image:src twitter:player"
    b" twitter:player:stream twitter:url msapplication-tileimage msapplication-config msapplication-starturl"
    b" thumbnail thumbnailurl".split()
)
"""`<meta>` whose content is a URL even when it is relative; of all others an absolute one counts."""
HINTS = frozenset({b"preconnect", b"dns-prefetch"})
"""`<link rel>` that names a host, not a page: its root need not answer."""
_BY_VALUE = frozenset(b"style content value".split())
"""Attributes whose value says whether it has URLs."""
_BOUND = ((b"v-bind:", b""), (b":", b""), (b"ng-", b""), (b"[attr.", b"]"), (b"[", b"]"), (b"bind:", b""))
"""Frameworks' spellings of a computed attribute: Vue, Angular (old and new), Svelte."""


@lru_cache(1024)
def may_hold_one(element: bytes, attribute: bytes) -> bool:
    """Whether this attribute is worth a look: most (`class`, `alt`, `width`) are not."""
    return (
        is_url(element, attribute)
        or attribute in SRCSETS
        or element in LISTS.get(attribute, ())
        or attribute in _BY_VALUE
        or bound(element, attribute)
    )


def is_url(element: bytes, attribute: bytes) -> bool:
    """Whether this attribute holds exactly one URL."""
    if attribute in ANYWHERE:
        return True
    elements = ON_ELEMENTS.get(attribute)
    return elements is not None and element in elements


def bound(element: bytes, attribute: bytes) -> bool:
    """Whether a framework computes a URL attribute here, so that the value is code."""
    for before, after in _BOUND:
        if attribute.startswith(before) and attribute.endswith(after):
            name = attribute[len(before) : len(attribute) - len(after)]
            return is_url(element, name) or name in SRCSETS
    return False
