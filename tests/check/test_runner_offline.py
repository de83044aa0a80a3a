"""The whole check without a network, or behind somebody's portal: nobody is dead for it."""

import asyncio
import time
from typing import Any

import pytest

from linkkeeper.check import network
from linkkeeper.check.base import CheckOptions, Question
from linkkeeper.check.runner import Runner
from linkkeeper.models.verdict import Failure, Finding, Judgement, Reply, Verdict
from linkkeeper.net import target
from linkkeeper.net.client import Client
from linkkeeper.net.control import Control
from linkkeeper.net.options import NetOptions
from linkkeeper.net.resolver import NameLookupError

FAST = CheckOptions(retry_delay_s=0.05, look_delay_s=0.05)
ADDRESS = "93.184.215.14"


class Book:
    """A resolver that knows what a test wrote into it."""

    def __init__(self, pages: dict[str, str], otherwise: Failure = Failure.NO_NAME, delay_s: float = 0) -> None:
        self.pages = pages
        self.otherwise = otherwise
        self.delay_s = delay_s
        self.asked: list[str] = []

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Look it up."""
        self.asked.append(host)
        await asyncio.sleep(self.delay_s)
        if host not in self.pages:
            raise NameLookupError(self.otherwise, "as told")
        return (self.pages[host],)


async def _by_book(urls: list[str], book: Book) -> tuple[list[Finding], Runner]:
    async with Client(NetOptions(timeout_s=2, allow_hosts=("living.example",)), book) as client:
        runner = Runner(client, None, FAST)
        return [finding async for finding in runner.run(Question(url) for url in urls)], runner


@pytest.mark.parametrize("failure", [Failure.NO_NAME, Failure.DNS_FAILED, Failure.NO_ADDRESS])
async def test_without_a_network_nothing_is_dead(failure: Failure) -> None:
    urls = [f"https://good{n}.example/page/{n}" for n in range(30)]
    started = time.monotonic()
    findings, runner = await _by_book(urls, Book({}, failure))
    assert {finding.judgement.verdict for finding in findings} == {Verdict.UNCHECKED}
    assert len(findings) == 30
    assert runner.network_at_fault
    assert len(runner.notes) == 1
    assert time.monotonic() - started < 20


async def test_a_resolver_that_never_answers_does_not_hold_up_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkkeeper.net.control.PATIENCE_S", 0.3)
    monkeypatch.setattr("linkkeeper.check.network._SILENCE_S", 0.3)
    started = time.monotonic()
    findings, runner = await _by_book([f"https://good{n}.example/" for n in range(5)], Book({}, delay_s=60))
    assert {finding.judgement.rule for finding in findings} == {"offline"}
    assert runner.network_at_fault
    assert time.monotonic() - started < 20, "an answer would take 60"


async def test_one_dead_name_is_dead_where_other_names_work() -> None:
    book = Book({"example.com": ADDRESS, "www.google.com": ADDRESS})
    findings, runner = await _by_book(["https://gone.example/page"], book)
    assert findings[0].judgement.rule == "no-such-name"
    assert not runner.network_at_fault
    assert book.asked.count("gone.example") == 2  # asked again before it stands


async def test_a_missing_name_below_a_broken_domain_is_not_dead() -> None:
    class Broken(Book):
        async def resolve(self, host: str) -> tuple[str, ...]:
            if host == "broken.example":
                raise NameLookupError(Failure.DNS_FAILED, "SERVFAIL")
            return await super().resolve(host)

    findings, _ = await _by_book(["https://www.broken.example/page"], Broken({"example.com": ADDRESS}))
    assert findings[0].judgement.verdict is Verdict.SUSPECT


async def test_names_that_all_lead_inside_are_a_portal() -> None:
    pages = dict.fromkeys(("example.com", "www.google.com"), "10.0.0.1")
    findings, runner = await _by_book([f"https://good{n}.example/" for n in range(3)], Book(pages))
    assert {finding.judgement.rule for finding in findings} == {"captive-portal"}
    assert runner.network_at_fault


async def test_a_portal_that_sends_everybody_to_its_log_in_is_noticed(raw_web: Any) -> None:
    port = raw_web.url("").rpartition(":")[2]
    raw_web.target = f"http://portal.lan:{port}"
    hosts = [f"good{number}.example" for number in range(4)]
    book = Book(dict.fromkeys([*hosts, "portal.lan", "www.google.com"], "127.0.0.1"))
    net = NetOptions(timeout_s=2, allow_private=True)
    async with Client(net, book) as client:
        control = Control(book, lambda _: client.ask(f"http://www.google.com:{port}/204"))
        runner = Runner(client, None, FAST, control)
        urls = [f"http://{host}:{port}/page" for host in hosts]
        findings = [finding async for finding in runner.run(Question(url) for url in urls)]
    assert {finding.judgement.rule for finding in findings} == {"captive-portal"}
    assert runner.network_at_fault


async def test_a_reserved_name_is_dead_even_without_a_network() -> None:
    findings, _ = await _by_book(["http://nowhere.invalid/"], Book({}))
    assert findings[0].judgement.verdict is Verdict.DEAD


async def test_an_address_that_a_gateway_answers_for_is_not_dead_without_a_network() -> None:
    gone = Reply(url="http://93.184.215.14/x", status=404, final_url="http://93.184.215.14/x")
    finding = Finding(gone.url, Judgement(Verdict.DEAD, "http-gone", "HTTP 404"))
    place = target.parse(gone.url)
    for names, rule in (({}, "offline"), ({"example.com": ADDRESS}, "http-gone")):
        watch = network.Watch(Control(Book(names)), private_ok=False)
        watch.answered(place)
        assert watch.doubts(place, gone)
        watch.hold(finding)
        assert [one.judgement.rule for one in await watch.judged(None)] == [rule]
