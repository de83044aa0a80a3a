"""Submissions that nobody can say the end of: looked for before anything is submitted again.

A run was killed, or no readable answer came; or the archive took a URL and told no job, or one that it has forgotten.
"""

import hashlib

import msgspec

from linkkeeper.archive.archive_urls import instant
from linkkeeper.archive.saving import changes, steps
from linkkeeper.archive.saving.answers import Done, Pending
from linkkeeper.archive.saving.desk import GLANCE_S, Desk, Later, Reached
from linkkeeper.archive.saving.following import LEASE_S, LONGEST_JOB_S, proved_by
from linkkeeper.archive.saving.proof import NotYet
from linkkeeper.errors import ArchiveError
from linkkeeper.models.ticket import Ticket

_ARRIVES_WITHIN_S = 60.0
"""So long a submission of unknown fate may take until its capture shows; jobs were seen to take 33 s."""
_IDLE_AFTER_S = 25.0
"""A job that arrived counts among those of the account by then."""
_ANONYMOUS_S = 90.0
"""The same without keys, where nobody tells what is under way."""


async def search(desk: Desk, ticket: Ticket) -> Reached:
    """Look for the capture of a submission that nobody can say the end of. Raises ArchiveError."""
    held = desk.queue.take(ticket, desk.now(), LEASE_S)
    if held is None:
        return Later(desk.now() + GLANCE_S)
    try:
        proof = await desk.prover.look(held.url, held.timestamp or desk.stamp(), desk.since(held))
    except ArchiveError:
        desk.put(held)
        raise
    if not isinstance(proof, NotYet):
        return proved_by(desk, held, proof)
    return await _without_answer(desk, held) if held.intent else _still_waiting(desk, held)


async def _without_answer(desk: Desk, ticket: Ticket) -> Reached:
    """No capture since a submission whose answer nobody has: it is at work, or it never arrived."""
    news = await _news_by_name(desk, ticket)
    if isinstance(news, Done):
        desk.put(changes.captured(ticket, news))
        return None
    age_s = desk.now() - ticket.intent
    wait = await _wait_for_fate(desk, age_s)
    if isinstance(news, Pending) and age_s < LONGEST_JOB_S:
        wait = max(wait, desk.options.poll_s)
    if wait:
        desk.put(ticket)
        return Later(desk.now() + wait)
    proof = await desk.prover.look(ticket.url, desk.stamp(), desk.since(ticket))  # it may have ended since the last
    if not isinstance(proof, NotYet):
        return proved_by(desk, ticket, proof)
    why = ticket.detail or "no answer of the service"
    kept = desk.put(changes.not_arrived(ticket, detail=why))
    if ticket.attempts < changes.MAX_ATTEMPTS:
        return None
    return desk.unasked(desk.put(msgspec.structs.replace(kept, attempts=0)), why)


async def _news_by_name(desk: Desk, ticket: Ticket) -> Done | Pending | None:
    """Ask for the job under the names that it may have; return the news of one that is at work, or has just been.

    "Pending" is worth a wait and no more: the service may say that of jobs that it never heard of.
    """
    found: Done | Pending | None = None
    names = (ticket.job, likely_job(ticket.url)) if desk.service.way == "keys" else ()
    for job in dict.fromkeys(filter(None, names)):
        news = (await desk.service.status([job]))[job]
        if isinstance(news, Done) and instant(news.timestamp).timestamp() >= desk.since(ticket):
            return news
        found = news if isinstance(news, Pending) else found
    return found


async def _wait_for_fate(desk: Desk, age_s: float) -> float:
    """Return how long to wait before a submission that nobody saw the end of counts as never arrived."""
    if desk.service.way != "keys":
        return max(0.0, min(_ANONYMOUS_S - age_s, _ANONYMOUS_S / 3))
    if age_s < _IDLE_AFTER_S:
        return min(_IDLE_AFTER_S - age_s, _IDLE_AFTER_S / 2)
    found = await desk.service.sessions()
    if found is not None and found.processing == 0:
        return 0.0
    longest = LONGEST_JOB_S if found is not None and found.processing else _ARRIVES_WITHIN_S
    return max(0.0, min(longest - age_s, _ARRIVES_WITHIN_S / 3))


def _still_waiting(desk: Desk, ticket: Ticket) -> Reached:
    """No capture since a submission that was taken: it comes late, or never."""
    age = desk.now() - ticket.submitted
    if age > steps.LATE_S:
        desk.put(changes.not_arrived(ticket, detail="the capture never showed"))
        return None
    kept = desk.put(ticket)
    is_at_work = not ticket.job and not ticket.reused and age < LONGEST_JOB_S
    return Later(desk.now() + _ARRIVES_WITHIN_S / 2) if is_at_work else desk.result(kept)


def likely_job(url: str) -> str:
    """Return the id that the service may have given to a URL's job: a guess, and used as no more than that.

    Ids are `spn2-` and 40 hex digits, the same for a URL each time (observed to 2026); how they are made is not told.
    """
    return "spn2-" + hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()
