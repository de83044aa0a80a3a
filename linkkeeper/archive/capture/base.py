"""What is asked of a capture and what comes of it: options, a page or a refusal. `capturer.Capturer` does the work."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from linkkeeper.archive.local.base import PageCapture
from linkkeeper.models.verdict import Reply
from linkkeeper.net.politeness import Pace, known

AGENT = "linkkeeper"
"""Our product token in robots.txt (RFC 9309, 2.2.1) and in the robots directives of pages."""
MIB = 1024 * 1024


class CaptureOptions(Struct, frozen=True):
    """How much is fetched of each page, and what may forbid it."""

    max_requisites: int = 200
    """Requisites of one page, those of its style sheets and frames included; redirects of one count as one."""
    max_page_bytes: int = 25 * MIB
    """As received (compressed), a page and its requisites together."""
    max_file_bytes: int = 10 * MIB
    """Of one requisite, and of a page that is HTML: the rest is cut off and said to be (`WARC-Truncated`).
    Another page (a PDF, a picture) may take `max_page_bytes`; a larger one is refused: half of it helps nobody."""
    max_page_s: float = 60.0
    """For one page, waiting for its hosts' turns included."""
    max_fetch_s: float = 30.0
    """For one URL, its redirects included."""
    frames: int = 3
    """How deep frames (and a page that a meta refresh leads to) are followed, each with requisites of its own."""
    pages_at_once: int = 24
    per_host: int = 6
    """Requests to one host at once, as browsers have it; hosts in `net/hosts.toml` may ask for less."""
    max_wait_s: float = 20.0
    """How long a host may tell us to wait before its page is refused."""
    retries: int = 1
    """Further attempts at a page (not at requisites) after what can pass."""
    obey_robots: bool = True
    """Fetch nothing that robots.txt forbids to `linkkeeper`. Only for sites whose owner agreed otherwise."""
    obey_noarchive: bool = True
    """Keep no page whose owner says `noarchive`."""
    reuse_s: float = 1800.0
    """A requisite fetched so recently in this run is not fetched again for another page."""


class Why(StrEnum):
    """Why a page was not captured."""

    ROBOTS = "robots"
    """robots.txt forbids it to us."""
    NOARCHIVE = "noarchive"
    """The page asks not to be kept (X-Robots-Tag or meta robots)."""
    DEAD = "dead"
    """404 or 410, or a soft-404, a parked domain, an empty page."""
    BLOCKED = "blocked"
    """The server refuses us: 401, 403, 429, 451, a bot wall."""
    TOO_LARGE = "too-large"
    PRIVATE = "private"
    """Its address is not public and was not allowed."""
    BAD_URL = "bad-url"
    """It cannot be requested, or leads to what cannot."""
    WAIT = "wait"
    """Its host told us to come back later."""
    ROBOTS_UNKNOWN = "robots-unknown"
    """robots.txt could not be had, so nothing may be fetched for now (RFC 9309, 2.3.1.4)."""
    UNREACHABLE = "unreachable"
    """No answer: name, connection, TLS or time."""
    ERROR = "error"
    """5xx, a status that is no page, or an answer that cannot be read."""


OWNER_FORBIDS = frozenset({Why.ROBOTS, Why.NOARCHIVE})
"""The owner's wish: nothing failed, and asking again soon changes nothing."""
CAN_PASS = frozenset({Why.WAIT, Why.ROBOTS_UNKNOWN, Why.UNREACHABLE, Why.ERROR})
"""Another run may fare better."""


class Refusal(Struct, frozen=True):
    """A page that was not captured. Nothing of it is to be kept."""

    url: str
    why: Why
    detail: str = ""
    """One line for people."""
    status: int | None = None
    posts: tuple[str, ...] = ()
    """As asked."""
    wait_s: float | None = None
    """How long its host told us to wait, if it did."""


class Cited(Struct, frozen=True):
    """A page to capture: its URL as in the posts, cleaned, and the documents that cite it."""

    url: str
    posts: tuple[str, ...] = ()


Outcome = PageCapture | Refusal
Looks = Callable[[Reply], str]
"""Says in a word or two what is wrong with a page that came with status 200; empty if nothing is.
The reply has the page's decoded beginning as its body (`BODY_FOR_LOOKS` bytes at most)."""
BODY_FOR_LOOKS = 64 * 1024


class Judge(Struct, frozen=True):
    """What is no page to keep although its status is 2xx: the check's rules, handed in by the pipeline."""

    looks_dead: Looks = lambda _: ""
    """`soft-404`, `parked`: refused as dead."""
    looks_blocked: Looks = lambda _: ""
    """A bot wall, a login wall: refused as blocked."""


class PaceFor(Protocol):
    """Something that knows how a host may be asked at first."""

    def __call__(self, key: str) -> Pace:
        """Return a fresh pace. `key` is the host, with `/PORT` where the port is not 80 or 443."""


def pace_for(options: CaptureOptions, rates: Mapping[str, float] | None = None) -> PaceFor:
    """Return the usual paces: `options.per_host` at once, less where `net/hosts.toml` or `rates` (per host) says so."""

    def pace(key: str) -> Pace:
        host = key.partition("/")[0]
        entry = known(host)
        at_once = min(options.per_host, entry.per_host) if entry and entry.per_host else options.per_host
        return Pace(at_once, (rates or {}).get(host) or (entry.rate if entry else None))

    return pace
