"""What became of a submission: the job's own word, then the playback's, which alone is believed."""

import hashlib

import msgspec

from linkkeeper.archive.archive_urls import instant
from linkkeeper.archive.limiter import ArchiveClosedError
from linkkeeper.archive.saving import changes, steps
from linkkeeper.archive.saving.answers import Done, Pending, Refused, Status
from linkkeeper.archive.saving.desk import GLANCE_S, Desk, Later, Reached
from linkkeeper.archive.saving.proof import Forbidden, NoGood, NotYet, Proof, Shown
from linkkeeper.errors import ArchiveError
from linkkeeper.models.ticket import Ticket

_LEASE_S = 70.0
_ARRIVES_WITHIN_S = 60.0
"""So long a submission of unknown fate may take until its capture shows; jobs were seen to take 33 s."""
_IDLE_AFTER_S = 25.0
"""A job that arrived counts among those of the account by then."""
_LONGEST_JOB_S = 150.0
"""The service ends jobs after two minutes."""
_ANONYMOUS_S = 90.0
"""The same without keys, where nobody tells what is under way."""
_OLD_NEWS_S = 30.0
"""So long the failure that a job tells of may be the one it ended with last time."""


async def watch(desk: Desk, ticket: Ticket) -> Reached:
    """Ask how the job stands until it ends or patience does. Raises ArchiveError."""
    polls = 0
    while True:
        held = desk.queue.take(ticket, desk.now(), 3 * desk.options.poll_s)
        if held is None:  # another process watches it
            desk.jobs.forget(ticket.job)
            return Later(desk.now() + GLANCE_S)
        ticket = held
        news = await _news(desk, ticket)
        polls += 1
        if isinstance(news, Done) and instant(news.timestamp).timestamp() >= desk.since(ticket):
            desk.jobs.forget(ticket.job)
            desk.put(changes.captured(ticket, news))
            return None
        if isinstance(news, Refused) and not _is_old_news(desk, ticket, news):
            return desk.refused(ticket, news.code, news.message)
        if polls > 1 and desk.now() - ticket.submitted > desk.options.patience_s:
            desk.jobs.forget(ticket.job)
            return await _look_once(desk, ticket)


async def _news(desk: Desk, ticket: Ticket) -> Status:
    try:
        return await desk.jobs.news(ticket.job)
    except ArchiveClosedError as error:
        desk.put(msgspec.structs.replace(ticket, detail=f"submitted; {error}"))
        raise
    except ArchiveError:
        return Pending()


def _is_old_news(desk: Desk, ticket: Ticket, news: Refused) -> bool:
    """Jobs of one URL share their name: at first it may tell how the last one ended."""
    return bool(ticket.code) and ticket.code == news.code and desk.now() - ticket.submitted < _OLD_NEWS_S


async def _look_once(desk: Desk, ticket: Ticket) -> Reached:
    """The job did not end in time, or tells of an older one: perhaps its capture is there all the same."""
    detail = f"submitted; no end of the job within {desk.options.patience_s:.0f} s"
    kept = desk.put(msgspec.structs.replace(ticket, detail=detail))
    proof = await desk.prover.look(ticket.url, desk.stamp(), desk.since(kept))
    return desk.result(desk.put(changes.verified(kept, proof.timestamp)) if isinstance(proof, Shown) else kept)


async def verify(desk: Desk, ticket: Ticket) -> Reached:
    """Look at the capture that the archive named. If it does not show yet, a later run looks again."""
    held = desk.queue.take(ticket, desk.now(), _LEASE_S)
    if held is None:
        return Later(desk.now() + GLANCE_S)
    since = instant(held.timestamp).timestamp()
    try:
        proof = await desk.prover.look(held.url, held.timestamp, since)
        if isinstance(proof, NotYet) and held.original:
            proof = await desk.prover.look(held.original, held.timestamp, since)
    except ArchiveError as error:
        return desk.result(desk.put(msgspec.structs.replace(held, detail=f"captured; not looked at: {error}")))
    if isinstance(proof, NotYet) and desk.now() - held.submitted > steps.LATE_S:
        desk.put(changes.not_arrived(held, detail="the capture never showed"))
        return None
    return _proved(desk, held, proof)


async def search(desk: Desk, ticket: Ticket) -> Reached:
    """Look for the capture of a submission that nobody can say the end of. Raises ArchiveError."""
    held = desk.queue.take(ticket, desk.now(), _LEASE_S)
    if held is None:
        return Later(desk.now() + GLANCE_S)
    try:
        proof = await desk.prover.look(held.url, held.timestamp or desk.stamp(), desk.since(held))
    except ArchiveError:
        desk.put(held)
        raise
    if not isinstance(proof, NotYet):
        return _proved(desk, held, proof)
    return await _without_answer(desk, held) if held.intent else _still_waiting(desk, held)


async def _without_answer(desk: Desk, ticket: Ticket) -> Reached:
    """No capture since a submission whose answer nobody has: it is at work, or it never arrived."""
    found = await _found_by_name(desk, ticket)
    if found is not None:
        desk.put(found)
        return None
    wait = await _wait_for_fate(desk, desk.now() - ticket.intent)
    if wait:
        desk.put(ticket)
        return Later(desk.now() + wait)
    proof = await desk.prover.look(ticket.url, desk.stamp(), desk.since(ticket))  # it may have ended since the last
    if not isinstance(proof, NotYet):
        return _proved(desk, ticket, proof)
    why = ticket.detail or "no answer of the service"
    kept = desk.put(changes.not_arrived(ticket, detail=why))
    if ticket.attempts < changes.MAX_ATTEMPTS:
        return None
    return desk.unasked(desk.put(msgspec.structs.replace(kept, attempts=0)), why)


async def _found_by_name(desk: Desk, ticket: Ticket) -> Ticket | None:
    """Ask for the job under the names that it may have; return the ticket if one of them is at work, or has just been.

    What any other name brings, or an older capture, says nothing.
    """
    if desk.service.way != "keys":
        return None
    for job in dict.fromkeys(filter(None, (ticket.job, likely_job(ticket.url)))):
        news = (await desk.service.status([job]))[job]
        taken = changes.accepted(ticket, job, reused=False)
        if isinstance(news, Done) and instant(news.timestamp).timestamp() >= desk.since(ticket):
            return changes.captured(taken, news)
        if isinstance(news, Pending):
            return taken
    return None


async def _wait_for_fate(desk: Desk, age_s: float) -> float:
    """Return how long to wait before a submission that nobody saw the end of counts as never arrived."""
    if desk.service.way != "keys":
        return max(0.0, min(_ANONYMOUS_S - age_s, _ANONYMOUS_S / 3))
    if age_s < _IDLE_AFTER_S:
        return min(_IDLE_AFTER_S - age_s, _IDLE_AFTER_S / 2)
    found = await desk.service.sessions()
    if found is not None and found.processing == 0:
        return 0.0
    longest = _LONGEST_JOB_S if found is not None and found.processing else _ARRIVES_WITHIN_S
    return max(0.0, min(longest - age_s, _ARRIVES_WITHIN_S / 3))


def _still_waiting(desk: Desk, ticket: Ticket) -> Reached:
    """No capture since a submission that was taken: it comes late, or never."""
    age = desk.now() - ticket.submitted
    if age > steps.LATE_S:
        desk.put(changes.not_arrived(ticket, detail="the capture never showed"))
        return None
    kept = desk.put(ticket)
    is_at_work = not ticket.job and not ticket.reused and age < _LONGEST_JOB_S
    return Later(desk.now() + _ARRIVES_WITHIN_S / 2) if is_at_work else desk.result(kept)


def _proved(desk: Desk, ticket: Ticket, proof: Proof) -> Reached:
    match proof:
        case Shown(timestamp):
            ticket = changes.verified(ticket, timestamp)
        case NoGood(why):
            ticket = changes.no_page(ticket, why, desk.now())
        case Forbidden():
            ticket = changes.forbidden(ticket, desk.now())
        case NotYet():
            ticket = msgspec.structs.replace(ticket, detail="")
    return desk.result(desk.put(ticket))


def likely_job(url: str) -> str:
    """Return the id that the service may have given to a URL's job: a guess, and used as no more than that.

    Ids are `spn2-` and 40 hex digits, the same for a URL each time (observed to 2026); how they are made is not told.
    """
    return "spn2-" + hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()
