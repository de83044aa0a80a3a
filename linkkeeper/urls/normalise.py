"""One spelling per URL: to send it, and to compare and cache by."""

import re
from urllib.parse import quote

from linkkeeper.urls import hosts, parse

_DROPPED = str.maketrans("", "", "\t\n\r")
_EDGE = "".join(map(chr, range(0x21)))
_TYPOS = {
    **dict.fromkeys(("ttp", "htp", "htt", "hhtp", "htttp", "httpp", "hxxp", "http s"), "http"),
    **dict.fromkeys(("ttps", "htps", "htts", "hhtps", "htttps", "httpss", "hxxps", "httsp", "htpps"), "https"),
}
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PORT_MAX = 65535
# What a browser leaves unescaped (WHATWG URL, percent-encode sets), beyond letters and digits; `%` stays as written.
_PATH_SAFE = "!$%&'()*+,-./:;=@[\\]_|~"
_QUERY_SAFE = "!$%&()*+,-./:;=?@[\\]^_`{|}~"
_USERINFO_SAFE = "!$%&'()*+,-._~"
_DOT = re.compile(r"\.|%2e", re.IGNORECASE)
_ESCAPE = re.compile(r"(?<!%)(?<!%[0-9A-Fa-f])%([0-9A-Fa-f]{2})")
"""An escape, but for one after a stray `%`: decoded, it could make another with it."""
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def request_url(written: str) -> str:
    """Return what a browser would put on the wire for an absolute http(s) URL; the fragment is not sent.

    Host in punycode, default port and dot segments gone, characters that cannot be sent escaped as
    UTF-8 (surrogates that stand for undecodable bytes as these bytes); all else byte for byte as
    written. Source: WHATWG URL. Raises ValueError with a short reason for what cannot be requested.
    """
    url = parse.without_fragment(written.strip(_EDGE).translate(_DROPPED))
    parts = parse.split(url)
    _check_scheme(url, parts)
    path = _without_dots(quote_bytes(parts.path.replace("\\", "/"), _PATH_SAFE))
    sent = f"{parts.scheme}://{_userinfo(parts.userinfo)}{_host_and_port(parts)}{path}"
    if parts.query is not None:
        sent += "?" + quote_bytes(parts.query, _QUERY_SAFE)
    return sent


def cache_key(url: str) -> str:
    """Return one spelling for URLs that ask the same thing: no fragment, escapes uniform. To compare, not to send.

    `cache_key(cache_key(u)) == cache_key(u)`. What cannot be requested is its own key. Parameters
    keep their order: servers may care.
    """
    try:
        sent = request_url(url)
    except ValueError:
        return parse.without_fragment(url)
    return _ESCAPE.sub(_uniform, sent)


def quote_bytes(text: str, safe: str) -> str:
    """Escape all but safe ASCII as UTF-8; lone surrogates as the byte they stand for, else as U+FFFD."""
    try:
        return quote(text.encode("utf-8", "surrogateescape"), safe=safe)
    except UnicodeEncodeError:
        return quote(_SURROGATE.sub("\ufffd", text), safe=safe)


def _check_scheme(url: str, parts: parse.UrlParts) -> None:
    scheme = parts.scheme
    if scheme in _DEFAULT_PORTS:
        return
    if scheme in _TYPOS:
        raise ValueError(f"unknown scheme {scheme}: (did you mean {_TYPOS[scheme]}:?)")
    if scheme:
        raise ValueError(f"the scheme {scheme[:40]}: is not http or https")
    if re.match(r"https?//", url, re.IGNORECASE):
        raise ValueError("the colon after the scheme is missing")
    raise ValueError("not an absolute URL: there is no scheme" if url else "the URL is empty")


def _host_and_port(parts: parse.UrlParts) -> str:
    if not parts.host:
        raise ValueError("there is no host name")
    name = hosts.ascii_host(parts.host)
    port = parts.port
    if not port:
        return name
    if len(port.lstrip("0")) > 5 or int(port) > _PORT_MAX:
        raise ValueError(f"port {port[:20]} is out of range")
    return name if int(port) == _DEFAULT_PORTS[parts.scheme] else f"{name}:{int(port)}"


def _userinfo(userinfo: str | None) -> str:
    """Return userinfo as sent, with its `@`; a second `@` or `:` inside is escaped."""
    if not userinfo or userinfo == ":":
        return ""
    name, colon, password = userinfo.partition(":")
    sent = quote_bytes(name, _USERINFO_SAFE)
    return sent + (colon + quote_bytes(password, _USERINFO_SAFE) if password else "") + "@"


def _without_dots(path: str) -> str:
    """Resolve `.` and `..` (also written `%2e`) as browsers do; an empty path becomes `/`."""
    if "." not in path and "%2" not in path:
        return path or "/"
    kept: list[str] = []
    segments = path.removeprefix("/").split("/")
    for place, segment in enumerate(segments):
        plain = _DOT.sub(".", segment) if len(segment) <= 6 else segment
        last = place == len(segments) - 1
        if plain == "..":
            del kept[-1:]
        if plain in {".", ".."}:
            kept += [""] if last else []
        else:
            kept.append(segment)
    return "/" + "/".join(kept)


def _uniform(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if character in _UNRESERVED else escape[0].upper()
