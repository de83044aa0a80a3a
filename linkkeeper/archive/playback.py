"""What an answer of the playback says: decided by `Memento-Datetime` first, by status second. Pure.

Shapes as observed in recordings of 2020 to 2026 (docs/rescue.md lists them).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec
from msgspec import Struct

from linkkeeper.archive.archive_urls import read_memento, resolve, stamp
from linkkeeper.archive.client import is_archived
from linkkeeper.models.verdict import Reply

EXCLUDED_MARKS = (b"has been excluded from the Wayback Machine", b"AccessControlException", b"Blocked Site Error")
_INTERSTITIAL = b"response at crawl time"
TITLE_WITHIN, TITLE_LENGTH = 16 * 1024, 300
_ORIGINAL_HEADER = "x-archive-orig-"


class Page(Struct, frozen=True):
    """A captured page came, status 200, with a body."""

    timestamp: str
    reply: Reply


class NoPage(Struct, frozen=True):
    """A capture came that is no page: an archived error, an empty body, a soft-404."""

    why: str
    timestamp: str = ""
    status: int = 200
    """What the page's server answered."""


class ArchivedRedirect(Struct, frozen=True):
    """The capture is a redirect; `url` and `timestamp` name what it leads to, if that can be told."""

    status: int
    timestamp: str
    url: str


class Elsewhere(Struct, frozen=True):
    """The archive points to another capture: this one does not exist or does not play."""

    timestamp: str
    url: str


class NotCaptured(Struct, frozen=True):
    """The archive has no capture of that URL, and says so."""


class Excluded(Struct, frozen=True):
    """The owner asked the archive to forget the page."""


class Unreadable(Struct, frozen=True):
    """Neither a capture nor anything an archive is known to say (a maintenance page, for instance)."""

    why: str


Played = Page | NoPage | ArchivedRedirect | Elsewhere | NotCaptured | Excluded | Unreadable


def read(reply: Reply, base: str) -> Played:
    """Return what the playback at base said."""
    if is_archived(reply):
        return _read_capture(reply, base)
    if is_excluded(reply):
        return Excluded()
    if reply.status in (301, 302, 303, 307, 308):
        return _read_redirect(reply, base)
    if reply.status in (404, 410):
        return NotCaptured()
    if reply.status == 200 and _INTERSTITIAL in reply.body:
        return ArchivedRedirect(302, "", "")
    return Unreadable(f"HTTP {reply.status} without Memento-Datetime")


def is_excluded(reply: Reply) -> bool:
    """Say whether index or playback refuses the page at its owner's wish."""
    error = reply.header("x-archive-wayback-runtime-error").encode()
    told = reply.status in (200, 403, 451) and any(mark in reply.body for mark in EXCLUDED_MARKS)
    return told or (reply.status != 200 and any(mark in error for mark in EXCLUDED_MARKS))


def as_seen(reply: Reply, original: str) -> Reply:
    """Return a capture's reply as the server of the original sent it, for judging the page itself."""
    headers = tuple((k.removeprefix(_ORIGINAL_HEADER), v) for k, v in reply.headers if k.startswith(_ORIGINAL_HEADER))
    kept = tuple((k, v) for k, v in reply.headers if k == "content-type")
    return msgspec.structs.replace(reply, url=original, final_url=original, redirects=(), headers=kept + headers)


def refuse_dead(played: Played, original: str, looks_dead: Callable[[Reply], str]) -> Played:
    """Turn a page that is none (archived soft-404, parked domain) into NoPage."""
    if not isinstance(played, Page):
        return played
    why = looks_dead(as_seen(played.reply, original))
    return NoPage(f"captured as {why}", played.timestamp) if why else played


def title_of(reply: Reply) -> str:
    """Return the title of a captured page, white space folded; empty if it has none."""
    if b"<title" not in reply.body[:TITLE_WITHIN].lower():
        return ""
    from bs4 import BeautifulSoup  # heavy: loaded once a capture was played

    page = BeautifulSoup(reply.body[:TITLE_WITHIN], "lxml")
    return " ".join(page.title.get_text().split())[:TITLE_LENGTH] if page.title else ""


def memento_stamp(reply: Reply) -> str:
    """Return the 14 digits of `Memento-Datetime`; empty if it cannot be read."""
    try:
        return stamp(_aware(parsedate_to_datetime(reply.header("memento-datetime"))))
    except (ValueError, TypeError, OverflowError):
        return ""


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _read_capture(reply: Reply, base: str) -> Played:
    status, timestamp = reply.status or 0, memento_stamp(reply)
    if not timestamp:
        return Unreadable("a Memento-Datetime that is no date")
    if 300 <= status < 400 and status != 304:
        return _archived_redirect(reply, base, timestamp)
    if status != 200:
        return NoPage(f"captured as HTTP {status}", timestamp, status)
    if not reply.body.strip():
        return NoPage(reply.detail or "captured without a body", timestamp)
    return Page(timestamp, reply)


def _archived_redirect(reply: Reply, base: str, timestamp: str) -> ArchivedRedirect:
    name = read_memento(resolve(reply.header("location"), reply.url, base), base)
    return ArchivedRedirect(reply.status or 0, timestamp, name.original if name else "")


def _read_redirect(reply: Reply, base: str) -> Played:
    location = resolve(reply.header("location"), reply.url, base)
    name = read_memento(location, base) if location != reply.url else None
    return Elsewhere(name.timestamp, name.original) if name else Unreadable(f"a redirect to {location[:200]}")
