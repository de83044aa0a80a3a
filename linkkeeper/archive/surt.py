"""The index's key of a URL (SURT): what the Wayback Machine holds for one and the same page.

Rules as observed of IA's `surt` 0.3.1: host, path and query in lower case, arguments sorted; scheme, default
port, `www.`, userinfo, fragment, a slash at the end, session ids dropped. A key that differs from the
server's costs a request, never an answer: what a shared query does not show is asked by itself.
"""

import ipaddress
import re
from urllib.parse import unquote_to_bytes, urlsplit

_WWW = re.compile(r"www\d*\.")
_SESSION_ARGUMENT = re.compile(
    r"(?:jsessionid=[0-9a-z]{10,}|phpsessid=[0-9a-z]{10,}|sid=[0-9a-z]{16,}|aspsessionid[a-z]{8}=[a-z]{24}|cf(?:id|token)=[^&]*)\Z"
)
_ASP_SESSION = re.compile(r"\([a-z0-9]\([0-9a-z]{24}\)\)\Z")
_MAX_UNQUOTING = 5
_DEFAULT_PORTS = {"http": 80, "https": 443}


def surt_key(url: str) -> str:
    """Return the key of an absolute http(s) URL, e.g. `com,example)/a?b=1`. Raises ValueError if there is no host."""
    parts = urlsplit(url.strip())
    if not parts.hostname:
        raise ValueError(f"no host in {url!r}")
    port = parts.port if parts.port != _DEFAULT_PORTS.get(parts.scheme.lower(), 80) else None
    authority = _host_key(parts.hostname) + (f":{port}" if port else "")
    query = _query_key(parts.query)
    return f"{authority}){_path_key(parts.path)}{'?' + query if query else ''}"


def host_of(key: str) -> str:
    """Return the part of a key that names the host: `com,example` of `com,example)/a`."""
    return key.partition(")")[0]


def path_of(key: str) -> str:
    """Return the part of a key after the host, from its slash on."""
    return key.partition(")")[2]


def _host_key(host: str) -> str:
    if ":" in host:
        return str(ipaddress.ip_address(host))
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    host = _WWW.sub("", host.lower(), count=1) if _WWW.match(host.lower()) else host.lower()
    return ",".join(reversed(host.strip(".").split(".")))


def _path_key(path: str) -> str:
    kept: list[str] = []
    for segment in _unescaped(path).split("/"):
        if segment == ".." and kept:
            kept.pop()
        elif segment not in ("", ".", "..") and not _ASP_SESSION.match(segment):
            kept.append(segment)
    return "/" + "/".join(kept)


def _query_key(query: str) -> str:
    arguments = [a for a in _unescaped(query).split("&") if not _SESSION_ARGUMENT.match(a)]
    return "&".join(sorted(arguments, key=lambda a: a.partition("=")[::2]))


def _unescaped(text: str) -> str:
    """Undo percent escapes until none is left, then escape only what cannot stand in a key."""
    data = text.encode("utf-8", "surrogatepass")
    for _ in range(_MAX_UNQUOTING):
        undone = unquote_to_bytes(data)
        if undone == data:
            break
        data = undone
    return "".join(chr(b) if 0x20 < b < 0x7F and b not in b"#%" else f"%{b:02x}" for b in data).lower()
