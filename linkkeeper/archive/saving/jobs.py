"""Jobs under way at the archive: asked about together, and none more often than it likes."""

import asyncio
import math
from collections.abc import Awaitable, Callable

from linkkeeper.archive.limiter import ArchiveClosedError, TimeUpError
from linkkeeper.archive.saving.answers import Pending, Status
from linkkeeper.archive.saving.base import SaveOptions
from linkkeeper.archive.saving.service import Service

_GLANCE_S = 1.0
_BEATS = 3
"""Questions go out on a beat of a third of the pause, so that those about several jobs fall together."""


class Jobs:
    """What is known of the jobs of this run."""

    def __init__(
        self,
        service: Service,
        options: SaveOptions,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        is_over: Callable[[], bool],
    ) -> None:
        self._service, self._poll_s = service, options.poll_s
        self._now, self._sleep, self._is_over = now, sleep, is_over
        self._due: dict[str, float] = {}
        self._news: dict[str, Status] = {}
        self._turn = asyncio.Lock()

    @property
    def under_way(self) -> int:
        """How many jobs somebody waits for."""
        return len(self._due)

    async def news(self, job: str) -> Status:
        """Return how a job stands, after the pause that the archive wants. Raises ArchiveError."""
        self._due.setdefault(job, self._next_beat())
        try:
            while (wait := self._due[job] - self._now()) > 0 and job not in self._news:
                if self._is_over():
                    raise TimeUpError("no time left to wait for the archive")
                await self._sleep(min(wait, _GLANCE_S))
            async with self._turn:
                if job not in self._news:
                    await self._ask()
            return self._news.pop(job, Pending())
        except ArchiveClosedError:
            self.forget(job)
            raise

    def forget(self, job: str) -> None:
        """Nobody waits for this job any more."""
        self._due.pop(job, None)
        self._news.pop(job, None)

    async def _ask(self) -> None:
        now = self._now()
        jobs = [job for job, due in self._due.items() if due <= now and job not in self._news]
        self._put_off(jobs)
        found = await self._service.status(jobs)
        self._put_off(jobs)
        self._news |= {job: status for job, status in found.items() if job in self._due}

    def _put_off(self, jobs: list[str]) -> None:
        self._due |= {job: self._next_beat() for job in jobs if job in self._due}

    def _next_beat(self) -> float:
        beat = self._poll_s / _BEATS
        return math.ceil((self._now() + self._poll_s) / beat) * beat
