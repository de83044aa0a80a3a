"""Save Page Now over the wire: with keys (SPN2), or anonymously through waybackpy. In turn, each submission once."""

import asyncio
import functools
import secrets as randomness
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

from msgspec import Struct

from linkkeeper.archive.archive_urls import on_the_wire
from linkkeeper.archive.base import ArchiveOptions
from linkkeeper.archive.breaker import Breaker
from linkkeeper.archive.bridge import Ask, in_thread
from linkkeeper.archive.client import ArchiveClient, Web
from linkkeeper.archive.limiter import ArchiveClosedError, Limiter, Pool
from linkkeeper.archive.saving import answers
from linkkeeper.archive.saving.answers import Accepted, Sessions, Status, Submitted, Unclear
from linkkeeper.archive.saving.keys import Keys
from linkkeeper.errors import ArchiveError
from linkkeeper.models.ticket import Begun
from linkkeeper.models.verdict import Failure, Reply

BODY_LIMIT = 1024 * 1024
"""A status lists the resources of a page: some hundred kilobytes."""
_GRACE_S = 1.0
_SKEW_S = 30.0
"""Clocks that differ by less are the same."""
_NAME = "Save Page Now"
Anonymously = Callable[[Callable[[str], Reply], str, str], tuple[Reply, str]]
"""See waybackpy_save.save."""
Begin = Callable[[], Begun]
"""Called when it is our turn, just before the request goes out: writes the intent, or says why not to."""


class SlowDown(Struct, frozen=True):
    """The archive refuses everybody's requests (429): nothing was submitted, and all wait."""


class NotBegun(Struct, frozen=True):
    """Nothing was sent; see Begun."""

    why: str


class Sent(Struct, frozen=True):
    """A submission went out."""

    begun: Begun
    answer: Submitted | SlowDown
    claimed: str = ""
    """Anonymous only: 14 digits of the capture that the answer names. To be proved."""


class SaveForm(Struct, frozen=True):
    """What is asked for (SPN2 API document, copy of 2025-10-22)."""

    url: str
    not_within_s: float
    """No capture is made if there is one that is younger (a bare number is in seconds)."""

    def encoded(self) -> bytes:
        """Return the body of the POST."""
        fields = {
            "url": self.url,
            "capture_all": "0",
            "capture_outlinks": "0",
            "skip_first_archive": "1",
            "if_not_archived_within": str(max(1, round(self.not_within_s))),
        }
        return urlencode(fields).encode("ascii")


class Service:
    """One archive's service, for one run. It is left alone after three failures in a row."""

    def __init__(
        self,
        web: Web,
        limiter: Limiter,
        options: ArchiveOptions,
        keys: Keys | None,
        timeout_s: float,
        on_submit: Callable[[str], None],
    ) -> None:
        self._web, self._limiter, self._keys, self._on_submit = web, limiter, keys, on_submit
        self._timeout_s = timeout_s
        self._base = options.wayback_url.rstrip("/")
        self._headers = _headers(keys)
        self._client = ArchiveClient(_NAME, web, limiter, options)
        self._breaker = Breaker(_NAME)
        self._together = True
        self.ahead_s = 0.0
        """How far the archive's clock is ahead of ours, as far as its answers show."""

    @property
    def way(self) -> str:
        """What quotas are counted by: `keys` or `anonymous`."""
        return "keys" if self._keys else "anonymous"

    async def submit(self, form: SaveForm, begin: Begin) -> Sent | NotBegun:
        """Submit a URL when it is our turn. Raises ArchiveClosedError if nobody submits any more in this run."""
        self._breaker.check()
        anonymously = None if self._keys else _waybackpy()
        async with self._limiter.turn(Pool.SAVE):
            self._breaker.check()
            begun = begin()
            if begun.ticket is None:
                return NotBegun(begun.refused)
            self._on_submit(form.url)
            began = self._limiter.now()
            reply, claimed = await (self._get(form.url, anonymously) if anonymously else self._post(form))
        if reply.status == 429 and not reply.failure:
            self._limiter.refused(reply.retry_after_s, began)
            return Sent(begun, SlowDown())
        self._note_clock(reply)
        answer = answers.read_submit(reply) if self._keys else self._anonymous(reply, claimed)
        if isinstance(answer, Unclear):
            self._breaker.failure(answer.why)
        else:
            self._breaker.success()
        return Sent(begun, answer, claimed)

    async def status(self, jobs: Sequence[str]) -> dict[str, Status]:
        """Return how jobs stand, with one request if the service takes questions about several.

        Raises ArchiveError if it could not be asked.
        """
        found = await self._statuses(jobs) if len(jobs) > 1 and self._together else {}
        for job in jobs:
            if job not in found:
                url = f"{self._base}/save/status/{job}?_={randomness.token_hex(4)}"
                found[job] = answers.read_status(await self._get_json(url))
        return found

    async def sessions(self) -> Sessions | None:
        """Return what the account may do now; None if the service does not tell. Raises ArchiveClosedError."""
        url = f"{self._base}/save/status/user?_={randomness.token_hex(4)}"  # a cached answer is of no use
        try:
            return answers.read_user(await self._get_json(url))
        except ArchiveClosedError:
            raise
        except ArchiveError:
            return None

    async def _get_json(self, url: str) -> Reply:
        reply = await self._client.get(url, Pool.PAGE, self._headers, body_limit=BODY_LIMIT)
        self._note_clock(reply)
        return reply

    async def _statuses(self, jobs: Sequence[str]) -> dict[str, Status]:
        """Ask about several jobs at once. If that does not work, it is not tried again in this run."""
        form = urlencode({"job_ids": ",".join(jobs)}).encode("ascii")
        async with self._limiter.turn(Pool.PAGE):
            began = self._limiter.now()
            reply = await self._ask(f"{self._base}/save/status", "POST", form)
        if reply.status == 429 and not reply.failure:
            self._limiter.refused(reply.retry_after_s, began)
            return await self._statuses(jobs)
        found = answers.read_statuses(reply)
        self._together = bool(found)
        return {job: status for job, status in found.items() if job in jobs}

    async def _post(self, form: SaveForm) -> tuple[Reply, str]:
        return await self._ask(f"{self._base}/save", "POST", form.encoded()), ""

    async def _get(self, url: str, save: Anonymously) -> tuple[Reply, str]:
        def work(ask: Ask) -> tuple[Reply, str]:
            return save(lambda address: ask(lambda: self._ask(address)), self._base, url)

        return await in_thread(_thread(), work)

    async def _ask(self, url: str, method: str = "GET", form: bytes = b"") -> Reply:
        left = self._limiter.remaining_s()
        seconds = self._timeout_s if left is None else max(_GRACE_S, min(left, self._timeout_s))
        try:
            async with asyncio.timeout(seconds + _GRACE_S):
                return await self._web.ask(
                    url,
                    method,
                    follow=False,
                    headers=self._headers,
                    body_limit=BODY_LIMIT,
                    timeout_s=seconds,
                    once=True,
                    form=form,
                )
        except TimeoutError:
            return Reply(url, failure=Failure.TIMEOUT, detail=f"no answer within {seconds:.0f} s")

    def _anonymous(self, reply: Reply, claimed: str) -> Submitted:
        return Accepted("") if claimed and not reply.failure else answers.read_anonymous(reply)

    def _note_clock(self, reply: Reply) -> None:
        try:
            date = parsedate_to_datetime(reply.header("date"))
            ahead = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - self._limiter.now()
        except (ValueError, TypeError, OverflowError):
            return
        self.ahead_s = ahead if abs(ahead) > _SKEW_S else 0.0


def _headers(keys: Keys | None) -> tuple[tuple[str, str], ...]:
    return (("Accept", "application/json"), ("Authorization", keys.authorization)) if keys else ()


def _waybackpy() -> Anonymously:
    """Return the anonymous way. Imported before it is our turn: requests, which comes with it, takes a while."""
    from linkkeeper.archive.saving import waybackpy_save

    return waybackpy_save.save


@functools.cache
def _thread() -> ThreadPoolExecutor:
    """A thread of its own: a submission may take a minute, and the index is not to wait for it."""
    return ThreadPoolExecutor(1, "waybackpy-save")


def sendable(url: str) -> str:
    """Return a URL as it is submitted: as written, unless that cannot travel."""
    return url if url.isascii() and url.isprintable() and " " not in url else on_the_wire(url)
