"""URLs that point into a web archive: recognising them, reading the original out, mending broken ones. Pure.

Forms as observed in posts (2026-11): `web.archive.org/web/<digits><flag>/<url>`, without `web.`, with `http:`, `:80`
behind the captured host, `*` or nothing for the timestamp, one archive URL inside another, and a captured
`http://` that some tool squeezed into `http:/` or percent-encoded.
"""

import re
from collections.abc import Sequence
from urllib.parse import unquote

from msgspec import Struct

RULES = frozenset({"archive-link-broken"})
"""Rules whose repairs may replace a link that already points into an archive."""

WAYBACK_HOSTS = frozenset(
    {
        "web.archive.org",
        "wayback.archive.org",
        "web-beta.archive.org",
        "classic-web.archive.org",
        "replay.waybackmachine.org",
        "archive.org",
        "www.archive.org",
    }
)
OTHER_ARCHIVES = frozenset(
    {
        *(f"archive.{end}" for end in ("today", "is", "ph", "md", "li", "vn", "fo")),
        "arquivo.pt",
        "cc.bingj.com",
        "ghostarchive.org",
        "megalodon.jp",
        "perma.cc",
        "timetravel.mementoweb.org",
        "vefsafn.is",
        "wayback.archive-it.org",
        "web.archive.org.au",
        "webarchive.loc.gov",
        "webarchive.nationalarchives.gov.uk",
        "webarchive.org.uk",
        "webcache.googleusercontent.com",
        "webcitation.org",
        "www.webarchive.org.uk",
        "www.webcitation.org",
    }
)
DEFAULT_BASES = ("https://web.archive.org",)
_HOST = re.compile(r"(?i)^\s*(?:https?:)?//(?:[^/?#@]*@)?([^/?#:]+)(?::\d*)?(?=[/?#]|$)")
_ORIGIN = re.compile(r"(?i)^\s*((?:https?:)?//[^/?#]+)")
_MOMENT = r"(\d{1,14}|\d{0,14}\*)([a-z]{2}_)?/+(?=\S)"
_WHOLE_MOMENT = re.compile(r"\d{14}")
_CAPTURE = re.compile(rf"^/+(?:web/+|(?=\d{{14}})){_MOMENT}")
_WEB_CAPTURE = re.compile(rf"^/+web/+{_MOMENT}")
_NO_MOMENT = re.compile(r"(?i)^/+web/+(?=https?(?::|%3a)|www\.|[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[/:?]|$))")
_VIEW_MODE = re.compile(r"(/web/\d{14})/")
_SCHEME = re.compile(r"(?i)^(https?):/*(?=[^/])")
_ANY_SCHEME = re.compile(r"(?i)^[a-z][a-z0-9+.-]*:(?!\d)")
_ENCODED = re.compile(r"(?i)^https?%3a")
_DEFAULT_PORT = re.compile(r"(?i)^(http://[^/?#@]*):80(?=[/?#]|$)|^(https://[^/?#@]*):443(?=[/?#]|$)")
_NESTING = 8
"""Archive URLs inside archive URLs are followed this deep."""


class ArchivedUrl(Struct, frozen=True):
    """What a Wayback-style URL says."""

    base: str
    """`https://web.archive.org`, or the configured base, as it stands in the URL."""
    timestamp: str
    """1 to 14 digits; empty where the URL names no moment; ending in `*` for the list of all captures."""
    flag: str
    """`id_`, `im_`, …; empty for the view mode."""
    original: str
    """The captured URL as it is written after the timestamp, without the fragment."""
    fragment: str = ""
    """With its `#`; empty if there is none."""


class Broken(Struct, frozen=True):
    """A Wayback URL that is not written as the archive itself would write it."""

    faults: tuple[str, ...]
    """One human phrase each."""
    original: str
    """The page it is about: what to look up when `candidate` does not play."""
    timestamp: str
    """What the URL says about the moment; empty: ask for the capture that suits the post's date."""
    candidate: str | None
    """The same capture written properly, to be played before it is trusted. None without a full timestamp."""


def points_into(url: str, bases: Sequence[str] = DEFAULT_BASES) -> bool:
    """Say whether url shows an archive's copy: of the Wayback Machine, of bases, or another known archive's."""
    return _host(url) in OTHER_ARCHIVES or is_wayback(url, bases)


def is_wayback(url: str, bases: Sequence[str] = DEFAULT_BASES) -> bool:
    """Say whether url leads to the captures of the Wayback Machine, or of an archive at one of bases."""
    if "/web/" not in url and not _WHOLE_MOMENT.search(url):  # most URLs, quickly
        return False
    return (_host(url) in WAYBACK_HOSTS and "/web/" in url) or parse(url, bases) is not None


def parse(url: str, bases: Sequence[str] = DEFAULT_BASES) -> ArchivedUrl | None:
    """Read a Wayback URL (of a known host, or below one of bases); None if url is something else."""
    base, form = _base(url, bases)
    rest, mark, fragment = url[len(base) :].partition("#")
    if form is None:
        return None
    capture = form.match(rest)
    if capture is not None:
        return ArchivedUrl(base.strip(), capture[1], capture[2] or "", rest[capture.end() :], mark + fragment)
    bare = _NO_MOMENT.match(rest)
    return None if bare is None else ArchivedUrl(base.strip(), "", "", rest[bare.end() :], mark + fragment)


def original_of(url: str, bases: Sequence[str] = DEFAULT_BASES) -> str | None:
    """Return the living page's URL that an archive URL is about, fragment included; None if it names none.

    The innermost original where archive URLs are nested; a squeezed `http:/` is made whole, `:80` dropped.
    """
    archived = _innermost(url, bases)
    if archived is None or archived.timestamp.endswith("*"):
        return None
    return mended(archived.original) + archived.fragment


def diagnose(url: str, bases: Sequence[str] = DEFAULT_BASES) -> Broken | None:
    """Return what is wrong with the form of a Wayback URL, or None if it is well formed (or no such URL).

    Such a URL is worth mending only if it does not play as it stands. The candidate begins with bases[0].
    """
    outer, inner = parse(url, bases), _innermost(url, bases)
    if outer is None or inner is None or inner.timestamp.endswith("*"):
        return None
    original = mended(inner.original)
    faults = tuple(_faults(outer, inner, original))
    if not faults:
        return None
    whole = len(inner.timestamp) == 14
    candidate = f"{bases[0].rstrip('/')}/web/{inner.timestamp}{inner.flag}/{original}" if whole else None
    return Broken(faults, original, inner.timestamp, candidate)


def flagged(url: str, flag: str) -> str:
    """Return the URL of a capture (view mode) with the flag behind its timestamp."""
    return _VIEW_MODE.sub(lambda match: match[1] + flag + "/", url, count=1) if flag else url


def _faults(outer: ArchivedUrl, inner: ArchivedUrl, original: str) -> list[str]:
    faults = []
    if outer.base.lower().startswith("http:") and _host(outer.base) in WAYBACK_HOSTS:
        faults.append("asked over http")
    if outer.original != inner.original:
        faults.append("one archive URL inside another")
    if len(inner.timestamp) < 14:
        faults.append("a timestamp that is not whole" if inner.timestamp else "no timestamp")
    if _DEFAULT_PORT.match(unsqueezed(inner.original)):
        faults.append("the default port spelled out")
    elif original != inner.original:
        faults.append("a captured URL that is not written as a URL")
    return faults


def _innermost(url: str, bases: Sequence[str]) -> ArchivedUrl | None:
    found = parse(url, bases)
    for _ in range(_NESTING):
        deeper = None if found is None else parse(unsqueezed(found.original), bases)
        if found is None or deeper is None:
            break
        found = ArchivedUrl(deeper.base, deeper.timestamp, deeper.flag, deeper.original, found.fragment)
    return found


def mended(original: str) -> str:
    """Return the captured URL as its author would write it: whole, and without the `:80` of old captures."""
    return without_default_port(unsqueezed(original))


def without_default_port(url: str) -> str:
    """Return url without the `:80` that old captures carry."""
    return _DEFAULT_PORT.sub(lambda match: match[1] or match[2], url, count=1)


def unsqueezed(original: str) -> str:
    """Return the captured URL with its scheme and both slashes, decoded if it was encoded as a whole."""
    if _ENCODED.match(original):
        decoded = unquote(original, errors="replace")
        original = decoded if decoded.isprintable() and "\ufffd" not in decoded else original
    if _SCHEME.match(original):
        return _SCHEME.sub(lambda match: match[1] + "://", original)
    return original if _ANY_SCHEME.match(original) else f"http://{original.lstrip('/')}"


def _base(url: str, bases: Sequence[str]) -> tuple[str, re.Pattern[str] | None]:
    """Return what stands before the archive's path in url, and how that path is read; None if it is no archive."""
    for base in (base.rstrip("/") for base in bases):
        if base and url.startswith(base + "/") and _host(base) not in WAYBACK_HOSTS:
            return base, _CAPTURE
    host = _host(url)
    origin = _ORIGIN.match(url) if host in WAYBACK_HOSTS else None
    if origin is None:
        return "", None
    return origin[0], _CAPTURE if host.startswith("replay.") else _WEB_CAPTURE


def _host(url: str) -> str:
    match = _HOST.match(url)
    return match[1].lower().rstrip(".") if match else ""
