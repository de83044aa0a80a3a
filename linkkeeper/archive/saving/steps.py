"""What is to be done next about a URL, by what is known of it. Pure: the plan of a dry run and the run share it."""

from enum import StrEnum

from linkkeeper.archive.archive_urls import instant
from linkkeeper.archive.saving.answers import is_timestamp
from linkkeeper.archive.saving.base import SaveOptions
from linkkeeper.models.snapshot import SnapshotState
from linkkeeper.models.ticket import SaveState, Ticket

JOB_KEPT_S = 3600.0
"""The service forgets jobs after about an hour."""
LATE_S = 48 * 3600.0
"""Captures were seen to be findable after hours; what is not there after so long was lost."""
DAY_S = 86_400.0
SLACK_S = 60.0
"""Clocks, and the moment that a capture is named after, may differ by so much."""
NOT_WITHIN_S = 30 * DAY_S
"""Where any capture will do: younger ones than this stop the service from making another."""


class Step(StrEnum):
    """In the order in which a URL goes through them."""

    RECENT = "recent"
    """It has a capture that is young enough."""
    SETTLED = "settled"
    """Refused or given up lately: not asked again now."""
    WATCH = "watch"
    """A job is under way: ask how it stands."""
    VERIFY = "verify"
    """Captured, said the archive: look at it."""
    SEARCH = "search"
    """Submitted with unknown success: look for a capture before anything is submitted."""
    LOOK = "look"
    """Ask the index for captures that there are."""
    SUBMIT = "submit"
    WAIT = "wait"
    """To be submitted again, but not before its time."""


def next_step(ticket: Ticket, now: float, options: SaveOptions) -> Step:
    """Return what comes next. `now` in Unix seconds."""
    if ticket.state is SaveState.VERIFIED and is_recent(ticket.timestamp, now, options):
        return Step.RECENT
    if ticket.intent:
        return Step.SEARCH
    if ticket.state is SaveState.SUBMITTED:
        fresh = now - ticket.submitted < JOB_KEPT_S
        return Step.WATCH if ticket.job and fresh else Step.SEARCH
    if ticket.state is SaveState.CAPTURED:
        return Step.VERIFY
    if ticket.state in (SaveState.REFUSED, SaveState.GIVEN_UP) and ticket.due > now:
        return Step.SETTLED
    if ticket.looked and is_recent(ticket.listed, now, options):
        return Step.RECENT
    if ticket.looked_state == SnapshotState.EXCLUDED and now - ticket.looked < NOT_WITHIN_S:
        return Step.SETTLED
    if ticket.due > now:
        return Step.WAIT
    return Step.SUBMIT if now - ticket.looked < options.look_again_s else Step.LOOK


def is_recent(timestamp: str, now: float, options: SaveOptions) -> bool:
    """Tell whether a capture (14 digits; empty: none) counts."""
    if not is_timestamp(timestamp):
        return False
    return instant(timestamp).timestamp() >= cutoff(now, options)


def cutoff(now: float, options: SaveOptions) -> float:
    """Return since when (Unix seconds) a capture counts; 0 where any will do."""
    return 0.0 if options.older_than_s is None else now - options.older_than_s


def not_within_s(ticket: Ticket, now: float, options: SaveOptions) -> float:
    """Return what the service is told: no capture if there is one that is younger than this.

    What may have been submitted before lies within: if it was, the service makes no second capture.
    """
    wanted = NOT_WITHIN_S if options.older_than_s is None else options.older_than_s
    return max(wanted, now - ticket.unsure + SLACK_S) if ticket.unsure else wanted
