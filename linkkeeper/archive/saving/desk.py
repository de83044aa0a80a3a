"""What the URLs of one run share, and what they say of themselves to it."""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from linkkeeper.archive.archive_urls import stamp_of
from linkkeeper.archive.limiter import Limiter
from linkkeeper.archive.saving import changes, known, steps
from linkkeeper.archive.saving.base import Names, OnProgress, Queue, SaveOptions, SaveOutcome, SaveResult
from linkkeeper.archive.saving.codes import Kind, meaning
from linkkeeper.archive.saving.jobs import Jobs
from linkkeeper.archive.saving.looking import Looker
from linkkeeper.archive.saving.proof import Prover
from linkkeeper.archive.saving.service import Service
from linkkeeper.models.ticket import SaveState, Ticket

GLANCE_S = 5.0
"""How often we look whether another process is done with a URL."""
UNWRITTEN = "the state cannot be written, and without it nothing is submitted"
_MAX_WAITS = 12
"""Refusals of one URL for want of a session."""


class Later(Struct, frozen=True):
    """Nothing to do about this URL before then (Unix time)."""

    due: float
    in_turn: bool = False
    """It only waits for others of this run, however long that takes."""


class Ended(Struct, frozen=True):
    """No more submissions in this run: what that makes of what is queued, and why."""

    outcome: SaveOutcome
    why: str


Reached = SaveResult | Later | None
"""Where a step led: to the end, to a wait, or (None) to the next step."""


class Desk:
    """The parts of one run."""

    def __init__(
        self,
        options: SaveOptions,
        limiter: Limiter,
        queue: Queue,
        service: Service,
        prover: Prover,
        looker: Looker,
        names: Names | None,
        public_url: str,
        spacing_s: float,
        sleep: Callable[[float], Awaitable[None]],
        on_progress: OnProgress,
    ) -> None:
        self.options, self.limiter, self.queue, self.service = options, limiter, queue, service
        self.prover, self.looker, self.names = prover, looker, names
        self.public_url, self.sleep, self.on_progress = public_url, sleep, on_progress
        self.spacing_s = spacing_s
        """Between two submissions."""
        self.now = limiter.now
        self.jobs = Jobs(service, options, limiter.now, sleep, self.is_over)
        self.door = asyncio.Lock()
        """Whoever submits holds it, so that nobody takes the session that somebody else was promised."""
        self.at_door = 0
        self._last_turn = 0.0
        self.ended: Ended | None = None
        self.on_end: Callable[[], None] = lambda: None
        self.counted = -1
        """Captures of the account today, finished or under way, as the service told last; -1: it does not tell."""
        self.begun = 0
        """Submissions of this run."""
        self.holds: dict[str, float] = {}
        """Host → when its pages may be submitted again."""
        self._waits: dict[str, int] = {}

    def turn(self) -> Later:
        """Return when to come back to the door, at which too many stand already; meanwhile others can be looked up."""
        self._last_turn = max(self._last_turn, self.now()) + self.spacing_s
        return Later(self._last_turn, in_turn=True)

    def is_over(self) -> bool:
        """Tell whether the run's time is used up."""
        return self.limiter.remaining_s() == 0.0

    def end(self, outcome: SaveOutcome, why: str) -> None:
        """Submit nothing more in this run."""
        if self.ended is None:
            self.ended = Ended(outcome, why)
            self.on_end()

    def ticket(self, url: str) -> Ticket:
        """Return what is known of a URL now."""
        return self.queue.tickets([url]).get(url) or Ticket(url)

    def put(self, ticket: Ticket) -> Ticket:
        """Write what is known now, and let other processes have the URL."""
        return self.queue.put(ticket, self.now())

    def result(self, ticket: Ticket, *, recent: bool = False) -> SaveResult:
        """Return what a ticket says came of its URL."""
        return known.result(ticket, self.public_url, recent=recent)

    def unasked(self, ticket: Ticket, why: str, outcome: SaveOutcome = SaveOutcome.UNASKED) -> SaveResult:
        """Return the result of a URL that the archive could not be asked about; what it is known to have, stays."""
        outcome = outcome if ticket.state is SaveState.QUEUED else known.outcome_of(ticket)
        return msgspec.structs.replace(self.result(ticket), outcome=outcome, detail=why)

    def since(self, ticket: Ticket) -> float:
        """Return since when, by the archive's clock, a capture is what this ticket waits for."""
        ahead = self.service.ahead_s
        if ticket.reused:
            return self.now() + ahead - steps.not_within_s(ticket, self.now(), self.options) - steps.SLACK_S
        return (ticket.unsure or ticket.intent or ticket.submitted) + ahead - steps.SLACK_S

    def stamp(self) -> str:
        """Return the 14 digits of now, by the archive's clock."""
        return stamp_of(self.now() + self.service.ahead_s)

    def refused(self, ticket: Ticket, code: str, message: str) -> Reached:
        """Note a refusal, or a capture that failed."""
        kind = meaning(code).kind
        kept = self.put(changes.refused(ticket, code, message, self.now()))
        if ticket.job:
            self.jobs.forget(ticket.job)
        if kind in (Kind.DAY, Kind.CLIENT):
            self.end(SaveOutcome.UNASKED, f"{kept.detail}; the next run goes on from here")
        if kind is Kind.HOST:
            self.holds[host_of(ticket.url)] = kept.due
        if kept.state is SaveState.SUBMITTED:
            return None
        if kept.state is not SaveState.QUEUED:
            return self.result(kept)
        waits = self._waits[ticket.url] = self._waits.get(ticket.url, 0) + 1
        too_often = waits > _MAX_WAITS or (kind is Kind.HOST and waits >= changes.MAX_ATTEMPTS)
        return self.unasked(kept, kept.detail) if too_often else Later(kept.due)


def host_of(url: str) -> str:
    """Return what shares a site's patience."""
    return (urlsplit(url).hostname or "").removeprefix("www.")
