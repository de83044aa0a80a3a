"""A settled job as a Finding. Pure."""

import time
from datetime import UTC, datetime
from functools import lru_cache

from linkkeeper.check import fragments, page
from linkkeeper.check.job import ALIVE, Job
from linkkeeper.models.verdict import Finding, Judgement, Reply, Verdict

_MAY_BE_OURS = frozenset({Verdict.DEAD, Verdict.SUSPECT, Verdict.BLOCKED})


def finding_of(job: Job, reply: Reply, judgement: Judgement) -> Finding:
    """Return what is known of a job's URL now."""
    wrong = job.fallback is not None and judgement.verdict in ALIVE
    return Finding(
        url=job.question.url,
        judgement=judgement,
        status=reply.status,
        final_url=reply.final_url,
        redirects=reply.redirects,
        checked=_second(int(time.time())),
        attempts=job.requests,
        elapsed_ms=int(job.spent_s * 1000),
        title=page.title(reply) if reply.body else "",
        wrong_rule=(job.question.wrong_rule or "clean") if wrong else "",
        anchors=_anchors(reply) if job.question.want_anchors else None,
        missing_fragments=_missing_fragments(job, reply) if job.question.want_anchors else (),
    )


def plain_finding(url: str, judgement: Judgement, elapsed_s: float) -> Finding:
    """Return what is known of a URL whose first answer was a 200 to a HEAD, without redirect."""
    return Finding(
        url=url,
        judgement=judgement,
        status=200,
        final_url=url,
        checked=_second(int(time.time())),
        attempts=1,
        elapsed_ms=int(elapsed_s * 1000),
    )


@lru_cache(maxsize=8)
def _second(at: int) -> datetime:
    """Return a time in UTC; the same object for all that is settled in a second."""
    return datetime.fromtimestamp(at, UTC)


def cleaning_to_blame(job: Job, judgement: Judgement) -> bool:
    """Say whether the URL as written deserves a question of its own."""
    return bool(job.question.written) and job.fallback is None and judgement.verdict in _MAY_BE_OURS


def _anchors(reply: Reply) -> frozenset[str] | None:
    """Return the anchors of a page; None if nobody could tell."""
    if not reply.body or reply.truncated or not page.is_html(reply) or page.read(reply).scripted:
        return None
    return page.anchors(reply)


def _missing_fragments(job: Job, reply: Reply) -> tuple[tuple[str, Judgement], ...]:
    judged = ((fragment, fragments.judge(reply, fragment)) for fragment in job.question.fragments)
    return tuple((fragment, judgement) for fragment, judgement in judged if judgement is not None)
