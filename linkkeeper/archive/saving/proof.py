"""Whether the playback shows a capture that was made since a moment. Nothing else proves that one was made.

A fresh capture's URL may lead to an older one for hours (observed 2026-08), and what the archive named may be another.
"""

from collections.abc import Callable
from typing import assert_never

from msgspec import Struct

from linkkeeper.archive.archive_urls import instant, memento_url, on_the_wire, read_memento, resolve
from linkkeeper.archive.base import LooksDead
from linkkeeper.archive.client import ArchiveClient
from linkkeeper.archive.limiter import Pool
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
)
from linkkeeper.archive.saving.answers import is_timestamp
from linkkeeper.models.verdict import Reply

_MAX_HOPS = 8


class Shown(Struct, frozen=True):
    """A page that was captured since then."""

    timestamp: str


class NotYet(Struct, frozen=True):
    """Nothing that young."""

    newest: str = ""
    """14 digits of what the playback shows instead; empty: nothing."""


class NoGood(Struct, frozen=True):
    """What was captured since then is no page."""

    why: str
    timestamp: str


class Forbidden(Struct, frozen=True):
    """The owner asked the archive to forget the page."""


Proof = Shown | NotYet | NoGood | Forbidden


class Prover:
    """Asks the playback."""

    def __init__(self, client: ArchiveClient, base: str, looks_dead: LooksDead) -> None:
        self._client, self._base, self._looks_dead = client, base.rstrip("/"), looks_dead

    async def look(self, url: str, timestamp: str, since: float) -> Proof:
        """Return what the playback shows of url at a moment (14 digits): a page captured since (Unix time), or not.

        An archived redirect is followed to where it leads. Raises ArchiveError if the archive could not be asked.
        """
        first, seen = "", set[str]()
        address = self._address(timestamp, url)
        while address not in seen and len(seen) < _MAX_HOPS:
            seen.add(address)
            played, location = await self._ask(address, url)
            stamp = played.timestamp if isinstance(played, Page | NoPage | ArchivedRedirect | Elsewhere) else ""
            if stamp and not _is_since(stamp, since):
                return Shown(first) if first else NotYet(stamp)  # where an archived redirect leads may be older
            match played:
                case Page(stamp):
                    return Shown(first or stamp)
                case NoPage(why, stamp):
                    return NoGood(why, stamp)
                case Excluded():
                    return Forbidden()
                case NotCaptured() | Unreadable():
                    return NotYet(first)
                case ArchivedRedirect(_, stamp, target):
                    first = first or stamp
                    address, url = location, target or url
                case Elsewhere():
                    address = location
                case _:
                    assert_never(played)
            if not address:
                break
        return NotYet(first)

    async def _ask(self, address: str, url: str) -> tuple[Played, str]:
        """Return what was played, and where it leads in the same mode of playing."""
        reply = await self._client.get(address, Pool.PAGE, nonsense=self._nonsense())
        played = refuse_dead(read(reply, self._base), url, self._looks_dead)
        name = read_memento(resolve(reply.header("location"), address, self._base), self._base)
        return played, self._address(name.timestamp, name.original) if name else ""

    def _nonsense(self) -> Callable[[Reply], str]:
        def why(reply: Reply) -> str:
            played = read(reply, self._base)
            return played.why if isinstance(played, Unreadable) else ""

        return why

    def _address(self, timestamp: str, url: str) -> str:
        return memento_url(self._base, timestamp, on_the_wire(url), "id_")


def _is_since(timestamp: str, since: float) -> bool:
    return is_timestamp(timestamp) and instant(timestamp).timestamp() >= since
