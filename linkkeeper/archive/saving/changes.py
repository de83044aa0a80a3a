"""What an answer makes of a ticket. Pure."""

from datetime import UTC, datetime, timedelta

import msgspec

from linkkeeper.archive.saving.answers import Done
from linkkeeper.archive.saving.codes import Kind, meaning
from linkkeeper.archive.saving.known import EXCLUDED
from linkkeeper.archive.saving.steps import DAY_S
from linkkeeper.models.ticket import UNKNOWN_JOB, SaveState, Ticket

MAX_ATTEMPTS = 3
"""Submissions of one URL in a row that fail in a way that may pass."""
_BACKOFF_S = 60.0
_HOST_BACKOFF_S = 120.0
_SESSIONS_S = 30.0
_AFTER_GIVING_UP_S = 6 * 3600.0
_FORBIDDEN_S, _REFUSED_S = 30 * DAY_S, 7 * DAY_S


def to_submit(ticket: Ticket, counted: int = -1) -> Ticket:
    """Return the ticket as it goes into a submission: what came of an earlier round is over.

    counted: captures of the account before it, for who has to find out later whether it arrived.
    """
    over = ticket.state in (SaveState.VERIFIED, SaveState.REFUSED, SaveState.GIVEN_UP)
    return msgspec.structs.replace(
        ticket,
        state=SaveState.QUEUED,
        attempts=0 if over else ticket.attempts,
        listed=max(ticket.listed, ticket.timestamp) if ticket.state is SaveState.VERIFIED else ticket.listed,
        timestamp="",
        original="",
        reused=False,
        due=0.0,
        counted=counted,
    )


def accepted(ticket: Ticket, job: str, *, reused: bool, claimed: str = "", detail: str = "") -> Ticket:
    """The archive took it; the intent has become a submission."""
    return msgspec.structs.replace(
        ticket,
        state=SaveState.SUBMITTED,
        submitted=ticket.intent,
        intent=0.0,
        job=job,
        reused=reused,
        timestamp=claimed,
        detail=detail,
    )


def not_arrived(ticket: Ticket, *, counts: bool = True, due: float = 0.0, detail: str = "") -> Ticket:
    """Nothing was submitted after all: back into the queue."""
    return msgspec.structs.replace(
        ticket,
        state=SaveState.QUEUED,
        intent=0.0,
        submitted=0.0,
        job=UNKNOWN_JOB,
        timestamp="",
        attempts=ticket.attempts if counts else max(0, ticket.attempts - 1),
        due=due,
        detail=detail,
    )


def nothing_seen(ticket: Ticket, detail: str) -> Ticket:
    """Nothing shows that a submission arrived, nor that it did not: back into the queue, and that is remembered."""
    unsure = ticket.unsure or ticket.intent or ticket.submitted
    return msgspec.structs.replace(not_arrived(ticket, detail=detail), unsure=unsure)


def captured(ticket: Ticket, done: Done) -> Ticket:
    """The archive says that it captured the page."""
    return msgspec.structs.replace(
        ticket,
        state=SaveState.CAPTURED,
        submitted=ticket.intent or ticket.submitted,
        intent=0.0,
        unsure=0.0,
        timestamp=done.timestamp,
        original=done.original if done.original != ticket.url else "",
        code="",
        detail="",
    )


def verified(ticket: Ticket, timestamp: str) -> Ticket:
    """The playback showed a page."""
    return msgspec.structs.replace(
        ticket,
        state=SaveState.VERIFIED,
        intent=0.0,
        unsure=0.0,
        timestamp=timestamp,
        attempts=0,
        due=0.0,
        code="",
        detail="",
    )


def forbidden(ticket: Ticket, now: float) -> Ticket:
    """The playback says that the owner wants no copy."""
    detail = "the owner asked the archive to forget this page"
    return _ended(ticket, SaveState.REFUSED, EXCLUDED, detail, now + _FORBIDDEN_S)


def no_page(ticket: Ticket, why: str, now: float) -> Ticket:
    """What was captured is no page."""
    return _ended(ticket, SaveState.GIVEN_UP, "", why, now + _REFUSED_S)


def refused(ticket: Ticket, code: str, message: str, now: float) -> Ticket:
    """Return what a refusal, or a capture that failed, makes of the ticket: by the code alone."""
    entry = meaning(code)
    says = entry.says if entry.source else message or entry.says
    ticket = msgspec.structs.replace(ticket, code=code)
    match entry.kind:
        case Kind.OWNER:
            return _ended(ticket, SaveState.REFUSED, code, says, now + _FORBIDDEN_S)
        case Kind.PERMANENT:
            return _ended(ticket, SaveState.REFUSED, code, says, now + _REFUSED_S)
        case Kind.CLIENT:
            return _ended(ticket, SaveState.REFUSED, code, says, now + DAY_S)
        case Kind.UNLISTED:
            return _ended(ticket, SaveState.REFUSED, code, says, 0.0)
        case Kind.SESSIONS:
            return not_arrived(ticket, counts=False, due=now + _SESSIONS_S, detail=says)
        case Kind.URL:  # so there are captures of today: the playback shows them, sooner or later
            return accepted(msgspec.structs.replace(ticket, intent=now), "", reused=True, detail=says)
        case Kind.DAY:
            return not_arrived(ticket, counts=False, due=_tomorrow(now), detail=says)
        case Kind.HOST if code.startswith("max-daily"):
            return not_arrived(ticket, counts=False, due=_tomorrow(now), detail=says)
        case Kind.HOST:
            return not_arrived(ticket, due=now + _HOST_BACKOFF_S * 2 ** max(0, ticket.attempts - 1), detail=says)
        case _ if ticket.attempts >= MAX_ATTEMPTS:
            return _ended(ticket, SaveState.GIVEN_UP, code, says, now + _AFTER_GIVING_UP_S)
        case _:
            return not_arrived(ticket, due=now + _BACKOFF_S * 2 ** max(0, ticket.attempts - 1), detail=says)


def _ended(ticket: Ticket, state: SaveState, code: str, detail: str, due: float) -> Ticket:
    return msgspec.structs.replace(
        ticket, state=state, intent=0.0, unsure=0.0, timestamp="", attempts=0, code=code, detail=detail, due=due
    )


def _tomorrow(now: float) -> float:
    """Return the next midnight in UTC: the service's day, as far as is known."""
    day = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (day + timedelta(days=1)).timestamp()
