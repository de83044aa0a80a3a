"""One request, against servers that do what servers should not."""

import asyncio
import errno
import gzip
import time
from typing import Any

import msgspec
import pytest

from linkkeeper.errors import UsageError
from linkkeeper.models.verdict import Failure
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/",
            "/a%7eb",
            "/a%2Fb",
            "/a%2fb",
            "/[x]|y",
            "/a'b(c)*!$&;=:@,+",
            "/%E4%B8%AD",
            "/a//b",
            "/?",
            "/?a&b=&c==&&",
        ),
        *("/s?X-Amz-Signature=a%2Bb/c==&e=%20+", "/a?b=[1]&c={x}|^`", "/%00", "/a;p=1?q#not-sent".partition("#")[0]),
    ],
)
async def test_a_url_goes_out_byte_for_byte(raw: Any, client: Client, path: str) -> None:
    base = await raw.serve(OK)
    reply = await client.ask(base + path)
    assert reply.status == 200
    assert raw.requests[0].split(b" ")[1].decode() == path
    assert reply.final_url == base + path


async def test_what_cannot_be_sent_is_escaped_as_a_browser_would(raw: Any, client: Client) -> None:
    base = await raw.serve(OK)
    await client.ask(base + "/caf\u00e9 bar?q=\u4e2d")
    assert raw.requests[0].startswith(b"GET /caf%C3%A9%20bar?q=%E4%B8%AD HTTP/1.1\r\n")


async def test_a_head_gets_no_body_even_if_one_comes(raw: Any, client: Client) -> None:
    base = await raw.serve(OK)
    assert (await client.ask(base, "HEAD")).status == 200
    again = await client.ask(base, "HEAD")
    assert (again.status, again.body) == (200, b"")


async def test_a_connection_is_kept_for_the_next_request(raw: Any, client: Client) -> None:
    base = await raw.serve(OK)
    for _ in range(3):
        assert (await client.ask(base)).body == b"hello"
    assert raw.connections == 1


async def test_a_kept_connection_that_died_is_replaced_without_a_word(raw: Any, client: Client) -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw.connections += 1
        await raw.head(reader)
        writer.write(OK)
        await raw.head(reader)  # the second request, which this connection drops
        await raw.hang_up(writer)

    base = await raw.serve(once)
    assert (await client.ask(base)).status == 200
    reply = await client.ask(base)
    assert (reply.status, reply.requests, raw.connections) == (200, 1, 2)


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" * 3,
        b"HTTP/1.1 102 Processing\r\n\r\n",
    ],
)
async def test_interim_answers_are_passed_over(raw: Any, client: Client, interim: bytes) -> None:
    base = await raw.serve(interim + OK)
    reply = await client.ask(base)
    assert (reply.status, reply.body) == (200, b"hello")
    assert (await client.ask(base, "HEAD")).status == 200


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", Failure.PROTOCOL),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", Failure.PROTOCOL),
        (b"<html>no head</html>", Failure.PROTOCOL),
        (b"HTTP/1.1 OK\r\n\r\n", Failure.PROTOCOL),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 50, Failure.PROTOCOL),
        (b"", Failure.RESET),
        (b"HTTP/1.1 200", Failure.RESET),
    ],
)
async def test_what_is_not_http_is_a_failure_with_a_class(
    raw: Any, client: Client, answer: bytes, failure: Failure
) -> None:
    base = await raw.serve(answer)
    reply = await client.ask(base)
    assert reply.failure in (failure, Failure.PROTOCOL)
    assert reply.detail.isprintable()


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nContent-Length: 7\r\n",
        b"Content-Length: none\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"a line without colon\r\nContent-Length: 5\r\n",
        b"Name : spaced\r\nContent-Length: 5\r\n",
        b"N\xc3\xa4me: x\r\nContent-Length: 5\r\n",
        b": no name\r\nContent-Length: 5\r\n",
        b"A: \x00\r\nContent-Length: 5\r\n",
        b"Sec-WebSocket-Key1: x\r\nContent-Length: 5\r\n",
        b"".join(b"X-%d: y\r\n" % number for number in range(1500)),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_heads_that_only_browsers_forgive_still_tell_the_status(
    raw: Any, client: Client, head: bytes, method: str
) -> None:
    base = await raw.serve(b"HTTP/1.1 200 OK\r\n" + head + b"Connection: close\r\n\r\nhello")
    reply = await client.ask(base, method)
    assert (reply.status, reply.failure) == (200, None)
    assert all(value.isprintable() for _, value in reply.headers)


async def test_what_follows_a_body_does_not_spoil_it(raw: Any, client: Client) -> None:
    base = await raw.serve([OK + b"more than was announced", OK])
    for _ in range(2):
        assert (await client.ask(base)).status == 200


async def test_header_fields_without_end_are_cut_off(raw: Any, client: Client) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while not writer.is_closing():
            writer.write(b"X-%d: " % len(writer.transport.get_extra_info("peername")) + b"a" * 4000 + b"\r\n")
            try:
                await writer.drain()
            except ConnectionError:
                break
        await raw.hang_up(writer)

    reply = await client.ask(await raw.serve(talk))
    assert reply.failure is Failure.PROTOCOL
    assert reply.received_bytes < 1_000_000


async def test_large_header_fields_of_living_pages_are_read(raw: Any, client: Client) -> None:
    policy = b"Content-Security-Policy: " + b"a" * 60_000 + b"\r\n"
    cookies = b"".join(b"Set-Cookie: c%d=%s\r\n" % (i, b"x" * 300) for i in range(200))
    base = await raw.serve(b"HTTP/1.1 200 OK\r\n" + policy + cookies + b"Content-Length: 0\r\n\r\n")
    reply = await client.ask(base)
    assert (reply.status, reply.failure) == (200, None)


async def test_a_large_body_is_left_after_the_limit(raw: Any, client: Client) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n")
        try:
            for _ in range(2000):
                writer.write(b"x" * 10_000)
                await writer.drain()
        except ConnectionError:
            pass
        await raw.hang_up(writer)

    reply = await client.ask(await raw.serve(talk))
    assert (reply.status, len(reply.body), reply.truncated) == (200, 65536, True)
    assert reply.received_bytes < 1_000_000


async def test_a_body_that_drips_does_not_hide_its_status(raw: Any, client: Client) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            for _ in range(100):
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.1)
        except ConnectionError:
            pass
        await raw.hang_up(writer)

    started = time.monotonic()
    reply = await client.ask(await raw.serve(talk))
    assert (reply.status, reply.truncated, reply.failure) == (200, True, None)
    assert time.monotonic() - started < 8, "it would drip for 10"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.1 200 OK\nContent-Type: text/html\n\nhello",
        b"HTTP/1.1 200\r\nConnection: close\r\n\r\nhello",
    ],
)
async def test_a_body_that_ends_early_or_oddly_is_still_a_page(raw: Any, client: Client, answer: bytes) -> None:
    reply = await client.ask(await raw.serve(answer))
    assert (reply.status, reply.body, reply.failure) == (200, b"hello", None)


async def test_a_compressed_page_is_read_and_a_bomb_is_bounded(raw: Any, client: Client) -> None:
    bomb = gzip.compress(bytes(30_000_000), 9)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    page = gzip.compress(b"<title>Tea</title>")
    base = await raw.serve([head % len(page) + page, head % len(bomb) + bomb])
    assert (await client.ask(base)).body == b"<title>Tea</title>"
    reply = await client.ask(base)
    assert (len(reply.body), reply.truncated) == (65536, True)


async def test_a_body_that_is_not_what_it_says_is_not_a_dead_page(raw: Any, client: Client) -> None:
    base = await raw.serve(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello")
    reply = await client.ask(base)
    assert (reply.status, reply.body, reply.failure) == (200, b"", None)
    assert "decoded" in reply.detail


async def test_silence_is_a_timeout_within_its_time(raw: Any, local: NetOptions) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.head(reader)
        await asyncio.sleep(30)
        await raw.hang_up(writer)

    base = await raw.serve(talk)
    async with Client(msgspec.structs.replace(local, timeout_s=0.3)) as client:
        started = time.monotonic()
        reply = await client.ask(base)
        assert reply.failure is Failure.TIMEOUT
        assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "url",
    ["http://", "htp://a.example", "http://a..example/", "http://1.2.3.4.5/", "http://a.example:99999/", "nothing"],
)
async def test_what_cannot_be_asked_is_told_with_a_reason(client: Client, url: str) -> None:
    reply = await client.ask(url)
    assert reply.failure is Failure.BAD_URL
    assert reply.detail


async def test_a_refused_connection_is_refused(client: Client, unused_tcp_port: int) -> None:
    assert (await client.ask(f"http://127.0.0.1:{unused_tcp_port}/")).failure is Failure.REFUSED


async def test_a_connection_reset_is_a_reset(raw: Any, client: Client) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.head(reader)
        import socket
        import struct

        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    assert (await client.ask(await raw.serve(talk))).failure is Failure.RESET


async def test_more_connections_than_may_be_open_wait_their_turn(raw: Any, local: NetOptions) -> None:
    base = await raw.serve(OK)
    async with Client(msgspec.structs.replace(local, max_connections=2)) as client:
        replies = await asyncio.gather(*(client.ask(f"{base}/{n}") for n in range(20)))
        assert {reply.status for reply in replies} == {200}
        assert client.pool.open <= 2


async def test_without_files_to_open_nobody_is_blamed(
    raw: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    base = await raw.serve(OK)
    monkeypatch.setattr("linkkeeper.net.client.dial", refuse)
    monkeypatch.setattr("linkkeeper.net.client._TRIES_TO_OPEN", 4)
    reply = await client.ask(base, timeout_s=10)
    assert reply.failure is Failure.OUT_OF_TIME
    assert client.pool.open == 0


async def test_a_url_can_be_asked_elsewhere(raw: Any, local: NetOptions) -> None:
    base = await raw.serve(OK)
    options = msgspec.structs.replace(local, remap=((r"^https://page\.example/(.*)", rf"{base}/\1?here"),))
    async with Client(options) as client:
        reply = await client.ask("https://page.example/a")
    assert (reply.url, reply.final_url) == ("https://page.example/a", base + "/a?here")


def test_a_rule_that_is_no_pattern_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        Client(NetOptions(remap=(("(", "x"),)))


async def test_an_empty_content_encoding_beside_gzip_is_gzip(raw: Any, client: Client) -> None:
    """The Wayback Machine sends both (observed in recordings of 2020)."""
    packed = gzip.compress(b"What the author saw.")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.head(reader)
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: \r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
        writer.write(head % len(packed) + packed)
        await raw.hang_up(writer)

    reply = await client.get_body(await raw.serve(talk), 1000)
    assert (reply.status, reply.body) == (200, b"What the author saw.")
