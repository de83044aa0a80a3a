"""What a ticket of the queue says to people. Pure."""

from collections.abc import Mapping
from datetime import datetime

from linkkeeper.archive.archive_urls import instant, memento_url
from linkkeeper.archive.saving.answers import is_timestamp
from linkkeeper.archive.saving.base import SaveOptions, SaveOutcome, SaveResult
from linkkeeper.archive.saving.codes import Kind, meaning
from linkkeeper.archive.saving.steps import Step, next_step
from linkkeeper.models.snapshot import SnapshotState
from linkkeeper.models.ticket import SaveState, Ticket

EXCLUDED = "excluded"
"""Our own code: the owner asked the archive to forget the page."""
PRIVATE = "private"
"""Our own code: the name resolves to a private address."""
_OUTCOMES: Mapping[SaveState, SaveOutcome] = {
    SaveState.QUEUED: SaveOutcome.QUEUED,
    SaveState.SUBMITTED: SaveOutcome.SUBMITTED,
    SaveState.CAPTURED: SaveOutcome.CAPTURED,
    SaveState.VERIFIED: SaveOutcome.VERIFIED,
    SaveState.GIVEN_UP: SaveOutcome.FAILED,
    SaveState.REFUSED: SaveOutcome.FAILED,
}


def copy_of(ticket: Ticket, public_url: str) -> tuple[datetime, str] | None:
    """Return when the newest copy known of a URL was made (UTC) and where a reader finds it; None if none is known."""
    stamps = [ticket.timestamp if ticket.state is SaveState.VERIFIED else "", ticket.listed]
    newest = max(filter(is_timestamp, stamps), default="")
    return (instant(newest), memento_url(public_url, newest, ticket.url)) if newest else None


def result(ticket: Ticket, public_url: str, *, recent: bool = False) -> SaveResult:
    """Return what the ticket says came of its URL."""
    found = copy_of(ticket, public_url)
    outcome = SaveOutcome.RECENT if recent else outcome_of(ticket)
    detail = "captured lately" if recent else _detail(ticket)
    if found is None and is_timestamp(ticket.timestamp):
        found = (instant(ticket.timestamp), "")
    captured, copy = found or (None, "")
    return SaveResult(ticket.url, outcome, detail, "" if recent else ticket.code, captured, copy or None)


def outcome_of(ticket: Ticket) -> SaveOutcome:
    """Return the outcome that a ticket's state amounts to."""
    if is_forbidden(ticket):
        return SaveOutcome.FORBIDDEN
    if ticket.state is SaveState.REFUSED and ticket.code == PRIVATE:
        return SaveOutcome.NOT_SENT
    return _OUTCOMES[ticket.state]


def is_forbidden(ticket: Ticket) -> bool:
    """Tell whether the owner, or the archive, wants no copy."""
    if ticket.state is SaveState.REFUSED:
        return ticket.code == EXCLUDED or meaning(ticket.code).kind is Kind.OWNER
    return ticket.looked_state == SnapshotState.EXCLUDED and ticket.state is SaveState.QUEUED


def why_never(ticket: Ticket) -> str:
    """Return why there will be no copy of a page, as far as anybody can tell; empty if there may be one."""
    is_private = ticket.state is SaveState.REFUSED and ticket.code == PRIVATE
    return _detail(ticket) if is_private or is_forbidden(ticket) else ""


def settled(ticket: Ticket, now: float, options: SaveOptions, public_url: str) -> SaveResult | None:
    """Return the result of a URL about which nobody need be asked now; None if somebody must."""
    step = next_step(ticket, now, options)
    if step not in (Step.RECENT, Step.SETTLED):
        return None
    return result(ticket, public_url, recent=step is Step.RECENT)


def _detail(ticket: Ticket) -> str:
    if ticket.detail:
        return ticket.detail
    if is_forbidden(ticket):
        return "the owner asked the archive to forget this page"
    match ticket.state:
        case SaveState.VERIFIED:
            return "captured, and the playback shows it"
        case SaveState.CAPTURED:
            return "captured; the playback does not show it yet"
        case SaveState.SUBMITTED:
            return "submitted; how it ended is not known yet"
        case _:
            return "waits for its turn"
