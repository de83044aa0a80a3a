"""A stand-in archive with Save Page Now, a clock that runs two hundred times as fast, and savers between them."""

import asyncio
import multiprocessing
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from linkkeeper.archive import cdx
from linkkeeper.archive.base import ArchiveOptions, Pace
from linkkeeper.archive.registry import net_options
from linkkeeper.archive.saving import service
from linkkeeper.archive.saving.base import SaveOptions, SaveProgress, SaveResult
from linkkeeper.archive.saving.keys import Keys
from linkkeeper.archive.saving.registry import saver
from linkkeeper.archive.saving.saver import Saver
from linkkeeper.demo.archive import ArchiveServer
from linkkeeper.demo.captures import Capture
from linkkeeper.models.ticket import Ticket
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions
from linkkeeper.store.clock import Clock
from linkkeeper.store.database import open_state
from linkkeeper.store.queue import SaveQueue

SPEED = 200.0
KEYS = Keys("accesskey", "hunter2secret")


class FastClock:
    """Real time, sped up: what takes a minute takes 0.3 s, for client and server alike."""

    def __init__(self, speed: float = SPEED) -> None:
        self.speed, self._zero, self._start = speed, time.monotonic(), time.time()
        self.skipped = 0.0

    def now(self) -> float:
        return self._start + self.skipped + (time.monotonic() - self._zero) * self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)

    def digits(self, ago_s: float = 0.0) -> str:
        return datetime.fromtimestamp(self.now() - ago_s, UTC).strftime("%Y%m%d%H%M%S")


class Bench:
    """One archive, one state directory, and as many runs as a test wants."""

    def __init__(self, stack: AsyncExitStack, folder: Path, clock: FastClock) -> None:
        self._stack, self.folder, self.clock = stack, folder, clock
        self.archive = ArchiveServer()
        self.heard: list[SaveProgress] = []

    async def start(self, *captures: Capture, **settings: Any) -> "Bench":
        self.archive = await self._stack.enter_async_context(ArchiveServer(captures, now=self.clock.now, **settings))
        return self

    async def saver(
        self,
        *,
        keys: Keys | None = KEYS,
        archive: dict[str, Any] | None = None,
        folder: Path | None = None,
        names: Any = None,
        excluded: Callable[[str], str] = lambda _: "",
        looks_dead: Any = lambda _: "",
        **options: Any,
    ) -> Saver:
        """Return a saver with a connection of its own to the state: another process, as far as that knows."""
        defaults: dict[str, Any] = {"wayback_url": self.archive.url, "timeout_s": 5.0}
        chosen = ArchiveOptions(**(defaults | (archive or {})))
        web = await self._stack.enter_async_context(Client(net_options(chosen, NetOptions())))
        state = self._stack.enter_context(open_state(folder or self.folder))
        return saver(
            SaveOptions(**options),
            chosen,
            web,
            Clock(state, "archive", Pace),
            SaveQueue(state),
            keys,
            names,
            excluded=excluded,
            looks_dead=looks_dead,
            on_progress=self.heard.append,
            now=self.clock.now,
            sleep=self.clock.sleep,
        )

    async def save(self, *urls: str, **options: Any) -> dict[str, SaveResult]:
        """Run once and return the results."""
        made = await self.saver(**options)
        return await collect(made, urls)

    def tickets(self) -> dict[str, Ticket]:
        with open_state(self.folder) as state:
            return SaveQueue(state).tickets()

    def put(self, ticket: Ticket) -> None:
        """Leave something in the queue, as an earlier run might have."""
        with open_state(self.folder) as state:
            SaveQueue(state).put(ticket, self.clock.now())

    @property
    def saving(self) -> Any:
        return self.archive.saving


async def collect(made: Saver, urls: Iterable[str]) -> dict[str, SaveResult]:
    found = {}
    async for result in made.save(list(urls)):
        assert result.url not in found, "one result for each URL"
        found[result.url] = result
    return found


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> FastClock:
    """Tests of rates ask for a slower one: what delays a request by 10 ms counts for 2 s at full speed."""
    slower = request.node.get_closest_marker("speed")
    return FastClock(slower.args[0] if slower else SPEED)


@pytest.fixture
async def bench(tmp_path: Path, clock: FastClock) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        yield await Bench(stack, tmp_path / "state", clock).start()


@pytest.fixture
async def make_bench(tmp_path: Path, clock: FastClock) -> AsyncIterator[Callable[..., Awaitable[Bench]]]:
    async with AsyncExitStack() as stack:

        async def make(*captures: Capture, **settings: Any) -> Bench:
            return await Bench(stack, tmp_path / "state", clock).start(*captures, **settings)

        yield make


class Run:
    """A run in a process of its own, which a request may be the end of."""

    def __init__(self, bench: Bench, urls: list[str], keys: Keys | None) -> None:
        self._bench, self._urls, self._keys = bench, urls, keys
        self._process: Any = None
        self.requests: list[str] = []
        """Phase and route of what the archive saw of it."""

    async def until(self, route: str, nth: int, phase: str) -> bool:
        """Run, and be killed at the nth request of a route; tell whether it came to that.

        phase: `before` the archive carries it out, `after`, or `soon` after it was answered.
        """
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=self._main, daemon=True)
        seen, killed = 0, False
        loop = asyncio.get_running_loop()

        def on_request(now: str, where: str, path: str) -> None:
            nonlocal seen, killed
            self.requests.append(f"{now} {where}")
            seen += where == route and now == "before"
            if where == route and seen == nth and not killed and now == ("before" if phase == "before" else "after"):
                killed = True
                if phase == "soon":
                    loop.call_later(0.004, self._process.kill)
                else:
                    self._process.kill()
                    self._process.join()

        self._bench.archive.on_request = on_request
        self._process.start()
        await asyncio.to_thread(self._process.join, 20)
        self._process.kill()
        self._bench.archive.on_request = lambda *_: None
        return killed

    def _main(self) -> None:
        async def main() -> None:
            async with AsyncExitStack() as stack:
                mine = Bench(stack, self._bench.folder, self._bench.clock)
                mine.archive = self._bench.archive
                await mine.save(*self._urls, keys=self._keys)

        for thread in (service._thread, cdx._thread):  # a fork takes no threads along
            thread.cache_clear()
        try:
            asyncio.run(main())
        finally:
            os._exit(0)


@pytest.fixture
def run_of() -> type[Run]:
    return Run
