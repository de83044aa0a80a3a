"""One URL fetched for keeping: hop by hop, each with its host's turn and its site's leave."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from linkkeeper.archive.capture.base import CaptureOptions, Why
from linkkeeper.archive.capture.robots_cache import Known, Learned, RobotsCache
from linkkeeper.archive.capture.turns import TooLongError, Turns, host_key
from linkkeeper.models.verdict import Failure, Reply
from linkkeeper.net.client import Client
from linkkeeper.net.tape import Purse, Recorded, Tape, Values
from linkkeeper.net.target import Target
from linkkeeper.net.trip import How, Trip

_WHYS = {
    Failure.PRIVATE_ADDRESS: Why.PRIVATE,
    Failure.BAD_URL: Why.BAD_URL,
    Failure.BAD_REDIRECT: Why.BAD_URL,
    Failure.TOO_MANY_REDIRECTS: Why.BAD_URL,
    Failure.REDIRECT_LOOP: Why.BAD_URL,
    Failure.PROTOCOL: Why.ERROR,
    Failure.WAIT_TOO_LONG: Why.WAIT,
}
_MAY_LIVE = frozenset({Failure.TIMEOUT, Failure.RESET, Failure.PROTOCOL})
"""Failures to answer for robots.txt from sites that may answer for their pages."""
_ROBOTS_RANK = -1
_PATIENCE = 1.5
"""A body may take longer than an answer: this many times the client's timeout, unless the options say less."""


class Fetched(Struct, frozen=True):
    """What came of one URL."""

    reply: Reply
    """Without its body."""
    hops: tuple[Recorded, ...] = ()
    why: Why | None = None
    """Why there is no answer; None if there is one, whatever its status."""
    detail: str = ""
    wait_s: float | None = None


class Budget:
    """What one page may still take: bytes and time. Its time begins with the first turn that it gets."""

    def __init__(self, options: CaptureOptions, rank: int) -> None:
        self.rank = rank
        self.purse = Purse(options.max_page_bytes)
        self.until: float | None = None
        """The loop's time."""
        self._max_s = options.max_page_s

    def begin(self) -> None:
        """Let its time run, if it does not yet."""
        if self.until is None:
            self.until = asyncio.get_running_loop().time() + self._max_s

    def renew(self) -> None:
        """Let its time begin anew: it had to wait for a browser."""
        self.until = None
        self.begin()

    @property
    def left_s(self) -> float:
        """Seconds left."""
        return self._max_s if self.until is None else self.until - asyncio.get_running_loop().time()


class Wish(Struct, frozen=True):
    """What to fetch, and how."""

    url: str
    fields: str
    limit: Callable[[int, Values], int]
    bare: bool
    """Named by a page, not by the user: no configured fields are sent."""
    follow: bool = True
    """Go where redirects lead."""


class Fetcher:
    """Fetches over one client."""

    def __init__(
        self, client: Client, options: CaptureOptions, turns: Turns, folder: Path, learned: Learned | None = None
    ) -> None:
        self._client, self._options, self._turns, self._folder = client, options, turns, folder
        self.robots = RobotsCache(self._ask, learned)
        self._answering: dict[tuple[str, str, int], asyncio.Future[Reply]] = {}

    async def fetch(self, wish: Wish, budget: Budget) -> Fetched:
        """Fetch what is wished for, redirects followed. Raises StateError for a full disk, nothing for servers."""
        try:
            most = self._client.options.max_redirects
            trip = self._client.trip(wish.url, How(bare=wish.bare, follow=wish.follow, max_redirects=most))
        except ValueError as problem:
            return _refused(wish.url, Why.BAD_URL, str(problem))
        trip.left_s = min(self._options.max_fetch_s, trip.left_s * _PATIENCE)
        trip.tape = tape = Tape(wish.fields, wish.limit, self._folder, budget.purse)
        try:
            return await self._follow(trip, tape, budget)
        except BaseException:
            discard(tape.hops)
            raise

    async def forbidden(self, url: str) -> Fetched | None:
        """Return a refusal if the site's robots.txt keeps us from url; a site that answers nothing says nothing."""
        try:
            where = self._client.trip(url, How()).target
            async with asyncio.timeout(self._options.max_fetch_s):
                known = await self.robots.of(where)
        except (ValueError, TimeoutError):
            return None
        if known.rules.allows(where.path):
            return None
        failure = known.failed.failure if known.failed is not None else None
        if failure is not None and not (failure in _MAY_LIVE and await self._answers(where)):
            return None
        return _refused_by(known, where)

    async def _answers(self, where: Target) -> bool:
        """Say whether a site that keeps silent about robots.txt answers at all: asked once, by HEAD."""
        task = self._answering.get(where.origin)
        if task is None:
            task = self._answering[where.origin] = asyncio.ensure_future(self.head(where.url))
        return (await asyncio.shield(task)).failure is None

    async def head(self, url: str) -> Reply:
        """Return the answer to HEAD, in turn; nothing is read and nothing kept."""
        try:
            return await self._ask(url, How("HEAD", bare=True))
        except ValueError as problem:
            return Reply(url=url, failure=Failure.BAD_URL, detail=str(problem))

    async def _follow(self, trip: Trip, tape: Tape, budget: Budget) -> Fetched:
        while True:
            try:
                refused = await self._forbidden(trip.target, budget)
                if refused is not None:
                    return refused
                reply = await self._turn(trip, budget.rank, budget.until, budget)
            except TooLongError as too_long:
                why = Why.WAIT if too_long.wait_s else Why.UNREACHABLE
                return _refused(trip.target.url, why, str(too_long), too_long.wait_s or None)
            if reply is not None:
                why_not = _WHYS.get(reply.failure, Why.UNREACHABLE) if reply.failure else None
                return Fetched(reply, tuple(tape.hops), why_not, reply.detail if reply.failure else "")

    async def _turn(self, trip: Trip, rank: int, until: float | None, budget: Budget | None = None) -> Reply | None:
        """Send the trip's next request when its host lets us."""
        key = host_key(trip.target)
        started = await self._turns.enter(key, rank, until)
        if budget is not None:
            budget.begin()
            trip.left_s = min(trip.left_s, budget.left_s)
        try:
            reply = await self._client.step(trip)
        except BaseException:
            self._turns.leave(key, started, None)
            raise
        if reply is None:
            self._turns.moved_on(key)
        else:
            self._turns.leave(key, started, reply)
        return reply

    async def _forbidden(self, where: Target, budget: Budget) -> Fetched | None:
        if not self._options.obey_robots:
            return None
        try:
            async with asyncio.timeout_at(budget.until):
                known = await self.robots.of(where)
        except TimeoutError:
            return _refused(where.url, Why.ROBOTS_UNKNOWN, "robots.txt did not come in time")
        if known.rules.allows(where.path):
            if known.rules.delay_s and budget.until is None:  # a visit begins; what a page loads belongs to it
                await self._turns.visit(host_key(where), known.rules.delay_s)
            return None
        return _refused_by(known, where)

    async def _ask(self, url: str, how: How) -> Reply:
        """Ask in turn, without asking robots.txt."""
        trip = self._client.trip(url, how)
        until = asyncio.get_running_loop().time() + self._options.max_page_s
        try:
            while (reply := await self._turn(trip, _ROBOTS_RANK, until)) is None:
                pass
        except TooLongError as too_long:
            return trip.failed(Failure.WAIT_TOO_LONG, str(too_long))
        return reply


def discard(hops: Iterable[Recorded]) -> None:
    """Delete the files of recordings that nobody wants."""
    for hop in hops:
        if isinstance(hop.body, Path):
            with suppress(OSError):
                hop.body.unlink()


def _refused_by(known: Known, where: Target) -> Fetched:
    failed = known.failed
    if failed is None:
        return _refused(where.url, Why.ROBOTS, "robots.txt forbids it")
    if failed.failure is None:
        return _refused(where.url, Why.ROBOTS_UNKNOWN, f"robots.txt: HTTP {failed.status}", failed.retry_after_s)
    why = _WHYS.get(failed.failure, Why.UNREACHABLE)
    if why is Why.ERROR or failed.redirects or failed.failure in _MAY_LIVE:
        why = Why.ROBOTS_UNKNOWN  # the site answers; its robots.txt cannot be read
    return _refused(where.url, why, f"robots.txt: {failed.detail}")


def _refused(url: str, why: Why, detail: str, wait_s: float | None = None) -> Fetched:
    return Fetched(Reply(url=url, final_url=url), why=why, detail=detail, wait_s=wait_s)
