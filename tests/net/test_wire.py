"""Plain connections: what is sent, what is told, and what becomes of them."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from linkkeeper.net.wire import Wire, Wires

pytestmark = pytest.mark.skipif(not Wires.possible(), reason="this system has no epoll")


class Lost:
    """Counts wires that were closed."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def lost() -> Lost:
    return Lost()


@pytest.fixture
async def wires(lost: Lost) -> AsyncIterator[Wires]:
    made = Wires(lost)
    yield made
    made.close()


async def told(wire: Wire, request: bytes) -> bytes | None:
    """Send a request; return what comes first."""
    came: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
    wire.send(request, lambda _, data: came.set_result(data))
    return await asyncio.wait_for(came, 5)


async def test_requests_follow_each_other_on_one_connection(raw: Any, wires: Wires, lost: Lost) -> None:
    await raw.serve([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n"])
    wire = wires.open("127.0.0.1", raw.port)
    first = await told(wire, b"HEAD /1 HTTP/1.1\r\n\r\n")
    second = await told(wire, b"HEAD /2 HTTP/1.1\r\n\r\n")
    assert first is not None
    assert second is not None
    assert (first[:15], second[:12]) == (b"HTTP/1.1 200 OK", b"HTTP/1.1 404")
    assert wire.received == len(first) + len(second)
    assert (raw.connections, wire.reusable, lost.count) == (1, True, 0)


async def test_who_refuses_is_told_later_with_the_reason(wires: Wires, lost: Lost) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    wire = wires.open("127.0.0.1", port)
    said: list[bytes | None] = []
    wire.send(b"HEAD / HTTP/1.1\r\n\r\n", lambda _, data: said.append(data))
    assert said == [], "never at once"
    await asyncio.sleep(0.1)
    assert said == [None]
    assert isinstance(wire.error, ConnectionRefusedError)
    assert (wire.connected, wire.reusable, lost.count) == (False, False, 1)


async def test_who_hangs_up_without_a_word_is_told(raw: Any, wires: Wires, lost: Lost) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.head(reader)
        await raw.hang_up(writer)

    await raw.serve(talk)
    wire = wires.open("127.0.0.1", raw.port)
    assert await told(wire, b"HEAD / HTTP/1.1\r\n\r\n") is None
    assert (wire.error, wire.connected, wire.reusable, lost.count) == (None, True, False, 1)


async def test_a_connection_that_ends_or_speaks_at_rest_is_no_longer_used(raw: Any, wires: Wires, lost: Lost) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await raw.head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.sleep(0.05)
        if b"/speaks" in head:
            writer.write(b"and more")
            await asyncio.sleep(5)
        await raw.hang_up(writer)

    await raw.serve(talk)
    for path in (b"/ends", b"/speaks"):
        wire = wires.open("127.0.0.1", raw.port)
        assert await told(wire, b"HEAD " + path + b" HTTP/1.1\r\n\r\n")
        assert wire.reusable
        await asyncio.sleep(0.2)
        assert not wire.reusable
    assert lost.count == 2


async def test_a_socket_that_is_handed_over_keeps_what_was_not_read(raw: Any, wires: Wires, lost: Lost) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.head(reader)
        writer.write(b"first")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b"second")
        await raw.hang_up(writer)

    await raw.serve(talk)
    wire = wires.open("127.0.0.1", raw.port)
    assert await told(wire, b"HEAD / HTTP/1.1\r\n\r\n") == b"first"
    wire.leave_alone()
    await asyncio.sleep(0.2)
    sock = wire.detach()
    assert sock.recv(100) == b"second"
    sock.close()
    assert lost.count == 0, "whoever took it counts it"
    with pytest.raises(ConnectionResetError):
        wire.detach()


async def test_all_are_closed_in_the_end_whatever_is_under_way(raw: Any, lost: Lost) -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    await raw.serve(silent)
    wires = Wires(lost)
    said: list[bytes | None] = []
    some = [wires.open("127.0.0.1", raw.port) for _ in range(3)]
    some[0].send(b"HEAD / HTTP/1.1\r\n\r\n", lambda _, data: said.append(data))
    some[1].leave_alone()
    wires.close()
    await asyncio.sleep(0.05)
    assert (said, lost.count) == ([], 3)


async def test_a_number_that_is_used_again_brings_no_strangers_news(raw: Any, wires: Wires) -> None:
    """What the kernel said of a closed socket may reach the next one of its number: it asks for itself."""
    await raw.serve(b"HTTP/1.1 200 OK\r\n\r\n")
    wire = wires.open("127.0.0.1", raw.port)
    wire.ready()
    assert wire.reusable
    assert await told(wire, b"HEAD / HTTP/1.1\r\n\r\n")
