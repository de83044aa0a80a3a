"""A proxy between us and the web: HTTP or SOCKS, through python-socks."""

import asyncio
import base64
import socket
from urllib.parse import unquote, urlsplit

import python_socks
from python_socks.async_.asyncio import Proxy as Dialler

from linkkeeper.errors import UsageError
from linkkeeper.net.dial import dial
from linkkeeper.net.failures import ProxyPassError
from linkkeeper.net.target import Target

_SCHEMES = ("http", "socks4", "socks5", "socks5h", "socks4a")


class Proxy:
    """The proxy that the settings name. It is trusted, and it looks names up."""

    def __init__(self, url: str) -> None:
        """Raises UsageError for a URL that names no proxy."""
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = None
        if parts.scheme not in _SCHEMES or not parts.hostname or not port:
            raise UsageError("--proxy: not a proxy URL", "write it as http://HOST:PORT or socks5://HOST:PORT")
        self._plain = parts.scheme == "http"
        self._host, self._port = parts.hostname, port
        kind = parts.scheme.rstrip("ah") if parts.scheme != "http" else "http"
        secret = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}" if parts.username else ""
        self.authorization = "Basic " + base64.b64encode(secret.encode()).decode("ascii") if secret else ""
        userinfo = parts.netloc.rpartition("@")[0]
        self._dialler = Dialler.from_url(
            f"{kind}://{userinfo + '@' if userinfo else ''}{_bracketed(self._host)}:{port}"
        )

    async def dial(self, where: Target) -> socket.socket:
        """Return a socket that leads to where. Raises ProxyPassError."""
        try:
            if self._plain and where.scheme == "http":
                return await self._dial_plain()
            made = await self._dialler.connect(where.host.strip("[]"), where.port)
        except (python_socks.ProxyError, python_socks.ProxyConnectionError, OSError) as problem:
            raise ProxyPassError(f"proxy: {problem}") from problem
        made.setblocking(False)
        return made

    def path(self, where: Target) -> str:
        """What stands in the request line: the whole URL for an HTTP proxy (RFC 9112, 3.2.2)."""
        return f"http://{where.authority}{where.path}" if self._plain and where.scheme == "http" else where.path

    async def _dial_plain(self) -> socket.socket:
        found = await asyncio.get_running_loop().getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        return await dial([str(entry[4][0]) for entry in found], self._port)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
