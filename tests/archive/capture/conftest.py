"""A site on loopback that says what a test wants, and a capturer to send there."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from linkkeeper.archive.capture.base import CaptureOptions, Judge
from linkkeeper.archive.capture.capturer import Capturer
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Answer = bytes | str | Talk | list[Any]


def answer(body: bytes | str, kind: str = "text/html; charset=utf-8", status: str = "200 OK", **fields: str) -> bytes:
    """Return a whole HTTP answer; `X_Robots_Tag="…"` becomes a header field."""
    data = body.encode() if isinstance(body, str) else body
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(data)}"]
    head += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + data


def moved(to: str, status: str = "302 Found") -> bytes:
    """Return a redirect."""
    return f"HTTP/1.1 {status}\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


class Site:
    """Answers by path; what it does not know is 404, robots.txt included."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer] = {}
        """Path (with query) -> an answer, a list of answers to give in turn, or a page's HTML."""
        self.heads: list[bytes] = []
        self.busy = self.most_at_once = 0
        self.url = ""
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    @property
    def asked(self) -> list[str]:
        """Paths, in the order in which they were asked."""
        return [head.split(b" ")[1].decode() for head in self.heads]

    def head_of(self, path: str) -> str:
        """Return the last request for a path."""
        return next(head.decode() for head in reversed(self.heads) if head.split(b" ")[1].decode() == path)

    async def start(self, host: str = "127.0.0.1") -> None:
        self._server = await asyncio.start_server(self._talk, host, 0)
        self.url = f"http://{host}:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self._one(await reader.readuntil(b"\r\n\r\n"), reader, writer):
                pass
        self._writers.discard(writer)
        writer.close()

    async def _one(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        self.heads.append(head)
        self.busy += 1
        self.most_at_once = max(self.most_at_once, self.busy)
        try:
            await asyncio.sleep(0)
            told = self.pages.get(head.split(b" ")[1].decode(), answer("no such page", status="404 Not Found"))
            if isinstance(told, list):
                told = told.pop(0) if len(told) > 1 else told[0]
            if callable(told):
                await told(reader, writer)
                return False
            data = answer(told) if isinstance(told, str) else told
            writer.write(data)
            await writer.drain()
            return b"content-length" in data.lower() or b"chunked" in data.lower()
        finally:
            self.busy -= 1


MakeCapturer = Callable[..., Awaitable[Capturer]]
MakeSite = Callable[..., Awaitable[Site]]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as exits:
        yield exits


@pytest.fixture
def make_site(stack: AsyncExitStack) -> MakeSite:
    async def make(host: str = "127.0.0.1") -> Site:
        made = Site()
        await made.start(host)
        stack.push_async_callback(made.stop)
        return made

    return make


@pytest.fixture
async def site(make_site: MakeSite) -> Site:
    return await make_site()


@pytest.fixture
def make_capturer(stack: AsyncExitStack, tmp_path: Path) -> MakeCapturer:
    """Return a capturer that may ask loopback and is in a hurry; more settings of the options by name."""

    async def make(judge: Judge | None = None, net: NetOptions | None = None, **settings: Any) -> Capturer:
        net = net or NetOptions(timeout_s=2.0, allow_private=True)
        client = await stack.enter_async_context(Client(net))
        options = CaptureOptions(**({"max_page_s": 10.0} | settings))
        spool = tmp_path / "spool"
        return await stack.enter_async_context(Capturer(client, options, judge, spool=spool))

    return make


@pytest.fixture(name="answer")
def answer_fixture() -> Callable[..., bytes]:
    return answer


@pytest.fixture(name="moved")
def moved_fixture() -> Callable[..., bytes]:
    return moved
