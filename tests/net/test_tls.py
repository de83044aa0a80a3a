"""Certificates, good and bad, each in its class."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trustme

from linkkeeper.errors import UsageError
from linkkeeper.models.verdict import Failure
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@contextlib.asynccontextmanager
async def serving(certificate: Any, *, leaf_only: bool = False) -> AsyncIterator[str]:
    """Serve one page with a certificate; yield its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if leaf_only:
        with certificate.private_key_pem.tempfile() as key, certificate.cert_chain_pems[0].tempfile() as leaf:
            context.load_cert_chain(leaf, key)
    else:
        certificate.configure_cert(context)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(OK)
        writer.transport.abort()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    server.close()
    await asyncio.sleep(0.01)


@pytest.fixture
def trusting(local: NetOptions, authority: trustme.CA, tmp_path: Path) -> NetOptions:
    """Settings that trust the authority."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return msgspec.structs.replace(local, ca_file=str(path))


async def test_a_good_certificate_is_accepted_and_its_connection_kept(
    trusting: NetOptions, authority: trustme.CA
) -> None:
    async with serving(authority.issue_cert("127.0.0.1")) as url, Client(trusting) as client:
        for _ in range(2):
            assert (await client.ask(url)).body == b"hello"
        assert client.pool.open == 1


async def test_an_expired_certificate(trusting: NetOptions, authority: trustme.CA) -> None:
    old = authority.issue_cert(
        "127.0.0.1", not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=datetime(2021, 1, 1, tzinfo=UTC)
    )
    async with serving(old) as url, Client(trusting) as client:
        assert (await client.ask(url)).failure is Failure.TLS_EXPIRED


async def test_a_certificate_for_another_host(trusting: NetOptions, authority: trustme.CA) -> None:
    async with serving(authority.issue_cert("other.example")) as url, Client(trusting) as client:
        assert (await client.ask(url)).failure is Failure.TLS_WRONG_HOST


async def test_a_certificate_of_an_unknown_authority(local: NetOptions, authority: trustme.CA) -> None:
    async with serving(authority.issue_cert("127.0.0.1")) as url, Client(local) as client:
        assert (await client.ask(url)).failure in (Failure.TLS_INCOMPLETE, Failure.TLS_SELF_SIGNED)


async def test_a_chain_without_its_intermediate(trusting: NetOptions, authority: trustme.CA) -> None:
    between = authority.create_child_ca()
    async with serving(between.issue_cert("127.0.0.1"), leaf_only=True) as url, Client(trusting) as client:
        assert (await client.ask(url)).failure is Failure.TLS_INCOMPLETE


async def test_insecure_accepts_any(local: NetOptions, authority: trustme.CA) -> None:
    careless = msgspec.structs.replace(local, insecure=True)
    async with serving(authority.issue_cert("other.example")) as url, Client(careless) as client:
        assert (await client.ask(url)).status == 200


async def test_plain_text_where_tls_was_wanted(raw: Any, local: NetOptions) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        await raw.hang_up(writer)

    base = await raw.serve(talk)
    async with Client(local) as client:
        reply = await client.ask(base.replace("http:", "https:"))
    assert reply.failure is Failure.TLS_FAILED
    assert client.pool.open == 0


async def test_tls_where_plain_text_was_wanted(local: NetOptions, authority: trustme.CA) -> None:
    async with serving(authority.issue_cert("127.0.0.1")) as url, Client(local) as client:
        assert (await client.ask(url.replace("https:", "http:"))).failure in (Failure.RESET, Failure.PROTOCOL)


def test_a_certificate_file_that_is_not_there_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        Client(NetOptions(ca_file="/nowhere/ca.pem"))
