"""Which URL's turn it is, where some have to wait: a heap with a time for each."""

import heapq
from collections.abc import Awaitable, Callable, Iterable
from itertools import count

_GLANCE_S = 1.0
"""How often somebody who has nothing to do looks whether there is something now."""


class Agenda:
    """URLs in order of their time, then of their coming. Ends when all that were taken are done."""

    def __init__(
        self, urls: Iterable[str], now: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._order = count()
        self._waiting = [(0.0, next(self._order), url) for url in urls]
        self._now, self._sleep = now, sleep
        self._taken = 0

    async def take(self) -> str | None:
        """Return the next URL when its time has come; None when all are done."""
        while True:
            wait = self._waiting[0][0] - self._now() if self._waiting else _GLANCE_S
            if self._waiting and wait <= 0:
                self._taken += 1
                return heapq.heappop(self._waiting)[2]
            if not self._waiting and not self._taken:
                return None
            await self._sleep(min(wait, _GLANCE_S))

    def done(self) -> None:
        """A URL that was taken needs nothing more."""
        self._taken -= 1

    def again(self, url: str, due: float) -> None:
        """A URL that was taken has to wait until then (Unix time)."""
        self._taken -= 1
        heapq.heappush(self._waiting, (due, next(self._order), url))

    def hurry(self) -> None:
        """Let nobody wait any more: the run ends."""
        self._waiting = [(0.0, order, url) for _, order, url in self._waiting]
        heapq.heapify(self._waiting)
