"""One page with its requisites: asked for, judged, its requisites gathered within its limits."""

import asyncio
import re
import zlib
from heapq import heappop, heappush
from pathlib import Path

from msgspec import Struct

from linkkeeper.archive.capture import judging, manner, reading
from linkkeeper.archive.capture.base import CaptureOptions, Cited, Judge, Outcome, Refusal, Why
from linkkeeper.archive.capture.browser import Renderer, Rendering
from linkkeeper.archive.capture.fetch import Budget, Fetched, Fetcher, Wish, discard
from linkkeeper.archive.capture.judging import No
from linkkeeper.archive.capture.requisites import Contents, Reference, Use, read_css, read_html
from linkkeeper.archive.capture.shared import Part, Shared
from linkkeeper.archive.local.base import Exchange, PageCapture, Truncated
from linkkeeper.net import target
from linkkeeper.net.client import Client
from linkkeeper.net.headers import harmless
from linkkeeper.net.tape import Cut, Recorded

_LARGE = 256 * 1024
"""Bytes of markup from which on reading it would hold up the others: a thread does it."""
_ATTEMPT_PAUSE_S = 0.5


class Means(Struct, frozen=True):
    """What all captures of a run work with."""

    client: Client
    options: CaptureOptions
    judge: Judge
    fetcher: Fetcher
    shared: Shared
    renderer: Renderer | None = None


class _Main(Struct, frozen=True):
    """The page itself, judged and fit to be kept."""

    hops: tuple[Recorded, ...]
    contents: Contents
    browser: bool
    """Had in the manner of a browser; its requisites are asked for so too."""
    render: bool
    """To be opened in a real one."""


async def capture(means: Means, cited: Cited, rank: int) -> Outcome:
    """Capture one page. Lower ranks get their turns first. Raises StateError for a full disk."""
    budget = Budget(means.options, rank)
    found = await _main(means, cited.url, budget)
    if isinstance(found, No):
        return Refusal(cited.url, found.why, harmless(found.detail), found.status, cited.posts, found.wait_s)
    rendered: list[Recorded] = []
    try:
        title = ""
        if found.render and means.renderer is not None:
            rendering = Rendering(means.fetcher, means.options, means.client.options, budget, found.hops)
            title, rendered = await means.renderer.render(
                found.hops[0].url, rendering, budget, _file_name(found.hops[-1])
            )
        requisites = await _Walk(means, cited.url, found, budget, rendered).gather()
    except BaseException:
        discard((*found.hops, *rendered))
        raise
    return _assembled(cited, found, title, [*map(exchange_of, rendered), *requisites])


def _file_name(hop: Recorded) -> str:
    """Return a name for pictures of a page: when, which, and what tells it from others of the like."""
    readable = re.sub(r"[^A-Za-z0-9.-]+", "-", hop.url.partition("://")[2])[:80].strip("-.")
    return f"{hop.when:%Y%m%d%H%M%S}-{readable}-{zlib.crc32(hop.url.encode()):08x}"


def _assembled(cited: Cited, found: _Main, title: str, requisites: list[Exchange]) -> PageCapture:
    own = [exchange_of(hop) for hop in found.hops]
    last = own[-1]
    return PageCapture(
        url=cited.url.partition("#")[0],
        page=last.url,
        when=last.when,
        title=harmless(title or found.contents.title),
        exchanges=(*own, *_once(own, requisites)),
        posts=cited.posts,
    )


def _once(own: list[Exchange], requisites: list[Exchange]) -> list[Exchange]:
    """Return the requisites, each URL once: several may redirect to one."""
    seen = {exchange.url for exchange in own}
    kept = []
    for exchange in requisites:
        if exchange.url not in seen:
            seen.add(exchange.url)
            kept.append(exchange)
        elif isinstance(exchange.payload, Path):
            exchange.payload.unlink(missing_ok=True)
    return kept


async def _main(means: Means, url: str, budget: Budget) -> _Main | No:
    """Fetch the page itself; once more, as browsers ask, where that may help."""
    attempts = means.options.retries + 1
    browser = False
    while True:
        attempts -= 1
        fields = manner.page_fields(means.client.options, browser)
        fetched = await means.fetcher.fetch(Wish(url, fields, judging.PageLimit(means.options), bare=False), budget)
        found = await _judged(means, fetched, browser)
        if isinstance(found, _Main):
            return found
        discard(fetched.hops)
        wait = found.wait_s or _ATTEMPT_PAUSE_S
        if not found.again or attempts <= 0 or wait > min(means.options.max_wait_s, budget.left_s):
            return found
        await asyncio.sleep(0 if found.wait_s else _ATTEMPT_PAUSE_S)  # a host's pause is its turns' business
        browser = True


async def _judged(means: Means, fetched: Fetched, browser: bool) -> _Main | No:
    no = judging.answered(fetched)
    if no is not None:
        return no
    hop = fetched.hops[-1]
    data = reading.decoded(hop)
    html = reading.is_html(hop, data or b"")
    no = judging.whole(hop, html, data)
    if no is None and judging.forbidden(fetched.hops, means.options):
        no = No(Why.NOARCHIVE, "X-Robots-Tag: noarchive", hop.status)
    if no is not None or data is None:
        return no or No(Why.ERROR, "unreadable", hop.status)
    no = judging.looked_at(fetched, data, means.judge)
    if no is not None:
        return no
    contents = await _read(hop, data) if html else Contents()
    if contents.noarchive and means.options.obey_noarchive:
        return No(Why.NOARCHIVE, "meta robots: noarchive", hop.status)
    render = html and means.renderer is not None and means.renderer.wants(reading.in_utf8(hop, data))
    return _Main(fetched.hops, contents, browser, render)


async def _read(hop: Recorded, data: bytes) -> Contents:
    def work() -> Contents:
        return read_html(reading.in_utf8(hop, data), hop.url)

    return work() if len(data) < _LARGE else await asyncio.to_thread(work)


class _Walk:
    """The requisites of one page, those of its style sheets and frames included."""

    def __init__(self, means: Means, asked: str, main: _Main, budget: Budget, rendered: list[Recorded]) -> None:
        self._means, self._main, self._budget = means, main, budget
        self._home = target.parse(asked).origin
        self._policy = main.contents.referrer or _policy(main.hops[-1])
        self._seen = {hop.url for hop in (*main.hops, *rendered)}
        self._heap: list[tuple[int, int, int, Reference, str]] = []
        """Use, order, depth of frames, what is wanted, who wants it."""
        self._count = 0
        self._wanted: list[str] = []
        self._own: list[Exchange] = []
        """What was cut off by this page's limits: another page may get it whole."""

    async def gather(self) -> list[Exchange]:
        """Fetch until nothing is left, or a limit is reached; return what no other page has."""
        self._take(self._main.contents.references, self._main.hops[-1].url, 0)
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

    def _start(self, running: dict["asyncio.Task[Part]", int]) -> None:
        options, budget = self._means.options, self._budget
        while self._heap and len(running) < options.per_host:
            if self._count >= options.max_requisites or budget.left_s <= 0 or budget.purse.left <= 0:
                self._heap.clear()
                return
            _, _, depth, wanted, source = heappop(self._heap)
            self._count += 1
            self._wanted.append(wanted.url)
            running[asyncio.ensure_future(self._part(wanted, source))] = depth + (wanted.use is Use.DOCUMENT)

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
        """Return what a style sheet or a frame loads itself."""
        sheet = reading.is_css(hop) or (wanted.use is Use.SHEET and reading.kind(hop) in ("", "text/plain"))
        if not sheet and wanted.use is not Use.DOCUMENT:
            return Contents()
        data = reading.decoded(hop) or b""
        if sheet:
            return Contents(references=read_css(data, hop.url))
        return await _read(hop, data) if reading.is_html(hop, data) else Contents()


def exchange_of(hop: Recorded) -> Exchange:
    """Return a recording as archives have it."""
    cut = Truncated(hop.cut.value) if hop.cut else None
    return Exchange(hop.url, hop.when, hop.request, hop.head, hop.body, hop.address, cut)


def _policy(hop: Recorded) -> str:
    """Return the last word of the Referrer-Policy field that an answer has."""
    return reading.named(hop.values, "referrer-policy").rpartition(",")[2].strip().lower()
