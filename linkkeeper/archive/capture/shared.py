"""What the pages of one run have in common: each requisite is fetched once, and goes with the first of them."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable

from msgspec import Struct

from linkkeeper.archive.capture.requisites import Reference
from linkkeeper.archive.local.base import Exchange

_MOST = 4000
"""Requisites that are remembered. One that comes again after so many others is fetched again, and becomes a revisit."""


class Part(Struct, frozen=True):
    """One requisite: its hops, and what it loads itself."""

    exchanges: tuple[Exchange, ...] = ()
    """Empty if it is nothing to keep: an error, forbidden, out of time."""
    references: tuple[Reference, ...] = ()
    base: str = ""
    """Where its redirects ended."""
    lasting: bool = True
    """False if another page may fare better."""


class _Item:
    __slots__ = ("coming", "fetched_at", "handed_over", "part")

    def __init__(self, coming: "asyncio.Future[None]") -> None:
        self.coming: asyncio.Future[None] | None = coming
        """None once it is there."""
        self.part: Part | None = None
        self.fetched_at = 0.0
        self.handed_over = False


class Shared:
    """The requisites of a run, by URL. What was handed over to a page takes no more room than its URL."""

    def __init__(self, reuse_s: float) -> None:
        self._reuse_s = reuse_s
        self._items: OrderedDict[str, _Item] = OrderedDict()

    async def get(self, url: str, fetch: Callable[[], Awaitable[Part]]) -> Part:
        """Return the requisite at url; fetch it unless somebody else does, or has lately."""
        while True:
            item = self._items.get(url)
            if item is None or self._stale(item):
                return await self._bring(url, fetch)
            if item.part is not None:
                self._items.move_to_end(url)
                return item.part
            if item.coming is not None:
                await asyncio.shield(item.coming)

    async def _bring(self, url: str, fetch: Callable[[], Awaitable[Part]]) -> Part:
        loop = asyncio.get_running_loop()
        coming: asyncio.Future[None] = loop.create_future()
        item = self._items[url] = _Item(coming)
        try:
            part = await fetch()
            if part.lasting:
                item.part, item.fetched_at = part, loop.time()
            return part
        finally:
            if item.part is None and self._items.get(url) is item:
                del self._items[url]  # whoever waits fetches it
            item.coming = None
            coming.set_result(None)
            self._shrink()

    def hand_over(self, urls: Iterable[str]) -> list[Exchange]:
        """Return the exchanges of these requisites that no page has yet; they belong to the caller now."""
        found: list[Exchange] = []
        for url in urls:
            item = self._items.get(url)
            if item is not None and item.part is not None and not item.handed_over:
                found += item.part.exchanges
                item.handed_over = True
                item.part = Part((), item.part.references, item.part.base)
        return found

    def forget(self, urls: Iterable[str]) -> None:
        """Fetch these again when they are wanted: the page that had them was not kept."""
        for url in urls:
            item = self._items.get(url)
            if item is not None and item.handed_over:
                del self._items[url]

    def _stale(self, item: _Item) -> bool:
        too_old = asyncio.get_running_loop().time() - item.fetched_at > self._reuse_s
        return item.part is not None and item.handed_over and too_old

    def _shrink(self) -> None:
        while len(self._items) > _MOST:
            url, oldest = next(iter(self._items.items()))
            if not oldest.handed_over:
                return
            del self._items[url]
