"""When the answer to a HEAD is not believed: pages that say 200 are looked at where that is likely to tell."""

from linkkeeper.models.verdict import Reply
from linkkeeper.net.headers import media_type
from linkkeeper.urls import parse

_FREE = 256
_SHARE = 0.05
"""Looks at pages out of curiosity: so many a run, and beyond them this share where answers repeat."""
PEEK_BYTES = 16 * 1024
_MAX_HOSTS = 10_000
_FILES = (
    *(".pdf", ".zip", ".gz", ".tgz", ".xz", ".exe", ".dmg", ".iso", ".mp3", ".mp4", ".webm", ".png", ".jpg", ".jpeg"),
    *(".gif", ".webp", ".svg", ".ico", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".epub", ".csv", ".json"),
)
_PAGES = frozenset({"text/html", "application/xhtml+xml", ""})


class Doubt:
    """Decides which living pages are looked at, within a budget."""

    def __init__(self) -> None:
        self._free = _FREE
        self._share = 0.0
        self._tags: dict[str, str | None] = {}
        self._liars: set[str] = set()

    def believes(self, host: str, reply: Reply, *, limited: bool = False) -> bool:
        """Say whether a good answer to a HEAD stands without a look at the page.

        host names the queue; limited: it told us to ask less, so nothing is asked out of curiosity.
        """
        if reply.method != "HEAD" or not _is_page(reply):
            return True
        self._share += _SHARE
        if host in self._liars or _suspicious(reply):
            return False
        if limited:
            return True
        if self._repeats(host, reply) and self._share >= 1:
            self._share -= 1
            return False
        if self._free > 0:
            self._free -= 1
            return False
        return True

    def lied(self, host: str) -> None:
        """Remember that a page of this host was not what its HEAD promised."""
        self._liars.add(host)

    def _repeats(self, host: str, reply: Reply) -> bool:
        """Say whether another URL of this host got the very same answer: one error page for all, perhaps.

        True once a host: the page that is then looked at tells whether it lies.
        """
        tag = reply.header("etag") or reply.header("content-length")
        first = self._tags.setdefault(host, tag)
        if first is None or not tag or first != tag or len(self._tags) > _MAX_HOSTS:
            return False
        self._tags[host] = None
        return True


def _is_page(reply: Reply) -> bool:
    return media_type(reply.header("content-type")) in _PAGES


def _suspicious(reply: Reply) -> bool:
    """Say whether the fields alone give reason to look."""
    path = parse.split(reply.url).path
    return (
        reply.header("content-length") == "0"
        or bool(reply.header("refresh"))
        or not reply.header("content-type")
        or reply.status != 200
        or path.lower().endswith(_FILES)
        or (bool(reply.redirects) and _lands_elsewhere(path, reply.final_url or ""))
    )


def _lands_elsewhere(path: str, final_url: str) -> bool:
    """Say whether a redirect dropped most of the path: to the home page, a log-in, an error page."""
    final = parse.split(final_url).path
    last = path.rstrip("/").rpartition("/")[2]
    return len(path) > 1 and (final in ("", "/") or (bool(last) and last.partition(".")[0] not in final))
