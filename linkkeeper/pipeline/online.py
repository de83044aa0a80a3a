"""The part of a run that uses the network: the check, then the archives. Loaded only when something is due."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from linkkeeper.archive import dates, moved, registry
from linkkeeper.archive.base import Rescue, Wanted
from linkkeeper.archive.blame import GitBlame
from linkkeeper.check import parked, soft404
from linkkeeper.check.base import Question, Tools
from linkkeeper.check.runner import Runner
from linkkeeper.config.settings import Settings
from linkkeeper.models.snapshot import SnapshotState
from linkkeeper.models.verdict import Finding, Reply, Verdict
from linkkeeper.net.client import Client
from linkkeeper.pipeline import options, result
from linkkeeper.pipeline.collect import Collection, Entry, Place
from linkkeeper.pipeline.events import Events
from linkkeeper.pipeline.state import State
from linkkeeper.urls import archive_links


def run(
    due: list[Entry],
    collection: Collection,
    outcome: result.Outcome,
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
        outcome: result.Outcome,
        settings: Settings,
        state: State,
        events: Events,
    ) -> None:
        self.due, self.collection, self.outcome = due, collection, outcome
        self.settings, self.state, self.events = settings, state, events
        self._bases = options.archive_bases(settings)
        self._by_url = {entry.url: entry for entry in due}
        self._dead = result.dead_places(collection, outcome) if settings.rescue else []
        """Known to be dead from earlier runs."""
        self._settled: set[str] = set()
        """URLs whose final row was told."""
        self._copies = 0
        self._runner: Runner | None = None
        self._rescuing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        with _Signals(self._interrupted):
            async with Client(options.network(self.settings)) as client:
                await self._check(client)
            if self.settings.rescue and not self.outcome.interrupted:
                self._rescuing = asyncio.ensure_future(self._rescue())
                with suppress(asyncio.CancelledError):
                    await self._rescuing
        for entry in self._late():
            self._tell(entry)

    def _interrupted(self) -> None:
        self.outcome.interrupted = True
        if self._rescuing is not None:
            self._rescuing.cancel()
        elif self._runner is not None:
            self._runner.stop()

    # -- the check ---------------------------------------------------------------------------------------------

    async def _check(self, client: Client) -> None:
        if not self.due:
            return
        self.events.stage("checking", len(self.due))
        progress = _CheckProgress(self.events)
        tools = Tools(self.state.memory, self.state.history, progress)
        self._runner = runner = Runner(client, tools, options.check(self.settings))
        async for finding in runner.run(_questions(self.due, self.settings)):
            self._found(finding)
        self.outcome.requests += runner.requests
        self.outcome.network_at_fault = runner.network_at_fault
        self.outcome.notes += runner.notes
        self._runner = None

    def _found(self, finding: Finding) -> None:
        self.outcome.findings[finding.url] = finding
        if (successor := moved.suggest(finding)) is not None:
            self.outcome.moved[finding.url] = successor
        if finding.judgement.verdict is not Verdict.DEAD:
            self._settled.add(finding.url)
            self._tell(self._by_url[finding.url])

    def _tell(self, entry: Entry) -> None:
        for row in result.url_rows(entry, self.outcome):
            self.events.row(row)

    def _late(self) -> list[Entry]:
        """Return the entries whose row had to wait for the archives, or that nobody was asked about."""
        late = ({entry.url for entry in self.due} | {entry.url for entry, _ in self._dead}) - self._settled
        return [entry for entry in self.collection.asked() if entry.url in late]

    # -- the archives ------------------------------------------------------------------------------------------

    async def _rescue(self) -> None:
        places = result.dead_places(self.collection, self.outcome)
        wanted = self._wanted(places)
        if not wanted:
            return
        self.events.stage("archive", len(wanted))
        chosen = options.archive(self.settings)
        async with Client(registry.net_options(chosen, options.network(self.settings))) as web:
            rescuer = registry.rescuer(
                chosen,
                web,
                self.state.clock,
                answers=self.state.answers,
                looks_dead=looks_dead,
                on_wait=self._waits,
                on_done=self._rescued,
            )
            await rescuer.rescue(wanted)
        self._say_what_is_unknown()
        await self._follow_hints()

    def _wanted(self, places: Sequence[tuple[Entry, Place]]) -> list[Wanted]:
        """Return the questions for the archives, and remember which place each is for."""
        blame = GitBlame()
        when = dates.DateOptions(self.settings.timezone)
        heads: dict[str, bytes] = {}
        for entry, place in places:
            link = place.link
            if archive_links.points_into(link.url, self._bases):
                continue
            if link.document not in heads:
                heads[link.document] = _bytes_of(link.document)
            near = dates.date_of(link.document, heads[link.document], link.line, when, blame)
            written = link.url.partition("#")[0]
            self.outcome.wanted[link.document, link.span.start] = Wanted(
                entry.url, near, written if written != entry.url else ""
            )
        return list(dict.fromkeys(self.outcome.wanted.values()))

    def _waits(self, seconds: float) -> None:
        self.events.waiting("archive", f"the archive, {seconds:.0f} s" if seconds >= 1 else "")

    def _rescued(self, wanted: Wanted, rescue: Rescue) -> None:
        self.outcome.rescues[wanted] = rescue
        self._copies += rescue.snapshot.state is SnapshotState.VERIFIED
        self.events.advance("archive", f"{self._copies} rescued")

    def _say_what_is_unknown(self) -> None:
        unknown = [one.snapshot for one in self.outcome.rescues.values() if one.snapshot.state is SnapshotState.UNKNOWN]
        if unknown:
            self.outcome.notes.append(
                f"The archive could not be asked about {len(unknown)} dead links ({unknown[0].detail}); "
                "run again later: what it answered is kept."
            )

    async def _follow_hints(self) -> None:
        """Ask whether the pages live that archived redirects once led to, and name the successors."""
        hints = {wanted.url: rescue for wanted, rescue in self.outcome.rescues.items() if rescue.redirected_to}
        urls = [_without_fragment(rescue.redirected_to) for rescue in hints.values()]
        found: dict[str, Finding] = {}
        if urls:
            async with Client(options.network(self.settings)) as client:
                runner = Runner(client, Tools(self.state.memory), options.check(self.settings))
                found = {finding.url: finding async for finding in runner.run(map(Question, urls))}
            self.outcome.requests += runner.requests
        for url, rescue in hints.items():
            target = found.get(_without_fragment(rescue.redirected_to))
            successor = moved.suggest(self.outcome.findings[url], rescue, target)
            if successor is not None:
                self.outcome.moved[url] = successor


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
        async with Client(options.network(settings)) as client:
            runner = Runner(client, Tools(progress=_CheckProgress(events)), options.check(settings))
            return {finding.url: finding async for finding in runner.run(map(Question, asked))}

    return asyncio.run(ask()) if asked else {}


def _without_fragment(url: str) -> str:
    return url.partition("#")[0]


def looks_dead(reply: Reply) -> str:
    """Say why an archived page that came with status 200 is none: `soft-404` or `parked`; empty if it is one."""
    if parked.signs(reply):
        return "parked"
    judged = soft404.judge(reply)
    return "soft-404" if judged is not None else ""


def _bytes_of(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


class _CheckProgress:
    """Hears the check and tells the run's events."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._dead = 0

    def advance(self, finding: Finding) -> None:
        """Count the dead."""
        self._dead += finding.judgement.verdict is Verdict.DEAD
        self._events.advance("checking", f"{self._dead} dead")

    def waiting(self, hosts: Mapping[str, float]) -> None:
        """Name the host that makes us wait longest."""
        if not hosts:
            self._events.waiting("checking", "")
            return
        host, seconds = max(hosts.items(), key=lambda item: item[1])
        more = f" and {len(hosts) - 1} more" if len(hosts) > 1 else ""
        self._events.waiting("checking", f"{host}{more}, {seconds:.0f} s")


class _Signals:
    """While open, the first Ctrl-C or termination calls `stop`; the second ends the program."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self._heard, number)

    def __exit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.remove_signal_handler(number)

    def _heard(self, number: int) -> None:
        asyncio.get_running_loop().remove_signal_handler(number)
        self._stop()
