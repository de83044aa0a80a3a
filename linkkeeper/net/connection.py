"""One connection: aiohttp's protocol and parser, with our bounds around them and our bytes in front."""

import asyncio
import re
import socket
import ssl
from collections.abc import Callable

from aiohttp import ClientPayloadError, ServerDisconnectedError
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader

from linkkeeper.net import clock
from linkkeeper.net.answer import REDIRECT_BODY, Answer
from linkkeeper.net.failures import ProtocolError
from linkkeeper.net.options import BODY_LIMIT
from linkkeeper.net.salvage import salvage
from linkkeeper.net.tape import Tape

HEAD_LIMIT = 256 * 1024
"""Bytes of status line and header fields, interim answers included. Browsers stop there too (Chromium, 2026)."""
FIELD_LIMIT = 192 * 1024
MAX_FIELDS = 1000
MAX_INTERIM = 20
_HEAD_END = re.compile(rb"\n\r?\n")
_END_SIZE = 3
_STARTS_LIKE_HTTP = re.compile(rb"[\r\n]*(?:H(?:T(?:T(?:P(?:/|\Z)|\Z)|\Z)|\Z)|\Z)", re.IGNORECASE)
_READ_SIZE = 16 * 1024
BODY_PATIENCE_S = 5.0
"""How long a body may dawdle once its status is known: the status is what we came for."""


class Connection(ResponseHandler):
    """A connection that counts what it receives."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.received = 0
        self.used = 0
        """Answers had on this connection."""
        self._on_lost: Callable[[], None] | None = None
        self._head_from = -1
        self._head_only = False
        self._held = b""
        self._raw = bytearray()
        """The answer as it comes, until its head was parsed."""
        self._told: Callable[[Connection, bytes | None], None] | None = None
        """Who gets what comes next, unparsed."""

    def data_received(self, data: bytes) -> None:
        """Take bytes in, as long as the head stays within its budget."""
        self.received += len(data)
        told = self._told
        if told is not None:
            self._told = None
            told(self, data)
            return
        if self._head_from >= 0:
            self._raw += data
        if 0 <= self._head_from < self.received - HEAD_LIMIT:
            self.set_exception(ProtocolError("header fields without end"))
            self.abort()
        elif self._head_only:
            self._take_head(data)
        else:
            super().data_received(data)

    def _take_head(self, data: bytes) -> None:
        """Parse the head of the answer to a HEAD. The body that some servers send along is dropped, unparsed."""
        searched = max(0, len(self._held) - _END_SIZE)
        data, self._held = self._held + data, b""
        while data and self._head_only:
            end = _HEAD_END.search(data, searched)
            searched = 0
            if end is None and _STARTS_LIKE_HTTP.match(data):
                self._held = data
                return
            if end is None:
                super().data_received(data)
                return
            super().data_received(data[: end.end()])
            data = data[end.end() :]
            if self.exception() is not None or (self._buffer and not _interim(self._buffer[-1][0][0].code)):
                self._head_only = False
        if data:
            self.force_close()

    def eof_received(self) -> None:
        """Take in what was held back for want of an end."""
        if self._held:
            held, self._held = self._held, b""
            super().data_received(held)
        super().eof_received()

    def tell_when_lost(self, told: Callable[[], None]) -> None:
        """Call back once the socket is closed, by whichever side."""
        if self.transport is None:
            told()
        else:
            self._on_lost = told

    def connection_lost(self, exc: BaseException | None) -> None:
        """End, and tell."""
        super().connection_lost(exc)
        gone, self._on_lost = self._on_lost, None
        if gone is not None:
            gone()
        told, self._told = self._told, None
        if told is not None:
            told(self, None)

    def abort(self) -> None:
        """Close at once; what was learned of a failure stays."""
        if self.transport is not None:
            self.transport.abort()

    async def exchange(
        self, request: bytes, head_only: bool, body_limit: int, until: float, tape: Tape | None = None
    ) -> Answer:
        """Send one request and return its answer, with at most body_limit bytes of the body.

        `until` (the loop's time) is when the body, but not the head, is given up. A tape gets the whole body instead.
        Raises what `failures.failure_of` knows. Whoever calls must close the connection after an error.
        """
        self._expect(head_only)
        transport = self.transport
        if transport is None:
            raise ConnectionResetError("closed before it was used")
        transport.write(request)
        return await self._answer(body_limit, until, tape)

    def send(self, request: bytes, told: Callable[["Connection", bytes | None], None]) -> None:
        """Send one request; told gets what comes first, unparsed, or None if the connection is lost before."""
        if self.transport is None:
            asyncio.get_running_loop().call_soon(told, self, None)
        else:
            self._told = told
            self.transport.write(request)

    async def first_of(self, request: bytes) -> bytes:
        """Send one request; return what comes first, unparsed. Raises what `exchange` does if nothing comes."""
        came = asyncio.get_running_loop().create_future()
        self.send(request, lambda _, data: None if came.done() else came.set_result(data))
        data: bytes | None = await came
        if data is None:
            raise self.exception() or ServerDisconnectedError
        return data

    async def finish(self, data: bytes, head_only: bool, body_limit: int, until: float) -> Answer:
        """Return the answer to a request that was sent by `send`, of which data came first."""
        self.received -= len(data)
        self._expect(head_only)
        self.data_received(data)
        return await self._answer(body_limit, until, None)

    def _expect(self, head_only: bool) -> None:
        """Make ready for an answer."""
        self._head_from, self._head_only, self._held, self._raw = self.received, head_only, b"", bytearray()
        self.set_response_params(
            skip_payload=head_only,
            read_until_eof=True,
            auto_decompress=False,
            max_line_size=FIELD_LIMIT,
            max_field_size=FIELD_LIMIT,
            max_headers=MAX_FIELDS,
            read_bufsize=_READ_SIZE,
        )

    async def _answer(self, body_limit: int, until: float, tape: Tape | None) -> Answer:
        try:
            message, payload = await self._final()
        except HttpProcessingError as problem:
            if tape is not None:
                raise  # what only looks like an answer is nothing to keep
            return self._salvaged(body_limit, problem)
        finally:
            self._head_from = -1
        if tape is not None:
            return await self._taped(tape, message, payload, until)
        limit = min(body_limit, REDIRECT_BODY) if 300 <= message.code < 400 else body_limit
        body, truncated = await _body(payload, limit, until)
        self.used += 1
        return Answer(message.code, message.raw_headers, tuple(message.headers.items()), body, truncated)

    async def _taped(self, tape: Tape, message: RawResponseMessage, payload: StreamReader, until: float) -> Answer:
        values = tuple(message.headers.items())
        truncated = await tape.take(message.code, values, bytes(self._raw), payload, until)
        self.used += 1
        return Answer(message.code, message.raw_headers, values, b"", truncated)

    def _salvaged(self, body_limit: int, problem: HttpProcessingError) -> Answer:
        """Return what a browser would make of an answer that the parser refused, or raise its problem."""
        self.force_close()
        found = salvage(bytes(self._raw))
        if found is None:
            raise problem
        status, fields, body = found
        values = tuple((name.decode("latin-1"), value.decode("utf-8", "replace")) for name, value in fields)
        return Answer(status, fields, values, body[:body_limit], truncated=True)

    async def _final(self) -> tuple[RawResponseMessage, StreamReader]:
        """Return the first answer that is not an interim one (RFC 9110, 15.2)."""
        for _ in range(MAX_INTERIM):
            message, payload = await self.read()
            if not _interim(message.code):
                return message, payload
        raise ProtocolError("interim answers without end")

    @property
    def reusable(self) -> bool:
        """True if another request may be sent here."""
        return self.transport is not None and not self.should_close and not self.transport.is_closing()


def _interim(status: int) -> bool:
    """Say whether another answer follows (RFC 9110, 15.2); after 101 comes another protocol."""
    return 100 <= status < 200 and status != 101


async def _body(payload: StreamReader, limit: int, until: float) -> tuple[bytes, bool]:
    """Return the body's first bytes and whether it was longer, or ended early, or kept us waiting."""
    if payload.is_eof() and not payload.total_bytes:
        return b"", False
    out = bytearray()
    try:
        async with asyncio.timeout_at(_given_up(limit, until)):
            while not payload.at_eof():
                out += await payload.readany()
                if len(out) > limit:
                    return bytes(out[:limit]), True
    except (TimeoutError, ClientPayloadError, OSError):
        return bytes(out), True
    return bytes(out), False


def _given_up(limit: int, until: float) -> float:
    """Return when a body is given up: soon, if only its beginning is wanted."""
    if limit > BODY_LIMIT:
        return until
    return min(until, clock.now() + BODY_PATIENCE_S)


async def open_on(sock: socket.socket, context: ssl.SSLContext | None, host: str) -> Connection:
    """Make a connection of a connected socket, with TLS if a context is given."""
    loop = asyncio.get_running_loop()
    try:
        _, made = await loop.create_connection(
            lambda: Connection(loop),
            sock=sock,
            ssl=context,
            server_hostname=host.strip("[]").rstrip(".") if context else None,
            ssl_shutdown_timeout=1 if context else None,
        )
    except BaseException:
        sock.close()
        raise
    return made
