"""Which captures there are already: asked of the index, many URLs with one query where that is cheaper, and kept."""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from linkkeeper.archive.archive_urls import stamp
from linkkeeper.archive.base import ArchiveOptions, LooksDead
from linkkeeper.archive.client import ArchiveClient
from linkkeeper.archive.grade import Grade, grade
from linkkeeper.archive.wayback import Wayback
from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import SnapshotState
from linkkeeper.models.ticket import Ticket


class Looker:
    """Asks the index. One per run."""

    def __init__(
        self, client: ArchiveClient, options: ArchiveOptions, looks_dead: LooksDead, now: Callable[[], float]
    ) -> None:
        unplayed = msgspec.structs.replace(options, play=False, hints=False)
        self._wayback = Wayback(client, unplayed, looks_dead, doubts=False)
        self._now = now
        self._near = Dated(datetime.fromtimestamp(now(), UTC), "now")

    def expect(self, urls: list[str]) -> None:
        """Be told which URLs `look` will be asked about: those of one site share a query."""
        self._wayback.expect([(url, self._near) for url in urls])

    async def look(self, ticket: Ticket) -> Ticket:
        """Return the ticket with what the index lists. Raises ArchiveError if it could not be asked.

        No control questions are spent on a "none": the service is told how young a capture counts, and knows its own.
        """
        found = await self._wayback.lookup(ticket.url, self._near)
        listed = stamp(found.captured) if found.captured and found.url else ""
        if found.original and grade(ticket.url, found.original) is Grade.DIFFERENT:
            listed = ""  # the index folds case and order of arguments: it may be another page
        return self._seen(ticket, found.state, listed)

    def _seen(self, ticket: Ticket, state: SnapshotState, listed: str) -> Ticket:
        return msgspec.structs.replace(ticket, looked=self._now(), looked_state=state.value, listed=listed)
