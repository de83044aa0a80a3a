"""Pages that are nothing without JavaScript, through headless Chromium (the extra `linkkeeper[browser]`).

The browser has no way out of its own: names do not resolve there, its proxy does not exist. Every request is held up
(CDP, domain Fetch) and answered with what our client fetched: robots.txt, judged addresses, limits and politeness
hold as for any other capture, and every hop is recorded.
"""

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from linkkeeper.archive.capture import reading
from linkkeeper.archive.capture.fetch import Budget
from linkkeeper.archive.capture.rendering import Rendering
from linkkeeper.errors import LinkkeeperError, UsageError
from linkkeeper.net.tape import Recorded

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, BrowserType, Page, ViewportSize

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
_SCROLLS = 20
_SHARE = 0.7
"""Of a page's time: the rest is for what its markup names and the browser did not load."""
_CLOSING_S = 10.0
_STEP = """() => { window.scrollBy(0, innerHeight);
  return innerHeight + scrollY >= (document.documentElement?.scrollHeight ?? 0) - 2; }"""


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


class Rendered(Struct, frozen=True):
    """What came of a page in the browser."""

    title: str = ""
    hops: tuple[Recorded, ...] = ()
    """What it loaded and is to be kept."""
    markup: str = ""
    """As its scripts left it: what another screen would load stands there."""


_MARKUP_LIMIT = 4 * 1024 * 1024


class Renderer:
    """A headless Chromium. An async context manager."""

    def __init__(self, options: BrowserOptions | None = None) -> None:
        self.options = options or BrowserOptions()
        self._exits = AsyncExitStack()
        self._chromium: BrowserType
        self._browser: Browser | None = None
        self._starting = asyncio.Lock()
        self._places = asyncio.Semaphore(self.options.at_once)

    async def __aenter__(self) -> Self:
        """Start the browser. Raises UsageError if Playwright or a browser is missing."""
        try:
            from playwright.async_api import async_playwright
        except ImportError as missing:
            raise UsageError("a browser needs Playwright", "pip install 'linkkeeper[browser]'") from missing
        async with AsyncExitStack() as exits:
            self._chromium = (await exits.enter_async_context(async_playwright())).chromium
            exits.push_async_callback(self._stop)
            await self._running()
            self._exits = exits.pop_all()
        return self

    async def _running(self) -> "Browser":
        """Return the browser; started again, if a page has brought it down."""
        from playwright.async_api import Error

        async with self._starting:
            if self._browser is None or not self._browser.is_connected():
                path = self.options.executable or next(filter(None, map(shutil.which, NAMES)), None)
                sandbox = not hasattr(os, "geteuid") or os.geteuid() != 0  # Chromium has none for root
                try:
                    self._browser = await self._chromium.launch(
                        executable_path=path, args=list(_NO_WAY_OUT), chromium_sandbox=sandbox
                    )
                except Error as problem:
                    said = str(problem).strip().splitlines()[0][:200]
                    hint = "install Chromium, or `playwright install chromium`"
                    raise UsageError(f"the browser does not start: {said}", hint) from problem
            return self._browser

    async def _stop(self) -> None:
        if self._browser is not None:
            await self._browser.close()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exits.aclose()

    def wants(self, markup: bytes) -> bool:
        """Say whether a page is to be rendered. `markup`: in UTF-8."""
        return self.options.always or reading.shows_nothing(markup)

    async def render(self, url: str, rendering: Rendering, budget: Budget, name: str) -> Rendered:
        """Open url, let its scripts run, scroll through it; return its title and what it loaded.

        `name`: of its picture and PDF, without suffix. Raises LinkkeeperError if these cannot be written.
        """
        from playwright.async_api import Error

        async with self._places:
            budget.renew()
            title = markup = ""
            try:
                async with asyncio.timeout(max(0.1, budget.left_s * _SHARE)), self._context() as context:
                    tab = await context.new_page()
                    await rendering.attach(await context.new_cdp_session(tab))
                    await self._scroll(tab, url, rendering)
                    title, markup = await tab.title(), (await tab.content())[:_MARKUP_LIMIT]
                    await self._picture(tab, name)
            except (Error, TimeoutError) as problem:
                _log.debug("a page was not rendered to its end: %s", problem)  # what it had loaded is what there is
            finally:
                await rendering.close()
        return Rendered(title, tuple(rendering.hops), markup)

    @asynccontextmanager
    async def _context(self) -> "AsyncIterator[BrowserContext]":
        """Return a fresh profile: nothing of one page is there for the next."""
        from playwright.async_api import Error

        size: ViewportSize = {"width": self.options.width, "height": self.options.height}
        browser = await self._running()
        context = await browser.new_context(viewport=size, service_workers="block", accept_downloads=False)
        try:
            yield context
        finally:
            with suppress(Error, TimeoutError):
                async with asyncio.timeout(_CLOSING_S):
                    await context.close()

    async def _scroll(self, tab: "Page", url: str, rendering: Rendering) -> None:
        await tab.goto(url, wait_until="domcontentloaded", timeout=0)
        await rendering.settle(self.options.settle_s)
        for _ in range(_SCROLLS):
            at_end = await tab.evaluate(_STEP)
            await rendering.settle(self.options.settle_s / 4)
            if at_end:
                break
        await tab.evaluate("() => window.scrollTo(0, 0)")
        await rendering.settle(self.options.settle_s)

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
