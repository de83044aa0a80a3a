"""Living links -> Save Page Now, through the durable queue."""

import asyncio
import os
from collections.abc import Sequence

from linkkeeper.archive import registry
from linkkeeper.archive.saving import keys
from linkkeeper.archive.saving import registry as saving_registry
from linkkeeper.archive.saving.base import SaveOutcome, SavePlan, SaveProgress, SaveResult, Saving
from linkkeeper.config.settings import Settings
from linkkeeper.models.saving import Copy, CopyState
from linkkeeper.net.client import Client
from linkkeeper.pipeline import options
from linkkeeper.pipeline.archives import looks_dead
from linkkeeper.pipeline.coverage import WAYBACK
from linkkeeper.pipeline.events import Events
from linkkeeper.pipeline.keeping import Told
from linkkeeper.pipeline.state import State

STAGE = "saving"
STATES = {
    SaveOutcome.RECENT: CopyState.RECENT,
    SaveOutcome.VERIFIED: CopyState.SAVED,
    SaveOutcome.CAPTURED: CopyState.CAPTURED,
    SaveOutcome.SUBMITTED: CopyState.SUBMITTED,
    SaveOutcome.QUEUED: CopyState.QUEUED,
    SaveOutcome.FORBIDDEN: CopyState.REFUSED,
    SaveOutcome.NOT_SENT: CopyState.REFUSED,
    SaveOutcome.FAILED: CopyState.FAILED,
    SaveOutcome.UNASKED: CopyState.UNKNOWN,
}


class Sending:
    """One run's work at the Wayback Machine."""

    def __init__(self, settings: Settings, state: State, events: Events, told: Told) -> None:
        self._settings, self._state, self._events, self._told = settings, state, events, told
        self._keys = keys.find(os.environ)
        """Raises UsageError for half a pair, or a file that cannot be read."""
        self._saved = 0
        self.notes: list[str] = []

    async def run(self, urls: Sequence[str], max_count: int | None, left_s: float | None, stop: asyncio.Event) -> None:
        """Save, or look after, every URL; on stop begin nothing new."""
        chosen = options.archive(self._settings, left_s)
        async with Client(registry.net_options(chosen, options.network(self._settings))) as web:
            saver = self._saver(web, max_count, left_s)
            waiting = asyncio.ensure_future(self._stop_with(stop, saver))
            self._events.stage(STAGE, len(urls))
            try:
                async for result in saver.save(urls):
                    self._heard(result)
            finally:
                waiting.cancel()
                self.notes += saver.notes

    async def plan(self, urls: Sequence[str], max_count: int | None) -> SavePlan:
        """Tell of every URL what a run would do, and return it. Asks nobody."""
        plan = await self._planned(urls, max_count)
        for result in _known(plan):
            self._told(result.url, _copy(result))
        for url in plan.to_send:
            self._told(url, Copy(WAYBACK, CopyState.QUEUED))
        for url in plan.later:
            self._told(url, Copy(WAYBACK, CopyState.QUEUED, "beyond --max or the daily quota"))
        return plan

    async def known(self, urls: Sequence[str]) -> dict[str, Copy]:
        """Return the URLs that are never sent, or need not be, and how they stand. Asks nobody."""
        return {result.url: _copy(result) for result in _known(await self._planned(urls, None))}

    async def _planned(self, urls: Sequence[str], max_count: int | None) -> SavePlan:
        chosen = options.archive(self._settings)
        async with Client(registry.net_options(chosen, options.network(self._settings))) as web:
            return self._saver(web, max_count, None).plan(urls)

    def _saver(self, web: Client, max_count: int | None, left_s: float | None) -> Saving:
        return saving_registry.saver(
            options.saving(self._settings, max_count, left_s),
            options.archive(self._settings, left_s),
            web,
            self._state.clock,
            self._state.queue,
            self._keys,
            None if self._settings.proxy else web.names,
            looks_dead=looks_dead,
            on_wait=self._waits,
            on_progress=self._progress,
        )

    async def _stop_with(self, stop: asyncio.Event, saver: Saving) -> None:
        await stop.wait()
        saver.stop("the run was interrupted")

    def _heard(self, result: SaveResult) -> None:
        self._told(result.url, _copy(result))
        self._saved += result.outcome in (SaveOutcome.VERIFIED, SaveOutcome.CAPTURED)
        self._events.advance(STAGE, f"{self._saved} saved")

    def _waits(self, seconds: float) -> None:
        self._events.waiting(STAGE, f"the archive, {seconds:.0f} s" if seconds >= 1 else "")

    def _progress(self, step: SaveProgress) -> None:
        if step.what == "waiting":
            self._events.waiting(STAGE, "the archive's jobs")


def _known(plan: SavePlan) -> tuple[SaveResult, ...]:
    return (*plan.not_sent, *plan.recent, *plan.waiting, *plan.settled)


def _copy(result: SaveResult) -> Copy:
    detail = f"{result.detail} ({result.code})" if result.code and result.code not in result.detail else result.detail
    return Copy(WAYBACK, STATES[result.outcome], detail, result.captured, result.copy)
