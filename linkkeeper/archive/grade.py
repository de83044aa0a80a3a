"""How like a captured URL is the one that was asked for. Pure.

The index folds case, scheme, `www.`, argument order and more into one key, so it may answer with another page.
"""

from enum import IntEnum
from urllib.parse import SplitResult, unquote, urlsplit

from linkkeeper.archive.archive_urls import without_fragment
from linkkeeper.urls.archive_links import without_default_port


class Grade(IntEnum):
    """From best to worst."""

    EXACT = 0
    """The same text, but for a default port and the fragment."""
    SPELLING = 1
    """The same resource in another spelling: case of the host, escapes, an empty path or query."""
    ORIGIN = 2
    """Another scheme, or `www.` more or less."""
    ARGUMENTS = 3
    """The same arguments in another order, or a slash at the end more or less."""
    DIFFERENT = 4
    """Path or arguments differ (in case, for instance): it may be another page."""


def grade(asked: str, captured: str) -> Grade:
    """Compare two absolute URLs."""
    left, right = (without_default_port(without_fragment(url)) for url in (asked, captured))
    if left == right:
        return Grade.EXACT
    try:
        one, other = urlsplit(left), urlsplit(right)
        same_origin = (one.scheme.lower(), *_host(one)) == (other.scheme.lower(), *_host(other))
        same_host = _bare(_host(one)) == _bare(_host(other))
    except ValueError:
        return Grade.DIFFERENT
    if not same_host:
        return Grade.DIFFERENT
    return max(_grade_rest(one, other), Grade.SPELLING if same_origin else Grade.ORIGIN)


def _grade_rest(one: SplitResult, other: SplitResult) -> Grade:
    path, other_path = unquote(one.path) or "/", unquote(other.path) or "/"
    if path == other_path and unquote(one.query) == unquote(other.query):
        return Grade.SPELLING
    if path.rstrip("/") == other_path.rstrip("/") and _arguments(one) == _arguments(other):
        return Grade.ARGUMENTS
    return Grade.DIFFERENT


def _host(parts: SplitResult) -> tuple[str, int | None]:
    port = parts.port if parts.port not in (80, 443) else None
    host = (parts.hostname or "").rstrip(".")
    return (host if host.isascii() else host.encode("idna").decode("ascii")), port


def _bare(host: tuple[str, int | None]) -> tuple[str, int | None]:
    return host[0].removeprefix("www."), host[1]


def _arguments(parts: SplitResult) -> list[str]:
    return sorted(filter(None, unquote(parts.query).split("&")))
