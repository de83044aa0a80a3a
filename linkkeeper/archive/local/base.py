"""What is captured of a page: `archive.capture` fetches it, `archive.local.store` keeps it."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path

from msgspec import Struct


class Truncated(StrEnum):
    """Why a payload is not whole (WARC/1.1, section 5.13)."""

    LENGTH = "length"
    TIME = "time"
    DISCONNECT = "disconnect"


class Exchange(Struct, frozen=True):
    """One request and its answer, as they went over the wire: one hop of a redirect chain, or one requisite."""

    url: str
    """As requested: absolute, ASCII, without fragment and userinfo."""
    when: datetime
    """UTC; when the answer began."""
    request: bytes
    """Request line and header lines as sent, up to and with the empty line; credentials and cookies left out."""
    response: bytes
    """Status line and header lines as received (order, case, duplicates), up to and with the empty line."""
    payload: bytes | Path
    """The body with its transfer coding undone and its content coding (gzip, br, …) kept; a file if it is large."""
    address: str = ""
    """IP address of the server, where known."""
    truncated: Truncated | None = None


class PageCapture(Struct, frozen=True):
    """A page that was fetched whole: what `LocalArchive.keep` writes at once or not at all."""

    url: str
    """As in the posts, cleaned; a fragment is left out."""
    page: str
    """Where its redirects ended."""
    when: datetime
    """UTC; of the page's own answer."""
    title: str
    """Of the document, for the list of pages; may be empty."""
    exchanges: tuple[Exchange, ...]
    """The hops to the page, the page, then its requisites; nothing that robots.txt or `noarchive` forbids."""
    posts: tuple[str, ...] = ()
    """The documents that cite it."""
