"""The quick way says what the thorough way says, and hands over what it cannot say."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.models.verdict import Failure, Reply
from linkkeeper.net import quick
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions
from linkkeeper.net.trip import How
from linkkeeper.net.wire import Wires

WARM = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n"
PLAIN = [
    WARM,
    b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=utf-8\r\nServer:nginx\r\nX-Empty:\r\n\r\n",
    b"HTTP/1.1 301 Moved\r\nLocation: /elsewhere\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d; Path=/\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 503 \r\nRetry-After: 120\r\nX: a\tb  c \r\n\r\n",
    b"HTTP/1.1 200\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n",
    b"HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nConnection: close\r\n\r\n",
]
ODD = [
    WARM + b"hello",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + WARM,
    b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n",
    b"HTTP/1.1 200 OK\nContent-Type: text/html\n\n",
    b"HTTP/1.1 200 OK\r\nX-Folded: a\r\n b\r\nContent-Type: text/html\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-Title: \xe4\xb8\xad\xe6\x96\x87\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nBad Name: a\r\nContent-Type: text/html\r\n\r\n",
    b"HTTP/1.1 999 Request denied\r\nContent-Length: 0\r\n\r\n",
    b"garbage\r\n\r\n",
]


@pytest.fixture
async def client(local: NetOptions) -> AsyncIterator[Client]:
    async with Client(local) as made:
        yield made


async def _asked(
    client: Client,
    url: str,
    timeout_s: float | None = None,
    how: How = How("HEAD"),  # noqa: B008 - frozen
) -> tuple[Reply | None, bool]:
    """Ask in the quick way; return what a step returns, and whether it was quick to the end."""
    got: asyncio.Future[tuple[Reply | None, quick.Step | None]] = asyncio.get_running_loop().create_future()
    trip = client.trip(url, how, timeout_s)
    assert client.quickly(trip, lambda reply: got.set_result((reply, None)), lambda step: got.set_result((None, step)))
    reply, step = await asyncio.wait_for(got, 10)
    if step is not None:
        return await step(), False
    return reply, True


def _comparable(reply: Reply | None) -> Reply | None:
    return reply and msgspec.structs.replace(reply, elapsed_ms=0, url="", final_url="")


@pytest.mark.parametrize("answer", PLAIN + ODD)
async def test_both_ways_say_the_same(raw: Any, client: Client, answer: bytes) -> None:
    base = await raw.serve([WARM, answer])
    await client.ask(base + "/1", "HEAD")
    reply, quickly = await _asked(client, base + "/2")
    asked = sum(b"/2 " in head for head in raw.requests)
    again = await raw.serve([WARM, answer])
    await client.ask(again + "/1", "HEAD")
    thorough = await client.step(client.trip(again + "/2", How("HEAD")))
    assert _comparable(reply) == _comparable(thorough)
    assert quickly == (answer in PLAIN)
    assert sum(b"/2 " in head for head in raw.requests) == 2 * asked


@pytest.mark.skipif(not Wires.possible(), reason="first questions are quick where there is epoll")
@pytest.mark.parametrize("answer", PLAIN + ODD)
async def test_a_first_question_is_answered_alike(raw: Any, local: NetOptions, answer: bytes) -> None:
    base = await raw.serve([answer])
    async with Client(local) as client:
        reply, quickly = await _asked(client, base + "/1")
    async with Client(local) as client:
        thorough = await client.step(client.trip(base + "/1", How("HEAD")))
    assert _comparable(reply) == _comparable(thorough)
    assert quickly == (answer in PLAIN)
    assert len(raw.requests) == 2


_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"
PLAIN_PAGES = [
    _PAGE,
    b"HTTP/1.1 404 Not Found\r\ncontent-length:5\r\n\r\nhello",
    b"HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 23\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
    + gzip.compress(b"abc", mtime=0),
    b"HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 5\r\n\r\nhello",
]
ODD_PAGES = [
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 05\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"h" * 2000,
    b"HTTP/1.1 200 OK\r\n\r\nhello until the end",
    b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\n\r\n" + _PAGE,
    b"HTTP/1.1 200 OK\r\nX: \xff\r\nContent-Length: 5\r\n\r\nhello",
    b"hello",
]


@pytest.mark.skipif(not Wires.possible(), reason="first questions are quick where there is epoll")
@pytest.mark.parametrize("answer", PLAIN_PAGES + ODD_PAGES)
@pytest.mark.parametrize("kept", [True, False])
async def test_a_page_is_read_alike(raw: Any, local: NetOptions, answer: bytes, kept: bool) -> None:
    how, replies, quickly = How("GET", body_limit=1000), [], False
    for quick_way in (True, False):
        base = await raw.serve([WARM, answer] if kept else [answer])
        async with Client(local) as client:
            if kept:
                await client.ask(base + "/1", "HEAD")
            if quick_way:
                reply, quickly = await _asked(client, base + "/2", how=how)
            else:
                reply = await client.step(client.trip(base + "/2", how))
            replies.append(_comparable(reply))
    assert replies[0] == replies[1]
    assert quickly == (answer in PLAIN_PAGES)


async def test_an_answer_in_pieces_is_waited_for_and_not_asked_again(raw: Any, client: Client) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await raw.head(reader):
            raw.requests.append(head)
            for piece in (WARM[:7], WARM[7:30], WARM[30:]):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.05)

    base = await raw.serve(talk)
    await client.ask(base + "/1", "HEAD")
    reply, quickly = await _asked(client, base + "/2")
    assert reply is not None
    assert (reply.status, reply.requests, quickly) == (200, 1, False)
    assert len(raw.requests) == 2


async def test_a_kept_connection_that_has_died_is_no_sign_about_the_server(raw: Any, client: Client) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw.connections += 1
        raw.requests.append(await raw.head(reader))
        writer.write(WARM)
        if raw.connections == 1:
            raw.requests.append(await raw.head(reader))  # and hangs up without an answer
        await raw.hang_up(writer)

    base = await raw.serve(talk)
    await client.ask(base + "/1", "HEAD")
    reply, quickly = await _asked(client, base + "/2")
    assert reply is not None
    assert (reply.status, raw.connections, quickly) == (200, 2, False)


async def test_a_server_that_falls_silent_is_given_up_in_time(raw: Any, client: Client) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.head(reader)
        writer.write(WARM)
        await raw.head(reader)
        await asyncio.sleep(30)

    base = await raw.serve(talk)
    await client.ask(base + "/1", "HEAD")
    reply, _ = await _asked(client, base + "/2", timeout_s=0.3)
    assert reply is not None
    assert reply.failure is Failure.TIMEOUT
    assert 250 <= reply.elapsed_ms < 10_000
    assert client.pool.take(client.trip(base, How()).target.origin) is None


async def test_a_server_that_closes_is_asked_on_another_connection(raw: Any, client: Client) -> None:
    base = await raw.serve([WARM, WARM.replace(b"\r\n\r\n", b"\r\nConnection: keep-alive, Close\r\n\r\n")])
    await client.ask(base + "/1", "HEAD")
    reply, quickly = await _asked(client, base + "/2")
    assert reply is not None
    assert quickly
    assert client.pool.take(client.trip(base, How()).target.origin) is None
    assert client.pool.open == 0


async def test_a_client_that_is_closed_tells_nobody(raw: Any, local: NetOptions) -> None:
    told: list[object] = []
    async with Client(local) as client:
        base = await raw.serve(WARM)
        await client.ask(base + "/1", "HEAD")
        assert client.quickly(client.trip(base + "/2", How("HEAD")), told.append, told.append)
    await asyncio.sleep(0.05)
    assert told == []


_NAMES = st.text("abcXYZ-_09", min_size=1, max_size=12)
_VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)


@given(st.lists(st.tuples(_NAMES, _VALUES), max_size=8), st.integers(200, 599))
@settings(max_examples=60)
def test_fields_are_read_as_they_stand(fields: list[tuple[str, str]], status: int) -> None:
    head = f"HTTP/1.1 {status} Fine\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
    answer = quick.plain(head.encode())
    assert answer is not None
    assert answer.status == status
    assert answer.values == tuple((name, value.strip(" ")) for name, value in fields)


@given(st.binary(max_size=80))
@settings(max_examples=200)
def test_no_bytes_make_it_raise(data: bytes) -> None:
    quick.closes(data)
    assert quick.plain(data) is None or data.startswith(b"HTTP/1.1 ")
    assert quick.plain(b"HTTP/1.1 200 OK\r\n" + data) is None or data.endswith(b"\r\n")
