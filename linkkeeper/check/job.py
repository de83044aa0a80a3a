"""One URL on its way to a verdict: what was seen so far, and what to ask next. Decisions are pure."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum

from msgspec import Struct

from linkkeeper.check import classify
from linkkeeper.check.base import Question
from linkkeeper.check.retry import Retries, can_pass
from linkkeeper.models.verdict import Failure, Judgement, Redirect, Reply, Verdict
from linkkeeper.net.trip import Trip

ALIVE = frozenset({Verdict.OK, Verdict.REDIRECTED})
HEAD_REFUSED = frozenset({400, 405, 415, 426, 501})
"""Statuses that servers give to HEAD itself: asked by GET at once. Other refusals wait for the second look."""
MAX_REQUESTS = 6
"""For one URL, errands apart."""
MAX_WITH_CHAIN = 21
"""The same, where a long way of redirects had to be made."""
_LONG_WAY = 2
_MARGIN_S = 0.5


class Look(Enum):
    """Why a URL is asked this time."""

    FIRST = "first"
    GET = "get"
    """HEAD was refused or is doubted."""
    RETRY = "retry"
    """What failed can pass."""
    SECOND = "second"
    """At the end, as a browser would."""
    THIRD = "third"
    """Only one of two looks said gone."""
    WRITTEN = "written"
    """The URL as written, since the cleaned one fails."""
    ERRAND = "errand"
    """For comparison: a home page, a page that cannot exist."""


class Job:
    """The state of one question."""

    __slots__ = (
        "asks", "base", "fallback", "judgements", "look", "question", "refreshed", "requests", "rest", "retries",
        "spent_s", "task", "then", "trip", "waited_s", "way",
    )  # fmt: skip

    def __init__(self, question: Question, look: Look = Look.FIRST) -> None:
        self.question = question
        self.look = look
        self.trip: Trip | None = None
        self.judgements: tuple[Judgement, ...] = ()
        """Of every ask that came to an end, in order."""
        self.base: Reply | None = None
        """The page whose refresh order is being followed."""
        self.refreshed = 0
        self.way: tuple[Redirect, ...] = ()
        """Redirects already seen, where an ask begins at their end instead of making them all again."""
        self.fallback: tuple[Reply, Judgement] | None = None
        """What the cleaned URL brought, while the written one is asked."""
        self.then: Callable[[Reply], None] | None = None
        """Who wants the answer of an errand; None: it is a question of the run."""
        self.task: asyncio.Task[bool] | None = None
        """At work on it now."""
        self.rest: Callable[[], Awaitable[Reply | None]] | None = None
        """What is left of a request that was begun in the quick manner."""
        self.asks = 0
        self.requests = 0
        self.retries = 0
        self.spent_s = 0.0
        self.waited_s = 0.0


class Settle(Struct, frozen=True):
    """The verdict stands."""

    judgement: Judgement


class Again(Struct, frozen=True):
    """Ask once more."""

    look: Look
    after_s: float = 0.0
    """Not before so many seconds from now."""


class Rules(Struct, frozen=True):
    """What decisions go by."""

    retries: Retries
    look_delay_s: float


def decide(job: Job, reply: Reply, judgement: Judgement, rules: Rules, timeout_s: float) -> Settle | Again:
    """Say what follows a reply. `judgement` is its own; `job.judgements` are those before it."""
    if judgement.verdict in ALIVE or not classify.needs_second_look(judgement):
        return Settle(judgement)
    if not _affordable(job, reply, timeout_s):
        return Settle(_together(job, judgement))
    if job.look is Look.FIRST and reply.method == "HEAD" and reply.failure is None and reply.status in HEAD_REFUSED:
        return Again(Look.GET)
    if job.look in (Look.FIRST, Look.GET, Look.RETRY):
        return _before_second_look(job, reply, judgement, rules)
    if job.look is Look.SECOND and judgement.verdict is Verdict.DEAD and not _said_gone(job):
        return Again(Look.THIRD, rules.look_delay_s)
    return Settle(_together(job, judgement))


def _before_second_look(job: Job, reply: Reply, judgement: Judgement, rules: Rules) -> Settle | Again:
    after_s = rules.retries.after_s(reply, job.retries + 1)
    if after_s is not None:
        return Again(Look.RETRY, after_s)
    if reply.failure is Failure.TOO_MANY_REDIRECTS:
        return Settle(judgement)
    return Again(Look.SECOND, rules.look_delay_s if can_pass(reply) else 0.0)


def _said_gone(job: Job) -> bool:
    """Say whether an earlier answer already said gone: one alone is no proof."""
    return any(judgement.verdict is Verdict.DEAD for judgement in job.judgements)


def _affordable(job: Job, reply: Reply, timeout_s: float) -> bool:
    """Say whether one more ask stays within what a URL may cost: requests, and two attempts' time."""
    if job.spent_s > 2 * timeout_s - _MARGIN_S:
        return False
    hops = len(reply.redirects)
    if hops > _LONG_WAY:  # made once, and begun at its end from then on
        return job.requests < min(MAX_REQUESTS + hops, MAX_WITH_CHAIN)
    return job.asks < 2 or job.requests + 1 + hops <= MAX_REQUESTS


def shortcut(look: Look, reply: Reply) -> bool:
    """Say whether the next ask begins where the redirects of the last one ended.

    A page that is only to be read is read there; after a long way the second look starts there too.
    """
    if reply.final_url is None or reply.failure is not None or not reply.redirects:
        return False
    return look is Look.GET or len(reply.redirects) > _LONG_WAY


def _together(job: Job, last: Judgement) -> Judgement:
    """Return what all looks amount to: dead takes two that say so, or nothing that speaks against it."""
    if last.verdict is Verdict.DEAD and _said_gone(job):
        return last
    for earlier in reversed(job.judgements):
        last = classify.combine(earlier, last)
    return last
