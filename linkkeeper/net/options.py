"""How we ask: everything about one request that a user may set."""

from msgspec import Struct

BODY_LIMIT = 64 * 1024
"""Decoded bytes of a body that a verdict may need."""
MAX_REDIRECTS = 20
"""As browsers do."""


class HostNet(Struct, frozen=True):
    """What differs for one host: `[tool.linkkeeper.host."example.com"]`."""

    headers: tuple[tuple[str, str], ...] = ()
    timeout_s: float | None = None


class NetOptions(Struct, frozen=True):
    """Limits and identity of every request."""

    timeout_s: float = 20.0
    """For one attempt: its redirects, its look-ups and its body included."""
    user_agent: str = ""
    """Empty: our own name and version (a browser's in the second look)."""
    headers: tuple[tuple[str, str], ...] = ()
    """Sent to the origin of the URL that was asked, and to no other."""
    proxy: str = ""
    """`http://`, `socks4://`, `socks5://` or `socks5h://`, with user and password if need be."""
    insecure: bool = False
    """Accept any certificate."""
    cookies: str = ""
    """A cookies file in Netscape format."""
    allow_hosts: tuple[str, ...] = ()
    """`HOST` or `HOST:PORT`, as URLs write it: this one may be asked although its address is private."""
    allow_private: bool = False
    max_redirects: int = MAX_REDIRECTS
    body_limit: int = BODY_LIMIT
    total_limit: int = 8 * 1024 * 1024
    """Bytes received for one question, redirects included."""
    max_connections: int = 1024
    """Open at once, kept ones included; lowered to what the system lets us open."""
    ca_file: str = ""
    """More authorities to trust, in PEM."""
    client_cert: str = ""
    """Certificate and key of ours, in one PEM file, for servers that ask for one."""
    remap: tuple[tuple[str, str], ...] = ()
    """Pattern and replacement (regular expressions): URLs are asked elsewhere than where they point."""
    hosts: dict[str, HostNet] = {}
    """By host name, lower case."""
