"""One question to a server, within limits of time, size and redirects -> Reply."""

import asyncio
import contextlib
import errno
import functools
import re
from collections.abc import Callable, Coroutine, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from linkkeeper.errors import UsageError
from linkkeeper.models.verdict import Failure, Reply
from linkkeeper.net import clock, failures, files, late, quick, target, tls
from linkkeeper.net.answer import Answer
from linkkeeper.net.dial import dial
from linkkeeper.net.door import LONGEST_PATH, Door
from linkkeeper.net.gate import Gate
from linkkeeper.net.options import BODY_LIMIT, NetOptions
from linkkeeper.net.pool import Link, Pool
from linkkeeper.net.request import Requests
from linkkeeper.net.resolver import LOOPBACK, Names, Resolver, SystemResolver
from linkkeeper.net.target import Target
from linkkeeper.net.trip import How, Trip
from linkkeeper.net.wire import Wire, Wires

if TYPE_CHECKING:
    from linkkeeper.net.connection import Connection
    from linkkeeper.net.proxy import Proxy

__all__ = ["BODY_LIMIT", "Client"]

_MIN_S = 0.05
_TICKS_TO_CLOSE = 3
_TRIES_TO_OPEN = 60
_BODY_SHARE = 0.8
"""Of the time left when the request went out; after it, a body that keeps us waiting is taken as it is."""


class Client:
    """Asks servers. An async context manager; never raises for what servers and networks do."""

    def __init__(self, options: NetOptions | None = None, resolver: Resolver | None = None) -> None:
        """Raises UsageError for a cookies file, certificate, proxy or remap rule that cannot be used."""
        self.options = options or NetOptions()
        self.names = Names(resolver or SystemResolver())
        self.gate = Gate(self.options, self.names)
        self.pool = Pool(min(self.options.max_connections, files.raise_limit()))
        self._wires = Wires(self.pool.leave) if Wires.possible() else None
        self._quick = quick.Quick(self.landed, self.late)
        self._loaded = False
        self._tls = functools.partial(
            tls.context, self.options.insecure, self.options.ca_file, self.options.client_cert
        )
        if self.options.ca_file or self.options.client_cert:
            self._tls()
        self._remap = [(_pattern(wanted), instead) for wanted, instead in self.options.remap]
        self._proxy = _proxy(self.options.proxy) if self.options.proxy else None
        self._requests = Requests(self.options, self._proxy)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every kept connection and let look-ups go."""
        self._quick.close()
        self.pool.close()
        if self._wires is not None:
            self._wires.close()
        await self.names.close()
        for _ in range(_TICKS_TO_CLOSE):  # lets transports finish closing
            await asyncio.sleep(0)

    async def ask(
        self,
        url: str,
        method: str = "GET",
        *,
        headers: Iterable[tuple[str, str]] = (),
        browser: bool = False,
        follow: bool = True,
        body_limit: int | None = None,
        timeout_s: float | None = None,
        once: bool = False,
        form: bytes = b"",
    ) -> Reply:
        """Ask one question and follow where it leads, to the end.

        `headers` go to the origin of `url` only; an `Accept` among them replaces ours. `body_limit` is in decoded
        bytes (default 64 KiB; also at most so many are received). `timeout_s` is for everything together.
        `once`: the request leaves this machine once at most. `form`: sent as the body.
        """
        limit = self.options.body_limit if body_limit is None else body_limit
        redirects = self.options.max_redirects
        how = How(method, browser, follow, tuple(headers), limit, redirects, once=once, form=form)
        try:
            trip = self.trip(url, how, timeout_s)
        except ValueError as problem:
            return Reply(url=url, method=method, failure=Failure.BAD_URL, detail=str(problem))
        while (reply := await self.step(trip)) is None:
            pass
        return reply

    async def get_body(self, url: str, limit: int, *, timeout_s: float | None = None, browser: bool = False) -> Reply:
        """Get a page with as much of its body as limit says (bytes, decoded)."""
        return await self.ask(url, body_limit=limit, timeout_s=timeout_s, browser=browser)

    def trip(self, url: str, how: How, timeout_s: float | None = None) -> Trip:
        """Prepare a question. Raises ValueError, with the reason, if the URL cannot be requested."""
        first = target.parse(self._elsewhere(url) if self._remap else url)
        return Trip(url, first, how, timeout_s or self.timeout_s(first))

    def where(self, url: str) -> tuple[str, int]:
        """Return host and port that a question about url goes to first. Raises ValueError as `trip` does."""
        return target.where(self._elsewhere(url) if self._remap else url)

    def is_site(self, text: str) -> bool:
        """Say whether all URLs that begin with this text and a slash are asked at the same host and port."""
        return not self._remap and target.is_site(text)

    def _elsewhere(self, url: str) -> str:
        """Return where a URL is asked: by the first rule of `remap` that fits."""
        for pattern, instead in self._remap:
            if pattern.search(url):
                return pattern.sub(instead, url)
        return url

    def timeout_s(self, where: Target) -> float:
        """Seconds for one attempt at a host."""
        special = self.options.hosts.get(where.host)
        return (special.timeout_s if special else None) or self.options.timeout_s

    async def step(self, trip: Trip) -> Reply | None:
        """Send the trip's next request. Return the Reply that ends it, or None if it goes on elsewhere."""
        await self._ready(self.pool.close)
        return await self._timed(trip, self._send(trip))

    async def _ready(self, free_files: Callable[[], None]) -> None:
        if not self._loaded:
            await late.load(free_files)
            self._loaded = True

    def quickly(self, trip: Trip, done: Callable[[Reply | None], None], slowly: Callable[[quick.Step], None]) -> bool:
        """Do as `step` without a task, if there is a connection that can take it; say whether that is so.

        done gets, later, what `step` would return; slowly, instead, a step to be awaited if the answer is not plain.
        """
        if self._proxy or trip.tape or len(trip.target.path) > LONGEST_PATH:
            return False
        link = self.pool.take(trip.target.origin)
        if link is None and (address := self._address(trip.target)):
            link = self._wire(address, trip.target.port)
        if link is None:
            return False
        now = clock.now()
        flight = quick.Flight(trip, link, done, slowly, now, now + max(_MIN_S, trip.left_s))
        self._quick.start(flight, self._requests.of(trip))
        return True

    def door(self, url: str) -> Door | None:
        """Return how URLs like this one are asked for by HEAD if nothing is configured, or remembered, for them.

        None if they are not: something is, there is TLS, or it is not known yet where to connect.
        """
        if not self._requests.plain or self._remap:
            return None
        try:
            where = target.parse(url)
        except ValueError:
            return None
        address = self._address(where)
        if not address or where.authorization:
            return None
        return Door(where, where.origin, address, f"http://{where.authority}", self._requests.after_path(where))

    def link(self, door: Door) -> Link | None:
        """Return a connection for a request through a door; None: it takes waiting to have one."""
        kept = self.pool.take(door.origin)
        return self._wire(door.address, door.target.port) if kept is None else kept

    def _address(self, where: Target) -> str:
        """Return the address that a wire may be opened to; nothing where several would have to be tried in turn.

        Names that mean this machine have two addresses; the first is tried, and `_lost` goes on with the other.
        """
        if self._wires is None or where.scheme != "http":
            return ""
        addresses = self.gate.known(where)
        return addresses[0] if len(addresses) == 1 or addresses is LOOPBACK else ""

    def _wire(self, address: str, port: int) -> Wire | None:
        """Open a connection in the quick manner, if nobody has to be waited for to do so."""
        if self._wires is None or not self.pool.enter_now():
            return None
        try:
            return self._wires.open(address, port)
        except OSError as error:
            if error.errno in late.NO_FILES:
                self.pool.shrink()
            else:
                self.pool.leave()
            return None

    def landed(self, flight: quick.Flight, data: bytes | None) -> None:
        """Do what follows from what came first for a request; None: the connection ended before."""
        trip, link = flight.trip, flight.link
        self._count(trip, clock.now() - flight.started)
        trip.connected = link.used > 0 or link.connected
        if data is None:
            self._lost(flight)
            return
        try:
            answer = quick.taken(link, data, trip.how)
            if answer is None:
                if isinstance(link, Wire):
                    link.leave_alone()
                flight.slowly(lambda: self._go_on(trip, link, data))
                return
            trip.requests += 1
            trip.received += len(data)
            self.pool.give(trip.target.origin, link)
            reply = trip.take(answer)
        except Exception as error:  # noqa: BLE001 - raised again where the thorough way would
            fault = error
            flight.slowly(lambda: quick.raising(fault))
            return
        flight.done(reply)

    def _lost(self, flight: quick.Flight) -> None:
        """Go on after a connection that ended without a word: a new one, if that was one that had died at rest."""
        trip, link = flight.trip, flight.link
        there_are_others = not link.connected and len(self.gate.known(trip.target)) > 1
        if link.used or not isinstance(link, Wire) or there_are_others:
            flight.slowly(lambda: self.step(trip))
            return
        trip.requests += link.connected
        failure, detail = failures.failure_of(link.error or failures.without_answer())
        flight.done(trip.failed(failure, failures.told(failure, detail, trip.connected)))

    def late(self, flight: quick.Flight) -> None:
        """End a request for which nothing came in time."""
        trip = flight.trip
        self._count(trip, clock.now() - flight.started)
        trip.connected = flight.link.used > 0 or flight.link.connected
        trip.requests += trip.connected
        flight.done(trip.failed(Failure.TIMEOUT, failures.told(Failure.TIMEOUT, "", trip.connected)))

    async def _go_on(self, trip: Trip, link: Link, data: bytes) -> Reply | None:
        """Do the rest of a step in the thorough way; all of it, where the connection had to be given up meanwhile."""

        def free_files() -> None:
            self.pool.close()
            self.pool.discard(link)

        await self._ready(free_files)
        if not link.reusable and isinstance(link, Wire):
            return await self.step(trip)
        return await self._timed(trip, self._finish(trip, link, data))

    async def _finish(self, trip: Trip, begun: Link, data: bytes) -> Answer:
        """Return the answer of which data came first, or as in `_send` that of a fresh connection."""
        fresh = not begun.used
        trip.requests += fresh
        link = await self._thorough(begun, trip)
        before = link.received - len(data)
        try:
            answer = await link.finish(data, trip.how.method == "HEAD", trip.how.body_limit, trip.until)
        except failures.stale():
            self.pool.discard(link)
            if fresh:
                raise
            return await self._exchange(trip, await self._open(trip))
        except BaseException:
            self.pool.discard(link)
            raise
        finally:
            trip.received += link.received - before
        trip.requests += not fresh
        self.pool.give(trip.target.origin, link)
        return answer

    async def _thorough(self, link: Link, trip: Trip) -> "Connection":
        """Return a connection for the thorough way: this one, or one on the socket of this wire."""
        if not isinstance(link, Wire):
            return link
        from linkkeeper.net import connection

        sock = link.detach()
        try:
            made = await connection.open_on(sock, None, trip.target.host)
        except BaseException:
            self.pool.leave()
            raise
        made.used, made.received = link.used, link.received
        made.tell_when_lost(self.pool.leave)
        return made

    async def _timed(self, trip: Trip, sending: Coroutine[None, None, Answer]) -> Reply | None:
        started, left_s = clock.now(), max(_MIN_S, trip.left_s)
        trip.until = started + left_s * _BODY_SHARE
        try:
            async with asyncio.timeout(left_s):
                answer = await sending
        except failures.expected() as error:
            self._count(trip, clock.now() - started)
            failure, detail = failures.failure_of(error)
            return trip.failed(failure, failures.told(failure, detail, trip.connected))
        self._count(trip, clock.now() - started)
        return trip.take(answer)

    def rest(self, origin: tuple[str, str, int]) -> None:
        """Close kept connections to an origin: nobody will ask it soon."""
        self.pool.rest(origin)

    @staticmethod
    def _count(trip: Trip, seconds: float) -> None:
        trip.elapsed_s += seconds
        trip.left_s -= seconds

    async def _send(self, trip: Trip) -> Answer:
        kept = None if trip.how.once else self.pool.take(trip.target.origin)
        if kept is not None:
            with contextlib.suppress(*failures.stale()):
                return await self._exchange(trip, await self._thorough(kept, trip))
        return await self._exchange(trip, await self._open(trip))

    async def _exchange(self, trip: Trip, link: "Connection") -> Answer:
        before, fresh = link.received, link.used == 0
        trip.requests += fresh
        trip.connected = True
        try:
            if trip.tape is None and trip.how.method == "HEAD":
                answer = await self._head(trip, link)
            elif trip.tape is None:
                answer = await link.exchange(self._requests.of(trip), False, trip.how.body_limit, trip.until)
            else:
                answer = await link.exchange(
                    self._requests.on_tape(trip, trip.tape, link), False, 0, trip.until, trip.tape
                )
        except BaseException:
            self.pool.discard(link)
            raise
        finally:
            trip.received += link.received - before
        trip.requests += not fresh
        self.pool.give(trip.target.origin, link)
        return answer

    async def _head(self, trip: Trip, link: "Connection") -> Answer:
        data = await link.first_of(self._requests.of(trip))
        return quick.taken(link, data, trip.how) or await link.finish(data, True, trip.how.body_limit, trip.until)

    async def _open(self, trip: Trip) -> "Connection":
        """Open a connection to an address that was judged, and to no other."""
        from linkkeeper.net import connection

        where = trip.target
        context = self._tls() if where.scheme == "https" else None
        if self._proxy is not None:
            self.gate.judge_literal(where)
        addresses = () if self._proxy else await self.gate.addresses(where)
        for _ in range(_TRIES_TO_OPEN):
            await self.pool.enter()
            try:
                made = await (self._proxy.dial(where) if self._proxy else dial(addresses, where.port))
                link = await connection.open_on(made, context, where.host)
            except OSError as error:
                if error.errno not in late.NO_FILES:
                    self.pool.leave()
                    raise
                self.pool.shrink()
                await asyncio.sleep(_MIN_S)
            except BaseException:
                self.pool.leave()
                raise
            else:
                link.tell_when_lost(self.pool.leave)
                return link
        raise OSError(errno.EMFILE, "too many open files")


def _proxy(url: str) -> "Proxy":
    from linkkeeper.net.proxy import Proxy  # with python-socks, which few need

    return Proxy(url)


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as problem:
        raise UsageError(f"remap: {text!r} is not a regular expression: {problem}") from problem
