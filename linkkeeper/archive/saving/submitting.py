"""One submission: leave to make it, the intent, the request, and what its answer means."""

import msgspec

from linkkeeper.archive.limiter import ArchiveClosedError, TimeUpError
from linkkeeper.archive.saving import changes, steps
from linkkeeper.archive.saving.answers import Accepted, NoLogin, Refused, Skipped, Unclear
from linkkeeper.archive.saving.base import ANONYMOUS_A_DAY, SaveOutcome
from linkkeeper.archive.saving.desk import GLANCE_S, UNWRITTEN, Desk, Later, Reached, host_of
from linkkeeper.archive.saving.service import NotBegun, SaveForm, Sent, SlowDown, sendable
from linkkeeper.models.ticket import Begun, Ticket

_AT_DOOR = 3
"""URLs that wait to be submitted, of those that are dealt with at once: the others are not held up by them."""
_LONGEST_SESSION_S = 150.0
"""The service ends jobs after two minutes."""
_LEASE_S = 10.0
"""On top of the time that the request may take."""


async def submit(desk: Desk, ticket: Ticket) -> Reached:
    """Submit a URL, unless the run may not, another process was faster, or its site has to rest.

    Raises ArchiveError if the archive is left alone.
    """
    held = desk.holds.get(host_of(ticket.url), 0.0)
    if held > desk.now():
        return Later(held)
    if desk.at_door >= _AT_DOOR:
        return desk.turn()
    desk.at_door += 1
    try:
        return await _at_door(desk, ticket)
    finally:
        desk.at_door -= 1


async def _at_door(desk: Desk, ticket: Ticket) -> Reached:
    async with desk.door:
        if not await _may_submit(desk, ticket):
            return None
        form = SaveForm(sendable(ticket.url), steps.not_within_s(ticket, desk.now(), desk.options))
        try:
            sent = await desk.service.submit(form, lambda: _begin(desk, ticket))
        except ArchiveClosedError as error:
            desk.end(SaveOutcome.QUEUED if isinstance(error, TimeUpError) else SaveOutcome.UNASKED, str(error))
            return None
    return _not_begun(desk, ticket, sent) if isinstance(sent, NotBegun) else _answered(desk, sent)


async def _may_submit(desk: Desk, ticket: Ticket) -> bool:
    """Say whether it is this URL's turn. If not, the next look at it tells why."""
    if desk.ended is not None or desk.ticket(ticket.url).version != ticket.version:
        return False
    limit = desk.options.max_count
    if limit is not None and desk.begun >= limit:
        desk.end(SaveOutcome.QUEUED, f"{limit} submissions were wanted, and made")
        return False
    return desk.service.way != "keys" or await _session_is_free(desk)


async def _session_is_free(desk: Desk) -> bool:
    """Wait for a session of the account; False: submitting has ended meanwhile."""
    until = desk.now() + min(desk.options.patience_s, _LONGEST_SESSION_S)
    while desk.ended is None:
        found = await desk.service.sessions()
        desk.counted = found.begun_today if found is not None else -1
        if found is not None and found.quota_is_used_up:
            why = f"the account's {found.captures_limit} captures of today are used up; it goes on tomorrow"
            desk.end(SaveOutcome.UNASKED, why)
            break
        free = found.available if found is not None else None
        if free or (free is None and not desk.jobs.under_way):
            return True
        if desk.now() > until or desk.is_over():
            desk.end(SaveOutcome.UNASKED, "all capture sessions of the account stayed in use")
        else:
            await desk.sleep(desk.options.poll_s)
    return False


def _begin(desk: Desk, ticket: Ticket) -> Begun:
    a_day = ANONYMOUS_A_DAY if desk.service.way == "anonymous" else None
    lease_s = desk.options.submit_timeout_s + _LEASE_S
    begun = desk.queue.begin(changes.to_submit(ticket, desk.counted), desk.now(), lease_s, desk.service.way, a_day)
    desk.begun += begun.ticket is not None
    return begun


def _not_begun(desk: Desk, ticket: Ticket, sent: NotBegun) -> Reached:
    match sent.why:
        case "daily":
            why = f"{ANONYMOUS_A_DAY} anonymous submissions a day are all: it goes on tomorrow, or with keys"
            desk.end(SaveOutcome.UNASKED, why)
            return None
        case "often":
            return desk.unasked(ticket, "submitted often enough today; it goes on tomorrow")
        case "locked":
            desk.end(SaveOutcome.UNASKED, UNWRITTEN)
            return None
        case _:
            return Later(desk.now() + GLANCE_S)


def _answered(desk: Desk, sent: Sent) -> Reached:
    ticket = sent.begun.ticket
    assert ticket is not None, "else nothing was sent"
    match sent.answer:
        case Accepted(job, reused):
            desk.put(changes.accepted(ticket, job, reused=reused, claimed=sent.claimed))
        case Skipped(message):
            desk.put(changes.accepted(ticket, "", reused=True, detail=message))
        case Refused(code, message):
            return desk.refused(ticket, code, message)
        case SlowDown():
            desk.begun -= 1
            desk.put(changes.not_arrived(ticket, counts=False))
        case NoLogin(message):
            desk.put(changes.not_arrived(ticket, counts=False))
            desk.end(SaveOutcome.UNASKED, _no_login(message, with_keys=desk.service.way == "keys"))
        case Unclear(why):
            desk.put(msgspec.structs.replace(ticket, detail=f"perhaps submitted: {why}"))
    return None


def _no_login(message: str, *, with_keys: bool) -> str:
    said = f" ({message.rstrip('.')})" if message else ""
    if with_keys:
        return f"the archive does not accept the keys{said}: see archive.org/account/s3.php, or `ia configure`"
    return f"the archive takes nothing without a login{said}: set IA_ACCESS_KEY_ID and IA_SECRET_ACCESS_KEY"
