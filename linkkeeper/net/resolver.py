"""Names to addresses: looked up once a run, judged, and told apart when they fail."""

import asyncio
import queue
import socket
import threading
from collections.abc import Callable
from typing import Any, Protocol

from linkkeeper.models.verdict import Failure
from linkkeeper.net import addresses

_THREADS = 32
_RESERVED_TLDS = frozenset({"invalid", "onion", "alt"})
"""Names that the DNS never holds: RFC 6761, RFC 7686, RFC 9476. A look-up would only leak them."""


LOOPBACK = ("127.0.0.1", "::1")
"""Addresses of the names that mean this machine (RFC 6761, 6.3)."""


class NameLookupError(Exception):
    """A name has no address. `failure` is NO_NAME, NO_ADDRESS or DNS_FAILED."""

    def __init__(self, failure: Failure, detail: str, certain: bool = False) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail
        self.certain = certain
        """True if no resolver was needed to know."""


class Resolver(Protocol):
    """Something that knows the addresses of names."""

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Return the addresses of host, v4 and v6, best first. Raises NameLookupError."""


_CLASSES = {
    getattr(socket, "EAI_NONAME", -2): (Failure.NO_NAME, "the name does not exist"),
    getattr(socket, "EAI_NODATA", -5): (Failure.NO_ADDRESS, "the name has no address"),
    getattr(socket, "EAI_ADDRFAMILY", -9): (Failure.NO_ADDRESS, "the name has no address"),
}
"""glibc tells NXDOMAIN (EAI_NONAME) and NODATA (EAI_NODATA) apart; elsewhere both are EAI_NONAME."""


class SystemResolver:
    """What the machine itself would answer: hosts file, DNS, mDNS, in its own order.

    getaddrinfo blocks, for seconds when no server answers: it runs in daemon threads, so that an ending
    program need not wait for them (a ThreadPoolExecutor would).
    """

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._threads = 0
        self._waiting = 0

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Return the addresses of host. Raises NameLookupError."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[tuple[str, ...]] = loop.create_future()
        self._waiting += 1
        self._work.put(lambda: _deliver(loop, answer, host))
        if self._threads < min(_THREADS, self._waiting):
            self._threads += 1
            threading.Thread(target=self._serve, name="resolver", daemon=True).start()
        try:
            return await answer
        finally:
            self._waiting -= 1

    def _serve(self) -> None:
        while True:
            self._work.get()()


def _deliver(loop: asyncio.AbstractEventLoop, answer: asyncio.Future[tuple[str, ...]], host: str) -> None:
    if answer.cancelled():
        return
    result: Any
    try:
        result = look_up(host)
        settle: Callable[[Any], None] = answer.set_result
    except NameLookupError as failure:
        result, settle = failure, answer.set_exception
    try:
        loop.call_soon_threadsafe(lambda: None if answer.done() else settle(result))
    except RuntimeError:  # the loop is closed: nobody waits any more
        return


def look_up(host: str) -> tuple[str, ...]:
    """Ask the system, blocking. Raises NameLookupError."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        failure, detail = _CLASSES.get(error.errno or 0, (Failure.DNS_FAILED, f"DNS: {error.strerror}"))
        raise NameLookupError(failure, detail) from error
    except (UnicodeError, ValueError) as error:
        raise NameLookupError(Failure.NO_NAME, f"not a name: {error}", certain=True) from error
    except OSError as error:
        raise NameLookupError(Failure.DNS_FAILED, f"DNS: {error}") from error
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class Names:
    """Answers of a resolver, each asked once a run."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self._known: dict[str, asyncio.Future[tuple[str, ...]]] = {}

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Return the addresses of host. Raises NameLookupError; an answer, good or bad, is shared by all who ask."""
        name = host.lower().rstrip(".")
        if addresses.local_name(name):
            return LOOPBACK
        top = name.rpartition(".")[2]
        if top in _RESERVED_TLDS:
            raise NameLookupError(Failure.NO_NAME, f".{top} names are never in the DNS (RFC 6761)", certain=True)
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = asyncio.ensure_future(self.resolver.resolve(name))
            known.add_done_callback(_retrieved)
        if known.done():
            return known.result()
        return await asyncio.shield(known)

    def found(self, host: str) -> tuple[str, ...]:
        """Return the addresses that were found of a host in this run, if any."""
        known = self._known.get(host.lower().rstrip("."))
        good = known is not None and known.done() and not known.cancelled() and known.exception() is None
        return known.result() if known is not None and good else ()

    async def vouched_for(self, parent: str) -> NameLookupError | None:
        """Ask about the parent domain of a missing name; return a failure if its servers do not answer.

        An NXDOMAIN under a domain whose own servers are broken is no proof.
        """
        try:
            await self.resolve(parent)
        except NameLookupError as failure:
            return failure if failure.failure is Failure.DNS_FAILED else None
        return None

    def forget(self, host: str) -> None:
        """Look a failed name up afresh the next time."""
        name = host.lower().rstrip(".")
        known = self._known.get(name)
        if known is not None and known.done() and (known.cancelled() or known.exception() is not None):
            del self._known[name]

    async def close(self) -> None:
        """Let go of look-ups still under way."""
        for look_up_task in self._known.values():
            look_up_task.cancel()
        self._known.clear()


def _retrieved(future: "asyncio.Future[tuple[str, ...]]") -> None:
    """Keep asyncio from complaining about a failure nobody came back for."""
    if not future.cancelled():
        future.exception()
