"""The durable queue of what is to be saved at the Wayback Machine (the saver's `Queue`).

Several processes share it: a row is changed only by who took it, and only if it is still as that one saw it.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from linkkeeper.errors import StateError
from linkkeeper.models import holder as holders
from linkkeeper.models.ticket import Begun, SaveState, Ticket
from linkkeeper.store.database import Database
from linkkeeper.urls import secrets

LONGEST_LEASE_S = 3600.0
"""Who seems to hold a row for longer held it when the machine's clock was ahead."""
DAY_S = 86_400.0
URL_A_DAY = 5
"""Submissions of one URL: the service takes 5 or 10 a day (sources differ)."""
_OF_URL = "SELECT count(*) FROM submissions WHERE url = ? AND at > ?"
_AT_ONCE = 500
"""Rows asked for in one statement; SQLite takes 999 and more."""
_LATEST = "INSERT OR REPLACE INTO saves VALUES (?, ?, ?, ?, ?)"
_decoder = msgspec.msgpack.Decoder(Ticket)


class SaveQueue:
    """Tickets by URL. Without a usable database it lasts for this process alone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._me = holders.new()

    @property
    def kept(self) -> bool:
        """Tell whether the next run will find what is written now."""
        return self._database.kept

    def add(self, urls: Iterable[str], now: float) -> None:
        """Queue URLs that are not known yet; known ones stay as they are. A URL with a credential is left out."""
        new = (Ticket(url, queued=now, changed=now) for url in urls if secrets.strip(url) == url)
        rows = [(one.url, 0, "", 0.0, msgspec.msgpack.encode(one)) for one in new]
        self._database.write(("INSERT OR IGNORE INTO saves VALUES (?, ?, ?, ?, ?)", rows))

    def tickets(self, urls: Sequence[str] | None = None) -> dict[str, Ticket]:
        """Return what is known, of these URLs or of all."""
        if urls is None:
            rows = self._database.read("SELECT url, version, ticket FROM saves ORDER BY url")
        else:
            rows = [row for some in _portions(urls) for row in self._some(some)]
        return {str(url): _ticket(url, version, blob) for url, version, blob in rows}

    def begin(self, ticket: Ticket, now: float, lease_s: float, way: str, a_day: int | None) -> Begun:
        """Note the intent to submit now, and take the URL for so long; count it against the quota of the way.

        Only if the row is as the ticket says and nobody else holds it. To be called just before the request.
        Reasons why not: see Begun.
        """
        intended = msgspec.structs.replace(ticket, intent=now, changed=now, attempts=ticket.attempts + 1)
        answers: list[Begun] = []

        def work(connection: sqlite3.Connection) -> None:
            answers.clear()
            if a_day is not None and _sent_since(connection, now - DAY_S, way) >= a_day:
                answers.append(Begun(None, "daily"))
                return
            often = connection.execute(_OF_URL, (ticket.url, now - DAY_S)).fetchone()[0]
            if often >= URL_A_DAY:
                answers.append(Begun(None, "often"))
                return
            taken = self._claim(connection, intended, now, lease_s)
            if taken is not None:
                connection.execute("DELETE FROM submissions WHERE at < ?", (now - 2 * DAY_S,))
                connection.execute("INSERT INTO submissions VALUES (?, ?, ?)", (way, now, ticket.url))
            answers.append(Begun(taken, "" if taken else "taken"))

        done = self._database.exclusively(work)
        return answers[-1] if done and answers else Begun(None, "locked")

    def take(self, ticket: Ticket, now: float, lease_s: float) -> Ticket | None:
        """Take a URL for a look at its job or capture; None if another process holds it or changed it.

        Raises StateError if the state cannot be written: it is locked for good, or its disk is full.
        """
        taken: list[Ticket | None] = []
        done = self._database.exclusively(lambda base: taken.append(self._claim(base, ticket, now, lease_s)))
        if not done:
            raise StateError("the state cannot be written")
        return taken[-1]

    def put(self, ticket: Ticket, now: float) -> Ticket:
        """Write what is known now, let the URL go, and return the ticket with its new version.

        If the row was changed meanwhile (our hold had run out), it is left as it is, and returned.
        """
        new = msgspec.structs.replace(ticket, version=ticket.version + 1, changed=now)
        row = (new.url, new.version, "", 0.0, msgspec.msgpack.encode(new))
        kept = [new]

        def work(connection: sqlite3.Connection) -> None:
            found = connection.execute("SELECT url, version, ticket FROM saves WHERE url = ?", (new.url,)).fetchone()
            kept[0] = _ticket(*found) if found and found[1] != ticket.version else new
            if kept[0] is new:
                connection.execute(_LATEST, row)

        self._database.exclusively(work)
        return kept[0]

    def sent_since(self, moment: float, way: str) -> int:
        """Return how many submissions of a way were begun since then."""
        rows = self._database.read("SELECT count(*) FROM submissions WHERE way = ? AND at > ?", (way, moment))
        return int(str(rows[0][0])) if rows else 0

    def _claim(self, connection: sqlite3.Connection, ticket: Ticket, now: float, lease_s: float) -> Ticket | None:
        """Hold the row and count its version up, unless it is another's or has changed."""
        found = connection.execute("SELECT version, holder, held_until FROM saves WHERE url = ?", (ticket.url,))
        version, holder, until = found.fetchone() or (ticket.version, "", 0.0)
        is_held = holder not in ("", self._me) and now < until <= now + LONGEST_LEASE_S
        if version != ticket.version or (is_held and not holders.is_gone(holder)):
            return None
        new = msgspec.structs.replace(ticket, version=version + 1)
        row = (new.url, new.version, self._me, now + lease_s, msgspec.msgpack.encode(new))
        connection.execute(_LATEST, row)
        return new

    def _some(self, urls: Sequence[str]) -> list[tuple[object, ...]]:
        marks = ", ".join("?" * len(urls))
        return self._database.read(f"SELECT url, version, ticket FROM saves WHERE url IN ({marks})", urls)  # noqa: S608 - marks only


def _sent_since(connection: sqlite3.Connection, moment: float, way: str) -> int:
    found = connection.execute("SELECT count(*) FROM submissions WHERE way = ? AND at > ?", (way, moment))
    return int(found.fetchone()[0])


def _ticket(url: object, version: object, blob: object) -> Ticket:
    """Read a row; one that another version wrote, or that is damaged, counts as queued."""
    fresh = Ticket(str(url), SaveState.QUEUED, version if isinstance(version, int) else 0)
    try:
        return msgspec.structs.replace(_decoder.decode(blob), url=fresh.url, version=fresh.version)  # type: ignore[arg-type]  # what is no bytes raises
    except (msgspec.MsgspecError, TypeError, ValueError):
        return fresh


def _portions(urls: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(urls), _AT_ONCE):
        yield urls[start : start + _AT_ONCE]
