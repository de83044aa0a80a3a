"""When the answer to a HEAD is not believed: pages that say 200 are looked at where that is likely to tell."""

from collections.abc import Mapping

from msgspec import Struct

from linkkeeper.models.verdict import Reply
from linkkeeper.net.headers import media_type
from linkkeeper.urls import parse

_FREE = 256
_FREE_OF_MANY = 64
_MANY = 1_000
_SHARE = 0.05
"""Looks at pages out of curiosity: so many a run (fewer where it has many URLs: there looks cost the most time, and
answers that repeat tell more), and beyond them this share where answers repeat."""
PEEK_BYTES = 16 * 1024
_MAX_HOSTS = 10_000
_FILES = (
    *(".pdf", ".zip", ".gz", ".tgz", ".xz", ".exe", ".dmg", ".iso", ".mp3", ".mp4", ".webm", ".png", ".jpg", ".jpeg"),
    *(".gif", ".webp", ".svg", ".ico", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".epub", ".csv", ".json"),
)
_LONGEST_END = max(map(len, _FILES))
_PAGES = frozenset({"text/html", "application/xhtml+xml", ""})


class Told(Struct, frozen=True, gc=False):
    """What the fields of a good answer to a HEAD say, whichever URL they came for."""

    page: bool
    """It may be a page; else it is a file."""
    odd: bool
    """They alone give reason to look."""
    tag: str
    """What tells one page from another; empty: nothing."""


def told(fields: Mapping[str, str]) -> Told:
    """Read fields (lower-case names)."""
    kind, length = fields.get("content-type", ""), fields.get("content-length", "")
    odd = not kind or length == "0" or "refresh" in fields
    return Told(media_type(kind) in _PAGES, odd, fields.get("etag") or length)


class Doubt:
    """Decides which living pages are looked at, within a budget."""

    def __init__(self) -> None:
        self._free = _FREE
        self._share = 0.0
        self._tags: dict[str, str | None] = {}
        self._liars: set[str] = set()

    def expect(self, questions: int) -> None:
        """Be told how many URLs the run asks."""
        if questions > _MANY:
            self._free = min(self._free, _FREE_OF_MANY)

    def believes(self, host: str, reply: Reply, *, limited: bool = False) -> bool:
        """Say whether a good answer to a HEAD stands without a look at the page.

        host names the queue; limited: it told us to ask less, so nothing is asked out of curiosity.
        """
        if reply.method != "HEAD":
            return True
        odd = reply.status != 200 or _lands_elsewhere(reply)
        return self.believes_told(host, reply.url, told(dict(reply.headers)), limited=limited, odd=odd)

    def believes_told(self, host: str, url: str, what: Told, *, limited: bool = False, odd: bool = False) -> bool:
        """Say the same of an answer whose fields said this; odd: something else gives reason to look."""
        if not what.page:
            return True
        self._share += _SHARE
        if odd or what.odd or host in self._liars or _names_a_file(url):
            return False
        if limited:
            return True
        if self._repeats(host, what.tag) and self._share >= 1:
            self._share -= 1
            return False
        if self._free > 0:
            self._free -= 1
            return False
        return True

    def lied(self, host: str) -> None:
        """Remember that a page of this host was not what its HEAD promised."""
        self._liars.add(host)

    def _repeats(self, host: str, tag: str) -> bool:
        """Say whether another URL of this host got the very same answer: one error page for all, perhaps.

        True once a host: the page that is then looked at tells whether it lies.
        """
        if not tag or len(self._tags) > _MAX_HOSTS:
            return False
        if host not in self._tags:
            self._tags[host] = tag
            return False
        repeated = self._tags[host] == tag
        if repeated:
            self._tags[host] = None
        return repeated


def _names_a_file(url: str) -> bool:
    end = url.partition("?")[0][-_LONGEST_END:]
    return "." in end and end.lower().endswith(_FILES)


def _lands_elsewhere(reply: Reply) -> bool:
    """Say whether a redirect dropped most of the path: to the home page, a log-in, an error page."""
    if not reply.redirects:
        return False
    path, final = parse.split(reply.url).path, parse.split(reply.final_url or "").path
    last = path.rstrip("/").rpartition("/")[2]
    return len(path) > 1 and (final in ("", "/") or (bool(last) and last.partition(".")[0] not in final))
