"""The quick way for nine requests in ten: a HEAD on a kept connection whose answer is plain, without a task of its own.

What is not plain (an answer in pieces, with a body, in bad form) goes on in the thorough way, `Client.step`.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from linkkeeper.models.verdict import Reply
from linkkeeper.net.answer import REDIRECT_BODY, Answer
from linkkeeper.net.pool import Link
from linkkeeper.net.trip import How, Trip

_LOOK_S = 0.1
"""Between looks at who is late."""
_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9]{2})(?: [\t\x20-\x7e]*+)?\r\n"
    rb"((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[\t\x20-\x7e]*+\r\n)*+)\r\n"
)
"""A whole head in good form (RFC 9112, 4 and 5) and nothing after it."""
_FIELD = re.compile(r"([^:\r]++):[ \t]*+([^\r]*+)\r\n")
_NO_BODY = frozenset({b"204", b"205", b"304"})
_CLOSE = re.compile(rb"\nconnection:[^\r]*\bclose\b", re.IGNORECASE)

Step = Callable[[], Awaitable[Reply | None]]
"""The rest of a request in the thorough way: to be awaited, returns what `Client.step` does."""


async def raising(error: Exception) -> Reply | None:
    """Be a `Step` that fails."""
    raise error


class Flying(Protocol):
    """What `Quick` has to know of a request under way."""

    @property
    def link(self) -> Link:
        """The connection."""

    @property
    def until(self) -> float:
        """When it is given up; the loop's time."""


F = TypeVar("F", bound=Flying)


class Flight(Struct, eq=False):
    """One request under way. Times are the loop's."""

    trip: Trip
    link: Link
    done: Callable[[Reply | None], None]
    """Gets what `Client.step` would return."""
    slowly: Callable[[Step], None]
    """Gets what is left to do, where the quick way ends."""
    started: float
    until: float


def plain(data: bytes) -> Answer | None:
    """Return the answer to a HEAD, if these bytes are one in good form, whole, and nothing else."""
    match = _HEAD.fullmatch(data)
    return None if match is None else _answer(match, b"")


def plain_page(data: bytes, body_limit: int) -> Answer | None:
    """Return the answer to a GET, if these bytes are one in good form, whole, with its length and nothing behind it."""
    match = _HEAD.match(data)
    if match is None or match[1] in _NO_BODY:
        return None
    body = data[match.end() :]
    if match[1].startswith(b"3"):
        body_limit = min(body_limit, REDIRECT_BODY)
    answer = _answer(match, body)
    told = {name.lower(): value for name, value in answer.values}
    if told.get("content-length") != str(len(body)) or "transfer-encoding" in told or len(body) > body_limit:
        return None
    return answer if len(told) == len(answer.values) or _is_said_once(answer, "content-length") else None


def _is_said_once(answer: Answer, field: str) -> bool:
    return [name.lower() for name, _ in answer.values].count(field) == 1


def _answer(match: re.Match[bytes], body: bytes) -> Answer:
    status = int(match[1])
    values = tuple([(name, value.rstrip(" \t")) for name, value in _FIELD.findall(match[2].decode("ascii"))])
    fields = [(name.encode(), value.encode()) for name, value in values] if 300 <= status < 400 else ()
    return Answer(status, tuple(fields), values, body, truncated=False)


def closes(data: bytes) -> bool:
    """Say whether the server will not answer another request here."""
    return _CLOSE.search(data) is not None


def taken(link: Link, data: bytes, how: How) -> Answer | None:
    """Return the answer that came on a connection, if it is plain for this manner of asking; the connection knows of it
    then.
    """
    answer = plain(data) if how.method == "HEAD" else plain_page(data, how.body_limit)
    if answer is not None:
        link.used += 1
        if closes(data):
            link.force_close()
    return answer


def fields_of_ok(data: bytes) -> dict[str, str] | None:
    """Return the fields (lower-case names, the last value of each) of a `plain` answer with status 200, else None."""
    match = _HEAD.fullmatch(data)
    if match is None or match[1] != b"200":
        return None
    found = _FIELD.findall(match[2].decode("ascii"))
    fields = {name.lower(): value.rstrip(" \t") for name, value in found}
    if len(fields) < len(found) and "connection" in fields:  # perhaps said twice, and not the same
        return None
    return fields


class Quick(Generic[F]):
    """The requests under way in the quick manner, and who of them is late."""

    def __init__(self, came: Callable[[F, bytes | None], None], late: Callable[[F], None]) -> None:
        """came: gets what came first; None: the connection was lost before. late: nothing came in time."""
        self._came_to, self._late = came, late
        self._flying: dict[Link, F] = {}
        self._timer: asyncio.TimerHandle | None = None

    def start(self, flight: F, request: bytes) -> None:
        """Send a request on a connection at rest."""
        self._flying[flight.link] = flight
        flight.link.send(request, self._came)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_LOOK_S, self._look)

    def close(self) -> None:
        """Drop what is under way; nobody is told."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        flying, self._flying = self._flying, {}
        for link in flying:
            link.abort()

    def _came(self, link: Link, data: bytes | None) -> None:
        flight = self._flying.pop(link, None)
        if flight is not None:
            self._came_to(flight, data)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for flight in [flight for flight in self._flying.values() if flight.until <= now]:
            del self._flying[flight.link]
            flight.link.abort()
            self._late(flight)
        self._timer = loop.call_later(_LOOK_S, self._look) if self._flying else None
