"""`archive save` on one page: read posts, see which links live, then see to it that each of them has a copy."""

import asyncio
import importlib.util
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from linkkeeper.check import collector
from linkkeeper.config.settings import Settings
from linkkeeper.config.values import seconds
from linkkeeper.errors import UsageError
from linkkeeper.models.document import FileProblem
from linkkeeper.models.saving import HAS_COPY, Copy, CopyState, Saved
from linkkeeper.models.verdict import Finding, Judgement, Reply, Verdict
from linkkeeper.net import gate
from linkkeeper.pipeline import coverage, options, saved, scan
from linkkeeper.pipeline.collect import Collection, Entry
from linkkeeper.pipeline.events import Events
from linkkeeper.pipeline.outcome import Outcome
from linkkeeper.pipeline.state import State
from linkkeeper.urls import archive_links, secrets

if TYPE_CHECKING:
    from linkkeeper.archive.capture.base import Cited, Refusal
    from linkkeeper.archive.capture.browser import BrowserOptions
    from linkkeeper.pipeline.keeping import Keeping
    from linkkeeper.pipeline.sending import Sending

FORBIDDEN = Judgement(Verdict.SKIPPED, "excluded", "robots.txt forbids a copy, so the page was not asked for")
UNREADABLE = Judgement(Verdict.SKIPPED, "excluded", "robots.txt could not be read, so the page was not asked for")
GONE_BY_HEAD = Judgement(Verdict.DEAD, "http-gone", "HEAD was answered so; robots.txt lets nobody read the page")
LIVES_BY_HEAD = Judgement(Verdict.OK, "http-success", "HEAD was answered; robots.txt lets nobody read the page")
_ANSWERED, _GONE = range(200, 300), (404, 410)
ARCHIVES_OWN = Judgement(Verdict.SKIPPED, "excluded", "an archive's own page is not archived again")


class Looks(Struct, frozen=True):
    """How pages are shown to a browser while they are kept, beyond `archive.browser`."""

    executable: str = ""
    """Chromium; empty: what is installed."""
    pictures: str = ""
    """Folder for a screenshot of each rendered page; empty: none is made."""
    pdfs: str = ""


class SaveRequest(Struct, frozen=True):
    """What the user asked for."""

    scan: scan.Request
    max_count: int | None = None
    """Pages to capture in this run, of each archive."""
    dry_run: bool = False
    """Say what would be done; ask nobody, write nothing."""
    looks: Looks = Looks()


def save(request: SaveRequest, settings: Settings, events: Events) -> Saved:
    """See to it that every living link has a copy in each archive of `archive.to`.

    Raises UsageError for paths, settings and keys that cannot be meant, before anything is asked. What goes wrong
    with one link or archive is a row or a note; what was done is kept however this ends.
    """
    started = datetime.now(UTC)
    check_settings(settings)
    with collector.calm(), State(settings) as state:
        work = _Work(request, settings, state, events, started)
        found, changes = scan.documents(request.scan, settings)
        collection, seen, problems = scan.read(request.scan, settings, events, state.extractions, (found, changes))
        del seen
        _leave_archives_out(collection, settings)
        work.check(collection)
        work.run()
        state.flush()
        return work.result(collection, problems)


def check_settings(settings: Settings) -> None:
    """Raise UsageError for settings that no run can work with."""
    if not settings.archive.to:
        raise UsageError("--to names no archive", "choose wayback, local, or wayback,local")
    if coverage.WAYBACK in settings.archive.to and not settings.wayback.url:
        raise UsageError("wayback.url is empty: nothing can be saved at the Wayback Machine", "set it, or --to local")
    if coverage.LOCAL in settings.archive.to:
        _check_directory(Path(settings.archive.dir))


def browsing(settings: Settings, looks: Looks) -> "BrowserOptions | None":
    """Return how a browser renders pages; None: it does not. Raises UsageError if there is none."""
    when = settings.archive.browser
    if when == "never" and not (looks.pictures or looks.pdfs):
        return None
    if importlib.util.find_spec("playwright") is None:
        raise UsageError("a browser needs Playwright", "pip install 'linkkeeper[browser]'")
    from linkkeeper.archive.capture.browser import BrowserOptions

    return BrowserOptions(
        always=when != "needed",
        executable=looks.executable,
        pictures=Path(looks.pictures) if looks.pictures else None,
        pdfs=Path(looks.pdfs) if looks.pdfs else None,
    )


def _check_directory(directory: Path) -> None:
    """Raise UsageError if nothing can be kept there."""
    nearest = next(place for place in (directory, *directory.absolute().parents) if os.path.lexists(place))
    if not nearest.is_dir():
        raise UsageError(f"{nearest} is not a folder", "name another place with --archive DIR")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise UsageError(f"{nearest} is not writable", "name another place with --archive DIR")


def _leave_archives_out(collection: Collection, settings: Settings) -> None:
    """Settle the links that point into archives: they are copies already, and nobody need be asked about them."""
    bases = options.archive_bases(settings)
    for entry in collection.asked():
        if archive_links.points_into(entry.url, bases):
            entry.judgement = ARCHIVES_OWN


class _Work:
    """One run: what its steps share."""

    def __init__(
        self, request: SaveRequest, settings: Settings, state: State, events: Events, started: datetime
    ) -> None:
        self._request, self._settings, self._state = request, settings, state
        self._events, self._started = events, started
        self._began = time.monotonic()
        self._copies: dict[str, dict[str, Copy]] = {}
        """Saved URL → archive → how it stands."""
        self._notes: list[str] = []
        self._living: list[saved.Living] = []
        self._unasked: list[saved.Living] = []
        """Nobody knows whether they live: robots.txt forbids to read them."""
        self._gone: list[Entry] = []
        """Dead by HEAD, where nobody may read them."""
        self._outcome = Outcome()
        self._interrupted = False
        self._stop: asyncio.Event | None = None
        self._keeping = self._local() if coverage.LOCAL in settings.archive.to else None
        self._sending = self._wayback() if coverage.WAYBACK in settings.archive.to else None

    def _local(self) -> "Keeping":
        from linkkeeper.pipeline.keeping import Keeping

        return Keeping(self._settings, self._events, self._told, browsing(self._settings, self._request.looks))

    def _wayback(self) -> "Sending":
        from linkkeeper.pipeline.sending import Sending

        return Sending(self._settings, self._state, self._events, self._told)

    # -- which links live --------------------------------------------------------------------------------------

    def check(self, collection: Collection) -> None:
        """Ask which links live, or with a dry run remember."""
        if self._request.dry_run:
            self._remember(collection)
        elif self._settings.archive.robots and self._keeping is not None:
            asyncio.run(self._heed_robots(collection))
        if self._interrupted:
            return
        if not self._request.dry_run:
            without = structs.replace(self._settings, rescue=False)
            spent = datetime.now(UTC) - self._started
            self._outcome = scan.ask(collection, options.from_now_on(without, spent), self._state, self._events)
            self._count_gone()
        self._interrupted = self._outcome.interrupted
        wanted = coverage.LIVING | ({Verdict.UNCHECKED} if self._request.dry_run else set())
        for entry in collection.entries.values():
            is_asked = entry.judgement is None or entry.judgement is LIVES_BY_HEAD
            if is_asked and self._outcome.finding(entry).judgement.verdict in wanted:
                self._living.append(self._of(entry))

    async def _heed_robots(self, collection: Collection) -> None:
        """Leave out what robots.txt forbids before anybody asks whether it lives: no GET of it is wanted at all.

        Where it may be saved elsewhere, an answer to HEAD says whether it lives.
        """
        from linkkeeper.archive.capture.base import OWNER_FORBIDS, Cited
        from linkkeeper.pipeline.keeping import refused
        from linkkeeper.pipeline.stopping import Signals

        assert self._keeping is not None
        self._state.load(entry.url for entry in collection.asked())
        entries = {entry.url: entry for entry in collection.asked() if self._state.memory.get(entry.url) is None}
        asking = asyncio.ensure_future(self._forbidden([Cited(url) for url in entries]))

        def stop() -> None:
            self._hear_interruption()
            asking.cancel()

        timer = asyncio.get_running_loop().call_later(left_s, asking.cancel) if (left_s := self._left_s()) else None
        with Signals(stop), suppress(asyncio.CancelledError):
            refusals = await asking
            for refusal, reply in refusals:
                entry = entries[refusal.url]
                entry.judgement = _by_head(FORBIDDEN if refusal.why in OWNER_FORBIDS else UNREADABLE, reply)
                self._told(entry.url, refused(refusal))
            await self._tell_unasked([(entries[refusal.url], reply) for refusal, reply in refusals])
        if timer is not None:
            timer.cancel()

    async def _tell_unasked(self, answered: "list[tuple[Entry, Reply | None]]") -> None:
        """Tell how pages stand at the Wayback Machine of which HEAD does not say that they live.

        What forbids us a copy forbids that archive none: it has one already, or never gets one, or nobody knows.
        """
        self._gone = [entry for entry, _ in answered if entry.judgement is GONE_BY_HEAD]
        unasked = {entry.url: (entry, reply) for entry, reply in answered if entry.judgement in (FORBIDDEN, UNREADABLE)}
        self._unasked = [self._of(entry) for entry, _ in unasked.values()]
        if self._sending is not None and unasked:
            known = await self._sending.known([*unasked])
            for url, (entry, reply) in unasked.items():
                self._told(url, known.get(url) or _not_sent(entry.judgement or UNREADABLE, reply))

    def _count_gone(self) -> None:
        """Let what HEAD called dead count like what a page's own answer says."""
        for entry in self._gone:
            self._outcome.findings[entry.url], entry.judgement = Finding(entry.url, GONE_BY_HEAD), None

    async def _forbidden(self, pages: "list[Cited]") -> "list[tuple[Refusal, Reply | None]]":
        """Return the pages that robots.txt keeps us from, and what their sites answer to HEAD if that is of use."""
        assert self._keeping is not None
        refusals = await self._keeping.forbidden(pages)
        replies = await self._keeping.answers([one.url for one in refusals]) if self._sending is not None else {}
        return [(one, replies.get(one.url)) for one in refusals]

    def _remember(self, collection: Collection) -> None:
        self._state.load(entry.url for entry in collection.asked())
        for entry in collection.asked():
            if (known := self._state.memory.get(entry.url)) is not None:
                self._outcome.findings[entry.url] = known
            elif why := gate.why_barred(entry.url, options.network(self._settings)):
                entry.judgement = Judgement(Verdict.SKIPPED, saved.PRIVATE, why)

    def _of(self, entry: Entry) -> saved.Living:
        finding = self._outcome.finding(entry)
        url = entry.written if finding.wrong_rule and entry.written else entry.url
        return saved.Living(entry, url, tuple(sorted({place.link.document for place in entry.places})))

    # -- copies ------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Make the copies, or say which would be made."""
        if self._interrupted or self._outcome.network_at_fault:
            return
        if self._request.dry_run:
            asyncio.run(self._plan())
        elif self._living:
            asyncio.run(self._save())

    async def _save(self) -> None:
        from linkkeeper.archive.capture.base import Cited
        from linkkeeper.pipeline.stopping import Signals

        self._stop = asyncio.Event()
        sendable = self._sendable()
        with Signals(self._hear_interruption):
            if self._keeping is not None:
                pages = [Cited(one.url, one.posts) for one in sendable if one.entry.judgement is not LIVES_BY_HEAD]
                self._keeping.mend()
                due, recent = self._keeping.plan(pages, self._request.max_count)
                timer = self._stop_in_time()
                await self._keeping.run(due, recent, self._stop)
                if timer is not None:
                    timer.cancel()
                self._notes += self._keeping.notes
            if self._sending is not None and not self._interrupted:
                urls = [one.url for one in sendable]
                await self._sending.run(urls, self._request.max_count, self._left_s(), self._stop)
                self._notes += self._sending.notes

    async def _plan(self) -> None:
        from linkkeeper.archive.capture.base import Cited

        sendable = self._sendable()
        if self._keeping is not None:
            due, _ = self._keeping.plan([Cited(one.url, one.posts) for one in sendable], self._request.max_count)
            for page in due:
                self._told(page.url, Copy(coverage.LOCAL, CopyState.QUEUED))
            self._notes.append(_plan_of_keeping(len(due), self._settings))
        if self._sending is not None:
            plan = await self._sending.plan([one.url for one in sendable], self._request.max_count)
            self._notes.append(
                f"Wayback: {len(plan.to_send):,} to submit, {len(plan.to_look):,} of them looked up first; "
                f"at most {saved.duration(plan.seconds)} under the limits."
            )

    def _sendable(self) -> list[saved.Living]:
        """Return what may be copied anywhere, each URL once; a URL with a credential in it may not."""
        clear: dict[str, saved.Living] = {}
        for one in self._living:
            if secrets.strip(one.url) == one.url:
                known = clear.get(one.url)
                posts = tuple(sorted({*known.posts, *one.posts})) if known else one.posts
                clear[one.url] = saved.Living(one.entry, one.url, posts)
                continue
            for archive in self._settings.archive.to:
                self._told(one.url, Copy(archive, CopyState.REFUSED, "a credential stands in the URL"))
        return list(clear.values())

    def _note_refusals(self) -> None:
        """Remember what the owners said: who forbids a copy need not be told that one is missing."""
        local = {url: copies[coverage.LOCAL] for url, copies in self._copies.items() if coverage.LOCAL in copies}
        refused = {url: copy.detail for url, copy in local.items() if copy.state is CopyState.REFUSED}
        self._state.refusals.put(refused, [url for url, copy in local.items() if copy.state in HAS_COPY])

    def _told(self, url: str, copy: Copy) -> None:
        self._copies.setdefault(url, {})[copy.archive] = copy

    def _hear_interruption(self) -> None:
        self._interrupted = True
        self._notes.append("Interrupted: what was saved is kept, and the next run goes on from here.")
        if self._stop is not None:
            self._stop.set()

    def _left_s(self) -> float | None:
        """Return what is left of the run's time; None: it has no limit."""
        budget_s = seconds(self._settings.max_time)
        return max(0.0, budget_s - (time.monotonic() - self._began)) if budget_s else None

    def _stop_in_time(self) -> asyncio.TimerHandle | None:
        left_s = self._left_s()
        if left_s is None or self._stop is None:
            return None
        return asyncio.get_running_loop().call_later(left_s, self._stop.set)

    def result(self, collection: Collection, problems: Iterable[FileProblem]) -> Saved:
        """Return the run as it is reported."""
        if not self._request.dry_run:
            self._note_refusals()
        made = saved.Made(
            self._started,
            [str(name) for name in self._settings.archive.to],
            [*self._living, *self._unasked],
            self._copies,
            self._outcome,
            self._request.dry_run,
            self._interrupted,
            self._keeping.bytes_added if self._keeping else 0,
            saved.bytes_in(Path(self._settings.archive.dir)) if self._keeping else 0,
        )
        reported = saved.build(made, collection, problems)
        late = [*self._outcome.notes, *self._state.notes]
        late += saved.budget_notes(reported.summary.bytes_total, self._settings.archive.budget)
        return structs.replace(reported, notes=list(dict.fromkeys([*self._notes, *reported.notes, *late])))


def _by_head(forbidden: Judgement, reply: Reply | None) -> Judgement:
    """Judge a page that nobody may read by what HEAD was answered. A site without robots.txt may hide what it has."""
    if reply is None or reply.failure is not None:
        return forbidden
    if reply.status in _GONE and forbidden is FORBIDDEN:
        return GONE_BY_HEAD
    return LIVES_BY_HEAD if reply.status in _ANSWERED else forbidden


def _not_sent(why: Judgement, reply: Reply | None) -> Copy:
    """Return how a page stands at the Wayback Machine that nobody may read and that gave HEAD no good answer."""
    said = (
        reply.detail or (f"HTTP {reply.status}" if reply.status else "no answer") if reply is not None else "not asked"
    )
    told = (
        f"not sent, for nobody knows whether it lives (HEAD: {said}; {why.detail}): a run with --to wayback alone asks"
    )
    return Copy(coverage.WAYBACK, CopyState.UNKNOWN, told)


def _plan_of_keeping(pages: int, settings: Settings) -> str:
    from linkkeeper.pipeline.keeping import longest_s

    longest = longest_s(pages, options.capture(settings))
    return f"Local archive: {pages:,} pages to fetch; at most {saved.duration(longest)}, mostly much less."
