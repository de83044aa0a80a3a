"""Through a proxy: what it is told, and what it is not."""

import asyncio
from typing import Any

import pytest

from linkkeeper.errors import UsageError
from linkkeeper.models.verdict import Failure
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def _options(raw: Any, scheme: str = "http", userinfo: str = "") -> NetOptions:
    return NetOptions(timeout_s=2, proxy=f"{scheme}://{userinfo}127.0.0.1:{raw.port}")


async def test_an_http_proxy_gets_the_whole_url_and_looks_names_up(raw: Any) -> None:
    await raw.serve(OK)
    async with Client(_options(raw, userinfo="me:secret@")) as client:
        reply = await client.ask("http://page.example/a%7eb?c")
    assert (reply.status, reply.final_url) == (200, "http://page.example/a%7eb?c")
    assert raw.requests[0].startswith(b"GET http://page.example/a%7eb?c HTTP/1.1\r\nHost: page.example\r\n")
    assert b"Proxy-Authorization: Basic bWU6c2VjcmV0\r\n" in raw.requests[0]


async def test_https_goes_through_a_tunnel(raw: Any) -> None:
    await raw.serve(b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n")
    async with Client(_options(raw)) as client:
        reply = await client.ask("https://page.example/")
    assert raw.requests[0].startswith(b"CONNECT page.example:443 HTTP/1.1\r\n")
    assert reply.failure is Failure.PROXY


async def test_a_socks_proxy_is_told_the_name(raw: Any) -> None:
    asked: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        writer.write(b"\x05\x00")
        head = await reader.readexactly(5)
        asked.append(await reader.readexactly(head[4]) + await reader.readexactly(2))
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
        await raw.head(reader)
        writer.write(OK)
        await raw.hang_up(writer)

    await raw.serve(talk)
    async with Client(_options(raw, "socks5h")) as client:
        reply = await client.ask("http://page.example/")
    assert (reply.status, reply.body) == (200, b"hello")
    assert asked == [b"page.example\x00\x50"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://[::1]/", "http://0x7f.1/", "https://localhost/", "http://10.0.0.1/"]
)
async def test_private_addresses_are_not_asked_through_a_proxy_either(raw: Any, url: str) -> None:
    await raw.serve(OK)
    async with Client(_options(raw)) as client:
        assert (await client.ask(url)).failure is Failure.PRIVATE_ADDRESS
    assert raw.requests == []


async def test_a_proxy_that_is_not_there_says_nothing_about_the_page(unused_tcp_port: int) -> None:
    async with Client(NetOptions(timeout_s=1, proxy=f"http://127.0.0.1:{unused_tcp_port}")) as client:
        for url in ("http://page.example/", "https://page.example/"):
            assert (await client.ask(url)).failure is Failure.PROXY


@pytest.mark.parametrize("url", ["proxy", "ftp://a.example:1", "http://", "http://a.example", "http://a.example:99999"])
def test_what_is_no_proxy_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError):
        Client(NetOptions(proxy=url))
