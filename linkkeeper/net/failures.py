"""Which class of failure an exception is. Everything a server or network can do to us ends here."""

import errno
import ssl

from aiohttp import ClientError, ClientPayloadError, ServerDisconnectedError
from aiohttp.http_exceptions import HttpProcessingError

from linkkeeper.models.verdict import Failure
from linkkeeper.net import tls
from linkkeeper.net.gate import Forbidden
from linkkeeper.net.inflate import InflateError
from linkkeeper.net.resolver import NameFailure

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
    errno.ETIMEDOUT: (Failure.TIMEOUT, "connection timed out"),
}


class ProtocolError(Exception):
    """What came is not HTTP, or is HTTP beyond our limits."""


class ProxyFailure(Exception):
    """The proxy could not be used: says nothing about the page."""


def failure_of(error: BaseException) -> tuple[Failure, str]:
    """Return the class of a failed request, and a line for people (not yet made harmless)."""
    match error:
        case NameFailure():
            return error.failure, error.detail
        case Forbidden():
            return Failure.PRIVATE_ADDRESS, str(error)
        case ProxyFailure():
            return Failure.PROXY, str(error)
        case TimeoutError():
            return Failure.TIMEOUT, "no answer in time"
        case ssl.SSLError():
            return tls.failure_of(error)
        case ProtocolError() | InflateError():
            return Failure.PROTOCOL, str(error)
        case HttpProcessingError() | ClientPayloadError():
            return Failure.PROTOCOL, f"not HTTP: {_first_line(error)}"
        case ServerDisconnectedError():
            return Failure.RESET, "closed without an answer"
        case OSError():
            return _os_failure(error)
        case ClientError():
            return Failure.PROTOCOL, _first_line(error)
        case ValueError():
            return Failure.BAD_URL, str(error)
        case ExceptionGroup():
            return failure_of(error.exceptions[0])
    raise error


def _os_failure(error: OSError) -> tuple[Failure, str]:
    known = _BY_ERRNO.get(error.errno or 0)
    if known is not None:
        return known
    return Failure.RESET, f"connection failed: {error.strerror or error}"


def _first_line(error: Exception) -> str:
    text = str(getattr(error, "message", "") or error).strip()
    return text.splitlines()[0][:120] if text else type(error).__name__
