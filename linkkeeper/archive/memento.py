"""Any archive with a TimeGate (RFC 7089): asked for the capture nearest to a date, then the capture is played.

A TimeGate answers with a redirect to the memento (pattern 1) or with the memento itself (pattern 2, 200-style).
Its `Link` header may name the memento before; when the nearest one is after the date, that one is preferred.
"""

from datetime import UTC
from email.utils import format_datetime
from urllib.parse import urljoin, urlsplit

from linkkeeper.archive.archive_urls import instant, without_fragment
from linkkeeper.archive.base import ArchiveOptions, LooksDead
from linkkeeper.archive.client import ArchiveClient, is_archived
from linkkeeper.archive.limiter import Pool
from linkkeeper.archive.links import last_before
from linkkeeper.archive.playback import as_seen, is_excluded, memento_stamp
from linkkeeper.errors import ArchiveError
from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import Snapshot, SnapshotState
from linkkeeper.models.verdict import Reply
from linkkeeper.urls.normalise import request_url

_MAX_HOPS = 5


class TimeGate:
    """One archive by its TimeGate."""

    def __init__(
        self, name: str, url: str, client: ArchiveClient, options: ArchiveOptions, looks_dead: LooksDead = lambda _: ""
    ) -> None:
        self._name, self._gate, self._client = name, url, client
        self._play, self._looks_dead = options.play, looks_dead

    @property
    def name(self) -> str:
        """The name it has in the settings."""
        return self._name

    async def lookup(self, url: str, near: Dated) -> Snapshot:
        """Return the capture that suits near; see ArchiveProvider."""
        asked = without_fragment(url)
        reply = await self._ask(self._address(asked), near)
        if is_excluded(reply):
            return self._no(SnapshotState.EXCLUDED, "the owner asked the archive to forget this page")
        if not is_archived(reply):
            return self._no(SnapshotState.NONE, "never captured")
        before = last_before(reply, near)
        if before:
            earlier = await self._ask(before.url, None)
            if is_archived(earlier) and not self._objection(earlier, asked):
                reply = earlier
        return self._judged(reply, asked, near)

    def _address(self, asked: str) -> str:
        wire = request_url(asked)
        return self._gate.replace("{url}", wire) if "{url}" in self._gate else f"{self._gate.rstrip('/')}/{wire}"

    async def _ask(self, address: str, near: Dated | None) -> Reply:
        """Follow the gate's redirects within the archive; an archived redirect is an answer, not a way."""
        headers = (("Accept-Datetime", format_datetime(near.until.astimezone(UTC), usegmt=True)),) if near else ()
        seen: set[str] = set()
        while address not in seen and len(seen) <= _MAX_HOPS:
            seen.add(address)
            pool = Pool.INDEX if near and len(seen) == 1 else Pool.PAGE
            reply = await self._client.get(address, pool, headers, _nonsense)
            location = reply.header("location")
            if is_archived(reply) or not location or reply.status not in (301, 302, 303, 307, 308):
                return reply
            address = _onward(location, address)
            if urlsplit(address).netloc != urlsplit(self._gate).netloc:
                raise ArchiveError(f"{self.name} leads to another host: {urlsplit(address).netloc}")
        raise ArchiveError(f"{self.name} redirects in a circle")

    def _judged(self, reply: Reply, asked: str, near: Dated) -> Snapshot:
        captured = instant(memento_stamp(reply) or "0")
        address = reply.final_url or reply.url
        if objection := self._objection(reply, asked):
            return self._no(SnapshotState.UNUSABLE, objection)
        side = "last capture up to" if captured <= near.until else "first capture after"
        detail = f"{side} {near.text or near.until.date().isoformat()}"
        return Snapshot(SnapshotState.VERIFIED, self.name, address, captured, asked, detail)

    def _objection(self, reply: Reply, asked: str) -> str:
        """Return why a capture is no page; empty if it is one."""
        if reply.status != 200:
            return f"captured as HTTP {reply.status}"
        if not reply.body.strip():
            return "captured without a body"
        why = self._looks_dead(as_seen(reply, asked))
        return f"captured as {why}" if why else ""

    def _no(self, state: SnapshotState, detail: str) -> Snapshot:
        return Snapshot(state, self.name, detail=detail)


def _nonsense(reply: Reply) -> str:
    """A TimeGate redirects, shows a memento, or denies with 404 (RFC 7089, 4.5.4); all else is no answer."""
    told = is_archived(reply) or is_excluded(reply) or reply.status in (301, 302, 303, 307, 308, 404)
    return "" if told else f"HTTP {reply.status} without Memento-Datetime"


def _onward(location: str, address: str) -> str:
    if location.startswith("/") and not location.startswith("//"):
        return "/".join(address.split("/", 3)[:3]) + location
    return location if location.startswith(("http://", "https://")) else urljoin(address, location)
