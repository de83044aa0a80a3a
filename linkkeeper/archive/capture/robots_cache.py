"""What robots.txt of each site says, fetched when it is first wanted and kept for a day at most."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from msgspec import Struct

from linkkeeper.archive.capture.base import AGENT
from linkkeeper.archive.capture.robots import ALLOW_ALL, DISALLOW_ALL, LIMIT, Rules, parse
from linkkeeper.models.verdict import Failure, Reply
from linkkeeper.net.target import Target
from linkkeeper.net.trip import How

_DAY_S = 24 * 3600.0
"""RFC 9309, 2.4."""
_UNKNOWN_S = 300.0
_TRIES = 2
_MAX_SITES = 5000
HOW = How(max_redirects=5, body_limit=LIMIT + 1, bare=True)
"""RFC 9309, 2.3.1.2: five redirects are followed. Bare: it is asked of sites that only a page named."""
_LEADS_NOWHERE = frozenset({Failure.TOO_MANY_REDIRECTS, Failure.REDIRECT_LOOP, Failure.BAD_REDIRECT})
Ask = Callable[[str, How], Awaitable[Reply]]
Origin = tuple[str, str, int]


class Known(Struct, frozen=True):
    """What is known of a site's robots.txt."""

    rules: Rules
    failed: Reply | None = None
    """The answer because of which nothing may be fetched, if it is not the file itself that says so."""
    until: float = 0.0
    """The loop's time at which it is asked again."""


Learned = dict[Origin, Known]


class RobotsCache:
    """Asks each site once; those who want to know meanwhile share the answer."""

    def __init__(self, ask: Ask, learned: Learned | None = None) -> None:
        """learned: what another one found out in this process; added to."""
        self._ask = ask
        self._learned = learned if learned is not None else {}
        self._known: OrderedDict[tuple[str, str, int], asyncio.Task[Known]] = OrderedDict()

    async def of(self, where: Target) -> Known:
        """Return what robots.txt says at the origin of where."""
        task = self._known.get(where.origin)
        now = asyncio.get_running_loop().time()
        if task is None and (known := self._learned.get(where.origin)) is not None and known.until > now:
            return known
        if task is None or task.cancelled() or (task.done() and task.result().until <= now):
            task = self._known[where.origin] = asyncio.ensure_future(self._fetch(where))
            if len(self._known) > _MAX_SITES and next(iter(self._known.values())).done():
                self._known.popitem(last=False)
        return task.result() if task.done() else await asyncio.shield(task)

    async def close(self) -> None:
        """Let go of questions still under way."""
        tasks = list(self._known.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._known.clear()

    async def _fetch(self, where: Target) -> Known:
        url = f"{where.scheme}://{where.authority}/robots.txt"
        for _ in range(_TRIES):
            reply = await self._ask(url, HOW)
            known = understood(reply, asyncio.get_running_loop().time())
            if known.failed is None or known.failed.failure not in (None, Failure.RESET):
                break
        if len(self._learned) < _MAX_SITES:
            self._learned[where.origin] = known
        return known


def understood(reply: Reply, now: float) -> Known:
    """Return what an answer to the question for robots.txt means (RFC 9309, 2.3.1)."""
    if reply.failure in _LEADS_NOWHERE:
        return Known(ALLOW_ALL, until=now + _DAY_S)
    cut_off = reply.truncated and len(reply.body) <= LIMIT
    status = reply.status or 0
    if reply.failure is not None or status >= 500 or status == 429 or (cut_off and status < 400):
        return Known(DISALLOW_ALL, reply, now + _UNKNOWN_S)
    rules = parse(reply.body, AGENT) if 200 <= status < 300 else ALLOW_ALL
    return Known(rules, until=now + _DAY_S)
