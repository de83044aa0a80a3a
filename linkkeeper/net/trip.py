"""One question on its way: from the URL that was asked, hop by hop, to the answer."""

from typing import TYPE_CHECKING

from msgspec import Struct

from linkkeeper.models.verdict import Failure, Redirect, Reply
from linkkeeper.net import headers, redirects, target
from linkkeeper.net.answer import Answer
from linkkeeper.net.cookies import Jar
from linkkeeper.net.inflate import InflateError, inflate
from linkkeeper.net.target import Target

if TYPE_CHECKING:
    from linkkeeper.net.tape import Tape  # with aiohttp, a tenth of a second

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses that browsers follow (Fetch standard, redirect status)."""


class How(Struct, frozen=True):
    """The manner of asking."""

    method: str = "GET"
    browser: bool = False
    follow: bool = True
    headers: tuple[tuple[str, str], ...] = ()
    """More header fields, for the first origin only."""
    body_limit: int = 0
    max_redirects: int = 20
    bare: bool = False
    """Send no configured fields at all: the URL came from a page, not from the user."""
    once: bool = False
    """The question changes something over there: it goes out on a fresh connection, for one that was kept may have
    died, and would be asked again (RFC 9110, 9.2.2)."""
    form: bytes = b""
    """A body of the type application/x-www-form-urlencoded."""


class Trip:
    """The state of one question. `client.step` moves it on by one request."""

    __slots__ = (
        "connected", "cookies", "elapsed_s", "first", "how", "left_s", "received", "redirects", "requests",
        "seen", "tape", "target", "until", "url",
    )  # fmt: skip

    def __init__(self, url: str, first: Target, how: How, left_s: float) -> None:
        self.url = url
        self.first = first
        self.target = first
        self.how = how
        self.left_s = left_s
        """Seconds that this attempt still has."""
        self.redirects: list[Redirect] = []
        self.cookies: Jar | None = None
        self.seen: set[tuple[str, str]] | None = None
        self.requests = 0
        self.received = 0
        self.elapsed_s = 0.0
        self.until = 0.0
        """The loop's time at which the present hop's body is given up."""
        self.tape: Tape | None = None
        """Records every hop, for an archive."""
        self.connected = False
        """True once a connection was made for the present hop: a later timeout is the server's, not the route's."""

    @property
    def at_home(self) -> bool:
        """True while the present hop is the origin that was asked: only it gets headers and credentials."""
        return not self.how.bare and self.target.origin == self.first.origin

    def failed(self, failure: Failure, detail: str) -> Reply:
        """End the trip without an answer."""
        return Reply(
            url=self.url,
            method=self.how.method,
            final_url=self.target.url,
            redirects=tuple(self.redirects),
            failure=failure,
            detail=headers.harmless(detail),
            requests=self.requests,
            received_bytes=self.received,
            elapsed_ms=int(self.elapsed_s * 1000),
        )

    def arrived(self, answer: Answer, failure: Failure | None = None, detail: str = "") -> Reply:
        """End the trip with an answer."""
        fields = headers.kept(answer.values)
        body, truncated, problem = _readable(answer, self.how.body_limit)
        waiting = ""
        if answer.status != 200 or self.how.method != "HEAD":
            waiting = next((value for name, value in fields if name == "retry-after"), "")
        return Reply(
            url=self.url,
            method=self.how.method,
            status=answer.status,
            final_url=self.target.url,
            redirects=tuple(self.redirects),
            headers=fields,
            body=body,
            truncated=truncated,
            failure=failure,
            detail=headers.harmless(detail or problem) if detail or problem else "",
            requests=self.requests,
            received_bytes=self.received,
            elapsed_ms=int(self.elapsed_s * 1000),
            retry_after_s=headers.retry_after_s(waiting) if waiting else None,
        )

    def take(self, answer: Answer) -> Reply | None:
        """Take an answer in: return the Reply that ends the trip, or None if it goes on at `target`."""
        if answer.status not in REDIRECTS or not self.how.follow:
            return self.arrived(answer)
        raw = next((value for name, value in answer.fields if name.lower() == b"location"), b"")
        if not raw.strip():
            return self.arrived(answer, Failure.BAD_REDIRECT, "a redirect without a Location")
        return self._move(answer, redirects.location(raw))

    def _move(self, answer: Answer, location: str) -> Reply | None:
        self._remember(answer)
        try:
            onward = target.parse(redirects.join(self.target.url, location))
        except ValueError as problem:
            return self.arrived(answer, Failure.BAD_REDIRECT, f"redirects to {location[:200]}: {problem}")
        if len(self.redirects) >= self.how.max_redirects:
            return self.arrived(answer, Failure.TOO_MANY_REDIRECTS, f"more than {self.how.max_redirects} redirects")
        self.redirects.append(Redirect(self.target.url, answer.status))
        self.target = onward
        self.connected = False
        if self._seen_before():
            return self.arrived(answer, Failure.REDIRECT_LOOP, f"redirects in a circle, back to {onward.url[:200]}")
        return None

    def _remember(self, answer: Answer) -> None:
        if self.seen is None:
            self.seen = {(self.target.url, "")}
        fields = [value.decode("latin-1") for name, value in answer.fields if name.lower() == b"set-cookie"]
        if fields:
            self.cookies = self.cookies or Jar()
            self.cookies.take(self.target, fields)

    def _seen_before(self) -> bool:
        """Say whether the next request would repeat one: the same URL with the same cookies."""
        assert self.seen is not None
        state = (self.target.url, self.cookies.header(self.target) if self.cookies else "")
        if state in self.seen:
            return True
        self.seen.add(state)
        return False


def _readable(answer: Answer, limit: int) -> tuple[bytes, bool, str]:
    """Return the body decoded, whether more was there, and what was wrong with it."""
    if not answer.body:
        return b"", answer.truncated, ""
    encodings = [value for name, value in answer.values if name.lower() == "content-encoding"]
    if not encodings:
        return answer.body, answer.truncated, ""
    try:
        body, more = inflate(answer.body, ",".join(encodings), limit)
    except InflateError as problem:
        return b"", True, f"the body cannot be decoded: {problem}"
    return body, more or answer.truncated, ""
