"""Which class of failure an exception is. Everything a server or network can do to us ends here."""

import errno
import ssl
from collections.abc import Callable
from functools import cache
from typing import Any

from linkkeeper.models.verdict import Failure
from linkkeeper.net import tls
from linkkeeper.net.gate import ForbiddenError
from linkkeeper.net.inflate import InflateError
from linkkeeper.net.resolver import NameLookupError

_BY_ERRNO = {
    errno.ECONNREFUSED: (Failure.REFUSED, "connection refused"),
    errno.ECONNRESET: (Failure.RESET, "connection reset"),
    errno.ECONNABORTED: (Failure.RESET, "connection aborted"),
    errno.EPIPE: (Failure.RESET, "connection closed"),
    errno.ENETUNREACH: (Failure.UNREACHABLE, "no route to the network"),
    errno.EHOSTUNREACH: (Failure.UNREACHABLE, "no route to the host"),
    errno.ENETDOWN: (Failure.UNREACHABLE, "the network is down"),
    errno.EADDRNOTAVAIL: (Failure.UNREACHABLE, "no address to connect from"),
    errno.EAFNOSUPPORT: (Failure.UNREACHABLE, "no such kind of network here"),
    errno.EACCES: (Failure.UNREACHABLE, "forbidden by this machine"),
    errno.EPERM: (Failure.UNREACHABLE, "forbidden by this machine"),
    errno.EMFILE: (Failure.OUT_OF_TIME, "this machine lets us open no more files"),
    errno.ENFILE: (Failure.OUT_OF_TIME, "this machine lets us open no more files"),
    errno.ETIMEDOUT: (Failure.TIMEOUT, "connection timed out"),
}


class ProtocolError(Exception):
    """What came is not HTTP, or is HTTP beyond our limits."""


class ProxyPassError(Exception):
    """The proxy could not be used: says nothing about the page."""


def failure_of(error: BaseException) -> tuple[Failure, str]:
    """Return the class of a failed request, and a line for people (not yet made harmless)."""
    if isinstance(error, ExceptionGroup):
        return failure_of(error.exceptions[0])
    if isinstance(error, NameLookupError):
        return error.failure, error.detail
    return next((name(error) for kinds, name in _named() if isinstance(error, kinds)), (Failure.PROTOCOL, str(error)))


def told(failure: Failure, detail: str, connected: bool) -> str:
    """Return the line for people about a failure; connected: the server had taken the connection."""
    if failure is not Failure.TIMEOUT:
        return detail
    return "the server took the connection and sent no answer in time" if connected else "no connection in time"


def _os_failure(error: OSError) -> tuple[Failure, str]:
    known = _BY_ERRNO.get(error.errno or 0)
    if known is not None:
        return known
    return Failure.RESET, f"connection failed: {error.strerror or error}"


def _first_line(error: Exception) -> str:
    text = str(getattr(error, "message", "") or error).strip()
    return text.splitlines()[0][:120] if text else type(error).__name__


def without_answer() -> Exception:
    """Return the error of a connection that was closed without an answer."""
    from aiohttp import ServerDisconnectedError

    return ServerDisconnectedError()


@cache
def stale() -> tuple[type[Exception], ...]:
    """Return what a kept connection may die of: no sign about the server."""
    from aiohttp import ClientError  # a tenth of a second: not before something went wrong
    from aiohttp.http_exceptions import HttpProcessingError

    return (OSError, ClientError, HttpProcessingError, ProtocolError)


@cache
def expected() -> tuple[type[Exception], ...]:
    """Return whatever a request may end with."""
    ours = (NameLookupError, ForbiddenError, ProtocolError, ProxyPassError)
    return (*stale(), TimeoutError, ValueError, ExceptionGroup, *ours)


@cache
def _named() -> tuple[tuple[tuple[type[BaseException], ...], Callable[[Any], tuple[Failure, str]]], ...]:
    """Return which class each kind is: the first row that fits counts.

    Kinds of OSError stand before it, as do ours before ValueError.
    """
    from aiohttp import ClientError, ClientPayloadError, ServerDisconnectedError
    from aiohttp.http_exceptions import HttpProcessingError

    return (
        ((ForbiddenError,), lambda error: (Failure.PRIVATE_ADDRESS, str(error))),
        ((ProxyPassError,), lambda error: (Failure.PROXY, str(error))),
        ((ProtocolError, InflateError), lambda error: (Failure.PROTOCOL, str(error))),
        ((TimeoutError,), lambda _: (Failure.TIMEOUT, "no answer in time")),
        ((ssl.SSLError,), tls.failure_of),
        (
            (HttpProcessingError, ClientPayloadError),
            lambda error: (Failure.PROTOCOL, f"not HTTP: {_first_line(error)}"),
        ),
        ((ServerDisconnectedError,), lambda _: (Failure.RESET, "closed without an answer")),
        ((OSError,), _os_failure),
        ((ClientError,), lambda error: (Failure.PROTOCOL, _first_line(error))),
        ((ValueError,), lambda error: (Failure.BAD_URL, str(error))),
    )
