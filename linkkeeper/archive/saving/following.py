"""What became of a submission that was taken: the job's own word, then the playback's, which alone is believed."""

import msgspec

from linkkeeper.archive.archive_urls import instant
from linkkeeper.archive.limiter import ArchiveClosedError
from linkkeeper.archive.saving import changes, steps
from linkkeeper.archive.saving.answers import Done, Pending, Refused, Status
from linkkeeper.archive.saving.desk import GLANCE_S, Desk, Later, Reached
from linkkeeper.archive.saving.proof import Forbidden, NoGood, NotYet, Proof, Shown
from linkkeeper.errors import ArchiveError
from linkkeeper.models.ticket import Ticket

LEASE_S = 70.0
LONGEST_JOB_S = 150.0
"""The service ends jobs after two minutes."""
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
        patience_s = desk.options.patience_s
        if isinstance(news, Done):  # of an older job; ours would have ended by now
            patience_s = min(patience_s, LONGEST_JOB_S)
        if polls > 1 and desk.now() - ticket.submitted > patience_s:
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
    detail = f"submitted; no word of its end within {desk.now() - ticket.submitted:.0f} s"
    kept = desk.put(msgspec.structs.replace(ticket, detail=detail))
    proof = await desk.prover.look(ticket.url, desk.stamp(), desk.since(kept))
    return desk.result(desk.put(changes.verified(kept, proof.timestamp)) if isinstance(proof, Shown) else kept)


async def verify(desk: Desk, ticket: Ticket) -> Reached:
    """Look at the capture that the archive named. If it does not show yet, a later run looks again."""
    held = desk.queue.take(ticket, desk.now(), LEASE_S)
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
        desk.put(changes.nothing_seen(held, "the capture never showed"))
        return None
    return proved_by(desk, held, proof)


def proved_by(desk: Desk, ticket: Ticket, proof: Proof) -> Reached:
    """Note what the playback showed."""
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
