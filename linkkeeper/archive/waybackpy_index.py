"""waybackpy's class for the index, with its transport handed in.

Its own transport has no timeout and takes a 503 over http for "no record" (3.0.6, measured);
`cdx_api_manager`, which fetches the pages, is where a subclass can step in.
"""

from collections.abc import Callable, Generator
from contextlib import suppress
from datetime import datetime
from typing import Any

from waybackpy import WaybackMachineCDXServerAPI
from waybackpy.cdx_utils import full_url
from waybackpy.exceptions import WaybackError

from linkkeeper.archive.cdx_query import FIELDS, CdxQuery
from linkkeeper.archive.choose import CdxRow
from linkkeeper.errors import ArchiveError

Fetch = Callable[[str], list[list[str]]]
"""URL of a query → its rows in the order of FIELDS. Blocks."""
_SHORTEST_ROW = 46
"""waybackpy silently drops shorter rows."""


def ask(fetch: Fetch, endpoint: str, query: CdxQuery) -> tuple[tuple[CdxRow, ...], int]:
    """Return the rows that can be used, and how many there were. Raises ArchiveError for what waybackpy cannot read."""
    try:
        index = _Index(fetch, endpoint, query)
        return tuple(_row(record) for record in index.snapshots()), index.rows_seen
    except WaybackError as error:
        raise ArchiveError(f"the index's answer could not be read: {error}") from error


class _Index(WaybackMachineCDXServerAPI):
    def __init__(self, fetch: Fetch, endpoint: str, query: CdxQuery) -> None:
        super().__init__(
            query.url.replace("*", "%2A"),  # a trailing * is the index's shorthand for a prefix
            end_timestamp=query.until or None,
            filters=list(query.filters),
            match_type=query.match_type or None,
            sort="closest" if query.closest else None,
            limit=str(query.limit),
            closest=query.closest or None,
        )
        self.endpoint = endpoint
        self.rows_seen = 0
        self._fetch = fetch

    def cdx_api_manager(self, payload: dict[str, str], headers: dict[str, str]) -> Generator[str, None, None]:  # noqa: ARG002 - waybackpy's signature
        """Yield the answer's rows as waybackpy reads them: seven columns, one row at a time."""
        payload |= {"limit": str(self.limit), "output": "json", "fl": ",".join(FIELDS)}
        self.last_api_request_url = full_url(self.endpoint, params=payload)
        rows = self._fetch(self.last_api_request_url)
        self.rows_seen = len(rows)
        for row in rows:
            if _is_moment(row[1]):
                yield " ".join([*("%20".join(field.split()) or "-" for field in row[:6]), "0" * _SHORTEST_ROW])


def _is_moment(text: str) -> bool:
    """Indexes hold months and days of `00`; one such row would end waybackpy's reading of all."""
    with suppress(ValueError):
        return len(text) == 14 and bool(datetime.strptime(text, "%Y%m%d%H%M%S"))  # noqa: DTZ007 - only the form is tried
    return False


def _row(record: Any) -> CdxRow:
    return CdxRow(record.urlkey, record.timestamp, record.original, record.mimetype, record.statuscode, record.digest)
