"""The requisites of one page, those of its style sheets and frames included, gathered within its limits."""

import asyncio
from heapq import heappop, heappush

from msgspec import Struct
from msgspec.structs import replace

from linkkeeper.archive.capture import judging, manner, reading
from linkkeeper.archive.capture.base import CaptureOptions, Judge, Why
from linkkeeper.archive.capture.browser import Rendered, Renderer
from linkkeeper.archive.capture.fetch import Budget, Fetched, Fetcher, Wish, discard
from linkkeeper.archive.capture.requisites import (
    Contents,
    Reference,
    Use,
    read_css,
    read_html,
    read_links,
    read_script,
)
from linkkeeper.archive.capture.shared import Part, Shared
from linkkeeper.archive.local.base import Exchange, Truncated
from linkkeeper.net import target
from linkkeeper.net.client import Client
from linkkeeper.net.tape import Cut, Recorded

_LARGE = 256 * 1024
"""Bytes of markup from which on reading it would hold up the others: a thread does it."""
_READ = frozenset({"text/css", "text/html", "image/svg+xml"})
_FRAMED = frozenset({Use.DOCUMENT, Use.MEDIA})
"""What may be a document inside the page, with requisites of its own: `<object>` and `<embed>` may be frames too."""


class Means(Struct, frozen=True):
    """What all captures of a run work with."""

    client: Client
    options: CaptureOptions
    judge: Judge
    fetcher: Fetcher
    shared: Shared
    renderer: Renderer | None = None


class Main(Struct, frozen=True):
    """The page itself, judged and fit to be kept."""

    hops: tuple[Recorded, ...]
    contents: Contents
    browser: bool
    """Had in the manner of a browser; its requisites are asked for so too."""
    render: bool
    """To be opened in a real one."""


class Walk:
    """The requisites of one page, those of its style sheets and frames included."""

    def __init__(self, means: Means, asked: str, main: Main, budget: Budget, rendered: Rendered) -> None:
        self._means, self._main, self._budget = means, main, budget
        self._home = target.parse(asked).origin
        self._policy = main.contents.referrer or _policy(main.hops[-1])
        self._rendered = rendered
        self._seen = {hop.url for hop in (*main.hops, *rendered.hops)}
        self._heap: list[tuple[int, int, int, Reference, str]] = []
        """Use, order, depth of frames, what is wanted, who wants it."""
        self._count = 0
        self._wanted: list[str] = []
        self._own: list[Exchange] = []
        """What was cut off by this page's limits: another page may get it whole."""

    async def gather(self) -> list[Exchange]:
        """Fetch until nothing is left, or a limit is reached; return what no other page has."""
        self._take(self._main.contents.references, self._main.hops[-1].url, 0)
        await self._take_rendered()
        running: dict[asyncio.Task[Part], int] = {}
        try:
            while self._heap or running:
                self._start(running)
                if not running:
                    break
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    depth = running.pop(task)
                    part = task.result()
                    self._own += () if part.lasting else part.exchanges
                    self._take(part.references, part.base, depth)
        except BaseException:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            raise
        return [*self._means.shared.hand_over(self._wanted), *self._own]

    async def _take_rendered(self) -> None:
        """Take what the browser did not load, though another, with another screen, would."""
        if self._rendered.markup:
            url, encoding = self._main.hops[-1].url, self._main.contents.encoding
            contents = await asyncio.to_thread(read_html, self._rendered.markup.encode(), url, encoding)
            self._take(contents.references, url, 0)
        for hop in self._rendered.hops:
            if hop.status == 200 and reading.kind(hop) in _READ:
                contents = await self._contents(hop, Reference(hop.url, Use.DOCUMENT))
                self._take(contents.references, hop.url, 1)

    def _start(self, running: dict["asyncio.Task[Part]", int]) -> None:
        options, budget = self._means.options, self._budget
        while self._heap and len(running) < options.per_host:
            if self._count >= options.max_requisites or budget.left_s <= 0 or budget.purse.left <= 0:
                self._heap.clear()
                return
            _, _, depth, wanted, source = heappop(self._heap)
            self._count += 1
            self._wanted.append(wanted.url)
            running[asyncio.ensure_future(self._part(wanted, source))] = depth + (wanted.use in _FRAMED)

    def _take(self, references: tuple[Reference, ...], source: str, depth: int) -> None:
        for reference in references:
            too_deep = reference.use is Use.DOCUMENT and depth >= self._means.options.frames
            if reference.url not in self._seen and not too_deep:
                self._seen.add(reference.url)
                heappush(self._heap, (reference.use, len(self._seen), depth, reference, source))

    async def _part(self, wanted: Reference, source: str) -> Part:
        try:
            async with asyncio.timeout_at(self._budget.until):
                return await self._means.shared.get(wanted.url, lambda: self._fetch(wanted, source))
        except TimeoutError:
            return Part(lasting=False)

    async def _fetch(self, wanted: Reference, source: str) -> Part:
        means = self._means
        try:
            bare = target.parse(wanted.url).origin != self._home
        except ValueError:
            return Part()
        referer = manner.referer(source, wanted.url, self._policy)
        fields = manner.requisite_fields(means.client.options, self._main.browser, referer)
        limit = judging.RequisiteLimit(means.options, wanted.use, self._budget.purse.left)
        fetched = await means.fetcher.fetch(Wish(wanted.url, fields, limit, bare), self._budget)
        part = await self._understood(fetched, wanted)
        if not part.exchanges:
            discard(fetched.hops)
        return part

    async def _understood(self, fetched: Fetched, wanted: Reference) -> Part:
        hop = fetched.hops[-1] if fetched.hops else None
        if fetched.why is not None or hop is None or not 200 <= hop.status < 300:
            return Part(lasting=fetched.why not in (Why.WAIT, Why.UNREACHABLE))
        if (hop.cut and not hop.size) or judging.forbidden(fetched.hops, self._means.options):
            return Part(lasting=hop.cut is None)
        contents = await self._contents(hop, wanted)
        if contents.noarchive and self._means.options.obey_noarchive:
            return Part()
        out_of_room = hop.cut is Cut.TIME or (hop.cut is Cut.LENGTH and self._budget.purse.left <= 0)
        return Part(tuple(map(exchange_of, fetched.hops)), contents.references, hop.url, lasting=not out_of_room)

    async def _contents(self, hop: Recorded, wanted: Reference) -> Contents:
        """Return what a style sheet, a module or a frame loads itself."""
        script = wanted.use is Use.SCRIPT and "javascript" in reading.kind(hop)
        sheet = reading.is_css(hop) or (wanted.use is Use.SHEET and reading.kind(hop) in ("", "text/plain"))
        if not sheet and not script and wanted.use not in _FRAMED:
            return Contents()
        data = reading.decoded(hop) or b""
        if script:
            return Contents(references=read_script(data, hop.url))
        if sheet:
            return Contents(references=read_css(data, hop.url))
        return await read(hop, data) if reading.is_html(hop, data) or reading.is_drawing(hop) else Contents()


async def read(hop: Recorded, data: bytes) -> Contents:
    """Return what a page says; `data`: its beginning, decoded."""

    def work() -> Contents:
        text = reading.text_of(hop, data)
        found = read_html(text.data, hop.url, text.encoding)
        named = read_links(", ".join(value for name, value in hop.values if name.lower() == "link"), hop.url)
        return replace(found, references=found.references + named) if named else found

    return work() if len(data) < _LARGE else await asyncio.to_thread(work)


def exchange_of(hop: Recorded) -> Exchange:
    """Return a recording as archives have it."""
    cut = Truncated(hop.cut.value) if hop.cut else None
    return Exchange(hop.url, hop.when, hop.request, hop.head, hop.body, hop.address, cut)


def _policy(hop: Recorded) -> str:
    """Return the last word of the Referrer-Policy field that an answer has."""
    return reading.named(hop.values, "referrer-policy").rpartition(",")[2].strip().lower()
