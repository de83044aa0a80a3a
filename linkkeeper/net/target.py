"""A URL taken apart for asking: where to connect, what to write. Byte for byte: nothing is requoted."""

import base64
import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from linkkeeper.net import addresses
from linkkeeper.urls.normalise import request_url

_URL = re.compile(
    r"(?P<scheme>https?)://(?:(?P<userinfo>[^/?#]*)@)?(?P<host>\[[^\]/?#]*\]|[^\[\]/?#:@]*)(?::(?P<port>[0-9]*))?"
    r"(?P<target>(?:[/?][^#]*)?)(?:#.*)?",
    re.IGNORECASE | re.DOTALL,
)
_PATH = r"/(?![.]|%2|[^?]*/(?:[.]|%2))[A-Za-z0-9_\-~!$&()*+,;=:@%/.]*(?:\?[A-Za-z0-9_\-~!$&()*+,;=:@%/.?]*)?"
READY_PATH = re.compile(_PATH)
"""Paths (with queries) that are sent as they stand."""
_READY = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9][a-z0-9.\-]*)(?::(?P<port>[0-9]{1,5}))?(?P<target>" + _PATH + ")"
)
"""URLs that are sent as they stand, nine in ten: nothing to escape, no dot segments, no name to encode."""
_PLACE = re.compile(r"(?P<scheme>https?)://(?P<host>[a-z0-9][a-z0-9.\-]*)(?::(?P<port>[0-9]{1,5}))?(?=[/?#]|\Z)")
_SENDABLE = re.compile(r"[\x21-\x7e]*")
DEFAULT_PORTS = {"http": 80, "https": 443}


class Target(Struct, frozen=True, gc=False):
    """One URL, ready to be asked."""

    url: str
    """Without userinfo and fragment."""
    scheme: str
    host: str
    """Lower case; an address in its canonical form, v6 in brackets."""
    port: int
    path: str
    """Path and query: what stands in the request line."""
    authorization: str = ""
    """`Basic …` made of the userinfo; for this origin only."""
    address: str = ""
    """The host, where it is an address."""

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port (RFC 6454)."""
        return (self.scheme, self.host, self.port)

    @property
    def authority(self) -> str:
        """Value of the Host header."""
        return self.host if self.port == DEFAULT_PORTS[self.scheme] else f"{self.host}:{self.port}"


def parse(url: str) -> Target:
    """Take apart a URL as it is written in a document or a Location header.

    Raises ValueError with a reason for people when it cannot be requested.
    """
    ready = _READY.fullmatch(url)
    if ready is not None:
        return _target(url, "", *ready.groups())
    match = _URL.fullmatch(request_url(url))
    if match is None:
        raise ValueError("not an http or https URL")
    scheme, userinfo, host, port, path = match.groups()
    if not path.startswith("/"):
        path = "/" + path
    if not _SENDABLE.fullmatch(path):
        raise ValueError("characters that cannot be sent")
    return _target(url, _authorization(userinfo), scheme.lower(), host, port, path)


def _target(url: str, authorization: str, scheme: str, written: str, port_written: str | None, path: str) -> Target:
    host, address = _host(written)
    port = _port(port_written, scheme)
    shown = f"{scheme}://{host}{path}" if port == DEFAULT_PORTS[scheme] else f"{scheme}://{host}:{port}{path}"
    if shown == url:
        shown = url  # one object: replies and findings of a long run hold it
    return Target(shown, scheme, host, port, path, authorization, address)


def where(url: str) -> tuple[str, int]:
    """Return host and port of a URL, without taking apart the rest. Raises ValueError as `parse` does."""
    match = _PLACE.match(url)
    if match is None:
        found = parse(url)
        return found.host, found.port
    return _host(match["host"])[0], _port(match["port"], match["scheme"])


def is_site(text: str) -> bool:
    """Say whether a text is a scheme and an authority without userinfo, in the form that is sent as it stands."""
    return _PLACE.fullmatch(text) is not None


@lru_cache(maxsize=1 << 16)
def _host(written: str) -> tuple[str, str]:
    host = written.lower()
    if not host or not _SENDABLE.fullmatch(host):
        raise ValueError("no host")
    address = addresses.literal(host)
    if address is None:
        if len(host.rstrip(".")) > 253 or any(not 0 < len(label) <= 63 for label in host.rstrip(".").split(".")):
            raise ValueError("a host name cannot be like this (RFC 1035)")
        return host, ""
    return (f"[{address}]" if address.version == 6 else str(address)), str(address)


def _port(written: str | None, scheme: str) -> int:
    if not written:
        return DEFAULT_PORTS[scheme]
    port = int(written[:9])
    if not 0 < port < 65536:
        raise ValueError(f"no such port: {written[:9]}")
    return port


def _authorization(userinfo: str | None) -> str:
    if not userinfo:
        return ""
    user, _, password = userinfo.partition(":")
    secret = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return "Basic " + base64.b64encode(secret).decode("ascii")
