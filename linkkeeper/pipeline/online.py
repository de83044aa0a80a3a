"""The part of a run that uses the network: the check, then the archives. Loaded only when something is due."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from linkkeeper.archive import moved
from linkkeeper.check.base import Question, Tools
from linkkeeper.config.settings import Settings
from linkkeeper.config.values import seconds
from linkkeeper.models.verdict import Finding, Verdict
from linkkeeper.pipeline import options, result
from linkkeeper.pipeline.collect import Collection, Entry
from linkkeeper.pipeline.events import Events
from linkkeeper.pipeline.outcome import Outcome, dead_places
from linkkeeper.pipeline.state import State
from linkkeeper.pipeline.stopping import Signals
from linkkeeper.urls import archive_links

if TYPE_CHECKING:
    from linkkeeper.check.runner import Runner
    from linkkeeper.net.client import Client


def run(
    due: list[Entry],
    collection: Collection,
    outcome: Outcome,
    settings: Settings,
    state: State,
    events: Events,
) -> None:
    """Fill outcome with findings and rescues. The first Ctrl-C ends it with what is known."""
    asyncio.run(_Online(due, collection, outcome, settings, state, events).run())


class _Online:
    """One run on the network: what its steps share."""

    def __init__(
        self,
        due: list[Entry],
        collection: Collection,
        outcome: Outcome,
        settings: Settings,
        state: State,
        events: Events,
    ) -> None:
        self.due, self.collection, self.outcome = due, collection, outcome
        self.settings, self.state, self.events = settings, state, events
        self._began = time.monotonic()
        bases = options.archive_bases(settings)
        self._archived = [entry for entry in due if _asks_archive(entry.url, bases)]
        apart = {entry.url for entry in self._archived}
        self._questions = [entry for entry in due if entry.url not in apart]
        self._dead = dead_places(collection, outcome) if settings.rescue else []
        """Known to be dead from earlier runs."""
        self._settled: set[str] = set()
        """URLs whose final row was told."""
        self._runner: Runner | None = None
        self._rescuing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        with Signals(self._interrupted):
            if self._questions:
                from linkkeeper.net.client import Client  # a quarter of a second that only new questions need

                async with Client(options.network(self.settings)) as client:
                    await self._check(client)
            if not self.outcome.interrupted:
                self._rescuing = asyncio.ensure_future(self._ask_archives())
                with suppress(asyncio.CancelledError):
                    await self._rescuing
        for entry in self._late() if self.events.wants_rows else ():
            self._tell(entry)

    def _interrupted(self) -> None:
        self.outcome.interrupted = True
        self.outcome.notes.append("The run was interrupted: what was not asked by then is unchecked.")
        if self._rescuing is not None:
            self._rescuing.cancel()
        elif self._runner is not None:
            self._runner.stop()

    # -- the check ---------------------------------------------------------------------------------------------

    async def _check(self, client: "Client") -> None:
        from linkkeeper.check.runner import Runner

        self.events.stage("checking", len(self._questions))
        progress = _CheckProgress(self.events)
        tools = Tools(self.state.unread, self.state.history, progress)
        self._runner = runner = Runner(client, tools, options.check(self.settings))
        async for finding in runner.run(_questions(self._questions, self.settings)):
            self._found(finding)
        self.outcome.requests += runner.requests
        self.outcome.network_at_fault = runner.network_at_fault
        self.outcome.notes += runner.notes
        self._runner = None

    def _found(self, finding: Finding) -> None:
        self.outcome.findings[finding.url] = finding
        if (successor := moved.suggest(finding)) is not None:
            self.outcome.moved[finding.url] = successor
        if finding.judgement.verdict is not Verdict.DEAD and self.events.wants_rows:
            self._settled.add(finding.url)
            self._tell(self.collection.entries[finding.url])

    def _tell(self, entry: Entry) -> None:
        if not self.events.wants_rows:
            return
        for row in result.url_rows(entry, self.outcome):
            self.events.row(row)

    def _late(self) -> list[Entry]:
        """Return the entries whose row had to wait for the archives, or that nobody was asked about."""
        late = ({entry.url for entry in self.due} | {entry.url for entry, _ in self._dead}) - self._settled
        return [entry for entry in self.collection.asked() if entry.url in late]

    # -- the archives ------------------------------------------------------------------------------------------

    async def _ask_archives(self) -> None:
        if not self._archived and not (self.settings.rescue and dead_places(self.collection, self.outcome)):
            return
        from linkkeeper.pipeline.archives import Archives  # 15 ms, which most nightly runs need not spend

        archives = Archives(self.collection, self.outcome, self.settings, self.state, self.events)
        await archives.run(self._archived, self._left_s())
        await self._follow_hints()

    def _left_s(self) -> float | None:
        """Return what is left of the run's time; None: it has no limit."""
        budget_s = seconds(self.settings.max_time)
        return max(0.0, budget_s - (time.monotonic() - self._began)) if budget_s else None

    async def _follow_hints(self) -> None:
        """Ask whether the pages live that archived redirects once led to, and name the successors."""
        hints = {
            wanted.url: rescue
            for wanted, rescue in self.outcome.rescues.items()
            if rescue.redirected_to and wanted.url in self.outcome.findings
        }
        urls = [_without_fragment(rescue.redirected_to) for rescue in hints.values()]
        found: dict[str, Finding] = {}
        if urls:
            from linkkeeper.check.runner import Runner
            from linkkeeper.net.client import Client

            async with Client(options.network(self.settings)) as client:
                runner = Runner(client, Tools(self.state.memory), options.check(self.settings))
                found = {finding.url: finding async for finding in runner.run(map(Question, urls))}
            self.outcome.requests += runner.requests
        for url, rescue in hints.items():
            target = found.get(_without_fragment(rescue.redirected_to))
            successor = moved.suggest(self.outcome.findings[url], rescue, target)
            if successor is not None:
                self.outcome.moved[url] = successor


def _asks_archive(url: str, bases: Sequence[str]) -> bool:
    """Say whether url leads into the archive that we ask: then it is asked with an archive's manners."""
    return any(bases) and archive_links.is_wayback(url, bases)


def _questions(entries: list[Entry], settings: Settings) -> Iterator[Question]:
    """Yield what is asked, once per URL."""
    for entry in entries:
        fragments = _fragments(entry) if settings.fragments else ()
        yield Question(entry.url, entry.written, entry.rule, bool(fragments), fragments)


def _fragments(entry: Entry) -> tuple[str, ...]:
    found = {place.cleaned.partition("#")[2] for place in entry.places}
    return tuple(sorted(found - {""}))


def ask_afresh(urls: Sequence[str], settings: Settings, events: Events) -> dict[str, Finding]:
    """Return what each URL answers now, whatever is remembered."""
    asked = [_without_fragment(url) for url in dict.fromkeys(urls)]

    async def ask() -> dict[str, Finding]:
        events.stage("checking", len(asked))
        from linkkeeper.check.runner import Runner
        from linkkeeper.net.client import Client

        async with Client(options.network(settings)) as client:
            runner = Runner(client, Tools(progress=_CheckProgress(events)), options.check(settings))
            return {finding.url: finding async for finding in runner.run(map(Question, asked))}

    return asyncio.run(ask()) if asked else {}


def _without_fragment(url: str) -> str:
    return url.partition("#")[0]


class _CheckProgress:
    """Hears the check and tells the run's events."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._dead, self._text = 0, "0 dead"

    def advance(self, finding: Finding) -> None:
        """Count the dead."""
        if finding.judgement.verdict is Verdict.DEAD:
            self._dead += 1
            self._text = f"{self._dead} dead"
        self._events.advance("checking", self._text)

    def waiting(self, hosts: Mapping[str, float]) -> None:
        """Name the host that makes us wait longest."""
        if not hosts:
            self._events.waiting("checking", "")
            return
        host, seconds = max(hosts.items(), key=lambda item: item[1])
        more = f" and {len(hosts) - 1} more" if len(hosts) > 1 else ""
        self._events.waiting("checking", f"{host}{more}, {seconds:.0f} s")
