"""Questions that change something over there: sent once at most, with a form as their body."""

import asyncio
from typing import Any

from linkkeeper.models.verdict import Failure
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_a_form_is_sent_with_its_type_and_length_and_our_own_accept(raw: Any) -> None:
    bodies: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        raw.requests.append(head)
        bodies.append(await reader.readexactly(7))
        writer.write(OK)
        await raw.hang_up(writer)

    url = await raw.serve(talk)
    async with Client(NetOptions(allow_private=True, timeout_s=2)) as asking:
        reply = await asking.ask(url, "POST", headers=[("Accept", "application/json")], once=True, form=b"a=1&b=2")
    assert (reply.status, bodies) == (200, [b"a=1&b=2"])
    lines = raw.requests[0].decode().lower().split("\r\n")
    assert lines[0] == "post / http/1.1"
    assert "content-type: application/x-www-form-urlencoded" in lines
    assert "content-length: 7" in lines
    assert [line for line in lines if line.startswith("accept:")] == ["accept: application/json"]


async def test_what_is_asked_once_does_not_go_out_again_when_a_kept_connection_dies(raw: Any) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        raw.requests.append(head)
        if head.startswith(b"GET /first"):
            writer.write(OK)
            with_more = await reader.readuntil(b"\r\n\r\n")
            raw.requests.append(with_more)
        await raw.hang_up(writer)  # took the request, and says nothing

    url = await raw.serve(talk)
    async with Client(NetOptions(allow_private=True, timeout_s=2)) as asking:
        assert (await asking.ask(f"{url}/first")).status == 200
        reply = await asking.ask(f"{url}/save", "POST", once=True, form=b"u=1")
    assert reply.failure is Failure.RESET
    assert [head.split()[1] for head in raw.requests] == [b"/first", b"/save"]
