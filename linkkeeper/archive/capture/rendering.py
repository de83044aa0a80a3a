"""One page in a browser: its requests answered by our client, every answer kept (CDP, domain Fetch)."""

import asyncio
import base64
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from linkkeeper.archive.capture import judging, reading
from linkkeeper.archive.capture.base import CaptureOptions
from linkkeeper.archive.capture.fetch import Budget, Fetcher, Wish, discard
from linkkeeper.archive.capture.requisites import Use
from linkkeeper.net import target
from linkkeeper.net.tape import Recorded

if TYPE_CHECKING:
    from playwright.async_api import CDPSession

_DROPPED = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive"})
"""Fields that are no longer true of a body that was decoded."""
_BODY_LIMIT = 32 * 1024 * 1024
_STATUS = re.compile(rb"HTTP/[0-9.]+[ \t]+[0-9]{3}[ \t]*([\x20-\x7e]*)")

Fields = Callable[[str], str]


class Rendering:
    """One page in the browser: its requests answered by our client, every answer kept."""

    def __init__(
        self,
        fetcher: Fetcher,
        options: CaptureOptions,
        fields: Fields,
        budget: Budget,
        own: tuple[Recorded, ...],
    ) -> None:
        """fields: the header lines of a request, by its Referer. own: the hops to the page, and the page."""
        self._fetcher, self._options, self._fields, self._budget = fetcher, options, fields, budget
        self._home = target.parse(own[0].url).origin
        self._held = {hop.url: hop for hop in own}
        self._own = frozenset(self._held)
        self._asked = 0
        self.busy = 0
        self.quiet_since = asyncio.get_running_loop().time()
        self._tasks: set[asyncio.Task[None]] = set()
        self._coming: dict[str, asyncio.Task[Recorded | None]] = {}

    @property
    def hops(self) -> list[Recorded]:
        """What was fetched for it and is to be kept: no errors, nothing forbidden."""
        kept = [hop for url, hop in self._held.items() if url not in self._own]
        good = [hop for hop in kept if self._worth_keeping(hop)]
        discard(hop for hop in kept if hop not in good)
        return good

    def _worth_keeping(self, hop: Recorded) -> bool:
        whole = not hop.cut or bool(hop.size)
        return hop.status < 400 and whole and not judging.forbidden((hop,), self._options)

    async def attach(self, session: "CDPSession") -> None:
        """Hold up every request of a page from now on."""

        def paused(event: Mapping[str, Any]) -> None:
            task = asyncio.ensure_future(self._answer(session, event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        session.on("Fetch.requestPaused", paused)
        await session.send("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})

    async def settle(self, quiet_s: float) -> None:
        """Wait until the page has asked for nothing for a while from now on, or its time is up."""
        clock = asyncio.get_running_loop().time
        began = clock()  # what was just done to the page may make it ask
        while self._budget.left_s > 0:
            if not self.busy and clock() - max(began, self.quiet_since) >= quiet_s:
                return
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        """End what is under way."""
        left: list[asyncio.Future[Any]] = [*self._tasks, *self._coming.values()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _answer(self, session: "CDPSession", event: Mapping[str, Any]) -> None:
        from playwright.async_api import Error

        self.busy += 1
        try:
            hop = await self._fetch(event["request"])
            if hop is None:
                await session.send(
                    "Fetch.failRequest", {"requestId": event["requestId"], "errorReason": "BlockedByClient"}
                )
            else:
                await session.send("Fetch.fulfillRequest", {"requestId": event["requestId"], **_fulfilled(hop)})
        except Error:
            return  # the page has gone on meanwhile: nobody waits for this any more
        finally:
            self.busy -= 1
            self.quiet_since = asyncio.get_running_loop().time()

    async def _fetch(self, request: Mapping[str, Any]) -> Recorded | None:
        """Return the answer to one request of the browser's; None if it gets none."""
        try:
            where = target.parse(str(request["url"]).partition("#")[0])
        except ValueError:
            return None
        if request["method"] != "GET":
            return None
        if where.url in self._held:
            return self._held[where.url]
        coming = self._coming.get(where.url)
        if coming is None:
            self._asked += 1
            if self._asked > self._options.max_requisites or self._budget.left_s <= 0:
                return None
            told = {str(name).lower(): str(value) for name, value in request.get("headers", {}).items()}
            bare = where.origin != self._home
            coming = self._coming[where.url] = asyncio.ensure_future(
                self._fetch_new(where.url, bare, told.get("referer", ""))
            )
        return await coming

    async def _fetch_new(self, url: str, bare: bool, referer: str) -> Recorded | None:
        fields = self._fields(referer if referer.isprintable() else "")
        limit = judging.RequisiteLimit(self._options, Use.IMAGE, self._budget.purse.left)
        fetched = await self._fetcher.fetch(Wish(url, fields, limit, bare, follow=False), self._budget)
        if fetched.why is not None or not fetched.hops:
            discard(fetched.hops)
            return None
        self._held[url] = fetched.hops[-1]
        return fetched.hops[-1]


def _fulfilled(hop: Recorded) -> dict[str, Any]:
    """Return an answer in the words of CDP: its body decoded, as nothing behind this decodes it."""
    body = reading.decoded(hop, _BODY_LIMIT) or b""
    phrase = _STATUS.match(hop.head)
    said = phrase[1].decode().strip() if phrase else ""
    return {
        "responseCode": hop.status,
        "responsePhrase": said or _phrase(hop.status),
        "responseHeaders": [
            {"name": name, "value": value} for name, value in hop.values if name.lower() not in _DROPPED
        ],
        "body": base64.b64encode(body).decode("ascii"),
    }


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
