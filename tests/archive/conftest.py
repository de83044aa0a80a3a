"""A stand-in archive, the real client, and a rescuer between them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linkkeeper.archive.base import ArchiveOptions
from linkkeeper.archive.clocks import MemoryClock
from linkkeeper.archive.registry import net_options, rescuer
from linkkeeper.archive.rescue import Rescuer
from linkkeeper.demo.archive import ArchiveServer
from linkkeeper.models.document import Dated
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

StartArchive = Callable[..., Awaitable[ArchiveServer]]
MakeRescuer = Callable[..., Awaitable[Rescuer]]


def day(text: str) -> Dated:
    """A bare date: its last second."""
    until = datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(days=1, seconds=-1)
    return Dated(until, "front matter", text)


@pytest.fixture(name="day")
def day_fixture() -> Callable[[str], Dated]:
    return day


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as exits:
        yield exits


@pytest.fixture
def start_archive(stack: AsyncExitStack) -> StartArchive:
    async def start(*captures: Any, **settings: Any) -> ArchiveServer:
        return await stack.enter_async_context(ArchiveServer(captures, **settings))

    return start


@pytest.fixture
def make_rescuer(stack: AsyncExitStack) -> MakeRescuer:
    """Return a rescuer in a hurry: thousands of requests a minute, pauses of a tenth of a second."""

    async def make(archive: ArchiveServer | None, *, looks_dead: Any = lambda _: "", **settings: Any) -> Rescuer:
        plumbing = {name: settings.pop(name) for name in ("clock", "answers", "extra", "on_wait") if name in settings}
        defaults: dict[str, Any] = {"rate_per_minute": 60_000, "pause_s": 0.1, "timeout_s": 5.0}
        options = ArchiveOptions(**(defaults | {"wayback_url": archive.url if archive else ""} | settings))
        client = await stack.enter_async_context(Client(net_options(options, NetOptions())))
        clock = plumbing.pop("clock", None) or MemoryClock()
        return rescuer(options, client, clock, looks_dead=looks_dead, **plumbing)

    return make
