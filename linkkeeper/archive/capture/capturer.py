"""Pages and what they need, fetched politely and whole."""

import asyncio
import logging
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from linkkeeper.archive.capture import base
from linkkeeper.archive.capture.base import CaptureOptions, Cited, Judge, Outcome, PaceFor, Refusal, Why
from linkkeeper.archive.capture.browser import Renderer
from linkkeeper.archive.capture.fetch import Fetcher
from linkkeeper.archive.capture.line import Line
from linkkeeper.archive.capture.page import capture
from linkkeeper.archive.capture.robots_cache import Learned
from linkkeeper.archive.capture.shared import Shared
from linkkeeper.archive.capture.turns import Turns
from linkkeeper.archive.capture.walk import Means
from linkkeeper.archive.local.base import PageCapture
from linkkeeper.errors import LinkkeeperError, StateError
from linkkeeper.models.verdict import Reply
from linkkeeper.net.client import Client

_log = logging.getLogger(__name__)
_PREFIX = "linkkeeper-capture-"
_ROBOTS_AT_ONCE = 64
_LATELY_S = 3600.0
"""Another container may share the place: its processes are not seen from here."""


class Capturer:
    """Captures pages over one client; holds what a run knows of hosts, robots.txt and requisites.

    An async context manager. Payload files live in a folder of its own below `spool` (default: the system's place
    for temporary files) and are gone when it is left: keep a page before.
    """

    def __init__(
        self,
        client: Client,
        options: CaptureOptions | None = None,
        judge: Judge | None = None,
        pace_for: PaceFor | None = None,
        spool: Path | None = None,
        renderer: Renderer | None = None,
        learned: Learned | None = None,
    ) -> None:
        """renderer: a browser, entered, for the pages that it wants. Raises StateError without a place for files.

        learned: what an earlier one learned of robots.txt files; added to.
        """
        self.options = options or CaptureOptions()
        self._client = client
        self._turns = Turns(pace_for or base.pace_for(self.options), self.options.max_wait_s)
        self._folder = _folder(spool)
        self._fetcher = Fetcher(client, self.options, self._turns, self._folder, learned)
        self._shared = Shared(self.options.reuse_s)
        self._means = Means(client, self.options, judge or Judge(), self._fetcher, self._shared, renderer)
        self._rank = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._fetcher.robots.close()
        self._turns.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def capture(self, page: Cited) -> Outcome:
        """Return the page with its requisites, or why not. Raises StateError for a full disk, nothing for servers.

        A requisite that another page of this run brought minutes ago is left out: it is in the archive already.
        """
        self._rank += 1
        return await self._capture(page, self._rank)

    async def capture_all(self, pages: Iterable[Cited]) -> AsyncIterator[Outcome]:
        """Yield an outcome for every page, as they become known; at most `options.pages_at_once` are under way.

        Call `done` on each page once it was kept.
        """
        line = Line(self._capture, self._key_of, self._allowed, self.options.pages_at_once)
        outcomes = line.run(pages)
        try:
            async for outcome in outcomes:
                yield outcome
        finally:
            await outcomes.aclose()  # type: ignore[attr-defined]  # an AsyncIterator that is an async generator

    async def forbidden(self, pages: Iterable[Cited]) -> list[Refusal]:
        """Return the pages that robots.txt keeps us from, having asked for robots.txt and nothing else."""
        places = asyncio.Semaphore(_ROBOTS_AT_ONCE)

        async def one(page: Cited) -> Refusal | None:
            async with places:
                found = await self._fetcher.forbidden(page.url)
            if found is None or found.why is None:
                return None
            return Refusal(page.url, found.why, found.detail, posts=page.posts)

        asked = await asyncio.gather(*map(one, pages)) if self.options.obey_robots else []
        return [refusal for refusal in asked if refusal is not None]

    async def heads(self, urls: Iterable[str]) -> dict[str, Reply]:
        """Return what sites answer to HEAD, redirects followed, each in its host's turn. robots.txt is not asked."""
        places = asyncio.Semaphore(self.options.pages_at_once)

        async def one(url: str) -> tuple[str, Reply]:
            async with places:
                return url, await self._fetcher.head(url)

        return dict(await asyncio.gather(*map(one, urls)))

    def done(self, page: PageCapture, *, kept: bool = True) -> None:
        """Delete the files of a page's payloads. With `kept` false its requisites are fetched again for others."""
        if not kept:
            self._shared.forget(exchange.url for exchange in page.exchanges)
        for exchange in page.exchanges:
            if isinstance(exchange.payload, Path):
                with suppress(OSError):
                    exchange.payload.unlink()

    async def _capture(self, page: Cited, rank: int) -> Outcome:
        try:
            return await capture(self._means, page, rank)
        except LinkkeeperError:
            raise
        except Exception as error:  # noqa: BLE001 - one page, however odd, must not end the run
            _log.debug("capture of one page failed", exc_info=True)
            return Refusal(page.url, Why.ERROR, f"internal error: {type(error).__name__}", posts=page.posts)

    def _key_of(self, page: Cited) -> str:
        try:
            host, port = self._client.where(page.url)
        except ValueError:
            return ""
        return host if port in (80, 443) else f"{host}/{port}"

    def _allowed(self, key: str) -> int:
        """Return how many pages of a host may be under way: one, where requests are counted."""
        return 1 if self._turns.single_file(key) else self.options.per_host


def _folder(spool: Path | None) -> Path:
    try:
        if spool is not None:
            spool.mkdir(parents=True, exist_ok=True)
        _clear(spool or Path(tempfile.gettempdir()))
        return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=spool))
    except OSError as problem:
        where = f"no place for temporary files: {problem}"
        raise StateError(where, "make room, or name another place in TMPDIR") from problem


def _clear(place: Path) -> None:
    """Remove what killed processes left behind: none of that number runs, and nothing was written there lately."""
    for old in place.glob(f"{_PREFIX}*"):
        process = old.name.removeprefix(_PREFIX).partition("-")[0]
        with suppress(OSError):
            if process.isdecimal() and not _runs(int(process)) and time.time() - old.stat().st_mtime > _LATELY_S:
                shutil.rmtree(old, ignore_errors=True)


def _runs(process: int) -> bool:
    if os.name == "nt":  # there a signal 0 is not a question
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
