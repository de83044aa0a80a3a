"""Whether one machine answered for everybody, and what that makes of the findings."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from linkkeeper.check.base import CheckOptions
from linkkeeper.check.runner import Question, Runner
from linkkeeper.models.verdict import Failure, Finding, Verdict
from linkkeeper.net.client import Client
from linkkeeper.net.control import Control
from linkkeeper.net.options import NetOptions
from linkkeeper.net.resolver import NameLookupError

PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 31\r\n\r\n"


class Names:
    """Every name leads to this machine, except those that lead inside."""

    def __init__(self, *inside: str) -> None:
        self.inside = inside

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Look it up."""
        if host.startswith("missing"):
            raise NameLookupError(Failure.NO_NAME, "the name does not exist")
        return ("10.1.2.3",) if host in self.inside else ("127.0.0.1",)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server that answers 204 to /204 and one page to all else, whatever the host."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if b" /204 " in head:
                    writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                else:
                    writer.write(PAGE if head.startswith(b"HEAD") else PAGE + b"<title>Tea</title><p>Green.</p>")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def _scanned(hosts: list[str], port: int, asked: str, names: Names | None = None) -> tuple[list[Finding], Runner]:
    """Ask a page of each host; the control asks this path of the same server."""
    names = names or Names()
    net = NetOptions(timeout_s=2, allow_private=names.inside == (), allow_hosts=tuple(set(hosts) - set(names.inside)))
    async with Client(net, names) as client:
        control = Control(names, lambda _: client.ask(f"http://www.google.com:{port}{asked}"))
        runner = Runner(client, None, CheckOptions(look_delay_s=0.01, retry_delay_s=0.01), control)
        urls = [f"http://{host}:{port}/page" for host in hosts]
        return [finding async for finding in runner.run(map(Question, urls))], runner


async def test_a_portal_that_answers_for_everybody_at_their_own_addresses_is_noticed(port: int) -> None:
    findings, runner = await _scanned(["a.test", "b.example"], port, "/login")
    assert {finding.judgement.rule for finding in findings} == {"captive-portal"}
    assert runner.network_at_fault


async def test_sites_that_share_a_machine_are_no_portal_where_the_web_answers(port: int) -> None:
    findings, runner = await _scanned(["a.org", "b.net", "c.com"], port, "/204")
    assert {finding.judgement.verdict for finding in findings} == {Verdict.OK}
    assert not runner.network_at_fault


async def test_one_domain_alone_asks_nobody_about_portals(port: int) -> None:
    findings, _ = await _scanned(["www.a.org", "docs.a.org"], port, "/login")
    assert {finding.judgement.verdict for finding in findings} == {Verdict.OK}


async def test_a_name_that_leads_inside_is_skipped_where_others_do_not(port: int) -> None:
    findings, _ = await _scanned(["a.org", "b.net", "wiki.c.com"], port, "/204", Names("wiki.c.com"))
    rules = {finding.url.split("/")[2].split(":")[0]: finding.judgement.rule for finding in findings}
    assert rules == {"a.org": "http-success", "b.net": "http-success", "wiki.c.com": "private-address"}
