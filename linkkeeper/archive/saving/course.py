"""The way of one URL through its steps: from what is known of it to what came of it in this run.

Every step writes what it learned before the next begins, so a run that is killed goes on where it was. An intent is
written before a submission; while its answer is not recorded, nothing is submitted before somebody has looked.
"""

import msgspec

from linkkeeper.archive.limiter import TimeUpError
from linkkeeper.archive.saving import fate, following, known, steps, submitting
from linkkeeper.archive.saving.base import SaveOutcome, SaveProgress, SaveResult
from linkkeeper.archive.saving.desk import UNWRITTEN, Desk, Later, Reached
from linkkeeper.archive.saving.steps import Step
from linkkeeper.archive.saving.vetting import why_private
from linkkeeper.errors import ArchiveError, StateError
from linkkeeper.models.snapshot import SnapshotState
from linkkeeper.models.ticket import SaveState, Ticket

_LONGEST_WAIT_S = 600.0
"""Who has to wait longer waits for the next run."""
_INDEX_IS_DOWN_S = 600.0
"""After this the index is asked again that could not be asked."""
_MOST_STEPS = 50
"""Of one URL between two waits. More are a sign that what it learns is not kept."""
_WORDS = {
    Step.LOOK: "looking",
    Step.SUBMIT: "waiting",
    Step.WAIT: "waiting",
    Step.WATCH: "submitted",
    Step.VERIFY: "captured",
    Step.SEARCH: "searching",
}


async def follow(desk: Desk, url: str) -> SaveResult | Later:
    """Go on from where the URL is. Never raises for what archives do."""
    if not desk.options.allow_private and (why := await why_private(url, desk.names)):
        return _private(desk, url, why)
    for _ in range(_MOST_STEPS):
        ticket = desk.ticket(url)
        try:
            reached = await _take(desk, ticket, steps.next_step(ticket, desk.now(), desk.options))
        except TimeUpError as error:
            return desk.unasked(desk.ticket(url), str(error), SaveOutcome.QUEUED)
        except StateError:
            desk.end(SaveOutcome.UNASKED, UNWRITTEN)
            return desk.unasked(desk.ticket(url), UNWRITTEN)
        except ArchiveError as error:
            return desk.unasked(desk.ticket(url), str(error))
        if isinstance(reached, SaveResult):
            return reached
        if reached is not None:
            return _unless_too_late(desk, url, reached)
    return desk.unasked(desk.ticket(url), "the state cannot be written")


async def _take(desk: Desk, ticket: Ticket, step: Step) -> Reached:
    """Take one step. Raises ArchiveError if the archive could not be asked, StateError if nothing can be written."""
    if step in (Step.RECENT, Step.SETTLED):
        return desk.result(ticket, recent=step is Step.RECENT)
    desk.on_progress(SaveProgress(ticket.url, _WORDS[step]))
    match step:
        case Step.WATCH:
            return await following.watch(desk, ticket)
        case Step.VERIFY:
            return await following.verify(desk, ticket)
        case Step.SEARCH:
            return await fate.search(desk, ticket)
        case _ if desk.ended is not None:
            return desk.unasked(ticket, desk.ended.why, desk.ended.outcome)
        case Step.WAIT:
            return Later(ticket.due)
        case Step.LOOK:
            await _look(desk, ticket)
            return None
        case _:
            return await submitting.submit(desk, ticket)


async def _look(desk: Desk, ticket: Ticket) -> None:
    """Ask the index. If it cannot be asked, the service with keys is told itself how young a capture counts."""
    try:
        seen = await desk.looker.look(ticket)
    except ArchiveError:
        if desk.service.way != "keys" or desk.is_over():
            raise
        asked = desk.now() - desk.options.look_again_s + _INDEX_IS_DOWN_S
        seen = msgspec.structs.replace(ticket, looked=asked, looked_state=SnapshotState.UNKNOWN.value, listed="")
    kept = desk.put(seen)
    if desk.ticket(ticket.url).version < kept.version:  # else it would be looked for again and again
        raise StateError(UNWRITTEN)


def _private(desk: Desk, url: str, why: str) -> SaveResult:
    ticket = msgspec.structs.replace(desk.ticket(url), state=SaveState.REFUSED, code=known.PRIVATE, detail=why, due=0.0)
    desk.put(ticket)
    return SaveResult(url, SaveOutcome.NOT_SENT, why)


def _unless_too_late(desk: Desk, url: str, reached: Later) -> SaveResult | Later:
    """Who would have to wait too long gets what is known now."""
    left, wait = desk.limiter.remaining_s(), reached.due - desk.now()
    if (reached.in_turn or wait <= _LONGEST_WAIT_S) and (left is None or wait < left):
        return reached
    ticket = desk.ticket(url)
    outcome = SaveOutcome.UNASKED if wait > _LONGEST_WAIT_S else SaveOutcome.QUEUED
    return desk.unasked(ticket, ticket.detail or "waits for its turn", outcome)
