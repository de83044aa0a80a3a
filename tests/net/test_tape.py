"""What goes over the wire, kept as it was."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkkeeper.errors import StateError
from linkkeeper.models.verdict import Failure, Reply
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions
from linkkeeper.net.tape import IN_MEMORY, Cut, Purse, Tape, final_head
from linkkeeper.net.trip import How

FIELDS = "User-Agent: test\r\nAccept: */*\r\nAccept-Encoding: gzip, br\r\n"


@pytest.fixture
async def client(local: NetOptions) -> AsyncIterator[Client]:
    async with Client(local) as made:
        yield made


async def recorded(
    client: Client, url: str, folder: Path, limit: int = 1 << 20, purse: Purse | None = None, **how: Any
) -> tuple[Tape, Reply]:
    trip = client.trip(url, How(**({"max_redirects": 20} | how)), 2.0)
    trip.tape = tape = Tape(FIELDS, lambda *_: limit, folder, purse)
    while (reply := await client.step(trip)) is None:
        pass
    return tape, reply


def _count(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir())


async def test_heads_are_kept_byte_for_byte(raw: Any, client: Client, tmp_path: Path) -> None:
    body = gzip.compress(b"hello" * 100)
    head = (
        b"HTTP/1.1 200 Fine  indeed\r\nX-b: 1\r\nx-A:   two \r\nX-b: 3\r\nContent-Encoding: gzip\r\n"
        b"Set-Cookie: a=b\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    base = await raw.serve(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + head + body)
    tape, reply = await recorded(client, base + "/p?q=%7e", tmp_path)
    (hop,) = tape.hops
    assert (hop.head, hop.body, hop.size, hop.cut, hop.address) == (head, body, len(body), None, "127.0.0.1")
    assert (
        hop.request
        == raw.requests[0]
        == b"GET /p?q=%%7e HTTP/1.1\r\nHost: %s\r\n%s\r\n"
        % (
            base.removeprefix("http://").encode(),
            FIELDS.encode(),
        )
    )
    assert (hop.url, reply.status, reply.truncated) == (base + "/p?q=%7e", 200, False)


async def test_chunks_are_put_together(raw: Any, client: Client, tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    base = await raw.serve(head + b"3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\nTrailer: x\r\n\r\n")
    tape, _ = await recorded(client, base, tmp_path)
    assert (tape.hops[0].head, tape.hops[0].body) == (head, b"abcdefg")


async def test_every_hop_of_a_redirect_is_kept(raw: Any, client: Client, tmp_path: Path) -> None:
    base = await raw.serve(
        [
            b"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 4\r\n\r\nmove",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        ]
    )
    tape, reply = await recorded(client, base + "/", tmp_path)
    assert [(hop.url, hop.status, hop.body) for hop in tape.hops] == [
        (base + "/", 302, b"move"),
        (base + "/next", 200, b"ok"),
    ]
    assert reply.final_url == base + "/next"


async def test_a_large_body_goes_into_a_file(raw: Any, client: Client, tmp_path: Path) -> None:
    body = bytes(range(256)) * (IN_MEMORY // 64)
    base = await raw.serve(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    tape, _ = await recorded(client, base, tmp_path)
    kept = tape.hops[0].body
    assert isinstance(kept, Path)
    assert (kept.parent, kept.read_bytes()) == (tmp_path, body)


@pytest.mark.parametrize("limit", [0, 1, 999, IN_MEMORY, IN_MEMORY + 1])
async def test_a_body_is_cut_at_its_limit(raw: Any, client: Client, tmp_path: Path, limit: int) -> None:
    body = b"x" * (2 * IN_MEMORY)
    base = await raw.serve(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    tape, reply = await recorded(client, base, tmp_path, limit)
    kept = tape.hops[0].body
    data = kept.read_bytes() if isinstance(kept, Path) else kept
    assert (data, tape.hops[0].cut, reply.truncated) == (body[:limit], Cut.LENGTH, True)


async def test_recordings_share_what_there_is(raw: Any, client: Client, tmp_path: Path) -> None:
    base = await raw.serve(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    purse = Purse(7)
    first, _ = await recorded(client, base, tmp_path, purse=purse)
    second, _ = await recorded(client, base, tmp_path, purse=purse)
    assert (first.hops[0].body, first.hops[0].cut) == (b"hello", None)
    assert (second.hops[0].body, second.hops[0].cut, purse.left) == (b"he", Cut.LENGTH, 0)


async def test_a_body_of_just_the_limit_is_whole(raw: Any, client: Client, tmp_path: Path) -> None:
    base = await raw.serve(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    tape, _ = await recorded(client, base, tmp_path, 5)
    assert (tape.hops[0].body, tape.hops[0].cut) == (b"hello", None)


@pytest.mark.parametrize("framing", [b"Content-Length: 100", b"Transfer-Encoding: chunked"])
async def test_a_body_that_breaks_off_is_said_to(raw: Any, client: Client, tmp_path: Path, framing: bytes) -> None:
    sent = b"5\r\nhello\r\n5\r\nwo" if framing.startswith(b"T") else b"hellowo"
    base = await raw.serve(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + framing + b"\r\n\r\n" + sent)
    tape, reply = await recorded(client, base, tmp_path)
    assert (tape.hops[0].body, tape.hops[0].cut) == (b"hellowo", Cut.DISCONNECT)
    assert reply.status == 200


async def test_a_body_that_never_ends_is_given_up_in_time(raw: Any, client: Client, tmp_path: Path) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nslow")
        await asyncio.sleep(30)

    base = await raw.serve(drip)
    trip = client.trip(base, How(), 0.3)
    trip.tape = tape = Tape(FIELDS, lambda *_: 1000, tmp_path)
    assert await client.step(trip)
    assert (tape.hops[0].body, tape.hops[0].cut) == (b"slow", Cut.TIME)


async def test_a_cancelled_recording_leaves_no_file(raw: Any, client: Client, tmp_path: Path) -> None:
    async def much(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * (3 * IN_MEMORY))
        await asyncio.sleep(30)

    base = await raw.serve(much)
    task = asyncio.ensure_future(recorded(client, base, tmp_path))
    await asyncio.sleep(0.3)
    assert _count(tmp_path) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _count(tmp_path) == 0


async def test_a_full_disk_is_no_fault_of_the_server(raw: Any, client: Client, tmp_path: Path) -> None:
    body = b"x" * (2 * IN_MEMORY)
    base = await raw.serve(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    with pytest.raises(StateError, match="temporary file"):
        await recorded(client, base, tmp_path / "missing")


async def test_credentials_are_sent_and_not_kept(raw: Any, tmp_path: Path) -> None:
    options = NetOptions(timeout_s=2.0, allow_private=True, headers=(("X-Api-Key", "secret1"),))
    base = await raw.serve(
        [
            b"HTTP/1.1 302 Found\r\nLocation: /next\r\nSet-Cookie: session=secret3\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        ]
    )
    async with Client(options) as client:
        tape, _ = await recorded(client, base.replace("http://", "http://me:secret2@"), tmp_path)
    assert b"X-Api-Key: secret1" in raw.requests[0]
    assert b"Authorization: Basic" in raw.requests[0]
    assert b"Cookie: session=secret3" in raw.requests[1]
    for hop in tape.hops:
        assert "secret" not in hop.url
        assert hop.request.count(b"\r\n") == 6
        assert b"secret" not in hop.request
        assert b"Basic" not in hop.request


async def test_behind_a_proxy_the_request_is_kept_as_the_server_gets_it(raw: Any, tmp_path: Path) -> None:
    base = await raw.serve(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    proxy = base.replace("http://", "http://me:secret@")
    async with Client(NetOptions(timeout_s=2.0, proxy=proxy)) as client:
        tape, _ = await recorded(client, "http://far.example/x?y", tmp_path)
    assert raw.requests[0].startswith(b"GET http://far.example/x?y HTTP/1.1\r\n")
    assert b"Proxy-Authorization" in raw.requests[0]
    assert tape.hops[0].request == b"GET /x?y HTTP/1.1\r\nHost: far.example\r\n%s\r\n" % FIELDS.encode()
    assert tape.hops[0].address == ""


async def test_what_is_no_http_is_not_kept(raw: Any, client: Client, tmp_path: Path) -> None:
    base = await raw.serve(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab")
    tape, reply = await recorded(client, base, tmp_path)
    assert (tape.hops, reply.failure) == ([], Failure.PROTOCOL)


async def test_a_private_address_is_judged_at_every_hop(raw: Any, tmp_path: Path) -> None:
    base = await raw.serve(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
    async with Client(NetOptions(timeout_s=2.0, allow_hosts=(base.removeprefix("http://"),))) as client:
        tape, reply = await recorded(client, base, tmp_path)
    assert (len(tape.hops), reply.failure) == (1, Failure.PRIVATE_ADDRESS)


@given(st.binary(max_size=300))
def test_a_head_is_found_in_any_bytes(raw: bytes) -> None:
    head = final_head(b"HTTP/1.1 100 Continue\r\n\r\n\r\nHTTP/1.0 404 No\r\n\r\n" + raw)
    assert head == b"HTTP/1.0 404 No\r\n\r\n"
    assert final_head(raw) in raw
