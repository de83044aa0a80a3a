"""Living pages -> the local archive: fetched by the capturer, written by the archive, one line told for each."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

from linkkeeper.archive.archive_urls import instant
from linkkeeper.archive.capture.base import OWNER_FORBIDS, CaptureOptions, Cited, Judge, Outcome, Refusal, Why
from linkkeeper.archive.capture.browser import BrowserOptions, Renderer
from linkkeeper.archive.capture.capturer import Capturer
from linkkeeper.archive.capture.robots_cache import Learned
from linkkeeper.archive.local import layout, manifest
from linkkeeper.archive.local.base import NotKeptError, Page, PageCapture
from linkkeeper.archive.local.lock import is_locked
from linkkeeper.archive.local.store import LocalArchive
from linkkeeper.check.classify import classify
from linkkeeper.config.settings import Settings
from linkkeeper.errors import LinkkeeperError, UsageError
from linkkeeper.models.saving import Copy, CopyState
from linkkeeper.models.verdict import Reply, Verdict
from linkkeeper.net.client import Client
from linkkeeper.pipeline import options
from linkkeeper.pipeline.archives import looks_dead
from linkkeeper.pipeline.coverage import LOCAL, is_recent, oldest
from linkkeeper.pipeline.events import Events
from linkkeeper.pipeline.stopping import until

Told = Callable[[str, Copy], None]
STAGE = "keeping"


class Keeping:
    """One run's work on the local archive."""

    def __init__(self, settings: Settings, events: Events, told: Told, browsing: BrowserOptions | None = None) -> None:
        """browsing: how a browser renders pages; None: it does not."""
        self._settings, self._events, self._told, self._browsing = settings, events, told, browsing
        self._directory = Path(settings.archive.dir)
        self.notes: list[str] = []
        self.bytes_added = 0
        self._saved = 0
        self._learned: Learned = {}
        """What robots.txt of each site says."""

    async def forbidden(self, pages: Sequence[Cited]) -> list[Refusal]:
        """Return the pages that robots.txt keeps us from; nothing else is asked for."""
        async with AsyncExitStack() as exits:
            capturer = await self._capturer(exits, render=False)
            return await capturer.forbidden(pages)

    async def answers(self, urls: Sequence[str]) -> dict[str, Reply]:
        """Return what sites answer to HEAD, in turn: whether a page lives, where robots.txt lets nobody read it."""
        async with AsyncExitStack() as exits:
            capturer = await self._capturer(exits, render=False)
            return await capturer.heads(urls)

    def mend(self) -> None:
        """Repair an archive that a kill or another program left damaged, so that what is lost is not planned as held.

        Whatever stands in the way is a note; while another run writes, nothing is looked at.
        """
        if not layout.is_archive(self._directory) or is_locked(self._directory):
            return
        try:
            with LocalArchive(self._directory, options.local_archive(self._settings)) as archive:
                self._tell_repairs(archive)
        except LinkkeeperError as error:
            self.notes.append(f"The local archive could not be looked at: {error}")

    def _tell_repairs(self, archive: LocalArchive) -> None:
        told = (f"{self._settings.archive.dir}: {line}" for line in archive.repaired)
        self.notes += [line for line in told if line not in self.notes]

    def plan(self, pages: Sequence[Cited], max_count: int | None) -> tuple[list[Cited], list[tuple[Cited, Page]]]:
        """Return the pages to fetch, those never kept first, and those that are held; tell of these and of the rest.

        Raises LinkkeeperError if the manifest cannot be read.
        """
        held = manifest.newest(self._directory) if (self._directory / layout.MANIFEST).exists() else {}
        since = oldest(self._settings)
        due: list[tuple[str, Cited]] = []
        recent: list[tuple[Cited, Page]] = []
        for page in pages:
            known = held.get(page.url)
            if known is not None and is_recent(instant(known.ts), since):
                recent.append((page, known))
                self._told(page.url, self._copy(CopyState.RECENT, known))
            else:
                due.append((known.ts if known else "", page))
        ordered = [page for _, page in sorted(due, key=lambda item: item[0])]
        for page in ordered[max_count:] if max_count is not None else ():
            self._told(page.url, Copy(LOCAL, CopyState.QUEUED, "beyond --max"))
        return ordered[:max_count], recent

    async def run(self, pages: Sequence[Cited], recent: Sequence[tuple[Cited, Page]], stop: asyncio.Event) -> None:
        """Fetch and keep pages until stop; note which posts cite what is held. A failing disk is a note."""
        cited = [(page, known) for page, known in recent if set(page.posts) - set(known.posts)]
        if not pages and not cited:
            return
        left = {page.url for page in pages}
        self._events.stage(STAGE, len(pages))
        try:
            await self._run(pages, cited, stop, left)
        except UsageError:  # no browser: nothing was fetched yet
            raise
        except LinkkeeperError as error:
            self.notes.append(f"The local archive cannot go on: {error}" + (f" ({error.hint})" if error.hint else ""))
            for url in left:
                self._told(url, Copy(LOCAL, CopyState.UNKNOWN, "the local archive could not be written"))
        else:
            for url in left:
                self._told(url, Copy(LOCAL, CopyState.QUEUED, "the run ended before this was fetched"))

    async def _run(
        self, pages: Sequence[Cited], cited: Sequence[tuple[Cited, Page]], stop: asyncio.Event, left: set[str]
    ) -> None:
        with (
            LocalArchive(self._directory, options.local_archive(self._settings)) as archive,
            ThreadPoolExecutor(1, "archive") as writer,  # left first: a page under way is written before the end
        ):
            self._tell_repairs(archive)
            for page, _ in cited:
                archive.cite(page.url, page.posts)
            if not pages:
                return
            async with AsyncExitStack() as exits:
                capturer = await self._capturer(exits)
                outcomes = await exits.enter_async_context(aclosing(until(stop, capturer.capture_all(pages))))
                async for outcome in outcomes:
                    await self._take(outcome, archive, capturer, writer)
                    left.discard(outcome.url)
            self._tell_repairs(archive)

    async def _capturer(self, exits: AsyncExitStack, *, render: bool = True) -> Capturer:
        """Open what fetches pages; exits closes it. Raises UsageError if the browser that is wanted does not start."""
        wanted = self._browsing if render else None
        renderer = await exits.enter_async_context(Renderer(wanted)) if wanted else None
        client = await exits.enter_async_context(Client(options.capture_network(self._settings)))
        chosen = options.capture(self._settings)
        pace = options.capture_pace(self._settings)
        capturer = Capturer(client, chosen, judge(), pace, renderer=renderer, learned=self._learned)
        return await exits.enter_async_context(capturer)

    async def _take(
        self, outcome: Outcome, archive: LocalArchive, capturer: Capturer, writer: ThreadPoolExecutor
    ) -> None:
        if isinstance(outcome, PageCapture):
            await self._keep(outcome, archive, capturer, writer)
        else:
            self._told(outcome.url, refused(outcome))
        self._events.advance(STAGE, f"{self._saved} kept")

    async def _keep(
        self, captured: PageCapture, archive: LocalArchive, capturer: Capturer, writer: ThreadPoolExecutor
    ) -> None:
        kept = None
        try:
            kept = await asyncio.get_running_loop().run_in_executor(writer, archive.keep, captured)
        except NotKeptError as error:
            self._told(captured.url, Copy(LOCAL, CopyState.FAILED, str(error)))
        else:
            self.bytes_added += kept.size_bytes
            self._saved += 1
            self._told(captured.url, self._copy(CopyState.SAVED, kept.page))
        finally:
            capturer.done(captured, kept=kept is not None)

    def _copy(self, state: CopyState, page: Page) -> Copy:
        base = self._settings.archive.local_base
        url = f"{base.rstrip('/')}/{page.ts}/{page.url}" if base else None
        return Copy(LOCAL, state, captured=instant(page.ts), url=url)


def refused(one: Refusal) -> Copy:
    """Return what a refusal means for the link. Pure."""
    detail = one.detail or one.why.value
    if one.why is Why.ROBOTS_UNKNOWN:
        return Copy(LOCAL, CopyState.UNKNOWN, f"{detail}: nothing is fetched now, the next run tries again")
    return Copy(LOCAL, CopyState.REFUSED if one.why in OWNER_FORBIDS else CopyState.FAILED, detail)


def judge() -> Judge:
    """Return the check's rules in the form that a capture asks for."""
    return Judge(looks_dead=looks_dead, looks_blocked=_looks_blocked)


def _looks_blocked(reply: Reply) -> str:
    judgement = classify(reply)
    return judgement.rule if judgement.verdict is Verdict.BLOCKED else ""


def longest_s(pages: int, chosen: CaptureOptions) -> float:
    """Return the time that so many pages take at most, in seconds."""
    return pages / chosen.pages_at_once * chosen.max_page_s
