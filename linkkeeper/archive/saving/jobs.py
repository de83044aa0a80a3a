"""Jobs under way at the archive: asked about together, and none more often than it likes."""

import asyncio
from collections.abc import Awaitable, Callable

from linkkeeper.archive.limiter import ArchiveClosedError
from linkkeeper.archive.saving.answers import Pending, Status
from linkkeeper.archive.saving.base import SaveOptions
from linkkeeper.archive.saving.service import Service

_ROOM_S = 1.0
"""Jobs that are due so soon are asked about along with one that is due now."""


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
        self._due.setdefault(job, self._now() + self._poll_s)
        try:
            while (wait := self._due[job] - self._now()) > 0 and job not in self._news:
                if self._is_over():
                    raise ArchiveClosedError("no time left to wait for the archive")
                await self._sleep(min(wait, _ROOM_S))
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
        soon = self._now() + _ROOM_S
        jobs = [job for job, due in self._due.items() if due <= soon and job not in self._news]
        for job in jobs:
            self._due[job] = self._now() + self._poll_s
        found = await self._service.status(jobs)
        for job in jobs:
            self._due[job] = self._now() + self._poll_s
        self._news |= {job: status for job, status in found.items() if job in self._due}
