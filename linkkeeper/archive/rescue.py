"""Many dead links, several archives, one set of manners: questions in, rescues out."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import msgspec

from linkkeeper.archive.archive_urls import without_fragment
from linkkeeper.archive.base import Answers, ArchiveProvider, Batching, Hinting, Replay, Replaying, Rescue, Wanted
from linkkeeper.archive.limiter import Limiter
from linkkeeper.archive.rows import DoubtfulNoneError
from linkkeeper.errors import ArchiveError
from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import Snapshot, SnapshotState
from linkkeeper.urls import secrets

DAY_S = 86_400.0
LIFETIMES_S = {
    SnapshotState.VERIFIED: 7 * DAY_S,
    SnapshotState.NONE: 7 * DAY_S,
    SnapshotState.UNUSABLE: 7 * DAY_S,
    SnapshotState.EXCLUDED: 30 * DAY_S,
}
"""How long an answer holds. What could not be asked or played is never kept. Captures do not change, but their
owners can have them forgotten, so even a verified one is looked at again after a week."""
_WORTH = (
    SnapshotState.NONE,
    SnapshotState.UNUSABLE,
    SnapshotState.EXCLUDED,
    SnapshotState.UNKNOWN,
    SnapshotState.UNVERIFIED,
    SnapshotState.VERIFIED,
)
"""Of several archives' answers the last in this order counts: "could not ask" outweighs every "no"."""
_NOES = frozenset({SnapshotState.NONE, SnapshotState.UNUSABLE, SnapshotState.EXCLUDED})
_WORKERS = 8


def _nothing(wanted: Wanted, rescue: Rescue) -> None:
    """Nobody wants to hear of progress."""
    del wanted, rescue


class Rescuer:
    """Asks archives in order until one has a copy that plays. One per run."""

    def __init__(
        self,
        providers: Sequence[ArchiveProvider],
        limiters: Sequence[Limiter],
        *,
        last: Sequence[ArchiveProvider] = (),
        answers: Answers | None = None,
        max_time_s: float | None = None,
        on_done: Callable[[Wanted, Rescue], None] | None = None,
    ) -> None:
        """last: archives on this machine, asked when all the others said no; what they say is never kept."""
        self._providers, self._last, self._answers = providers, last, answers
        self._on_done = on_done or _nothing
        for limiter in limiters:
            limiter.stop_at(max_time_s)
        self._names = "+".join(provider.name for provider in providers)

    async def rescue(self, wanted: Sequence[Wanted]) -> dict[Wanted, Rescue]:
        """Return the answer to every question; never raises for what archives do.

        Equal questions are asked once. Questions that could not be asked get `unknown` and are asked again by
        the next run; what was answered is kept at once, so an interrupted run goes on where it was.
        """
        done = {question: known for question in dict.fromkeys(wanted) if (known := self._known(question))}
        for question, rescue in done.items():
            done[question] = await self._told(question, rescue)
        open_questions = [question for question in dict.fromkeys(wanted) if question not in done]
        self._tell_ahead(open_questions)
        done |= await self._ask_all(open_questions)
        return {question: done[question] for question in dict.fromkeys(wanted)}

    async def replay(self, urls: Sequence[str], told: Callable[[str, Replay | ArchiveError], None]) -> None:
        """Follow links that point into the archive, and tell of each what it showed, or why nobody knows."""
        archive = next((one for one in self._providers if isinstance(one, Replaying)), None)
        waiting = iter(dict.fromkeys(urls))

        async def work() -> None:
            for url in waiting:
                try:
                    if archive is None:
                        raise ArchiveError("no archive is configured")
                    told(url, await archive.replay(url))
                except ArchiveError as error:
                    told(url, error)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(_WORKERS, len(urls))):
                group.create_task(work())

    async def _ask_all(self, questions: list[Wanted]) -> dict[Wanted, Rescue]:
        done: dict[Wanted, Rescue] = {}
        doubtful: list[Wanted] = []
        waiting = iter(questions)

        async def work() -> None:
            for question in waiting:
                try:
                    done[question] = await self._keep(question, await self._ask(question))
                except DoubtfulNoneError:
                    doubtful.append(question)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(_WORKERS, len(questions))):
                group.create_task(work())
        for question in doubtful:  # by now another answer may have shown that the index knows captures
            done[question] = await self._keep(question, await self._ask(question, last=True))
        return done

    async def _ask(self, question: Wanted, *, last: bool = False) -> Rescue:
        """Ask the archives in order. Raises DoubtfulNoneError if that alone leaves it open (not if last)."""
        best, doubt = Snapshot(SnapshotState.UNKNOWN, detail="no archive is configured"), None
        for place, provider in enumerate(self._providers):
            try:
                found = await self._lookup(provider, question)
            except DoubtfulNoneError as error:
                doubt, found = error, _unknown(provider, error)
            except ArchiveError as error:
                found = _unknown(provider, error)
            best = found if place == 0 or _WORTH.index(found.state) > _WORTH.index(best.state) else best
            if best.state is SnapshotState.VERIFIED:
                break
        if doubt and not last and best.state is SnapshotState.UNKNOWN:
            raise doubt
        return await self._with_hint(question, Rescue(best, asked=datetime.now(UTC)))

    async def _lookup(self, provider: ArchiveProvider, question: Wanted) -> Snapshot:
        """Ask for the cleaned form; if that was never captured, for the form in the post."""
        url, written = _askable(question.url), _askable(question.written)
        found = await provider.lookup(url, question.near)
        if found.state in (SnapshotState.NONE, SnapshotState.UNUSABLE) and written and written != url:
            other = await provider.lookup(written, question.near)
            return other if _WORTH.index(other.state) > _WORTH.index(found.state) else found
        return found

    async def _with_hint(self, question: Wanted, rescue: Rescue) -> Rescue:
        for provider in self._providers:
            if isinstance(provider, Hinting):
                with suppress(ArchiveError):
                    if hint := await provider.redirect_after(_askable(question.url), question.near):
                        return msgspec.structs.replace(rescue, redirected_to=hint[0], redirect_seen=hint[1])
        return rescue

    def _tell_ahead(self, questions: list[Wanted]) -> None:
        for provider in self._providers:
            if isinstance(provider, Batching):
                forms = [(form, one.near) for one in questions for form in (_askable(one.url), _askable(one.written))]
                provider.expect([form for form in dict.fromkeys(forms) if form[0]])

    def _known(self, question: Wanted) -> Rescue | None:
        if self._answers is None:
            return None
        known = self._answers.get(self._key(question), question.near)
        return msgspec.structs.replace(known, cached=True) if known else None

    async def _keep(self, question: Wanted, rescue: Rescue) -> Rescue:
        lifetime_s = LIFETIMES_S.get(rescue.snapshot.state)
        if self._answers is not None and lifetime_s is not None:
            self._answers.put(self._key(question), question.near, rescue, lifetime_s)
        return await self._told(question, rescue)

    async def _told(self, question: Wanted, rescue: Rescue) -> Rescue:
        """Return the answer with what the last archives add to it, and tell it."""
        if rescue.snapshot.state in _NOES or not self._providers:
            rescue = await self._with_last(question, rescue)
        self._on_done(question, rescue)
        return rescue

    async def _with_last(self, question: Wanted, rescue: Rescue) -> Rescue:
        for provider in self._last:
            try:
                found = await self._lookup(provider, question)
            except ArchiveError as error:
                found = _unknown(provider, error)
            if found.state is SnapshotState.VERIFIED or found.captured or not self._providers:
                return msgspec.structs.replace(rescue, snapshot=found)
        return rescue

    def _key(self, question: Wanted) -> str:
        """Other archives may give other answers, so their names belong to the question."""
        return f"{self._names} {_askable(question.url)}"


class MemoryAnswers:
    """Remembers within one process, without expiry."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, Dated], Rescue] = {}

    def get(self, url: str, near: Dated) -> Rescue | None:
        """Return what was put."""
        return self._kept.get((url, near))

    def put(self, url: str, near: Dated, rescue: Rescue, lifetime_s: float) -> None:  # noqa: ARG002 - the protocol's names
        """Remember."""
        self._kept[(url, near)] = rescue


def _askable(url: str) -> str:
    """Credentials never reach an archive, nor does a fragment."""
    return secrets.strip(without_fragment(url)) if url else ""


def _unknown(provider: ArchiveProvider, error: ArchiveError) -> Snapshot:
    return Snapshot(SnapshotState.UNKNOWN, provider.name, detail=str(error))
