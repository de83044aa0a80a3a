"""The rows of the index for a URL: asked alone or together with others, and whether the index can be believed."""

import asyncio
from contextlib import suppress

from linkkeeper.archive import choose
from linkkeeper.archive.archive_urls import on_the_wire, stamp, without_fragment
from linkkeeper.archive.batch import Batch, plan_batches, rows_by_path
from linkkeeper.archive.cdx import CdxAnswer, ExcludedByOwner, ask_index
from linkkeeper.archive.cdx_query import PAGES, CdxQuery
from linkkeeper.archive.choose import CdxRow
from linkkeeper.archive.client import ArchiveClient
from linkkeeper.archive.surt import surt_key
from linkkeeper.errors import ArchiveError
from linkkeeper.models.document import Dated

CONTROLS = ("http://example.com/", "https://archive.org/", "https://www.wikipedia.org/", "https://www.google.com/")
"""Pages that the archive certainly holds: an index that denies all of them is out of order, or a small archive's."""
OUT_OF_ORDER = "the index lists nothing, not even pages that it certainly holds"


class DoubtfulNoneError(ArchiveError):
    """The index knows no capture, and nothing yet shows that it knows any."""


class Rows:
    """Asks the index of one archive. One per run: it remembers what was asked ahead, and what the index showed."""

    def __init__(self, client: ArchiveClient, base: str) -> None:
        self._client, self._base = client, base
        self._batches: dict[str, Batch] = {}
        self._batch_turn = asyncio.Lock()
        self._ahead: dict[str, tuple[CdxRow, ...]] = {}
        self._controls, self._control_turn = [CdxQuery(url, limit=1) for url in CONTROLS], asyncio.Lock()
        self._wide_control_is_due = False
        self.said_yes = False
        """The index has named a capture in this run: its "none" can be believed."""

    def expect(self, urls: list[str]) -> None:
        """Plan which of the URLs share a query, where that saves requests."""
        for batch in plan_batches([on_the_wire(url) for url in urls if key_of(url)]):
            self._batches |= dict.fromkeys(batch.keys.values(), batch)

    async def of(self, asked: str, near: Dated) -> tuple[tuple[CdxRow, ...], bool]:
        """Return the index's rows, and whether they come from a shared query."""
        key = key_of(asked)
        await self._ask_ahead(key, asked, near)
        if key in self._ahead:
            return self._ahead[key], True
        return await self.alone(asked, near), False

    async def alone(self, asked: str, near: Dated) -> tuple[CdxRow, ...]:
        """Ask for the rows nearest to the date; if they may miss the last page before it, for the pages before it too.

        Where redirects crowd out every page, the nearest pages are asked for, whatever side of the date they are on.
        """
        query = CdxQuery(on_the_wire(asked), closest=stamp(near.until))
        answer = await self._ask(query)
        if not answer.full:
            return answer.rows
        if not choose.nearest_first(answer.rows, near):  # this index does not know sort=closest
            before = CdxQuery(query.url, limit=-query.limit, until=query.closest, filters=(PAGES,))
            return answer.rows + (await self._ask(before)).rows
        rows = answer.rows
        if not choose.candidates(rows, near, asked):
            answer = await self._ask(CdxQuery(query.url, closest=query.closest, filters=(PAGES,)))
            rows += answer.rows
        if answer.full and not any(c.captured <= near.until for c in choose.candidates(rows, near, asked)):
            before = CdxQuery(query.url, closest=query.closest, until=query.closest, filters=(PAGES,))
            rows += (await self._ask(before)).rows
        return rows

    async def _ask(self, query: CdxQuery, *, spare: bool = False) -> CdxAnswer:
        answer = await ask_index(self._client, self._base, query, spare=spare)
        self.said_yes = self.said_yes or bool(answer.rows)
        return answer

    async def _ask_ahead(self, key: str, asked: str, near: Dated) -> None:
        """Ask the query that the key shares with others, once; if it fails, each URL is asked by itself."""
        batch = self._batches.get(key)
        if batch is None:
            return
        async with self._batch_turn:  # the index takes one request at a time anyway
            if key not in self._batches:
                return  # somebody else asked it while we waited
            with suppress(ExcludedByOwner):
                try:
                    answer = await self._ask(batch.query, spare=True)
                except ArchiveError:  # large sites answer 504 to such queries: no more of them in this run
                    self._batches.clear()
                    return
                found = rows_by_path(answer, batch)
                if not any(found.values()) and await self.alone(asked, near):
                    self._batches.clear()  # this index does not know such queries
                    return
                for path, rows in found.items():
                    self._ahead[batch.keys[path]] = rows
            for other in batch.keys.values():
                del self._batches[other]

    async def believe(self, asked: str) -> None:
        """Raise DoubtfulNoneError unless the index has shown in this run that it can say yes.

        The last control is for archives of a few sites: anything at all below the top-level domain of what is asked.
        """
        async with self._control_turn:
            if self._controls and not self._wide_control_is_due:
                self._controls.append(CdxQuery(_top_level(asked), limit=1, match_type="domain", filters=()))
                self._wide_control_is_due = True
            while self._controls and not self.said_yes:
                await self._ask(self._controls.pop(0))
        if not self.said_yes:
            raise DoubtfulNoneError(OUT_OF_ORDER)


def _top_level(url: str) -> str:
    return key_of(url).partition(")")[0].partition(",")[0].partition(":")[0]


def key_of(url: str) -> str:
    """Return the index's key of a URL, empty for what has none."""
    try:
        return surt_key(wire(without_fragment(url)))
    except ValueError:
        return ""


def wire(url: str) -> str:
    """Return a URL as it is requested; empty for what cannot be."""
    try:
        return on_the_wire(url)
    except ArchiveError:
        return ""
