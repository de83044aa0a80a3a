"""Requests to one archive: in turn, in time, and with "could not ask" told apart from every answer."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from linkkeeper.archive.base import ArchiveOptions
from linkkeeper.archive.breaker import Breaker
from linkkeeper.archive.limiter import Limiter, Pool, TimeUpError
from linkkeeper.errors import ArchiveError
from linkkeeper.models.verdict import Failure, Reply

INDEX_BODY_LIMIT = 4 * 1024 * 1024
PAGE_BODY_LIMIT = 64 * 1024
_BODY_LIMITS = {Pool.INDEX: INDEX_BODY_LIMIT}
_Headers = tuple[tuple[str, str], ...]
_TRIES = 2
_GRACE_S = 1.0
_HOPELESS = frozenset({Failure.TIMEOUT, Failure.OUT_OF_TIME, Failure.PRIVATE_ADDRESS, Failure.BAD_URL})
"""Failures that an immediate second try does not mend; a second wait of a minute helps nobody."""


class Web(Protocol):
    """Something that asks a server once: `net.client.Client` is one."""

    async def ask(
        self,
        url: str,
        method: str = "GET",
        *,
        follow: bool = True,
        headers: Iterable[tuple[str, str]] = (),
        body_limit: int | None = None,
        timeout_s: float | None = None,
        once: bool = False,
        form: bytes = b"",
    ) -> Reply:
        """Return what came; never raises for what servers do. `once`: the request goes out once at most."""


class ArchiveClient:
    """Asks one archive under the common limiter; it is left alone after three failures in a row."""

    def __init__(self, name: str, web: Web, limiter: Limiter, options: ArchiveOptions) -> None:
        self.name = name
        self.requests = 0
        self._web, self._limiter, self._timeout_s = web, limiter, options.timeout_s
        self._breaker = Breaker(name)
        self._silences = 0

    async def get(
        self,
        url: str,
        pool: Pool,
        headers: _Headers = (),
        nonsense: Callable[[Reply], str] = lambda _: "",
        *,
        spare: bool = False,
        body_limit: int | None = None,
    ) -> Reply:
        """Return the archive's own answer or an archived one (`Memento-Datetime`), redirects not followed.

        A `spare` question is asked once, and its failure says nothing about the archive (see `batch`).
        `nonsense` says why nobody can read an answer (HTML for JSON, cut off), which then counts as none.
        Raises ArchiveError if there was none (429, 5xx, timeout, reset), ArchiveClosedError if nobody asks any more.
        """
        why = ""
        for _ in range(1 if spare else _TRIES):
            reply = await self._once(url, pool, headers, spare, body_limit or _BODY_LIMITS.get(pool, PAGE_BODY_LIMIT))
            why = trouble(reply) or nonsense(reply)
            if not why:
                self._breaker.success()
                return reply
            if spare:
                break
            self._breaker.failure(why)
            if reply.failure in _HOPELESS:
                break
        raise ArchiveError(f"{self.name} could not be asked: {why}")

    async def _once(self, url: str, pool: Pool, headers: _Headers, spare: bool, body_limit: int) -> Reply:
        """Ask until the answer is not "slow down"; the limiter ends this at the third refusal."""
        while True:
            self._breaker.check()
            async with self._limiter.turn(pool):
                self._breaker.check()
                began = self._limiter.now()
                reply = await self._within_time(url, headers, self._patience_s(spare), body_limit)
            if reply.status != 429 or is_archived(reply) or reply.failure:
                return reply
            self._limiter.refused(reply.retry_after_s, began)

    async def _within_time(self, url: str, headers: _Headers, patience_s: float, body_limit: int) -> Reply:
        left = self._limiter.remaining_s()
        if left is not None and left <= 0:
            raise TimeUpError("no time left for the archive")
        seconds = patience_s if left is None else min(left, patience_s)
        self.requests += 1
        try:
            async with asyncio.timeout(seconds + _GRACE_S):
                reply = await self._web.ask(
                    url, follow=False, headers=headers, body_limit=body_limit, timeout_s=seconds
                )
        except TimeoutError:
            reply = Reply(url, failure=Failure.TIMEOUT, detail=f"no answer within {seconds:.0f} s")
        self._silences = self._silences + 1 if reply.failure is Failure.TIMEOUT else 0
        return reply

    def _patience_s(self, spare: bool) -> float:
        """Less after each wait in vain, so that an archive that is silent holds a run up for a minute, not for five."""
        return self._timeout_s / (1, 3, 9, 27)[min(self._silences, 3)] / (2 if spare else 1)


def trouble(reply: Reply) -> str:
    """Return why this is no answer of an archive at all; empty if it is one. Pure."""
    if reply.failure:
        return reply.detail or reply.failure.value
    if is_archived(reply):
        return ""
    if reply.status is None or reply.status >= 500:
        return f"HTTP {reply.status}"
    return ""


def is_archived(reply: Reply) -> bool:
    """Say whether this is a capture (RFC 7089, 2.1.1), whatever its status: a 404 may be an archived one."""
    return bool(reply.header("memento-datetime"))
