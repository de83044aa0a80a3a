"""One URL on its way to a verdict: what was seen so far, and what to ask next. Decisions are pure."""

import asyncio
from collections.abc import Callable
from enum import Enum

from msgspec import Struct

from linkkeeper.check.base import CheckOptions, Question
from linkkeeper.models.verdict import Failure, Judgement, Reply, Verdict
from linkkeeper.net.trip import Trip

ALIVE = frozenset({Verdict.OK, Verdict.REDIRECTED})
NOT_ASKED_AGAIN = frozenset({Failure.PRIVATE_ADDRESS, Failure.BAD_URL, Failure.WAIT_TOO_LONG, Failure.OUT_OF_TIME})
CAN_PASS = frozenset({408, 425, 429, 500, 502, 503, 504, 420, 509, 529})
"""Statuses of something temporary (RFC 9110, 15.5.9, 15.6; RFC 6585, 4; RFC 8470)."""
FAILURES_THAT_PASS = frozenset(
    {Failure.RESET, Failure.DNS_FAILED, Failure.REFUSED, Failure.PROTOCOL, Failure.UNREACHABLE}
)
HEAD_REFUSED = frozenset({400, 401, 403, 405, 406, 415, 418, 426, 501})
"""Statuses that servers give to HEAD itself, or to anything but a browser's GET: asked by GET at once."""
CONNECTION_LEVEL = frozenset(
    {
        Failure.TIMEOUT,
        Failure.REFUSED,
        Failure.RESET,
        Failure.UNREACHABLE,
        Failure.NO_NAME,
        Failure.NO_ADDRESS,
        Failure.DNS_FAILED,
    }
)
MAX_REQUESTS = 6
IN_LINE_S = 10.0


class Look(Enum):
    """Why a URL is asked this time."""

    FIRST = "first"
    """By HEAD."""
    GET = "get"
    """HEAD was refused or is doubted."""
    RETRY = "retry"
    """What failed can pass."""
    SECOND = "second"
    """At the end, as a browser would."""
    THIRD = "third"
    """The two looks disagree."""
    WRITTEN = "written"
    """The URL as written, since the cleaned one fails."""


class Job:
    """The state of one question."""

    __slots__ = (
        "asks", "fallback", "look", "question", "replies", "requests", "retries", "spent_s", "task", "then", "trip",
        "waited_s",
    )  # fmt: skip

    def __init__(self, question: Question) -> None:
        self.question = question
        self.look = Look.FIRST
        self.trip: Trip | None = None
        self.replies: tuple[tuple[Look, Reply, Judgement], ...] = ()
        """What came back, in order; two or three at most are kept."""
        self.fallback: tuple[Reply, Judgement] | None = None
        """What the cleaned URL brought, while the written one is asked."""
        self.then: Callable[[Reply, Judgement], None] | None = None
        """Who wants the answer of an errand (a root, a random sibling); None: it is a question of the run."""
        self.task: asyncio.Task[None] | None = None
        self.asks = 0
        self.requests = 0
        self.retries = 0
        self.spent_s = 0.0
        self.waited_s = 0.0


class Settle(Struct, frozen=True):
    """The verdict stands."""

    reply: Reply
    judgement: Judgement


class Again(Struct, frozen=True):
    """Ask once more."""

    look: Look
    after_s: float = 0.0
    """Not before so many seconds from now."""


def decide(job: Job, reply: Reply, judgement: Judgement, options: CheckOptions, timeout_s: float) -> Settle | Again:
    """Say what follows a reply."""
    if judgement.verdict in ALIVE or reply.failure in NOT_ASKED_AGAIN or judgement.verdict is Verdict.INVALID:
        return Settle(reply, judgement)
    if not _affordable(job, reply, timeout_s):
        return _conclude(job, reply, judgement)
    if job.look is Look.FIRST and reply.status in HEAD_REFUSED:
        return Again(Look.GET)
    if job.look in (Look.FIRST, Look.GET, Look.RETRY):
        return _before_second_look(job, reply, options, judgement)
    if job.look is Look.SECOND and judgement.verdict is Verdict.DEAD and not _agreed(job):
        return Again(Look.THIRD)
    return _conclude(job, reply, judgement)


def _before_second_look(job: Job, reply: Reply, options: CheckOptions, judgement: Judgement) -> Settle | Again:
    passing = can_pass(reply)
    if passing and job.retries < options.retries and reply.failure is not Failure.TIMEOUT:
        return Again(Look.RETRY, options.retry_delay_s * 2**job.retries)
    if not options.second_look or reply.failure is Failure.TOO_MANY_REDIRECTS:
        return _conclude(job, reply, judgement)
    return Again(Look.SECOND, options.look_delay_s if passing else 0.0)


def can_pass(reply: Reply) -> bool:
    """Say whether the same question may well be answered a moment later."""
    if reply.failure is None:
        return reply.status in CAN_PASS
    return reply.failure in FAILURES_THAT_PASS or reply.failure is Failure.TIMEOUT


def _agreed(job: Job) -> bool:
    """Say whether an earlier answer already said gone: one alone is no proof."""
    return any(judgement.verdict is Verdict.DEAD for _, _, judgement in job.replies[:-1])


def _affordable(job: Job, reply: Reply, timeout_s: float) -> bool:
    """Say whether one more ask stays within what a URL may cost: requests, and two attempts' time."""
    if job.spent_s > 2 * timeout_s - 0.5:
        return False
    return job.asks < 2 or job.requests + 1 + min(len(reply.redirects), 2) <= MAX_REQUESTS


def _conclude(job: Job, reply: Reply, judgement: Judgement) -> Settle:
    """Settle on the last answer; on the one before it where the last would be a bare dead without agreement."""
    if judgement.verdict is Verdict.DEAD and job.look in (Look.SECOND, Look.THIRD) and not _agreed(job):
        for _, earlier, milder in reversed(job.replies[:-1]):
            if milder.verdict is not Verdict.DEAD:
                return Settle(earlier, milder)
    return Settle(reply, judgement)
