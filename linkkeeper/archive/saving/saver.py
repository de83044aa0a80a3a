"""Many URLs on their way to the Wayback Machine: what is known is told at once, the rest as it comes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from linkkeeper.archive.archive_urls import without_fragment
from linkkeeper.archive.saving import known, planning, vetting
from linkkeeper.archive.saving.agenda import Agenda
from linkkeeper.archive.saving.base import Excluded, SaveOutcome, SavePlan, SaveProgress, SaveResult
from linkkeeper.archive.saving.course import follow
from linkkeeper.archive.saving.desk import Desk
from linkkeeper.archive.saving.planning import Limits
from linkkeeper.archive.saving.steps import Step, next_step
from linkkeeper.models.ticket import Ticket

_WORKERS = 8
"""URLs at once: one asks the index, one submits, a few wait for their jobs."""


class Saver:
    """Saves (see base.Saving). One per run."""

    def __init__(self, desk: Desk, limits: Limits, bases: Sequence[str], excluded: Excluded) -> None:
        self._desk, self._limits, self._bases, self._excluded = desk, limits, tuple(bases), excluded
        self.notes: list[str] = []

    def plan(self, urls: Sequence[str]) -> SavePlan:
        """Return what `save` would do; asks nobody and writes nothing."""
        queue, now = self._desk.queue, self._desk.limiter.now()
        not_sent, sendable = self._vetted(urls)
        sent_today = queue.sent_since(now - 86_400, self._desk.service.way)
        tickets = queue.tickets(sendable)
        known_of = [tickets.get(url) or Ticket(url) for url in sendable]
        options, public = self._desk.options, self._desk.public_url
        return planning.plan(known_of, tuple(not_sent), now, options, self._limits, sent_today, public)

    def stop(self, why: str) -> None:
        """Begin nothing new: `save` yields what is left, as queued, and ends."""
        self._desk.end(SaveOutcome.QUEUED, why)
        self._desk.limiter.stop_at(0.0)

    async def save(self, urls: Sequence[str]) -> AsyncIterator[SaveResult]:
        """Yield one result for every distinct URL, as soon as it is known."""
        not_sent, sendable = self._vetted(urls)
        for one in not_sent:
            yield self._told(one)
        self._desk.queue.add(sendable, self._desk.limiter.now())
        done, waiting = self._settled(sendable)
        for one in done:
            yield self._told(one)
        results: asyncio.Queue[SaveResult | None] = asyncio.Queue()
        runner = asyncio.create_task(self._run(waiting, results))
        try:
            while (found := await results.get()) is not None:
                yield self._told(found)
            await runner
        finally:
            runner.cancel()
            with suppress(asyncio.CancelledError):
                await runner
            self._note_end()

    def _vetted(self, urls: Sequence[str]) -> tuple[list[SaveResult], list[str]]:
        not_sent, sendable = [], []
        for url in dict.fromkeys(without_fragment(url) for url in urls):
            why = self._excluded(url) or vetting.why_not(url, self._bases)
            if why:
                not_sent.append(SaveResult(url, SaveOutcome.NOT_SENT, why))
            else:
                sendable.append(url)
        return not_sent, sendable

    def _settled(self, urls: Sequence[str]) -> tuple[list[SaveResult], list[str]]:
        """Return what is known without asking, and the URLs that somebody must be asked about."""
        options, now = self._desk.options, self._desk.limiter.now()
        tickets = self._desk.queue.tickets(urls)
        done, waiting = [], []
        for url in urls:
            found = known.settled(tickets.get(url) or Ticket(url), now, options, self._desk.public_url)
            if found is not None:
                done.append(found)
            else:
                waiting.append(url)
        self._desk.looker.expect(
            [url for url in waiting if next_step(tickets.get(url) or Ticket(url), now, options) is Step.LOOK]
        )
        return done, waiting

    async def _run(self, urls: Sequence[str], results: "asyncio.Queue[SaveResult | None]") -> None:
        if self._desk.ended is None:
            self._desk.limiter.stop_at(self._desk.options.max_time_s)
        agenda = Agenda(urls, self._desk.limiter.now, self._desk.sleep)
        self._desk.on_end = agenda.hurry
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(_WORKERS, len(urls))):
                    group.create_task(self._work(agenda, results))
        finally:
            results.put_nowait(None)

    async def _work(self, agenda: Agenda, results: "asyncio.Queue[SaveResult | None]") -> None:
        while (url := await agenda.take()) is not None:
            reached = await follow(self._desk, url)
            if isinstance(reached, SaveResult):
                agenda.done()
                results.put_nowait(reached)
            else:
                agenda.again(url, reached.due)

    def _told(self, found: SaveResult) -> SaveResult:
        self._desk.on_progress(SaveProgress(found.url, found.outcome))
        return found

    def _note_end(self) -> None:
        ended = self._desk.ended
        if ended is not None and ended.why not in self.notes:
            self.notes.append(f"Wayback Machine: {ended.why}.")
