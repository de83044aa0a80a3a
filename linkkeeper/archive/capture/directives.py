"""Whether an owner asks that no copy be kept: `noarchive` in X-Robots-Tag and `<meta name=robots>`. Pure.

The words are those of the search engines' documents (Google, "Robots meta tag specifications"; Bing, "Robots
metatags"): `noarchive`, and Bing's older `nocache` for the same. `none` means `noindex, nofollow` there, which says
nothing about copies.
"""

import re
from collections.abc import Iterable

from linkkeeper.archive.capture.base import AGENT

_FORBIDDING = frozenset({"noarchive", "nocache"})
_VALUED = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
"""Directives with a value behind a colon: no agent's name."""
_NAMED = re.compile(r"\s*([A-Za-z*][\w.*-]{0,80})\s*:(.*)", re.DOTALL)
_NAMES = frozenset({"robots", AGENT})
_LONGEST = 16 * 1024


def header_forbids(values: Iterable[tuple[str, str]]) -> bool:
    """Say whether the header fields of an answer forbid keeping it."""
    return any(field_forbids(value) for name, value in values if name.lower() == "x-robots-tag")


def field_forbids(value: str, agent: str = AGENT) -> bool:
    """Say whether one X-Robots-Tag field forbids agent to keep the page.

    Directives stand behind the name of the agent that they are for, if any: `googlebot: noarchive, nofollow`.
    """
    ours = True
    for part in value[:_LONGEST].lower().split(","):
        word = part
        named = _NAMED.match(part)
        if named is not None and named[1] not in _VALUED:
            ours = named[1] in ("*", "robots", agent)
            word = named[2]
        if ours and not _FORBIDDING.isdisjoint(word.split()):
            return True
    return False


def meta_forbids(name: str, content: str) -> bool:
    """Say whether `<meta name=… content=…>` forbids us to keep the page."""
    if name.strip().lower() not in _NAMES:
        return False
    return not _FORBIDDING.isdisjoint(re.split(r"[\s,;]+", content[:_LONGEST].lower()))
