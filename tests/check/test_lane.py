"""The fast lane finds what the thorough way finds, leaves to it what it must, and loses nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator

import msgspec
import pytest

from linkkeeper.check import lane
from linkkeeper.check.base import CheckOptions, HostCheck, Question, Tools
from linkkeeper.check.runner import Runner
from linkkeeper.models.verdict import Finding, Verdict
from linkkeeper.net import quick
from linkkeeper.net.client import Client
from linkkeeper.net.options import HostNet, NetOptions

HTML = b"Content-Type: text/html\r\n"
HEADS = {
    "plain": HTML + b"Content-Length: 31\r\n",
    "close": HTML + b"Connection: close\r\nContent-Length: 31\r\n",
    "upgrade": HTML + b"Connection: Upgrade, keep-alive\r\nContent-Length: 31\r\n",
    "wall": HTML + b"cf-mitigated: challenge\r\nContent-Length: 31\r\n",
    "refresh": HTML + b"Refresh: 0; url=/plain/1\r\nContent-Length: 31\r\n",
    "empty": HTML + b"Content-Length: 0\r\n",
    "untyped": b"Content-Length: 31\r\n",
    "pdf": b"Content-Type: application/pdf\r\nContent-Length: 31\r\n",
    "twice": HTML + b"Connection: keep-alive\r\nConnection: close\r\nContent-Length: 31\r\n",
    "odd": HTML + b"X-Name: \xe4\xb8\xad\r\nContent-Length: 31\r\n",
}
OPTIONS = CheckOptions(retry_delay_s=0.05, look_delay_s=0.05)
PRIVATE = NetOptions(timeout_s=2, allow_private=True)


class Server:
    """Answers by the first part of the path, on many loopback addresses, and counts."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                kind = head.split("/")[1]
                body = b"" if head.startswith("HEAD") or kind == "empty" else b"<title>Tea</title><p>About tea."
                writer.write(b"HTTP/1.1 200 OK\r\n" + HEADS.get(kind, HEADS["plain"]) + b"\r\n" + body)
                if kind in ("close", "twice"):
                    break
        writer.close()

    def urls(self, hosts: int = 3, each: int = 2) -> Iterator[str]:
        """Yield URLs of every kind on several hosts."""
        for number in range(each):
            for kind in HEADS:
                for host in range(hosts):
                    yield f"http://127.0.0.{host + 1}:{self.port}/{kind}/{number}"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.talk, "0.0.0.0", 0)  # all of 127.0.0.0/8
    made.port = listening.sockets[0].getsockname()[1]
    yield made
    listening.close()


async def found(
    urls: Iterator[str], net: NetOptions = PRIVATE, options: CheckOptions = OPTIONS, tools: Tools | None = None
) -> tuple[dict[str, Finding], Runner]:
    """Check; return the findings, less when and how long, and the runner."""
    async with Client(net) as client:
        runner = Runner(client, tools, options)
        async with asyncio.timeout(30):
            all_found = {one.url: one async for one in runner.run(map(Question, urls))}
    assert client.pool.open == 0
    return {url: msgspec.structs.replace(one, checked=None, elapsed_ms=0) for url, one in all_found.items()}, runner


@pytest.mark.parametrize("looks", [0, 256])
async def test_both_ways_find_the_same(server: Server, monkeypatch: pytest.MonkeyPatch, looks: int) -> None:
    monkeypatch.setattr("linkkeeper.check.doubt._FREE", looks)
    fast, runner = await found(server.urls())
    assert runner._lane.requests >= (6 if looks else 12)
    monkeypatch.setattr(Client, "door", lambda *_: None)
    thorough, runner = await found(server.urls())
    assert runner._lane.requests == 0
    assert fast == thorough
    assert {one.judgement.verdict for url, one in fast.items() if "/wall/" in url} == {Verdict.BLOCKED}


async def test_without_raw_connections_the_same_is_found(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    fast, _ = await found(server.urls())
    monkeypatch.setattr("linkkeeper.net.wire.Wires.possible", lambda: False)
    assert (await found(server.urls()))[0] == fast


@pytest.mark.parametrize(
    ("net", "options", "wanted"),
    [
        (NetOptions(timeout_s=2, allow_private=True, headers=(("X-Mine", "1"),)), OPTIONS, "X-Mine: 1"),
        (
            NetOptions(timeout_s=2, allow_private=True, hosts={"127.0.0.1": HostNet(headers=(("X-Mine", "1"),))}),
            OPTIONS,
            "X-Mine: 1",
        ),
        (NetOptions(timeout_s=2, allow_private=True, user_agent="mine/1"), OPTIONS, "User-Agent: mine/1"),
    ],
)
async def test_what_is_configured_is_sent(server: Server, net: NetOptions, options: CheckOptions, wanted: str) -> None:
    await found((url for url in server.urls(hosts=1) if "/refresh/" not in url), net, options)
    assert [head for head in server.heads if wanted not in head] == []


async def test_credentials_of_a_url_are_sent_with_it_and_with_no_other(server: Server) -> None:
    base = f"127.0.0.1:{server.port}"
    await found(iter([f"http://{base}/plain/1", f"http://me:pass@{base}/plain/2", f"http://{base}/plain/3"]))
    with_them = {head.split()[1] for head in server.heads if "Authorization: Basic" in head}
    assert with_them == {"/plain/2"}


async def test_a_private_address_is_not_asked_unless_it_is_allowed(server: Server) -> None:
    allowed = NetOptions(timeout_s=2, allow_hosts=(f"127.0.0.1:{server.port}",))
    findings, _ = await found(server.urls(), allowed)
    assert {head.split("Host: ")[1].split(":")[0] for head in server.heads} == {"127.0.0.1"}
    assert {one.judgement.verdict for url, one in findings.items() if "127.0.0.1:" not in url} == {Verdict.SKIPPED}


async def test_a_host_with_settings_of_its_own_is_judged_by_them(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linkkeeper.check.doubt._FREE", 0)
    options = CheckOptions(hosts={"127.0.0.1": HostCheck(verdicts={"http-success": Verdict.SUSPECT})})
    findings, _ = await found(server.urls(hosts=2, each=1), PRIVATE, options)
    plain = {url.split(":")[1]: one.judgement.verdict for url, one in findings.items() if "/plain/" in url}
    assert plain == {"//127.0.0.1": Verdict.SUSPECT, "//127.0.0.2": Verdict.OK}


class _Memory:
    """Cannot keep what is found of some URLs."""

    def __init__(self, odd: Callable[[str], bool]) -> None:
        self.odd = odd

    def get(self, _url: str) -> Finding | None:
        return None

    def put(self, finding: Finding) -> None:
        if self.odd(finding.url):
            raise KeyError("odd")


async def test_what_cannot_be_kept_is_told_all_the_same_and_the_pace_holds(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linkkeeper.check.doubt._FREE", 0)
    urls = [f"http://127.0.0.1:{server.port}/pdf/{number}" for number in range(200)]
    findings, runner = await found(iter(urls), tools=Tools(memory=_Memory(lambda url: url.endswith("0"))))
    assert set(findings) == set(urls)
    odd = {url for url, one in findings.items() if one.judgement.rule == "internal-error"}
    assert odd == {url for url in urls if url.endswith("0")}
    (host,) = runner._scheduler.hosts.values()
    assert host.pace.active == 0


async def test_a_fault_behind_an_answer_ends_the_run_instead_of_stalling_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter(range(10))

    def stumble(*_: object) -> None:
        if next(times, None) is None:
            raise KeyError("odd")

    monkeypatch.setattr(Client, "rest", stumble)
    urls = [f"http://127.0.0.{number}:{server.port}/pdf/1" for number in range(1, 40)]
    async with asyncio.timeout(20):
        with pytest.raises(KeyError):
            await found(iter(urls), options=CheckOptions(concurrency=2))


def test_two_words_about_the_connection_are_no_matter_for_the_lane() -> None:
    assert quick.fields_of_ok(b"HTTP/1.1 200 OK\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n") is None
    assert quick.fields_of_ok(b"HTTP/1.1 200 OK\r\nA: b\r\nA: c\r\n\r\n") == {"a": "c"}
    assert quick.fields_of_ok(b"HTTP/1.1 404 OK\r\nA: b\r\n\r\n") is None


async def test_a_very_long_url_goes_the_thorough_way(server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/pdf/{'x' * 20_000}"
    findings, runner = await found(iter([url]))
    assert (findings[url].judgement.verdict, findings[url].attempts, runner._lane.requests) == (Verdict.OK, 1, 0)


@pytest.mark.parametrize(
    ("fields", "plain"),
    [
        (b"", True),
        (b"Connection: keep-alive\r\n", True),
        (b"Connection: close\r\n", False),
        (b"Connection: Upgrade, keep-alive\r\n", False),
        (b"cf-mitigated: challenge\r\n", False),
        (b"X-Name: \xe4\r\n", False),
    ],
)
def test_only_answers_with_nothing_more_to_them_are_for_the_lane(fields: bytes, plain: bool) -> None:
    assert (lane._read(b"HTTP/1.1 200 OK\r\n" + HTML + fields + b"\r\n") is not None) == plain


async def test_a_wall_shows_by_its_address_too(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkkeeper.check.doubt._FREE", 0)
    url = f"http://127.0.0.1:{server.port}/showcaptcha?key=1"
    tea = url.replace("showcaptcha", "tea")
    findings, _ = await found(iter([url, tea]))
    assert findings[url].judgement.verdict is Verdict.BLOCKED
    assert findings[tea].judgement.verdict is Verdict.OK
