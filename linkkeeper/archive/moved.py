"""Where a page went: the living successor of a link, with the evidence. Pure; suggested, never applied by itself.

Evidence, strongest first: the server redirects there for good today; the archive once saw a redirect to a page
that lives; a redirect of today ends at a page with the title that the captured page had.
"""

import re
from urllib.parse import urlsplit

from linkkeeper.archive.base import Rescue
from linkkeeper.archive.grade import Grade, grade
from linkkeeper.models.snapshot import Moved
from linkkeeper.models.verdict import Finding, Verdict

_PERMANENT = frozenset({301, 308})
_ALIVE = frozenset({Verdict.OK, Verdict.REDIRECTED})
_SITE_NAME = re.compile(r"\s+[|–—·«»:-]\s+|\s*[|_]\s*")
_SHORTEST_TITLE = 6
"""Characters below which a title (`Home`, `首页`) says nothing; CJK titles are short."""


def suggest(now: Finding, rescue: Rescue | None = None, target: Finding | None = None) -> Moved | None:
    """Return the successor of a URL, or None.

    `now` is what the URL answers today, `rescue` what the archives said, `target` what `rescue.redirected_to`
    answers today (None: not asked).
    """
    if rescue is None and not now.redirects:  # as with nine in ten
        return None
    return _redirected_for_good(now) or _seen_by_the_archive(now, rescue, target) or _same_title(now, rescue)


def _redirected_for_good(now: Finding) -> Moved | None:
    statuses = [hop.status for hop in now.redirects]
    if now.judgement.verdict not in _ALIVE or not now.final_url or not statuses or not set(statuses) <= _PERMANENT:
        return None
    if not _may_succeed(now.url, now.final_url):
        return None
    return Moved(now.final_url, f"redirects there permanently (HTTP {', '.join(map(str, statuses))})")


def _seen_by_the_archive(now: Finding, rescue: Rescue | None, target: Finding | None) -> Moved | None:
    if rescue is None or target is None or not rescue.redirected_to or target.judgement.verdict not in _ALIVE:
        return None
    successor = _end_of(target) or rescue.redirected_to
    if not _may_succeed(now.url, successor):
        return None
    day = rescue.redirect_seen.date().isoformat() if rescue.redirect_seen else "once"
    return Moved(successor, f"an archived redirect ({day}) leads there, and it answers today")


def _same_title(now: Finding, rescue: Rescue | None) -> Moved | None:
    if rescue is None or now.judgement.verdict not in _ALIVE or not now.final_url or not now.redirects:
        return None
    if not same_title(rescue.snapshot.title, now.title) or not _may_succeed(now.url, now.final_url):
        return None
    return Moved(now.final_url, f"redirects there, and the title is the captured one: {now.title[:80]}")


def same_title(one: str, other: str) -> bool:
    """Say whether two titles name the same page: alike but for case, white space and the name of the site."""
    left, right = _heads(one), _heads(other)
    return bool(left & right)


def _heads(title: str) -> set[str]:
    """A title, and its longest part: sites put their name before or after, and change it."""
    whole = " ".join(title.casefold().split())
    longest = max(_SITE_NAME.split(whole), key=len, default="")
    return {text for text in (whole, longest.strip()) if len(text) >= _SHORTEST_TITLE}


def _end_of(target: Finding) -> str | None:
    """Where a living target leads for good."""
    return target.final_url if target.redirects and {hop.status for hop in target.redirects} <= _PERMANENT else None


def _may_succeed(old: str, new: str) -> bool:
    """A deep link that ends at a home page lost its page; another spelling is no move."""
    if grade(old, new) < Grade.ORIGIN:
        return False
    try:
        was, is_ = urlsplit(old), urlsplit(new)
    except ValueError:
        return False
    is_home = not is_.path.strip("/") and not is_.query
    return not (is_home and (was.path.strip("/") or was.query))
