"""The Wayback Machine, or a stand-in: the index names captures, the playback proves them.

One lookup is two requests as a rule: the rows nearest to the date, and the chosen capture. Questions about one
host or directory share a query of the index (see `batch`).
"""

from collections.abc import Iterator
from datetime import datetime

from linkkeeper.archive import choose
from linkkeeper.archive.archive_urls import (
    instant,
    memento_url,
    on_the_wire,
    read_memento,
    stamp,
    without_fragment,
)
from linkkeeper.archive.base import ArchiveOptions, LooksDead, Replay
from linkkeeper.archive.cdx import ExcludedByOwner
from linkkeeper.archive.choose import NO_DIGEST, Candidate, CdxRow
from linkkeeper.archive.client import ArchiveClient
from linkkeeper.archive.grade import Grade, grade
from linkkeeper.archive.limiter import Pool
from linkkeeper.archive.links import last_before
from linkkeeper.archive.playback import (
    ArchivedRedirect,
    Elsewhere,
    Excluded,
    NoPage,
    NotCaptured,
    Page,
    Played,
    Unreadable,
    read,
    refuse_dead,
    title_of,
)
from linkkeeper.archive.replay import replay
from linkkeeper.archive.rows import OUT_OF_ORDER, DoubtfulNoneError, Rows, key_of, wire
from linkkeeper.errors import ArchiveError
from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import Snapshot, SnapshotState
from linkkeeper.models.verdict import Reply
from linkkeeper.urls.archive_links import without_default_port

EXCLUDED = "the owner asked the archive to forget this page"
ONLY_ERRORS = "only redirects and errors were captured"
NEVER = "never captured"
MAX_PLAYED = 5
"""Captures looked at for one link before it is called unusable."""


_REVISIT = "revisit of "


class Wayback:
    """Looks captures up. One per run: it remembers rows that were asked for ahead, and whether the index is sane."""

    name = "wayback"

    def __init__(
        self,
        client: ArchiveClient,
        options: ArchiveOptions,
        looks_dead: LooksDead = lambda _: "",
        *,
        doubts: bool = True,
    ) -> None:
        """Without doubts the index's "none" is believed from the start (see rows.Rows)."""
        self._client, self._options = client, options
        self._base = options.wayback_url.rstrip("/")
        self._public = (options.public_url or options.wayback_url).rstrip("/")
        self._looks_dead = looks_dead
        self._index = Rows(client, self._base)
        self._index.said_yes = not doubts
        self._doubtful: set[tuple[str, datetime]] = set()
        self._redirects: dict[tuple[str, datetime], CdxRow] = {}

    async def lookup(self, url: str, near: Dated) -> Snapshot:
        """Return the capture that suits near (see ArchiveProvider).

        Raises DoubtfulNoneError for a "none" of an index that nobody vouches for.
        """
        asked = without_fragment(url)
        if (asked, near.until) in self._doubtful:
            return self._still_none()
        try:
            rows, shared = await self._index.of(asked, near)
            return await self._from_rows(asked, near, rows, shared=shared)
        except ExcludedByOwner:
            return self._no(SnapshotState.EXCLUDED, EXCLUDED)
        except DoubtfulNoneError:
            self._doubtful.add((asked, near.until))
            raise

    async def replay(self, url: str) -> Replay:
        """Say whether a link into this archive still shows a capture (see Replaying)."""
        return await replay(self._client, self._base, url)

    def expect(self, questions: list[tuple[str, Dated]]) -> None:
        """Plan which questions about one host or directory share a query of the index, where that saves requests."""
        self._index.expect([without_fragment(url) for url, _ in questions])

    async def redirect_after(self, url: str, near: Dated) -> tuple[str, datetime] | None:
        """Say where a redirect led that was captured after the last page, if the rows of `lookup` showed one.

        One request. Whether the target lives, and where it leads today, is for others to ask.
        """
        row = self._redirects.get((without_fragment(url), near.until)) if self._options.hints else None
        if row is None:
            return None
        played = await self._ask_playback(row.timestamp, without_default_port(row.original))
        if not isinstance(played, ArchivedRedirect) or not played.url:
            return None
        target = without_default_port(played.url)
        return (target, instant(row.timestamp)) if grade(url, target) is Grade.DIFFERENT else None

    async def _from_rows(self, asked: str, near: Dated, rows: tuple[CdxRow, ...], *, shared: bool) -> Snapshot:
        redirect = choose.last_redirect(rows)
        if redirect is not None:
            self._redirects[(asked, near.until)] = redirect
        queue = choose.candidates(rows, near, asked)
        if not queue and rows:
            return self._no(SnapshotState.UNUSABLE, ONLY_ERRORS)
        if not queue:
            return await self._without_rows(asked, near, shared=shared)
        if not self._options.play:
            return self._named(queue[0], asked, SnapshotState.UNVERIFIED, "not played")
        return await self._first_that_plays(asked, near, queue)

    async def _first_that_plays(self, asked: str, near: Dated, queue: tuple[Candidate, ...]) -> Snapshot:
        refused: dict[str, str] = {}
        for candidate in _unlike(queue, refused):
            try:
                played, form = await self._play(candidate, asked)
            except ArchiveError as error:
                return self._named(candidate, asked, SnapshotState.UNVERIFIED, str(error))
            if isinstance(played, Page):
                return self._verified(played, form, near)
            if isinstance(played, Excluded):
                return self._no(SnapshotState.EXCLUDED, EXCLUDED)
            refused[_refused_as(candidate, played)] = _why_not(played)
        reasons = "; ".join(dict.fromkeys(refused.values()))
        return self._no(SnapshotState.UNUSABLE, f"no capture plays as a page: {reasons}")

    async def _play(self, candidate: Candidate, asked: str) -> tuple[Played, str]:
        """Play the link as written; if that does not play at that very time, play the captured form."""
        played = await self._ask_playback(candidate.timestamp, asked)
        original = without_default_port(without_fragment(candidate.original))
        if not _is_other_capture(played, candidate.timestamp) or not self._is_other_form(original, asked):
            return self._at(played, candidate.timestamp), asked
        return self._at(await self._ask_playback(candidate.timestamp, original), candidate.timestamp), original

    def _is_other_form(self, original: str, asked: str) -> bool:
        """Say whether the captured form is worth a request: spelled otherwise, and of the same key."""
        return wire(original) not in ("", wire(asked)) and key_of(original) == key_of(asked)

    def _at(self, played: Played, timestamp: str) -> Played:
        """A page of another moment than the one asked for is not the capture that was asked for."""
        if isinstance(played, Page) and played.timestamp != timestamp:
            return Elsewhere(played.timestamp, "")
        return played

    async def _ask_playback(self, timestamp: str, url: str) -> Played:
        name = memento_url(self._base, timestamp, on_the_wire(url), "id_")
        reply = await self._client.get(name, Pool.PAGE, nonsense=self._nonsense)
        return refuse_dead(read(reply, self._base), url, self._looks_dead)

    def _nonsense(self, reply: Reply) -> str:
        played = read(reply, self._base)
        return played.why if isinstance(played, Unreadable) else ""

    async def _without_rows(self, asked: str, near: Dated, *, shared: bool) -> Snapshot:
        """The index named nothing: let the playback confirm it, then make sure that the index works at all."""
        played = await self._ask_playback(stamp(near.until), asked)
        match played:
            case Excluded():
                return self._no(SnapshotState.EXCLUDED, EXCLUDED)
            case Page() if not shared:
                return await self._not_listed(played, asked, near)
            case NoPage() | ArchivedRedirect() if not shared:
                return self._no(SnapshotState.UNUSABLE, ONLY_ERRORS)
            case Elsewhere(timestamp) if not shared:
                return await self._not_listed(await self._ask_playback(timestamp, asked), asked, near)
            case NotCaptured():
                await self._index.believe(asked)
                return self._no(SnapshotState.NONE, NEVER)
        return await self._from_rows(asked, near, await self._index.alone(asked, near), shared=False)

    async def _not_listed(self, played: Played, asked: str, near: Dated) -> Snapshot:
        """The playback knows a capture that the index did not list: an error as a rule, else a fresh page.

        It is the nearest one; if that is after the date, its `Link` header names the one before.
        """
        if not isinstance(played, Page):
            return self._no(SnapshotState.UNUSABLE, ONLY_ERRORS)
        earlier = last_before(played.reply, near)
        name = read_memento(earlier.url, self._base) if earlier else None
        if name is not None:
            before = await self._ask_playback(name.timestamp, asked)
            played = before if isinstance(before, Page) else played
        return self._verified(played, asked, near)

    def _still_none(self) -> Snapshot:
        """Answer a question whose "none" was doubtful at first: by now the index may have shown that it works."""
        if not self._index.said_yes:
            raise DoubtfulNoneError(OUT_OF_ORDER)
        return self._no(SnapshotState.NONE, NEVER)

    def _verified(self, page: Page, form: str, near: Dated) -> Snapshot:
        captured = instant(page.timestamp)
        side = "last capture up to" if captured <= near.until else "first capture after"
        detail = f"{side} {near.text or near.until.date().isoformat()}"
        url = memento_url(self._public, page.timestamp, form)
        return Snapshot(SnapshotState.VERIFIED, self.name, url, captured, form, detail, title_of(page.reply))

    def _named(self, candidate: Candidate, asked: str, state: SnapshotState, detail: str) -> Snapshot:
        url = memento_url(self._public, candidate.timestamp, asked)
        return Snapshot(state, self.name, url, candidate.captured, candidate.original, detail)

    def _no(self, state: SnapshotState, detail: str) -> Snapshot:
        return Snapshot(state, self.name, detail=detail)


def _is_other_capture(played: Played, timestamp: str) -> bool:
    return isinstance(played, Elsewhere | NotCaptured) or (isinstance(played, Page) and played.timestamp != timestamp)


def _unlike(queue: tuple[Candidate, ...], refused: dict[str, str]) -> Iterator[Candidate]:
    """Yield candidates in order, a few at most, without those whose very payload was refused meanwhile."""
    played = 0
    for candidate in queue:
        if candidate.digest != NO_DIGEST and (
            candidate.digest in refused or (candidate.revisit and _REVISIT + candidate.digest in refused)
        ):
            continue
        if played == MAX_PLAYED:
            return
        played += 1
        yield candidate


def _refused_as(candidate: Candidate, played: Played) -> str:
    """Return what is refused: these very bytes, all revisits of them (they came with an error), or this capture."""
    match played:
        case NoPage(status=200):
            return candidate.digest
        case NoPage() | ArchivedRedirect():
            return _REVISIT + candidate.digest
        case _:
            return candidate.timestamp


def _why_not(played: Played) -> str:
    match played:
        case NoPage(why):
            return why
        case ArchivedRedirect(status):
            return f"captured as a redirect (HTTP {status})"
        case _:
            return "listed, but the archive cannot play it"
