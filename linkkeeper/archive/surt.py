"""The index's key of a URL (SURT): what the Wayback Machine holds for one and the same page.

Rules as observed of IA's `surt` 0.3.1: host, path and query in lower case, arguments sorted; scheme, default
port, `www.`, userinfo, fragment, a slash at the end, session ids dropped. A key that differs from the
server's costs a request, never an answer: what a shared query does not show is asked by itself.
"""

import ipaddress
import re
from urllib.parse import unquote_to_bytes, urlsplit

_WWW = re.compile(r"www\d*\.")
_SESSION_ARGUMENTS = tuple(
    re.compile(rf"^(.*)(?:{named})(?:&(.*))?$", re.DOTALL)
    for named in (
        "jsessionid=[0-9a-z]{32}",
        "phpsessid=[0-9a-z]{32}",
        "sid=[0-9a-z]{32}",
        "aspsessionid[a-z]{8}=[a-z]{24}",
    )
)
_ASP_SESSION = re.compile(r"^(.*/)\((?:(?:[a-z]\([0-9a-z]{24}\))+|[0-9a-z]{24})\)/([^?]+\.aspx.*)$", re.DOTALL)
_SESSION_WITHIN = 4096
"""Longer paths are hostile: they keep what looks like a session."""
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
    for segment in _unescaped(path).split("/")[1:]:
        if segment == ".." and kept:
            kept.pop()
        elif segment != ".":
            kept.append(segment)
    folded = "/" + "".join(f"{segment}/" for segment in kept[:-1] if segment) + "".join(kept[-1:])
    if len(folded) < _SESSION_WITHIN and (session := _ASP_SESSION.match(folded)):
        folded = session[1] + session[2]
    return folded.rstrip("/") or "/" if len(folded) > 1 else folded


def _query_key(query: str) -> str:
    text = _unescaped(query)
    for pattern in _SESSION_ARGUMENTS:
        if session := pattern.match(text):
            text = session[1] + (session[2] or "")
    text = _without_cold_fusion(text)
    if len(text) <= 1:
        return text
    return "&".join("=".join(argument) for argument in sorted(tuple(one.split("=", 1)) for one in text.split("&")))


def _without_cold_fusion(query: str) -> str:
    """Drop `cfid=…&cftoken=…`: the last of them."""
    arguments = query.split("&")
    for place in range(len(arguments) - 2, -1, -1):
        at = arguments[place].rfind("cfid=", 0, -1)
        if at >= 0 and re.match("cftoken=.", arguments[place + 1], re.DOTALL):
            before = [*arguments[:place], arguments[place][:at]]
            return "&".join(before) + "&".join(arguments[place + 2 :])
    return query


def _unescaped(text: str) -> str:
    """Undo percent escapes until none is left, then escape only what cannot stand in a key."""
    data = text.encode("utf-8", "surrogatepass")
    for _ in range(_MAX_UNQUOTING):
        undone = unquote_to_bytes(data)
        if undone == data:
            break
        data = undone
    return "".join(chr(b) if 0x20 < b < 0x7F and b not in b"#%" else f"%{b:02x}" for b in data).lower()
