"""Many pages at once, none of them waiting for another's host."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator

from linkkeeper.archive.capture.base import Cited, Outcome

_AHEAD = 5000
"""Pages taken in before their hosts have a place for them."""
Start = Callable[[Cited, int], Awaitable[Outcome]]


class Line:
    """Pages in a queue per host; a host has as many under way as `allowed` says, all together `at_once`."""

    def __init__(
        self, start: Start, key_of: Callable[[Cited], str], allowed: Callable[[str], int], at_once: int
    ) -> None:
        self._start, self._key_of, self._allowed, self._at_once = start, key_of, allowed, at_once
        self._waiting: dict[str, deque[tuple[int, Cited]]] = {}
        self._ready: deque[str] = deque()
        self._queued: set[str] = set()
        self._active: dict[str, int] = {}
        self._running: dict[asyncio.Task[Outcome], str] = {}
        self._count = self._taken_in = 0

    async def run(self, pages: Iterable[Cited]) -> AsyncIterator[Outcome]:
        """Yield an outcome for each, as they come. What is under way when nobody asks any more is cancelled."""
        source = iter(pages)
        try:
            while True:
                self._take_in(source)
                self._fill()
                if not self._running:
                    return
                done, _ = await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    self._ended(task)
                for task in done:
                    yield task.result()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    def _take_in(self, source: Iterator[Cited]) -> None:
        while self._count < _AHEAD:
            page = next(source, None)
            if page is None:
                return
            key = self._key_of(page)
            self._waiting.setdefault(key, deque()).append((self._taken_in, page))
            self._count += 1
            self._taken_in += 1
            self._line_up(key)

    def _line_up(self, key: str) -> None:
        """Put a host among those with a page to start, if it has one and may."""
        if key in self._waiting and key not in self._queued and self._active.get(key, 0) < self._allowed(key):
            self._queued.add(key)
            self._ready.append(key)

    def _fill(self) -> None:
        while self._ready and len(self._running) < self._at_once:
            key = self._ready.popleft()
            self._queued.discard(key)
            rank, page = self._waiting[key].popleft()
            if not self._waiting[key]:
                del self._waiting[key]
            self._count -= 1
            self._active[key] = self._active.get(key, 0) + 1
            self._running[asyncio.ensure_future(self._start(page, rank))] = key
            self._line_up(key)

    def _ended(self, task: "asyncio.Task[Outcome]") -> None:
        key = self._running.pop(task)
        self._active[key] -= 1
        if not self._active[key]:
            del self._active[key]
        self._line_up(key)
