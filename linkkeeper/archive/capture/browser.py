"""Pages that are nothing without JavaScript, through headless Chromium (the extra `linkkeeper[browser]`).

The browser has no way out of its own: names do not resolve there, its proxy does not exist. Every request is held up
(CDP, domain Fetch) and answered with what our client fetched: robots.txt, judged addresses, limits and politeness
hold as for any other capture, and every hop is recorded.
"""

import asyncio
import base64
import logging
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import AsyncExitStack
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct

from linkkeeper.archive.capture import judging, manner, reading
from linkkeeper.archive.capture.base import CaptureOptions
from linkkeeper.archive.capture.fetch import Budget, Fetcher, Wish, discard
from linkkeeper.archive.capture.requisites import Use
from linkkeeper.errors import LinkkeeperError, UsageError
from linkkeeper.net import target
from linkkeeper.net.options import NetOptions
from linkkeeper.net.tape import Recorded

if TYPE_CHECKING:
    from playwright.async_api import Browser, CDPSession, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_NO_WAY_OUT = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-background-networking",
    "--disable-site-isolation-trials",  # frames stay in the one process whose requests are held up
    "--disable-features=IsolateOrigins,site-per-process,DialMediaRouteProvider",
)
_DROPPED = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive"})
"""Fields that are no longer true of a body that was decoded."""
_SCROLLS = 20
_STEP = """() => { window.scrollBy(0, innerHeight);
  return innerHeight + scrollY >= (document.documentElement?.scrollHeight ?? 0) - 2; }"""
_BODY_LIMIT = 32 * 1024 * 1024
_STATUS = re.compile(rb"HTTP/[0-9.]+[ \t]+[0-9]{3}[ \t]*([\x20-\x7e]*)")


_log = logging.getLogger(__name__)


class BrowserOptions(Struct, frozen=True):
    """How pages are rendered."""

    always: bool = False
    """Every HTML page; else only those that show next to nothing without their scripts."""
    executable: str = ""
    """Chromium or a relative; empty: what is installed under a usual name, else Playwright's own."""
    pictures: Path | None = None
    """A folder that gets a screenshot of each rendered page, whole, as PNG."""
    pdfs: Path | None = None
    """A folder that gets each rendered page as PDF."""
    width: int = 1280
    height: int = 800
    settle_s: float = 0.7
    """A page is done when it has asked for nothing so long."""
    at_once: int = 2


class Rendering:
    """One page in the browser: its requests answered by our client, every answer kept."""

    def __init__(
        self, fetcher: Fetcher, options: CaptureOptions, net: NetOptions, budget: Budget, own: tuple[Recorded, ...]
    ) -> None:
        self._fetcher, self._options, self._net, self._budget = fetcher, options, net, budget
        self._home = target.parse(own[0].url).origin
        self._held = {hop.url: hop for hop in own}
        self._own = frozenset(self._held)
        self._asked = 0
        self.busy = 0
        self.quiet_since = asyncio.get_running_loop().time()
        self._tasks: set[asyncio.Task[None]] = set()
        self._coming: dict[str, asyncio.Task[Recorded | None]] = {}

    @property
    def hops(self) -> list[Recorded]:
        """What was fetched for it and is to be kept: no errors, nothing forbidden."""
        kept = [hop for url, hop in self._held.items() if url not in self._own]
        good = [hop for hop in kept if self._worth_keeping(hop)]
        discard(hop for hop in kept if hop not in good)
        return good

    def _worth_keeping(self, hop: Recorded) -> bool:
        whole = not hop.cut or bool(hop.size)
        return hop.status < 400 and whole and not judging.forbidden((hop,), self._options)

    async def attach(self, session: "CDPSession") -> None:
        """Hold up every request of a page from now on."""

        def paused(event: Mapping[str, Any]) -> None:
            task = asyncio.ensure_future(self._answer(session, event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        session.on("Fetch.requestPaused", paused)
        await session.send("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})

    async def settle(self, quiet_s: float) -> None:
        """Wait until the page has asked for nothing for a while, or its time is up."""
        clock = asyncio.get_running_loop().time
        while self._budget.left_s > 0:
            if not self.busy and clock() - self.quiet_since >= quiet_s:
                return
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        """End what is under way."""
        left: list[asyncio.Future[Any]] = [*self._tasks, *self._coming.values()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _answer(self, session: "CDPSession", event: Mapping[str, Any]) -> None:
        from playwright.async_api import Error

        self.busy += 1
        try:
            hop = await self._fetch(event["request"])
            if hop is None:
                await session.send(
                    "Fetch.failRequest", {"requestId": event["requestId"], "errorReason": "BlockedByClient"}
                )
            else:
                await session.send("Fetch.fulfillRequest", {"requestId": event["requestId"], **_fulfilled(hop)})
        except Error:
            return  # the page has gone on meanwhile: nobody waits for this any more
        finally:
            self.busy -= 1
            self.quiet_since = asyncio.get_running_loop().time()

    async def _fetch(self, request: Mapping[str, Any]) -> Recorded | None:
        """Return the answer to one request of the browser's; None if it gets none."""
        try:
            where = target.parse(str(request["url"]).partition("#")[0])
        except ValueError:
            return None
        if request["method"] != "GET":
            return None
        if where.url in self._held:
            return self._held[where.url]
        coming = self._coming.get(where.url)
        if coming is None:
            self._asked += 1
            if self._asked > self._options.max_requisites or self._budget.left_s <= 0:
                return None
            told = {str(name).lower(): str(value) for name, value in request.get("headers", {}).items()}
            bare = where.origin != self._home
            coming = self._coming[where.url] = asyncio.ensure_future(
                self._fetch_new(where.url, bare, told.get("referer", ""))
            )
        return await coming

    async def _fetch_new(self, url: str, bare: bool, referer: str) -> Recorded | None:
        fields = manner.requisite_fields(self._net, False, referer if referer.isprintable() else "")
        limit = judging.RequisiteLimit(self._options, Use.IMAGE, self._budget.purse.left)
        fetched = await self._fetcher.fetch(Wish(url, fields, limit, bare, follow=False), self._budget)
        if fetched.why is not None or not fetched.hops:
            discard(fetched.hops)
            return None
        self._held[url] = fetched.hops[-1]
        return fetched.hops[-1]


class Renderer:
    """A headless Chromium. An async context manager."""

    def __init__(self, options: BrowserOptions | None = None) -> None:
        self.options = options or BrowserOptions()
        self._exits = AsyncExitStack()
        self._browser: Browser | None = None
        self._places = asyncio.Semaphore(self.options.at_once)

    async def __aenter__(self) -> Self:
        """Start the browser. Raises UsageError if Playwright or a browser is missing."""
        try:
            from playwright.async_api import Error, async_playwright
        except ImportError as missing:
            raise UsageError("a browser needs Playwright", "pip install 'linkkeeper[browser]'") from missing
        async with AsyncExitStack() as exits:
            playwright = await exits.enter_async_context(async_playwright())
            path = self.options.executable or next(filter(None, map(shutil.which, NAMES)), None)
            sandbox = not hasattr(os, "geteuid") or os.geteuid() != 0  # Chromium has none for root
            try:
                self._browser = await playwright.chromium.launch(
                    executable_path=path, args=list(_NO_WAY_OUT), chromium_sandbox=sandbox
                )
            except Error as problem:
                said = str(problem).strip().splitlines()[0][:200]
                hint = "install Chromium, or `playwright install chromium`"
                raise UsageError(f"the browser does not start: {said}", hint) from problem
            exits.push_async_callback(self._browser.close)
            self._exits = exits.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exits.aclose()

    def wants(self, markup: bytes) -> bool:
        """Say whether a page is to be rendered. `markup`: in UTF-8."""
        return self.options.always or reading.shows_nothing(markup)

    async def render(self, url: str, rendering: Rendering, budget: Budget, name: str) -> tuple[str, list[Recorded]]:
        """Open url, let its scripts run, scroll through it; return its title and what it loaded.

        `name`: of its picture and PDF, without suffix. Raises LinkkeeperError if these cannot be written.
        """
        from playwright.async_api import Error

        assert self._browser is not None
        async with self._places:
            budget.begin()
            context = await self._browser.new_context(
                viewport={"width": self.options.width, "height": self.options.height},
                service_workers="block",
                accept_downloads=False,
            )
            title = ""
            try:
                async with asyncio.timeout(max(0.1, budget.left_s)):
                    tab = await context.new_page()
                    await rendering.attach(await context.new_cdp_session(tab))
                    title = await self._look(tab, url, rendering, name)
            except (Error, TimeoutError) as problem:
                _log.debug("a page was not rendered to its end: %s", problem)  # what it had loaded is what there is
            finally:
                await rendering.close()
                await context.close()
        return title, rendering.hops

    async def _look(self, tab: "Page", url: str, rendering: Rendering, name: str) -> str:
        await tab.goto(url, wait_until="domcontentloaded", timeout=0)
        await rendering.settle(self.options.settle_s)
        for _ in range(_SCROLLS):
            at_end = await tab.evaluate(_STEP)
            await rendering.settle(self.options.settle_s / 4)
            if at_end:
                break
        await tab.evaluate("() => window.scrollTo(0, 0)")
        await rendering.settle(self.options.settle_s)
        title = await tab.title()
        await self._picture(tab, name)
        return title

    async def _picture(self, tab: "Page", name: str) -> None:
        try:
            if self.options.pictures is not None:
                picture = await tab.screenshot(full_page=True)
                _write(self.options.pictures / f"{name}.png", picture)
            if self.options.pdfs is not None:
                _write(self.options.pdfs / f"{name}.pdf", await tab.pdf(print_background=True))
        except OSError as problem:
            raise LinkkeeperError(f"the picture of a page cannot be written: {problem}", "make room") from problem


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _fulfilled(hop: Recorded) -> dict[str, Any]:
    """Return an answer in the words of CDP: its body decoded, as nothing behind this decodes it."""
    body = reading.decoded(hop, _BODY_LIMIT) or b""
    phrase = _STATUS.match(hop.head)
    said = phrase[1].decode().strip() if phrase else ""
    return {
        "responseCode": hop.status,
        "responsePhrase": said or _phrase(hop.status),
        "responseHeaders": [
            {"name": name, "value": value} for name, value in hop.values if name.lower() not in _DROPPED
        ],
        "body": base64.b64encode(body).decode("ascii"),
    }


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
