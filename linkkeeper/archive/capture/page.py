"""One page: asked for, judged, opened in a browser if it needs one, put together with its requisites."""

import asyncio
import re
import zlib
from functools import partial
from pathlib import Path

from linkkeeper.archive.capture import judging, manner, reading
from linkkeeper.archive.capture.base import Cited, Outcome, Refusal, Why
from linkkeeper.archive.capture.browser import Rendered
from linkkeeper.archive.capture.fetch import Budget, Fetched, Wish, discard
from linkkeeper.archive.capture.judging import No
from linkkeeper.archive.capture.rendering import Rendering
from linkkeeper.archive.capture.requisites import Contents
from linkkeeper.archive.capture.walk import Main, Means, Walk, exchange_of, read
from linkkeeper.archive.local.base import Exchange, PageCapture
from linkkeeper.net.headers import harmless
from linkkeeper.net.tape import Recorded

_ATTEMPT_PAUSE_S = 0.5


async def capture(means: Means, cited: Cited, rank: int) -> Outcome:
    """Capture one page. Lower ranks get their turns first. Raises StateError for a full disk."""
    budget = Budget(means.options, rank)
    found = await _main(means, cited.url, budget)
    if isinstance(found, No):
        return Refusal(cited.url, found.why, harmless(found.detail), found.status, cited.posts, found.wait_s)
    rendered = Rendered()
    try:
        if found.render and means.renderer is not None:
            fields = partial(manner.requisite_fields, means.client.options, found.browser)
            rendering = Rendering(means.fetcher, means.options, fields, budget, found.hops)
            rendered = await means.renderer.render(found.hops[0].url, rendering, budget, _file_name(found.hops[-1]))
        requisites = await Walk(means, cited.url, found, budget, rendered).gather()
    except BaseException:
        discard((*found.hops, *rendered.hops))
        raise
    return _assembled(cited, found, rendered.title, [*map(exchange_of, rendered.hops), *requisites])


def _file_name(hop: Recorded) -> str:
    """Return a name for pictures of a page: when, which, and what tells it from others of the like."""
    readable = re.sub(r"[^A-Za-z0-9.-]+", "-", hop.url.partition("://")[2])[:80].strip("-.")
    return f"{hop.when:%Y%m%d%H%M%S}-{readable}-{zlib.crc32(hop.url.encode()):08x}"


def _assembled(cited: Cited, found: Main, title: str, requisites: list[Exchange]) -> PageCapture:
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


async def _main(means: Means, url: str, budget: Budget) -> Main | No:
    """Fetch the page itself; once more, as browsers ask, where that may help."""
    attempts = means.options.retries + 1
    browser = False
    while True:
        attempts -= 1
        fields = manner.page_fields(means.client.options, browser)
        fetched = await means.fetcher.fetch(Wish(url, fields, judging.PageLimit(means.options), bare=False), budget)
        found = await _judged(means, fetched, browser)
        if isinstance(found, Main):
            return found
        discard(fetched.hops)
        wait = found.wait_s or _ATTEMPT_PAUSE_S
        if not found.again or attempts <= 0 or wait > min(means.options.max_wait_s, budget.left_s):
            return found
        await asyncio.sleep(0 if found.wait_s else _ATTEMPT_PAUSE_S)  # a host's pause is its turns' business
        browser = True


async def _judged(means: Means, fetched: Fetched, browser: bool) -> Main | No:
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
    contents = await read(hop, data) if html else Contents()
    if contents.noarchive and means.options.obey_noarchive:
        return No(Why.NOARCHIVE, "meta robots: noarchive", hop.status)
    render = html and means.renderer is not None and means.renderer.wants(reading.in_utf8(hop, data))
    return Main(fetched.hops, contents, browser, render)
