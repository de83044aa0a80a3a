"""Manners towards an archive: one limiter for all that is asked of it, its clock shared between processes.

Index requests are spread evenly and go one at a time; other requests keep a distance too, submissions the largest.
A refusal (429) silences everything; the third one of a run ends archive work. Limits: EDGI wayback 0.5.1 release
notes (2026-06-19): 30 index and 600 other requests a minute are hard limits, clients should keep to 80 %.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from enum import StrEnum

import msgspec

from linkkeeper.archive.base import ArchiveOptions, Clock, Pace
from linkkeeper.errors import ArchiveError
from linkkeeper.models import holder

REFUSALS_PER_RUN = 3
LONGEST_PAUSE_S = 3600.0
LONGEST_WAIT_S = 600.0
"""Who would have to wait longer than this leaves the archive to the next run."""
_TICK_S = 1.0
_GLANCE_S = 0.2
"""How often we look whether another process's index request has ended."""
_PAGES_IN_FLIGHT = 4
_PAGE_SPACING_S = 1.0
_SLACK = 1.02
"""Requests travel unevenly: a little more distance keeps one too many from arriving within a minute."""
_SAVE_SLACK = 1.04
"""The same for submissions, each over a connection of its own: two seconds in a minute."""
_SAVES_PER_MINUTE = 3.0


class ArchiveClosedError(ArchiveError):
    """Nothing more is asked of this archive in this run: refused thrice, unreachable, or out of time."""


class TimeUpError(ArchiveClosedError):
    """The run's own time for archives is used up."""


class Pool(StrEnum):
    """What shares a rate: the index (with timemaps), submissions, and everything else."""

    INDEX = "index"
    PAGE = "page"
    SAVE = "save"


_FIELDS = {Pool.INDEX: "next_index", Pool.PAGE: "next_page", Pool.SAVE: "next_save"}


class Limiter:
    """Gives every request its turn. One per archive host and run; the clock behind it may serve many."""

    def __init__(
        self,
        options: ArchiveOptions,
        clock: Clock,
        *,
        saves_per_minute: float = _SAVES_PER_MINUTE,
        on_wait: Callable[[float], None] = lambda _: None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._spacing = _spacings(options.rate_per_minute) | {Pool.SAVE: 60.0 / saves_per_minute * _SAVE_SLACK}
        self._pause_s = options.pause_s
        self._longest_s = options.timeout_s + _TICK_S
        self._clock, self._on_wait, self._now, self._sleep = clock, on_wait, now, sleep
        self._in_flight = {pool: asyncio.Semaphore(_PAGES_IN_FLIGHT if pool is Pool.PAGE else 1) for pool in Pool}
        self._deadline: float | None = None
        self._me = holder.new()
        self._refused_at = 0.0
        self.refusals = 0

    def stop_at(self, seconds_from_now: float | None) -> None:
        """Set the deadline of all archive work; None takes it away."""
        self._deadline = None if seconds_from_now is None else self._now() + seconds_from_now

    def remaining_s(self) -> float | None:
        """Return how long archive work may still last; None: without limit."""
        return None if self._deadline is None else max(0.0, self._deadline - self._now())

    @asynccontextmanager
    async def turn(self, pool: Pool) -> AsyncIterator[None]:
        """Wait until a request may start, and count it as in flight inside.

        Raises ArchiveClosedError at once if the turn would come after the deadline or in more than ten minutes,
        and after the third refusal.
        """
        async with self._in_flight[pool]:
            await (self._wait_to_save() if pool is Pool.SAVE else self._wait_for_turn(pool))
            try:
                yield
            finally:
                if pool is Pool.INDEX:
                    self._clock.update(lambda pace: msgspec.structs.replace(pace, index_busy_until=0.0))

    def now(self) -> float:
        """Return the Unix time by the limiter's own clock."""
        return self._now()

    def refused(self, retry_after_s: float | None, began: float | None = None) -> None:
        """Note a 429: everything pauses, longer each time (at least what the archive asks for).

        `began` is when the request started: what was under way before the last refusal was no disobedience.
        """
        if began is not None and began < self._refused_at:
            return
        self._refused_at = self._now()
        self.refusals += 1
        pause = min(max(self._pause_s * 2 ** (self.refusals - 1), retry_after_s or 0.0), LONGEST_PAUSE_S)
        self._clock.update(lambda pace: _silent(pace, self._now(), pause))

    async def _wait_for_turn(self, pool: Pool) -> None:
        begins = self._book(pool)
        while True:
            while (wait := begins - self._now()) > 0:
                self._on_wait(wait)
                await self._sleep(min(wait, _TICK_S))
            if self._silent_until() > self._now():
                begins = self._book(pool)  # refused meanwhile, here or in another process: a turn after the pause
            elif pool is Pool.PAGE or self._index_is_ours():
                break
            else:
                begins = self._now() + _GLANCE_S
                self._check_time(begins)
        self._on_wait(0.0)
        self._check_refusals()

    async def _wait_to_save(self) -> None:
        """Wait for leave to submit at once. No slot is booked ahead: who came late would bring two close together."""
        while (wait := self._take_save() - self._now()) > 0:
            self._check_time(self._now() + wait)
            self._on_wait(wait)
            await self._sleep(min(wait, _TICK_S))
        self._on_wait(0.0)

    def _take_save(self) -> float:
        """Return when the next page may be submitted; if that is now, it is taken."""
        self._check_refusals()
        now, slot = self._now(), 0.0

        def take(pace: Pace) -> Pace:
            nonlocal slot
            slot = _slot(pace, Pool.SAVE, now, self._spacing[Pool.SAVE])
            free = slot <= now and not self._is_too_late(slot, now)
            return _booked(pace, Pool.SAVE, now + self._spacing[Pool.SAVE]) if free else pace

        self._clock.update(take)
        self._check_time(slot)
        return slot

    def _check_refusals(self) -> None:
        if self.refusals >= REFUSALS_PER_RUN:
            raise ArchiveClosedError("the archive refused three times; the next run goes on from here")

    def _book(self, pool: Pool) -> float:
        """Take the next free slot and return when it begins."""
        self._check_refusals()
        now, slot = self._now(), 0.0

        def take(pace: Pace) -> Pace:
            nonlocal slot
            slot = _slot(pace, pool, now, self._spacing[pool])
            if self._is_too_late(slot, now):
                return pace
            return _booked(pace, pool, slot + self._spacing[pool])

        self._clock.update(take)
        self._check_time(slot)
        return slot

    def _is_too_late(self, slot: float, now: float) -> bool:
        return slot - now > LONGEST_WAIT_S or (self._deadline is not None and slot > self._deadline)

    def _index_is_ours(self) -> bool:
        """Take the index for one request, unless another process is at it. One that died loses it, at last in time."""
        now, free = self._now(), False

        def take(pace: Pace) -> Pace:
            nonlocal free
            free = _believable(pace.index_busy_until, now) <= now or holder.is_gone(pace.index_holder)
            mine = {"index_busy_until": now + self._longest_s, "index_holder": self._me}
            return msgspec.structs.replace(pace, **mine) if free else pace

        self._clock.update(take)
        return free

    def _check_time(self, slot: float) -> None:
        now = self._now()
        if self._is_too_late(slot, now):
            ours = self._deadline is not None and slot > self._deadline
            kind = TimeUpError if ours else ArchiveClosedError
            raise kind(f"no time left for the archive ({_seconds(slot - now)})")

    def _silent_until(self) -> float:
        return _believable(self._clock.update(lambda pace: pace).paused_until, self._now())


def _spacings(rate_per_minute: float) -> dict[Pool, float]:
    index = 60.0 / rate_per_minute * _SLACK
    return {Pool.INDEX: index, Pool.PAGE: min(_PAGE_SPACING_S, index)}


def _slot(pace: Pace, pool: Pool, now: float, spacing_s: float) -> float:
    free: float = getattr(pace, _FIELDS[pool])
    if free > now + LONGEST_PAUSE_S:  # the machine's clock was set back
        free = now + spacing_s
    return max(now, free, _believable(pace.paused_until, now))


def _booked(pace: Pace, pool: Pool, free_at: float) -> Pace:
    return msgspec.structs.replace(pace, **{_FIELDS[pool]: free_at})


def _silent(pace: Pace, now: float, pause_s: float) -> Pace:
    until = max(_believable(pace.paused_until, now), now + pause_s)
    return msgspec.structs.replace(pace, paused_until=until)


def _seconds(wait: float) -> str:
    return "its time is used up" if wait < 1 else f"it may be asked again in {wait:.0f} s"


def _believable(until: float, now: float) -> float:
    """A pause longer than any we set comes from a clock that was set back meanwhile."""
    return until if until <= now + LONGEST_PAUSE_S else 0.0
