"""What a run would do, and how long it would take under the limits. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from linkkeeper.archive.saving import known
from linkkeeper.archive.saving.base import SaveOptions, SavePlan, SaveResult
from linkkeeper.archive.saving.steps import Step, next_step
from linkkeeper.models.ticket import Ticket

_LAST_JOB_S = 60.0
"""From the last submission to its proof."""
_LOOK_BACK_S = 2.0


class Limits(Struct, frozen=True):
    """How fast a run may be."""

    saves_per_minute: float
    looks_per_minute: float
    a_day: int | None
    """Submissions; None: the service tells."""


def plan(
    tickets: Sequence[Ticket],
    not_sent: tuple[SaveResult, ...],
    now: float,
    options: SaveOptions,
    limits: Limits,
    sent_today: int,
    public_url: str,
) -> SavePlan:
    """Return the plan for tickets in the order in which they would be dealt with."""
    steps = [(ticket, next_step(ticket, now, options)) for ticket in tickets]
    wanted = [ticket.url for ticket, step in steps if step in (Step.LOOK, Step.SUBMIT, Step.WAIT)]
    room = len(wanted) if limits.a_day is None else max(0, limits.a_day - sent_today)
    room = room if options.max_count is None else min(room, options.max_count)
    to_send, later = tuple(wanted[:room]), tuple(wanted[room:])
    looked_at = set(to_send)
    to_look = tuple(ticket.url for ticket, step in steps if step is Step.LOOK and ticket.url in looked_at)
    waiting = [ticket for ticket, step in steps if step in (Step.WATCH, Step.VERIFY, Step.SEARCH)]
    return SavePlan(
        not_sent=not_sent,
        recent=_results(steps, Step.RECENT, public_url),
        waiting=tuple(known.result(ticket, public_url) for ticket in waiting),
        settled=_results(steps, Step.SETTLED, public_url),
        to_look=to_look,
        to_send=to_send,
        later=later,
        seconds=_seconds(len(to_look), len(to_send), len(waiting), limits),
    )


def _results(steps: list[tuple[Ticket, Step]], wanted: Step, public_url: str) -> tuple[SaveResult, ...]:
    recent = wanted is Step.RECENT
    return tuple(known.result(ticket, public_url, recent=recent) for ticket, step in steps if step is wanted)


def _seconds(looks: int, sends: int, waiting: int, limits: Limits) -> float:
    looking = looks * 60 / limits.looks_per_minute
    sending = sends * 60 / limits.saves_per_minute + (_LAST_JOB_S if sends else 0.0)
    return max(looking, sending) + waiting * _LOOK_BACK_S
