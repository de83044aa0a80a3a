"""URL text taken apart without changing a character, and the registrable domain of a host."""

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_HEAD = re.compile(
    r"""[\x00-\x20]*
    (?: (?P<web>https?) : [/\\]*            # browsers take any number of slashes, of either kind
      | (?P<other>[a-z][a-z0-9+.\-]*) : //
      | [/\\]{2}                            # protocol-relative
      | (?= www\. )                         # a bare host, as people write it
    )
    (?P<authority> [^/\\]* )
    (?P<path> .* )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_PLAIN_HEAD = re.compile(r"(https?)://([a-z0-9.\-]+)(?::([0-9]*))?(/.*)?", re.DOTALL)
"""Most heads, read in half the time."""
_SCHEME = re.compile(r"[\x00-\x20]*([a-z][a-z0-9+.\-]*):", re.IGNORECASE)
_PORT = re.compile(r":([0-9]*)\Z")
_FLAT = frozenset({"com", "net", "org", "info", "edu", "dev", "app", "de", "nl", "ch", "eu"})
"""Registries sell names right below, and nowhere else (a test asks the list): most hosts do without the list."""
_DROPPED = str.maketrans("", "", "\t\n\r")
"""Characters that browsers drop from a URL before they read it (WHATWG URL, basic URL parser)."""


class UrlParts(Struct, frozen=True, gc=False):
    """A URL in pieces as written. `join` gives back the very text that was split."""

    head: str
    """All before `?` and `#`: scheme, authority and path, as written."""
    query: str | None
    """Without `?`; None if there is no `?`."""
    fragment: str | None
    """Without `#`; None if there is no `#`."""
    scheme: str = ""
    """Lower case, without colon; empty where none is written."""
    userinfo: str | None = None
    """Name and password before `@`, as written."""
    host: str = ""
    """Lower case, no brackets added or removed; empty for relative URLs."""
    port: str | None = None
    path: str = ""
    """As written; for relative URLs all of `head`."""


def split(url: str) -> UrlParts:
    """Take url apart. Any text can be split; nothing is decoded, checked or raised.

    The query begins at the first `?`, the fragment at the first `#` (RFC 3986, 3). For http(s) a
    backslash ends the host as a slash does (WHATWG URL).
    """
    rest, mark, fragment = url.partition("#")
    head, question, asked = rest.partition("?")
    query = asked if question else None
    after = fragment if mark else None
    if plain := _PLAIN_HEAD.fullmatch(head):
        scheme, host, port, path = plain.groups()
        return UrlParts(head, query, after, scheme, None, host, port, path or "")
    return _taken_apart(head, query, after)


def _taken_apart(head: str, query: str | None, fragment: str | None) -> UrlParts:
    found = _HEAD.match(head)
    if found is None:
        return _relative(head, query, fragment)
    userinfo, host, port = split_authority(found["authority"])
    return UrlParts(
        head=head,
        query=query,
        fragment=fragment,
        scheme=(found["web"] or found["other"] or "").lower(),
        userinfo=userinfo,
        host=host.translate(_DROPPED).lower(),
        port=port,
        path=found["path"],
    )


def _relative(head: str, query: str | None, fragment: str | None) -> UrlParts:
    scheme = _SCHEME.match(head)
    return UrlParts(head, query, fragment, scheme=scheme[1].lower() if scheme else "", path=head)


def split_authority(authority: str) -> tuple[str | None, str, str | None]:
    """Return userinfo, host and port of an authority as written. The last `@` ends the userinfo (WHATWG URL)."""
    userinfo, at, rest = authority.rpartition("@")
    port = _PORT.search(rest)
    host = rest[: port.start()] if port else rest
    return (userinfo if at else None), host, (port[1] if port else None)


def join(parts: UrlParts) -> str:
    """Return the text of parts: `join(split(url)) == url`."""
    url = parts.head
    if parts.query is not None:
        url += "?" + parts.query
    if parts.fragment is not None:
        url += "#" + parts.fragment
    return url


def without_userinfo(head: str) -> str:
    """Return head (all before `?` and `#`) without name and password, as if none had been written."""
    found = _HEAD.match(head)
    if found is None or "@" not in found["authority"] or found["authority"].endswith("@"):
        return head
    start = found.start("authority")
    return head[:start] + head[start + found["authority"].rindex("@") + 1 :]


def without_fragment(url: str) -> str:
    """Return url up to its `#`."""
    return url.partition("#")[0]


@lru_cache(maxsize=4096)
def registrable_domain(host: str) -> str:
    """Return the part of host that one registers: `bbc.co.uk` for `news.bbc.co.uk` (publicsuffix.org).

    The list's private part counts, as in browsers: `me.github.io` is one. An address, a single label
    and a public suffix come back as they are. The list is the one installed: no network.
    """
    host = host.lower().rstrip(".")
    if _is_address(host):
        return host
    return _suffixes(private=True).privatesuffix(host) or host


@lru_cache(maxsize=4096)
def registry_domain(host: str) -> str:
    """Return the part of host that was bought of a registry, as `registrable_domain` without private suffixes.

    Empty for an address and for a public suffix.
    """
    host = host.lower().rstrip(".")
    before, _, top = host.rpartition(".")
    if top in _FLAT and (name := before.rpartition(".")[2]):
        return f"{name}.{top}"
    return "" if _is_address(host) else _suffixes_under(top).privatesuffix(host) or ""


def is_public_suffix(host: str) -> bool:
    """Tell whether registries sell names below host: `com`, `co.uk`; not `github.io`, whose owner is one."""
    return _suffixes(private=False).is_public(host)


def _is_address(host: str) -> bool:
    return host.startswith("[") or ":" in host or host.rpartition(".")[2].isdigit()


@lru_cache(maxsize=1 << 10)
def _suffixes_under(top: str) -> "PublicSuffixList":
    """Return the suffixes of registries that end in a label: no other rule is about a host that does."""
    if top.startswith("xn--"):
        return _suffixes(private=False)
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(_registries().get(top, []))


@cache
def _registries() -> dict[str, list[str]]:
    """Return the rules for suffixes of registries by their last label: 4 ms, not the 30 of reading all of them."""
    from publicsuffixlist import PSLFILE

    text = Path(PSLFILE).read_text("utf-8", "surrogateescape").lower()
    rules: dict[str, list[str]] = {}
    for line in text.partition("begin icann domains")[2].partition("end icann domains")[0].split("\n")[1:]:
        rule = line.partition(" ")[0]
        if rule and rule[0] != "/":
            rules.setdefault(rule.rpartition(".")[2].rstrip(), []).append(rule)
    return rules


@cache
def _suffixes(*, private: bool) -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # reads a 340 KB list: 50 ms, only for who asks

    return PublicSuffixList(only_icann=not private)
