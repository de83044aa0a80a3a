"""Servers for the check: the demo's small web, and one that answers by a table."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from linkkeeper.demo.web import SmallWeb
from linkkeeper.net.options import NetOptions


@pytest.fixture
async def small_web() -> AsyncIterator[SmallWeb]:
    async with SmallWeb() as web:
        yield web


class RawWeb:
    """One loopback host whose answers are a table: status by path, 404 for the rest."""

    def __init__(self) -> None:
        self.answers: dict[str, int] = {}
        self.script: dict[str, list[int]] = {}
        """Statuses of one path in turn; the last one stays."""
        self.pages: dict[str, bytes] = {}
        self.fields = b""
        """More header fields, on what is not 200."""
        self.latency_s = 0.0
        self.target = ""
        """Where everything redirects to."""
        self.chain = 0
        """So many pages, /0 and on, each redirect to the next."""
        self.seen: list[tuple[str, str]] = []
        self.most_at_once = 0
        self._at_once = 0
        self._server: asyncio.Server | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def started(cls) -> "RawWeb":
        """Return one that serves."""
        made = cls()
        made._server = await asyncio.start_server(made._connected, "127.0.0.1", 0)
        return made

    @property
    def net(self) -> NetOptions:
        """Settings that may ask it."""
        return NetOptions(timeout_s=3, allow_hosts=("127.0.0.1",))

    @property
    def connections(self) -> int:
        """How many were opened."""
        return len(self._tasks)

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{path}"

    async def close(self) -> None:
        """Stop."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.append(asyncio.ensure_future(self._talk(reader, writer)))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                method, path, _ = head.split(b" ", 2)
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
                if self.latency_s:
                    await asyncio.sleep(self.latency_s)
                self._at_once -= 1
                writer.write(self._answer(method.decode(), path.decode()))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()

    def _answer(self, method: str, path: str) -> bytes:
        self.seen.append((method, path))
        script = self.script.get(path)
        status = (script.pop(0) if len(script) > 1 else script[0]) if script else self.answers.get(path, 404)
        body = self.pages.get(path, f"<title>{path}</title><p>{'Words of a page. ' * 20}</p>".encode())
        more = b"" if status == 200 else self.fields
        if self.target and path != "/login":
            status, more = 302, f"Location: {self.target}{path}\r\n".encode()
        if path[1:].isdigit() and int(path[1:]) < self.chain:
            status, more = 302, f"Location: /{int(path[1:]) + 1}\r\n".encode()
        head = f"HTTP/1.1 {status} As told\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n".encode()
        return head + more + b"\r\n" + (b"" if method == "HEAD" else body)


@pytest.fixture
async def raw_web() -> AsyncIterator[RawWeb]:
    web = await RawWeb.started()
    yield web
    await web.close()
