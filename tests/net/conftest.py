"""Servers that answer with exactly the bytes a test wants."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Raw:
    """A loopback server that says what it is told to say, to every connection."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[bytes] = []
        """Request heads, in order."""
        self.connections = 0
        self._servers: list[asyncio.Server] = []
        self._tasks: list[asyncio.Future[None]] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, talk: Talk | bytes | list[bytes]) -> str:
        """Answer each request with these bytes (the next of a list, the last one from then on), or by talk."""
        answers = [talk] if isinstance(talk, bytes) else talk
        if callable(answers):
            handler: Talk = answers
        else:
            handler = self._answering(list(answers))
        server = await asyncio.start_server(self._kept(handler), "127.0.0.1", 0)
        self._servers.append(server)
        self.port = server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{self.port}"

    def _kept(self, handler: Talk) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers.append(writer)
            self._tasks.append(asyncio.ensure_future(handler(reader, writer)))

        return connected

    def _answering(self, answers: list[bytes]) -> Talk:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            while head := await self.head(reader):
                self.requests.append(head)
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                writer.write(answer)
                if not _stays_open(answer):
                    break
            await self.hang_up(writer)

        return talk

    async def head(self, reader: asyncio.StreamReader) -> bytes:
        """Read one request head; empty at the end."""
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""

    @staticmethod
    async def hang_up(writer: asyncio.StreamWriter) -> None:
        """Close a connection."""
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def close(self) -> None:
        """Stop."""
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)


def _stays_open(answer: bytes) -> bool:
    return b"content-length:" in answer.lower() and b"connection: close" not in answer.lower()


@pytest.fixture
async def raw() -> AsyncIterator[Raw]:
    """A server to be told what to say."""
    server = Raw()
    yield server
    await server.close()


@pytest.fixture
def local() -> NetOptions:
    """Settings of a client that may ask loopback, and does not wait long."""
    return NetOptions(timeout_s=2.0, allow_hosts=("127.0.0.1", "localhost"))


@pytest.fixture
async def client(local: NetOptions) -> AsyncIterator[Client]:
    async with Client(local) as made:
        yield made
