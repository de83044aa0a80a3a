"""What a run asks web archives: copies of the dead, and whether links into the archive still show something."""

import asyncio
import hashlib
import os
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from linkkeeper.archive import dates, registry
from linkkeeper.archive.archive_urls import instant
from linkkeeper.archive.base import Replay, Rescue, Wanted
from linkkeeper.archive.blame import GitBlame
from linkkeeper.archive.rescue import Rescuer
from linkkeeper.check import archived, parked, soft404, verdicts
from linkkeeper.config.settings import Settings
from linkkeeper.errors import ArchiveError
from linkkeeper.fix.journal import Journal
from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import Snapshot, SnapshotState
from linkkeeper.models.verdict import Finding, Reply, Verdict
from linkkeeper.net.options import NetOptions
from linkkeeper.pipeline import copies, options
from linkkeeper.pipeline.collect import Collection, Entry, Place, absolute
from linkkeeper.pipeline.events import Events
from linkkeeper.pipeline.outcome import Outcome, dead_places
from linkkeeper.pipeline.state import State
from linkkeeper.urls import archive_links

if TYPE_CHECKING:
    from linkkeeper.net.client import Client

_WHOLE_TIMESTAMP = 14


class _Web:
    """The network, opened with the first question: where all answers are remembered, it need not even be loaded."""

    def __init__(self, wanted: NetOptions) -> None:
        self._wanted = wanted
        self._open = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._client: Client | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def ask(self, url: str, method: str = "GET", **how: Any) -> Reply:
        """Ask as `net.client.Client` does."""
        async with self._opening:
            if self._client is None:
                from linkkeeper.net.client import Client

                self._client = await self._open.enter_async_context(Client(self._wanted))
        return await self._client.ask(url, method, **how)


class Archives:
    """The archives' part of one run: what its steps share."""

    def __init__(
        self, collection: Collection, outcome: Outcome, settings: Settings, state: State, events: Events
    ) -> None:
        self.collection, self.outcome = collection, outcome
        self.settings, self.state, self.events = settings, state, events
        self._bases = options.archive_bases(settings)
        self._dates = _Dates(settings)
        self._copies = 0

    async def run(self, links: list[Entry], left_s: float | None) -> None:
        """Look for copies of the dead, follow links into the archive, and look for copies of those that are broken.

        left_s: what is left of the run's time; None: it has no limit. However this ends, every question has an answer.
        """
        wanted = self._wanted(self.settings.rescue)
        if not wanted and not links:
            return
        self.events.stage("archive", len(wanted) + len(links))
        chosen = options.archive(self.settings, left_s)
        if chosen.rate_per_minute < self.settings.wayback.rate:
            self.outcome.notes.append(
                f"wayback.rate is {self.settings.wayback.rate:g}, but the Internet Archive asks for at most "
                f"{chosen.rate_per_minute:g} requests a minute: that was kept."
            )
        try:
            async with _Web(registry.net_options(chosen, options.network(self.settings))) as web:
                rescuer = registry.rescuer(
                    chosen,
                    web,
                    self.state.clock,
                    answers=self.state.answers,
                    extra=copies.providers(self.settings, looks_dead),
                    looks_dead=looks_dead,
                    on_wait=self._waits,
                    on_done=self._rescued,
                )
                await rescuer.rescue(wanted)
                if not self.outcome.network_at_fault:
                    await self._follow(links, rescuer)
                await rescuer.rescue(self._wanted(self.settings.rescue))
        finally:
            self._say_what_is_unknown(links)

    # -- copies of the dead ------------------------------------------------------------------------------------

    def _wanted(self, rescue: bool) -> list[Wanted]:
        """Return the questions that have no answer yet, and remember which place each is for."""
        for entry, place in dead_places(self.collection, self.outcome) if rescue else ():
            link = place.link
            key = link.document, link.span.start
            if key in self.outcome.wanted:
                continue
            if not archive_links.points_into(link.url, self._bases):
                near = self._dates.of(place)
                written = absolute(link.url.partition("#")[0])
                self.outcome.wanted[key] = Wanted(entry.url, near, written if written != entry.url else "")
            elif self.outcome.finding(entry).judgement.rule == archived.BROKEN.id:
                self.outcome.wanted[key] = self._behind_the_broken(place)
        return [one for one in dict.fromkeys(self.outcome.wanted.values()) if one not in self.outcome.rescues]

    def _behind_the_broken(self, place: Place) -> Wanted:
        """Ask for the capture that a broken link names, or where it names no moment, for one that suits the post."""
        broken = archive_links.diagnose(place.link.url, self._bases)
        assert broken is not None, "else it would not be called broken"
        if len(broken.timestamp) == _WHOLE_TIMESTAMP:
            moment = instant(broken.timestamp)
            return Wanted(broken.original, Dated(moment, "archive URL", moment.isoformat()))
        return Wanted(broken.original, self._dates.of(place))

    def _rescued(self, wanted: Wanted, rescue: Rescue) -> None:
        self.outcome.rescues[wanted] = rescue
        snapshot = rescue.snapshot
        if snapshot.state is SnapshotState.VERIFIED:
            self._copies += 1
            if (
                snapshot.url and snapshot.archive != copies.NAME and not rescue.cached
            ):  # once it stands in a post, nobody need ask for it again
                self.state.memory.put(_finding(snapshot.url, Replay(plays=True, detail=snapshot.detail), ""))
        self.events.advance("archive", f"{self._copies} rescued")

    def _waits(self, seconds: float) -> None:
        self.events.waiting("archive", f"the archive, {seconds:.0f} s" if seconds >= 1 else "")

    # -- links into the archive --------------------------------------------------------------------------------

    async def _follow(self, links: list[Entry], rescuer: Rescuer) -> None:
        def told(url: str, answer: Replay | ArchiveError) -> None:
            if isinstance(answer, Replay):
                broken = "" if answer.plays else _fault(url, self._bases)
                finding = self.state.history.settle(_finding(url, answer, broken))
                self.state.memory.put(finding)
                self.outcome.findings[url] = finding
            else:
                self.outcome.findings[url] = Finding(url, archived.UNASKED.judge(str(answer)))
            self.events.advance("archive")

        await rescuer.replay([entry.url for entry in links], told)

    # -- what nobody answered ----------------------------------------------------------------------------------

    def _say_what_is_unknown(self, links: list[Entry]) -> None:
        why = "the run was interrupted" if self.outcome.interrupted else "the network is at fault"
        for wanted in self.outcome.wanted.values():
            if wanted not in self.outcome.rescues:
                self.outcome.rescues[wanted] = Rescue(Snapshot(SnapshotState.UNKNOWN, detail=why))
        for entry in links:
            rule = verdicts.INTERRUPTED if self.outcome.interrupted else verdicts.OFFLINE
            unasked = Finding(entry.url, rule.judge(why))
            self.outcome.findings.setdefault(entry.url, unasked)
        self._note("dead link", _details(self.outcome.rescues.values()))
        unasked_links = (self.outcome.findings[entry.url].judgement for entry in links)
        self._note("link into it", [one.detail for one in unasked_links if one.verdict is Verdict.UNCHECKED])

    def _note(self, what: str, details: Sequence[str]) -> None:
        if details:
            self.outcome.notes.append(
                f"The archive could not be asked about {len(details)} {_many(what, len(details))} ({details[0]}); "
                "run again later: what it answered is kept."
            )


def _many(what: str, count: int) -> str:
    """Return `dead links` for `dead link`, unless there is one."""
    noun, verb, rest = what.partition("link")
    return what if count == 1 else f"{noun}{verb}s{rest}"


def _details(rescues: Iterable[Rescue]) -> list[str]:
    states = (SnapshotState.UNKNOWN, SnapshotState.UNVERIFIED)
    return [one.snapshot.detail for one in rescues if one.snapshot.state in states]


def _fault(url: str, bases: Sequence[str]) -> str:
    broken = archive_links.diagnose(url, bases)
    return ", ".join(broken.faults) if broken else ""


def _finding(url: str, answer: Replay, fault: str) -> Finding:
    rule = archived.PLAYS if answer.plays else archived.BROKEN if fault else archived.GONE
    detail = f"{fault}; {answer.detail}" if fault else answer.detail
    return Finding(url, rule.judge(detail), checked=datetime.now(UTC), attempts=1)


class _Dates:
    """The days of links: read once per document, and per line only where the document has none."""

    def __init__(self, settings: Settings) -> None:
        self._options = dates.DateOptions(settings.timezone)
        self._blame = GitBlame()
        self._known: dict[str, Dated | None] = {}
        self._authors: dict[str, Dated | None] = {}
        self._journal = Journal(settings.state)

    def of(self, place: Place) -> Dated:
        """Return the day on which a link was written."""
        document, line = place.link.document, place.link.line
        if document not in self._known:
            self._known[document] = dates.document_date(document, _bytes_of(document), self._options)
        if (known := self._known[document]) is not None:
            return known
        found = dates.line_date(document, line, self._options, self._blame, place.link.written)
        return found if found.source != "file" else self._by_the_author(document) or found

    def _by_the_author(self, document: str) -> Dated | None:
        """Return the day of a file that a fix or an undo was the last to write: what counts is when its author did."""
        if document not in self._authors:
            times = self._modified.get(os.path.join(os.getcwd(), document), {})  # noqa: PTH109, PTH118  # as the journal
            modified = times.get(hashlib.sha256(_bytes_of(document)).hexdigest()) if times else None
            self._authors[document] = dates.file_date(modified / 1e9, self._options) if modified else None
        return self._authors[document]

    @cached_property
    def _modified(self) -> dict[str, dict[str, int]]:
        return self._journal.modified()


def _bytes_of(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def looks_dead(reply: Reply) -> str:
    """Say why an archived page that came with status 200 is none: `soft-404` or `parked`; empty if it is one."""
    if parked.signs(reply):
        return "parked"
    judged = soft404.judge(reply)
    return "soft-404" if judged is not None else ""
