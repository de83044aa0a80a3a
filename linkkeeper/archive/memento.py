"""Any archive with a TimeGate (RFC 7089): asked for the capture nearest to a date, then the capture is played.

A TimeGate redirects to the memento, or shows it, or only names it in its `Link` header (pywb's framed replay,
observed of 2.10: the frame comes with status 200 whatever was captured, so what it frames is what is judged).
When the nearest capture is after the date, or no page, the TimeMap tells the others.
"""

import re
from datetime import UTC, datetime
from email.utils import format_datetime

from msgspec import Struct

from linkkeeper.archive.archive_urls import instant, joined, on_the_wire, origin, without_fragment, without_userinfo
from linkkeeper.archive.base import ArchiveOptions, LooksDead
from linkkeeper.archive.client import ArchiveClient, is_archived
from linkkeeper.archive.limiter import Pool
from linkkeeper.archive.links import MementoLink, framed_memento, memento_links, timemap_of
from linkkeeper.archive.playback import as_seen, is_excluded, memento_stamp, title_of
from linkkeeper.errors import ArchiveError
from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import Snapshot, SnapshotState
from linkkeeper.models.verdict import Reply

_MAX_HOPS = 5
_MAX_PLAYED = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_FLAG = re.compile(r"/(\d{14})(?:mp_|if_)/")


class _Seen(Struct, frozen=True):
    """A capture and what came when it was played."""

    url: str
    captured: datetime
    reply: Reply


class TimeGate:
    """One archive by its TimeGate."""

    def __init__(
        self, name: str, url: str, client: ArchiveClient, options: ArchiveOptions, looks_dead: LooksDead = lambda _: ""
    ) -> None:
        self._name, self._gate, self._client = name, url, client
        self._play_back, self._looks_dead = options.play, looks_dead

    @property
    def name(self) -> str:
        """The name it has in the settings."""
        return self._name

    async def lookup(self, url: str, near: Dated) -> Snapshot:
        """Return the capture that suits near; see ArchiveProvider."""
        asked = without_fragment(url)
        gate = await self._ask(self._address(asked), near)
        if is_excluded(gate):
            return self._no(SnapshotState.EXCLUDED, "the owner asked the archive to forget this page")
        first = await self._first(gate)
        if first is None:
            return self._no(SnapshotState.NONE, "never captured")
        objection = self._objection(first.reply, asked)
        if first.captured <= near.until and not objection:
            return self._yes(first, near)
        return await self._among_others(gate, first, objection, asked, near)

    async def _first(self, gate: Reply) -> _Seen | None:
        """Return the memento that the gate shows or names; None if it denies."""
        framed = framed_memento(gate)
        if framed is not None:
            return await self._play(framed)
        if not is_archived(gate):
            return None
        return _Seen(gate.final_url or gate.url, instant(memento_stamp(gate) or "0"), gate)

    async def _among_others(self, gate: Reply, first: _Seen, objection: str, asked: str, near: Dated) -> Snapshot:
        """The gate's own choice is after the date, or no page: look at the other captures that the archive names."""
        fallback = None if objection else first
        links = [link for link in await self._all_captures(gate, first.reply) if link.captured != first.captured]
        for link in sorted(links, key=lambda link: _rank(link.captured, near))[: _MAX_PLAYED - 1]:
            if fallback is not None and _rank(link.captured, near) > _rank(fallback.captured, near):
                break
            seen = await self._play(link)
            objection = self._objection(seen.reply, asked) or objection
            if not self._objection(seen.reply, asked):
                return self._yes(seen, near)
        return self._yes(fallback, near) if fallback else self._no(SnapshotState.UNUSABLE, objection)

    async def _all_captures(self, gate: Reply, first: Reply) -> list[MementoLink]:
        """Return the captures of the TimeMap, where one is named, else those of the `Link` headers."""
        named = memento_links(gate.header("link")) + memento_links(first.header("link"))
        address = timemap_of(gate) or timemap_of(first)
        if not address or not self._is_ours(address):
            return named
        reply = await self._client.get(address, Pool.INDEX)
        return memento_links(reply.body.decode("utf-8", "replace")) or named

    async def _play(self, link: MementoLink) -> _Seen:
        """Fetch a capture without frame and inserted scripts where the archive can, else as it shows it."""
        raw = _FLAG.sub(r"/\1id_/", link.url, count=1)
        for address in dict.fromkeys((raw, link.url)):
            reply = await self._ask(address, None)
            if is_archived(reply):
                break
        else:
            raise ArchiveError(f"{self.name} names a capture that it cannot play")
        return _Seen(_FLAG.sub(r"/\1/", link.url, count=1), instant(memento_stamp(reply) or "0"), reply)

    def _address(self, asked: str) -> str:
        wire = on_the_wire(asked)
        return self._gate.replace("{url}", wire) if "{url}" in self._gate else f"{self._gate.rstrip('/')}/{wire}"

    async def _ask(self, address: str, near: Dated | None) -> Reply:
        """Follow the archive's own redirects; an archived redirect is an answer, not a way."""
        headers = (("Accept-Datetime", format_datetime(near.until.astimezone(UTC), usegmt=True)),) if near else ()
        seen: set[str] = set()
        while address not in seen and len(seen) <= _MAX_HOPS:
            if not self._is_ours(address):
                raise ArchiveError(f"{self.name} leads elsewhere: {origin(address)[:100]}")
            seen.add(address)
            pool = Pool.INDEX if near and len(seen) == 1 else Pool.PAGE
            reply = await self._client.get(address, pool, headers, _nonsense)
            location = reply.header("location")
            if is_archived(reply) or not location or reply.status not in _REDIRECTS:
                return reply
            address = joined(address, location)
        raise ArchiveError(f"{self.name} redirects in a circle")

    def _is_ours(self, address: str) -> bool:
        return origin(address).lower() == origin(self._gate).lower()

    def _objection(self, reply: Reply, asked: str) -> str:
        """Return why a capture is no page; empty if it is one."""
        if reply.status != 200:
            return f"captured as HTTP {reply.status}"
        if not reply.body.strip():
            return "captured without a body"
        why = self._looks_dead(as_seen(reply, asked))
        return f"captured as {why}" if why else ""

    def _yes(self, seen: _Seen, near: Dated) -> Snapshot:
        side = "last capture up to" if seen.captured <= near.until else "first capture after"
        detail = f"{side} {near.text or near.until.date().isoformat()}"
        state = SnapshotState.VERIFIED if self._play_back else SnapshotState.UNVERIFIED
        url = without_userinfo(seen.url)
        return Snapshot(state, self.name, url, seen.captured, "", detail, title_of(seen.reply))

    def _no(self, state: SnapshotState, detail: str) -> Snapshot:
        return Snapshot(state, self.name, detail=detail)


def _rank(captured: datetime, near: Dated) -> tuple[bool, float]:
    return captured > near.until, abs((captured - near.until).total_seconds())


def _nonsense(reply: Reply) -> str:
    """A TimeGate redirects, shows or names a memento, or denies with 404 (RFC 7089, 4.5.4); all else is no answer."""
    leads_on = reply.status in _REDIRECTS and reply.header("location")
    if is_archived(reply) or is_excluded(reply) or leads_on or reply.status == 404 or framed_memento(reply):
        return ""
    return f"HTTP {reply.status} without Memento-Datetime"
