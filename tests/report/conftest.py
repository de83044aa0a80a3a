"""Runs to report, an ordinary one and one in which everything from outside is hostile; a browser to look at pages."""

import asyncio
import itertools
import json
import shutil
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from linkkeeper.models.document import FileProblem
from linkkeeper.models.run import Accepted, LinkRow, LinkSnapshot, Run, Summary, UrlRow
from linkkeeper.models.snapshot import Moved, SnapshotState
from linkkeeper.models.verdict import Redirect, Verdict
from linkkeeper.report import html
from linkkeeper.report.base import Extras

START = datetime(2026, 11, 20, 9, 45, tzinfo=UTC)
RULES = {
    "http-success": "The server answered with a 2xx status.",
    "http-gone": "The server says that the page is gone (404, 410).",
    "timeout": "No answer in time.",
    "refused": "The server refuses us (401, 403).",
    "bad-url": "No program could request this destination.",
    "moved": "Permanently redirected to a living page.",
    "placeholder": "The destination is # or empty.",
    "file-missing": "There is no such file in the site.",
}


def link(file: str, line: int, raw: str, *, start: int = 0, kind: str = "inline", **more: object) -> LinkRow:
    size = len(raw.encode("utf-8", "surrogatepass"))
    return LinkRow(file=file, line=line, column=5, start=start, end=start + size, kind=kind, raw=raw, **more)  # type: ignore[arg-type]  # fields by name


def copy_of(url: str, state: SnapshotState = SnapshotState.VERIFIED) -> LinkSnapshot:
    captured = datetime(2016, 7, 9, 1, 2, 3, tzinfo=UTC)
    return LinkSnapshot(f"https://web.archive.org/web/20160709010203/{url}", captured, "wayback", state)


def made(urls: list[UrlRow], **more: object) -> Run:
    """Return a run of these URLs with a summary that adds up."""
    verdicts = {verdict.value: sum(row.verdict is verdict for row in urls) for verdict in Verdict}
    links = sum(len(row.links) for row in urls)
    files = len({place.file for row in urls for place in row.links})
    summary = Summary(files=files, links=links, urls=len(urls), requests=len(urls), verdicts=verdicts)
    values: dict[str, object] = {
        "version": "0.1.0",
        "started": START,
        "finished": START + timedelta(seconds=12.4),
        "complete": True,
        "summary": summary,
        "urls": urls,
        "files": [],
        "rules": RULES,
        "id": "20261120T094500Z",
    }
    return Run(**(values | more))  # type: ignore[arg-type]  # fields by name


POST = "content/_posts/2016-07-08-周刊.md"
GONE = "https://example.com/gone"
COPY = f"https://web.archive.org/web/20160709010203/{GONE}"


@pytest.fixture
def run() -> Run:
    """A run in which a bit of everything happened."""
    since = datetime(2026, 3, 1, 8, tzinfo=UTC)
    dated = {"date": "2016-07-08T16:38:20", "date_from": "front matter"}
    return made(
        [
            UrlRow(
                GONE,
                Verdict.DEAD,
                "http-gone",
                "HTTP 404",
                status=404,
                checked=START,
                attempts=2,
                elapsed_ms=120,
                since=since,
                moved=Moved("https://example.com/new", "the archive saw a permanent redirect in 2019"),
                links=[
                    link(POST, 12, GONE, start=300, snapshot=copy_of(GONE), replacement=COPY, **dated),
                    link(
                        "content/about.md",
                        3,
                        GONE + "#part",
                        start=40,
                        fragment="part",
                        snapshot=copy_of(GONE),
                        replacement=f"{COPY}#part",
                    ),
                ],
            ),
            UrlRow(
                "https://no-copy.example/a",
                Verdict.DEAD,
                "http-gone",
                "HTTP 410",
                status=410,
                links=[
                    link(
                        POST,
                        14,
                        "https://no-copy.example/a",
                        start=400,
                        snapshot=LinkSnapshot(None, None, "wayback", SnapshotState.NONE),
                    )
                ],
            ),
            UrlRow(
                "htp://example.com/typo",
                Verdict.INVALID,
                "bad-url",
                "unknown scheme htp",
                links=[link(POST, 20, "htp://example.com/typo", start=700)],
            ),
            UrlRow(
                "/images/missing.png",
                Verdict.DEAD,
                "file-missing",
                "",
                links=[link(POST, 22, "/images/missing.png", start=800, kind="image")],
            ),
            UrlRow(
                "https://slow.example/",
                Verdict.SUSPECT,
                "timeout",
                "no answer within 20 s",
                attempts=2,
                links=[link(POST, 30, "https://slow.example/", start=900)],
            ),
            UrlRow(
                "https://blocked.example/x",
                Verdict.BLOCKED,
                "refused",
                "HTTP 403",
                status=403,
                links=[link(POST, 31, "https://blocked.example/x", start=950)],
            ),
            UrlRow(
                "http://old.example/",
                Verdict.REDIRECTED,
                "moved",
                "permanently moved",
                status=200,
                final_url="https://new.example/",
                redirects=(Redirect("http://old.example/", 301),),
                links=[link(POST, 32, "http://old.example/", start=1000)],
            ),
            UrlRow("", Verdict.PLACEHOLDER, "placeholder", "points nowhere", links=[link(POST, 33, "#", start=1100)]),
            UrlRow(
                "https://example.org/",
                Verdict.OK,
                "http-success",
                "HTTP 200",
                status=200,
                cached=True,
                links=[link(POST, 40, "https://example.org/", start=1200)],
            ),
        ],
        files=[FileProblem("content/broken.bin", "is not text")],
    )


HOSTILE = (
    "https://evil.example/\x1b]0;title\x07\x9b31m\x00\u202egpj\u2066.exe\u200b\u2028\ufeff",
    'https://evil.example/"><script>alert(1)</script><img src=x onerror=alert(1)>',
    "https://evil.example/</script><!--<script>{{7*7}}{% raw %}",
    "https://evil.example/\n::error file=x::pwned\r\n##[add-mask]x",
    "::set-output name=a::b",
    "##[error]https://evil.example/",
    '=HYPERLINK("https://evil.example/","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "https://evil.example/`code` | cell | ![x](https://evil.example/t.png) <b>@everyone #1",
    "javascript:alert(document.domain)//https://evil.example/",
    "https://evil.example/\ud800\udcff\ufffe\uffff]]>&amp;%0A%25",
    "https://evil.example/{0}[link](https://evil.example)\\",
    "https://user:hunter2@evil.example/?access_token=s3cr3tvalue&x=1",
)


@pytest.fixture
def hostile() -> Run:
    """A run in which every string that comes from outside is an attack."""
    rows = []
    for at, text in enumerate(HOSTILE):
        for verdict in (Verdict.DEAD, Verdict.INVALID, Verdict.SUSPECT, Verdict.BLOCKED, Verdict.REDIRECTED):
            where = link(
                f"{text[:60]}.md",
                at + 1,
                text,
                date=text,
                date_from=text,
                fragment=text,
                snapshot=LinkSnapshot(text, START, text, SnapshotState.VERIFIED, text),
                replacement=text,
            )
            rows.append(
                UrlRow(
                    text,
                    verdict,
                    "http-gone",
                    text,
                    final_url=text,
                    redirects=(Redirect(text, 301),),
                    signs=(text,),
                    wrong_rule=text,
                    moved=Moved(text, text),
                    links=[where],
                )
            )
    problems = [FileProblem(text, text) for text in HOSTILE]
    accepted = [
        Accepted(row.url, row.verdict, row.rule, row.detail, row.links[0], "baseline", row.url, START.date())
        for row in rows
    ]
    return made(rows, files=problems, notes=list(HOSTILE), accepted=accepted, rules=RULES | {"http-gone": HOSTILE[1]})


@pytest.fixture
def make() -> Callable[[list[UrlRow]], Run]:
    """Make a run of these URLs, with a summary that adds up."""
    return made


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0"),
)
READY = "document.documentElement?.dataset.ready"


class _Page:
    """One tab: evaluates JavaScript, keeps what went wrong."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []
        self.requests: list[str] = []

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await self._socket.receive_json()
            if message.get("id") == number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        match message["method"]:
            case "Runtime.exceptionThrown" | "Page.javascriptDialogOpening":
                self.complaints.append(json.dumps(message["params"]))
            case "Log.entryAdded" | "Runtime.consoleAPICalled":
                self.complaints.append(json.dumps(message["params"]))
            case "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])

    async def evaluate(self, expression: str) -> Any:
        answer = await self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, expression: str) -> None:
        async with asyncio.timeout(20):
            while not await self.evaluate(expression):  # noqa: ASYNC110  # the page cannot call us
                await asyncio.sleep(0.02)

    async def open(self, path: Path) -> None:
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.send(f"{domain}.enable")
        await self.send("Page.navigate", url=path.as_uri())
        await self.until(READY)


@asynccontextmanager
async def _browser(folder: Path, *flags: str) -> AsyncIterator[_Page]:
    if CHROMIUM is None:
        warnings.warn(
            "no Chromium here: the HTML report was NOT tried in a browser", pytest.PytestWarning, stacklevel=1
        )
        pytest.skip("no Chromium here")
    profile = folder / "profile"
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *(CHROMIUM, *FLAGS, *flags, f"--user-data-dir={profile}", "about:blank"), stdout=quiet, stderr=quiet
    )
    try:
        port = await _port(profile / "DevToolsActivePort")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as reply:
                tabs = [tab for tab in await reply.json() if tab["type"] == "page"]
            async with session.ws_connect(tabs[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield _Page(socket)
    finally:
        process.terminate()
        await process.wait()


async def _port(file: Path) -> str:
    async with asyncio.timeout(20):
        while True:
            lines = await asyncio.to_thread(lambda: file.read_text("ascii").split() if file.exists() else [])
            if len(lines) == 2:
                return str(lines[0])
            await asyncio.sleep(0.05)


Opened = Callable[..., Awaitable[_Page]]


@pytest.fixture
def browser(tmp_path: Path) -> Callable[..., AbstractAsyncContextManager[_Page]]:
    """Return what opens a browser with an empty tab; its arguments go to Chromium."""
    return lambda *flags: _browser(tmp_path, *flags)


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    """Open a report in a browser; `flags` go to Chromium."""
    stack: list[Any] = []

    async def open_it(run: Run, extras: Extras | None = None, *flags: str) -> _Page:
        path = tmp_path / "report.html"
        path.write_text(html.render(run, extras), "utf-8")
        stack.append(_browser(tmp_path, *flags))
        page: _Page = await stack[-1].__aenter__()
        await page.open(path)
        return page

    yield open_it
    for context in stack:
        await context.__aexit__(None, None, None)
