"""Names, by an injected resolver; and the control questions."""

import asyncio
import socket

import pytest

from linkkeeper.models.verdict import Failure
from linkkeeper.net import resolver
from linkkeeper.net.client import Client
from linkkeeper.net.control import Control, Network
from linkkeeper.net.options import NetOptions
from linkkeeper.net.resolver import NameLookupError, Names, SystemResolver


class Book:
    """A resolver that knows what a test wrote into it."""

    def __init__(self, pages: dict[str, tuple[str, ...] | Failure], otherwise: Failure = Failure.NO_NAME) -> None:
        self.pages = pages
        self.otherwise = otherwise
        self.asked: list[str] = []

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Look it up."""
        self.asked.append(host)
        await asyncio.sleep(0)
        found = self.pages.get(host, self.otherwise)
        if isinstance(found, Failure):
            raise NameLookupError(found, f"{found}")
        return found


async def test_a_name_is_asked_once_for_all() -> None:
    book = Book({"a.example": ("93.184.215.14",)})
    names = Names(book)
    assert (
        await asyncio.gather(*(names.resolve(name) for name in ("a.example", "A.example.", "a.example")))
        == [("93.184.215.14",)] * 3
    )
    assert book.asked == ["a.example"]


async def test_a_failure_is_shared_until_it_is_forgotten() -> None:
    book = Book({})
    names = Names(book)
    for _ in range(2):
        with pytest.raises(NameLookupError):
            await names.resolve("a.example")
    assert book.asked == ["a.example"]
    names.forget("a.example")
    with pytest.raises(NameLookupError):
        await names.resolve("a.example")
    assert book.asked == ["a.example", "a.example"]


async def test_a_parent_whose_servers_fail_is_told() -> None:
    names = Names(Book({"b.example": Failure.DNS_FAILED}))
    broken = await names.vouched_for("b.example")
    assert broken is not None
    assert broken.failure is Failure.DNS_FAILED
    assert await names.vouched_for("c.example") is None


async def test_names_that_are_never_in_the_dns_are_not_looked_up() -> None:
    book = Book({})
    with pytest.raises(NameLookupError) as caught:
        await Names(book).resolve("x.invalid")
    assert caught.value.certain
    assert book.asked == []


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (socket.EAI_NONAME, Failure.NO_NAME),
        (socket.EAI_NODATA, Failure.NO_ADDRESS),
        (socket.EAI_AGAIN, Failure.DNS_FAILED),
        (socket.EAI_FAIL, Failure.DNS_FAILED),
    ],
)
def test_answers_of_the_system_have_their_class(monkeypatch: pytest.MonkeyPatch, code: int, failure: Failure) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise socket.gaierror(code, "as told")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(NameLookupError) as caught:
        resolver.look_up("a.example")
    assert caught.value.failure is failure


def test_what_no_resolver_takes_is_no_name() -> None:
    with pytest.raises(NameLookupError) as caught:
        resolver.look_up("a" * 70 + ".localhost")
    assert caught.value.failure is Failure.NO_NAME


async def test_the_system_is_asked_in_threads_that_nobody_waits_for() -> None:
    assert "127.0.0.1" in await SystemResolver().resolve("localhost")


async def test_a_name_with_a_private_address_is_not_asked() -> None:
    book = Book({"rebind.example": ("10.0.0.1",), "mixed.example": ("127.0.0.1", "::1", "fd00::1")})
    async with Client(NetOptions(timeout_s=1), book) as client:
        for url in ("http://rebind.example/", "http://mixed.example/", "https://rebind.example:8443/"):
            assert (await client.ask(url)).failure is Failure.PRIVATE_ADDRESS


async def test_a_name_is_connected_to_at_the_address_that_was_judged(unused_tcp_port: int) -> None:
    book = Book({"here.example": ("127.0.0.1",)})
    options = NetOptions(timeout_s=1, allow_hosts=(f"here.example:{unused_tcp_port}",))
    async with Client(options, book) as client:
        assert (await client.ask(f"http://here.example:{unused_tcp_port}/")).failure is Failure.REFUSED
        assert (await client.ask("http://here.example/")).failure is Failure.PRIVATE_ADDRESS
    assert book.asked == ["here.example"]


@pytest.mark.parametrize("failure", [Failure.NO_NAME, Failure.DNS_FAILED, Failure.NO_ADDRESS])
async def test_no_control_name_means_no_network(failure: Failure) -> None:
    assert await Control(Book({}, failure)).network() is Network.OFFLINE


async def test_one_control_name_is_a_network() -> None:
    assert await Control(Book({"example.com": ("93.184.215.14",)})).network(connect=False) is Network.WORKS


async def test_control_names_that_lead_inside_are_a_portal() -> None:
    book = Book({"example.com": ("10.0.0.1",)})
    assert await Control(book).network(connect=False) is Network.CAPTIVE
    assert await Control(book).network(private_ok=True, connect=False) is Network.WORKS


async def test_names_without_a_way_there_are_no_network() -> None:
    # 203.0.113.0/24 leads nowhere, and the tests refuse to go there anyway
    assert await Control(Book({"example.com": ("1.1.1.1",)})).network() is Network.OFFLINE
