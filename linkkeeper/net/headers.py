"""What we say of ourselves, and what servers' header fields say, made safe. Pure."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from linkkeeper.net.inflate import ACCEPTED

OWN_AGENT = "Mozilla/5.0 (compatible; linkkeeper; link checker)"
"""Honest about what asks, in the form that most servers let pass."""
BROWSER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

OWN = (
    ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
    ("Accept-Language", "en,zh;q=0.8,*;q=0.5"),
    ("Accept-Encoding", ACCEPTED),
)
BROWSER = (
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("Accept-Language", "en-US,en;q=0.9,zh-CN;q=0.8,zh;q=0.7"),
    ("Accept-Encoding", ACCEPTED),
    ("Upgrade-Insecure-Requests", "1"),
    ("Sec-Fetch-Dest", "document"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Site", "none"),
    ("Sec-Fetch-User", "?1"),
    ("Priority", "u=0, i"),
)
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_SECONDS = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?")
MAX_VALUE = 16 * 1024
"""Characters kept of one field's value; longer ones (policies, mostly) are cut."""


def harmless(value: str) -> str:
    """Return a field's value without control, format and undecodable characters, cut to MAX_VALUE."""
    if len(value) > MAX_VALUE:
        value = value[:MAX_VALUE]
    if value.isprintable():
        return value
    return "".join(char if char.isprintable() else " " if char == "\t" else "\ufffd" for char in value)


def kept(fields: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return fields as a Reply holds them: lower-case names, harmless values, in order."""
    return tuple(
        [
            (name.lower(), value if len(value) <= MAX_VALUE and value.isprintable() else harmless(value))
            for name, value in fields
        ]
    )


def lines(fields: Iterable[tuple[str, str]]) -> str:
    """Write fields for a request. Raises ValueError for a name or value that would break out of its line."""
    return "".join(f"{_checked(name, value)}: {value}\r\n" for name, value in fields)


def _checked(name: str, value: str) -> str:
    if not _NAME.fullmatch(name) or any(char in value for char in "\r\n\0"):
        raise ValueError(f"not a header: {name[:40]!r}")
    return name


def retry_after_s(value: str, now: datetime | None = None) -> float | None:
    """Read Retry-After (RFC 9110, 10.2.3): seconds, or an HTTP date in any of its three forms.

    Return seconds from now, not negative; None if it says nothing. Absurd values come back as they are.
    """
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    try:
        return max(0.0, (when - (now or datetime.now(UTC))).total_seconds())
    except OverflowError:
        return None


def form(body: bytes) -> tuple[tuple[str, str], ...]:
    """Return the fields that go with the body of a form."""
    return (("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(body))))


def charset(content_type: str) -> str:
    """Return the charset that a Content-Type names, lower case, or the empty string (RFC 9110, 8.3.1)."""
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'").lower()[:40]
    return ""


@lru_cache(maxsize=64)
def media_type(content_type: str) -> str:
    """Return `text/html` of `text/html; charset=utf-8`, lower case."""
    return content_type.partition(";")[0].strip().lower()
