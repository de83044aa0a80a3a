"""A host that answers well at first and oddly later: the quick way settles or hands over, and never misjudges."""

import asyncio
import contextlib

from linkkeeper.check.base import CheckOptions, Question
from linkkeeper.check.runner import Runner
from linkkeeper.models.verdict import Finding, Verdict
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

EACH = 12
ANSWERS = {
    "ok": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n",
    "gone": b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n",
    "wall": b"HTTP/1.1 403 Forbidden\r\ncf-mitigated: challenge\r\nContent-Length: %d\r\n\r\n",
    "moved": b"HTTP/1.1 301 Moved\r\nLocation: /ok/moved\r\nContent-Length: %d\r\n\r\n",
    "early": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n",
}
WANTED = {
    "ok": Verdict.OK,
    "gone": Verdict.DEAD,
    "wall": Verdict.BLOCKED,
    "moved": Verdict.REDIRECTED,
    "early": Verdict.OK,
    "cut": Verdict.SUSPECT,
    "silent": Verdict.SUSPECT,
}


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            kind = head.split("/")[1]
            if kind == "silent":
                await asyncio.sleep(30)
            if kind == "cut":
                break
            body = b"" if head.startswith("HEAD") else b"<title>Tea</title><p>About tea."
            writer.write(ANSWERS.get(kind, ANSWERS["ok"]) % len(body) + body)
    writer.transport.abort()


async def _checked(kinds: list[str], each: int, stop_after: int = 0) -> dict[str, Finding]:
    server = await asyncio.start_server(_talk, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    found: dict[str, Finding] = {}
    async with Client(NetOptions(timeout_s=1, allow_private=True)) as client:
        runner = Runner(client, None, CheckOptions(retry_delay_s=0.05, look_delay_s=0.05))
        async for finding in runner.run(Question(f"{base}/{kind}/{n}") for n in range(each) for kind in kinds):
            found[finding.url.removeprefix(base)] = finding
            if stop_after and len(found) == stop_after:
                runner.stop()
    server.close()
    return found


async def test_every_kind_of_answer_gets_its_verdict_however_busy_the_connections_are() -> None:
    kinds = [kind for kind in WANTED if kind != "silent"]
    found = await _checked(kinds, EACH)
    assert len(found) == EACH * len(kinds)
    verdicts = {
        kind: {one.judgement.verdict for url, one in found.items() if url.startswith(f"/{kind}/")} for kind in kinds
    }
    assert verdicts == {kind: {WANTED[kind]} for kind in kinds}


async def test_a_host_that_falls_silent_on_kept_connections_is_given_up() -> None:
    found = await _checked(["ok", "silent"], 4)
    assert {url: one.judgement.verdict for url, one in found.items()} == {
        f"/{kind}/{number}": WANTED[kind] for kind in ("ok", "silent") for number in range(4)
    }


async def test_a_run_that_is_stopped_in_the_middle_tells_of_every_url_once() -> None:
    found = await _checked(["ok"], 500, stop_after=100)
    assert len(found) == 500
    verdicts = [one.judgement.verdict for one in found.values()]
    assert verdicts.count(Verdict.OK) >= 100
    assert set(verdicts) == {Verdict.OK, Verdict.UNCHECKED}
