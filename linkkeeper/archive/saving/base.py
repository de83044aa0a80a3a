"""Save Page Now: what is asked for, what comes of it, and what saving needs from the rest of the house.

`registry.saver(options, archive_options, web, clock, queue, keys, excluded=…, looks_dead=…, on_wait=…,
on_progress=…) -> Saving` puts everything together: `web` is a net Client with `archive.registry.net_options`,
`clock` the persistent one that lookups share, `queue` a `store.queue.SaveQueue(database)`, `keys` what
`keys.find(os.environ)` found (None: anonymous). `Saving.save(urls)` streams a `SaveResult` per URL.
`known.copy_of(ticket, public_url) -> (captured, url) | None` says what a ticket of the queue knows of a copy.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from linkkeeper.models.ticket import Begun, Ticket

CEILING_WITH_KEYS, CEILING_ANONYMOUS = 6.0, 3.0
"""Saves a minute: the documented ceilings of 2026-07-22 are 7 and 3."""
ANONYMOUS_A_DAY = 200
"""Documented 2026-07-22; counted in the state over any 24 hours."""


class SaveOptions(Struct, frozen=True):
    """How pages are saved (SPEC, section 8)."""

    older_than_s: float | None = None
    """A capture older than this counts for nothing; None: any capture will do."""
    max_count: int | None = None
    """Submissions of one run; what is left stays queued."""
    max_time_s: float | None = None
    """Budget for one `Saver.save`; what was not reached stays queued."""
    allow_private: bool = False
    """Names that resolve to private addresses may be sent too (literal addresses and local names never)."""
    per_minute: float | None = None
    """Saves a minute; None: 6 with keys, 3 without. At archive.org it is never more than that."""
    poll_s: float = 6.0
    """Between two questions about one job; the service asks for it (`Retry-After: 6`, observed)."""
    patience_s: float = 300.0
    """After this an unfinished job is left to the next run."""
    submit_timeout_s: float = 90.0
    """For one submission; an anonymous one is answered when the capture is done."""
    look_again_s: float = 86_400.0
    """So long the index's word on a URL is not asked for again."""


class SaveOutcome(StrEnum):
    """What came of one URL in a run."""

    RECENT = "recent"
    """There was a capture that is young enough: nothing was submitted."""
    VERIFIED = "verified"
    """Captured, and the playback showed it."""
    CAPTURED = "captured"
    """Captured, says the archive; the playback does not show it yet. A later run looks."""
    SUBMITTED = "submitted"
    """Taken by the archive; how it ended is not known. A later run looks."""
    QUEUED = "queued"
    """Not reached in this run (`max_count`, daily quota, interruption). The next run goes on here."""
    FORBIDDEN = "forbidden"
    """The site's owner forbids a copy, or the archive keeps none of it."""
    NOT_SENT = "not sent"
    """Never sent to an archive: private, local, with credentials, an archive's own, excluded."""
    FAILED = "failed"
    """It was tried, and no capture came of it."""
    UNASKED = "unasked"
    """The archive could not be asked (down, refusing, no time): nobody knows."""


HAS_COPY = frozenset({SaveOutcome.RECENT, SaveOutcome.VERIFIED, SaveOutcome.CAPTURED})
SETTLED = HAS_COPY | {SaveOutcome.FORBIDDEN, SaveOutcome.NOT_SENT}
"""Exit 0 if all are these; 1 if one is FAILED; else 3 (SPEC, section 8). SUBMITTED and QUEUED are unknown yet."""


class SaveResult(Struct, frozen=True):
    """What came of one URL. Streamed as soon as it is known."""

    url: str
    """As submitted: the caller's URL without its fragment."""
    outcome: SaveOutcome
    detail: str = ""
    """One human line; no credential in it."""
    code: str = ""
    """The archive's word for a refusal, without `error:`."""
    captured: datetime | None = None
    """UTC; of the capture that counts, or of the newest one that does not."""
    copy: str | None = None
    """Where a reader finds it: view mode, public base. None where no capture was seen."""


class SavePlan(Struct, frozen=True):
    """What a run would do, from what the state knows. Nobody was asked."""

    not_sent: tuple[SaveResult, ...] = ()
    recent: tuple[SaveResult, ...] = ()
    """Known to have a capture that is young enough."""
    waiting: tuple[SaveResult, ...] = ()
    """Submitted or captured earlier: only looked at."""
    settled: tuple[SaveResult, ...] = ()
    """Refused or given up lately: not asked again now."""
    to_look: tuple[str, ...] = ()
    """The index is asked about these first, and those that it knows are not submitted."""
    to_send: tuple[str, ...] = ()
    """Submitted, unless the index turns out to know them: `to_look` is a part of these. At most `max_count`."""
    later: tuple[str, ...] = ()
    """Beyond `max_count` or the daily quota."""
    seconds: float = 0.0
    """How long it takes at most under the limits, pauses aside."""


class SaveProgress(Struct, frozen=True):
    """Something happened: for a progress bar."""

    url: str
    what: str
    """`looking`, `submitting`, `submitted`, `captured`, `waiting`, or the outcome."""


class Queue(Protocol):
    """The durable queue: `store.queue.SaveQueue` is one. Every call is one transaction; URLs are keys."""

    def add(self, urls: Iterable[str], now: float) -> None:
        """Queue URLs that are not known yet; known ones stay as they are."""

    def tickets(self, urls: Sequence[str] | None = None) -> dict[str, Ticket]:
        """Return what is known, of these URLs or of all."""

    def begin(self, ticket: Ticket, now: float, lease_s: float, way: str, a_day: int | None) -> Begun:
        """Note the intent to submit now, and take the URL for so long; count it against the quota of the way.

        Only if the row is as the ticket says and nobody else holds it. To be called just before the request.
        """

    def take(self, ticket: Ticket, now: float, lease_s: float) -> Ticket | None:
        """Take a URL for a look at its job or capture; None if another process holds it or changed it.

        Raises StateError if the state cannot be written: it is locked for good, or its disk is full.
        """

    def put(self, ticket: Ticket, now: float) -> Ticket:
        """Write what is known now, let the URL go, and return the ticket with its new version."""

    def sent_since(self, moment: float, way: str) -> int:
        """Return how many submissions of a way were begun since then."""


class Names(Protocol):
    """Something that knows the addresses of names: `net.resolver.Names` is one."""

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Return the addresses of host. Raises net.resolver.NameLookupError."""


OnProgress = Callable[[SaveProgress], None]
Excluded = Callable[[str], str]
"""Says why the user's settings keep a URL out; empty: they don't."""


class Saving(Protocol):
    """What `registry.saver(...)` returns. One per run."""

    notes: list[str]
    """Sentences for the user: why the archive was left alone, keys refused, quotas."""

    def plan(self, urls: Sequence[str]) -> SavePlan:
        """Return what `save` would do; asks nobody and writes nothing (`--dry-run`)."""

    def save(self, urls: Sequence[str]) -> AsyncIterator[SaveResult]:
        """Yield one result for every distinct URL (fragments aside), as soon as it is known.

        Never raises for what archives do. Everything is written to the queue as it happens: whoever stops
        iterating, or is killed, goes on next time.
        """

    def stop(self, why: str) -> None:
        """Begin nothing new: `save` yields what is left, as queued, and ends."""
