"""Submissions that nobody can say the end of: looked for before anything is submitted again.

A run was killed, or no readable answer came; or the archive took a URL and told no job, or one that it has forgotten.
"""

import hashlib

import msgspec

from linkkeeper.archive.archive_urls import instant
from linkkeeper.archive.limiter import ArchiveClosedError
from linkkeeper.archive.saving import changes, steps
from linkkeeper.archive.saving.answers import Done, Pending, Refused, Sessions, Status
from linkkeeper.archive.saving.base import SaveOutcome
from linkkeeper.archive.saving.desk import GLANCE_S, Desk, Later, Reached
from linkkeeper.archive.saving.following import LEASE_S, LONGEST_JOB_S, proved_by
from linkkeeper.archive.saving.proof import NotYet
from linkkeeper.archive.saving.service import sendable
from linkkeeper.errors import ArchiveError
from linkkeeper.models.ticket import Ticket

_ARRIVES_WITHIN_S = 60.0
"""So long a submission of unknown fate may take until its capture shows; jobs were seen to take 33 s."""
_IDLE_AFTER_POLLS, _ANONYMOUS_POLLS = 4, 15
"""A job that arrived counts among those of the account by then; without keys nobody tells what is under way."""
_BETWEEN_LOOKS_POLLS = 5
_REUSED_S = 45 * 60.0
"""The service makes no second capture so soon, if nothing else is asked for (`if_not_archived_within`)."""
_SHOWN_BY_S = 6 * 3600.0
"""Captures were not to be seen after 1 h 42 min, and were after 5.5 h (observed)."""
_NO_JOB = ("", "not-found")
_UNSEEN = "perhaps submitted, and nothing of it is to be seen yet"


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
    told = await desk.service.sessions() if desk.service.way == "keys" else None
    age_s = desk.now() - ticket.intent
    wait = _wait_for_fate(desk, age_s, told)
    if isinstance(news, Pending) and age_s < LONGEST_JOB_S:
        wait = max(wait, desk.options.poll_s)
    if wait:
        desk.put(ticket)
        return Later(desk.now() + wait)
    proof = await desk.prover.look(ticket.url, desk.stamp(), desk.since(ticket))  # it may have ended since the last
    if not isinstance(proof, NotYet):
        return proved_by(desk, ticket, proof)
    return await _unseen(desk, ticket, news, told)


async def _unseen(desk: Desk, ticket: Ticket, news: Status | None, told: Sessions | None) -> Reached:
    """The playback had its time. What else may know of a capture is asked before it is asked for again."""
    listed = await _listed(desk, ticket)
    if listed:
        desk.put(changes.captured(ticket, Done(listed, "")))
        return None
    why = ticket.detail or "no answer of the service"
    if _was_counted(desk, ticket, told):
        if isinstance(news, Refused):
            return desk.refused(ticket, news.code, news.message)
        detail = f"{_UNSEEN}: the account's count says that it was"
        return desk.result(desk.put(changes.accepted(ticket, "", reused=False, detail=detail)))
    if desk.service.way != "keys" and _REUSED_S < desk.now() - ticket.intent < _SHOWN_BY_S:
        return desk.unasked(desk.put(ticket), _UNSEEN, SaveOutcome.SUBMITTED)
    kept = desk.put(changes.nothing_seen(ticket, why))
    if ticket.attempts < changes.MAX_ATTEMPTS:
        return None
    return desk.unasked(desk.put(msgspec.structs.replace(kept, attempts=0)), why)


async def _listed(desk: Desk, ticket: Ticket) -> str:
    """Return the 14 digits of a capture that the index lists since the submission; empty: none, or nobody knows."""
    try:
        listed = (await desk.looker.look(ticket)).listed
    except ArchiveClosedError:
        raise
    except ArchiveError:
        return ""
    return listed if listed and instant(listed).timestamp() >= desk.since(ticket) else ""


def _was_counted(desk: Desk, ticket: Ticket, told: Sessions | None) -> bool:
    """Say whether the account has more captures today than all other submissions since then can explain."""
    today = told.captures_today if told is not None else None
    if today is None or ticket.counted < 0:
        return False
    return today - ticket.counted > desk.queue.sent_since(ticket.intent, desk.service.way)


async def _news_by_name(desk: Desk, ticket: Ticket) -> Done | Pending | Refused | None:
    """Ask for the job under the names that it may have; return the news of one that is at work, or has just been.

    "Pending" is worth a wait and no more: the service may say that of jobs that it never heard of. A failure may be
    that of an older job, or mean that there is no such job.
    """
    found: Done | Pending | Refused | None = None
    names = (ticket.job, *map(likely_job, {ticket.url, sendable(ticket.url)})) if desk.service.way == "keys" else ()
    for job in dict.fromkeys(filter(None, names)):
        news = (await desk.service.status([job]))[job]
        if isinstance(news, Done) and instant(news.timestamp).timestamp() >= desk.since(ticket):
            return news
        if isinstance(news, Pending) or (found is None and isinstance(news, Refused) and news.code not in _NO_JOB):
            found = news
    return found


def _wait_for_fate(desk: Desk, age_s: float, told: Sessions | None) -> float:
    """Return how long to wait before a submission that nobody saw the end of counts as never arrived."""
    polls = _IDLE_AFTER_POLLS if desk.service.way == "keys" else _ANONYMOUS_POLLS
    idle_s = polls * desk.options.poll_s
    if age_s < idle_s or desk.service.way != "keys":
        return max(0.0, min(idle_s - age_s, idle_s / 3))
    if told is not None and told.processing == 0:
        return 0.0
    longest = LONGEST_JOB_S if told is not None and told.processing else _ARRIVES_WITHIN_S
    return max(0.0, min(longest - age_s, idle_s / 2))


def _still_waiting(desk: Desk, ticket: Ticket) -> Reached:
    """No capture since a submission that was taken: it comes late, or never."""
    age = desk.now() - ticket.submitted
    if age > steps.LATE_S:
        desk.put(changes.nothing_seen(ticket, "the capture never showed"))
        return None
    kept = desk.put(ticket)
    longest = _ANONYMOUS_POLLS * desk.options.poll_s if ticket.timestamp else LONGEST_JOB_S
    is_at_work = not ticket.job and not ticket.reused and age < longest
    return Later(desk.now() + _BETWEEN_LOOKS_POLLS * desk.options.poll_s) if is_at_work else desk.result(kept)


def likely_job(url: str) -> str:
    """Return the id that the service may have given to a URL's job: a guess, and used as no more than that.

    Ids are `spn2-` and 40 hex digits, the same for a URL each time (observed to 2026); how they are made is not told.
    """
    return "spn2-" + hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()
