"""What of a captured page is kept, and in which order. Pure."""

import re

from msgspec import Struct

from linkkeeper.archive.archive_urls import stamp, without_fragment
from linkkeeper.archive.local import heads
from linkkeeper.archive.local.base import Exchange, NotKeptError, PageCapture
from linkkeeper.archive.surt import surt_key

_URL = re.compile(r"https?://[!-~]+")
_LONGEST = 64 * 1024
"""Characters of a URL; readers of indexes have limits too."""


class Planned(Struct, frozen=True):
    """The exchanges of a page that are written, the page's own last: if that one is there, so are the others."""

    others: tuple[Exchange, ...]
    own: Exchange

    @property
    def ts(self) -> str:
        """14 digits; of the page's own answer."""
        return stamp(self.own.when)

    @property
    def month(self) -> str:
        """Which WARC it goes into: `2026-11`."""
        return f"{self.ts[:4]}-{self.ts[4:6]}"


def planned(capture: PageCapture) -> Planned:
    """Leave out error responses. Raises NotKeptError if the page itself is none that can be kept."""
    page = without_fragment(capture.page)
    answers = [one for one in capture.exchanges if one.url == page and not _status(one).startswith("3")]
    if not answers:
        raise NotKeptError(f"{capture.url} was not kept: the capture holds no answer of {page}")
    own = answers[0]
    if not _status(own).startswith("2"):
        raise NotKeptError(f"{capture.url} was not kept: it answered with HTTP {_status(own)}")
    if not _can_be_named(own.url):
        raise NotKeptError(f"{capture.url} was not kept: no record can be about {own.url[:200]!r}")
    others = (one for one in capture.exchanges if one is not own and _status(one)[0] in "23" and _can_be_named(one.url))
    return Planned(tuple(others), own)


def _status(exchange: Exchange) -> str:
    return heads.status_of(exchange.response)


def _can_be_named(url: str) -> bool:
    """Say whether a record and its index line can carry the URL: absolute, ASCII, without white space and fragment."""
    if len(url) > _LONGEST or not _URL.fullmatch(url) or "#" in url:
        return False
    try:
        surt_key(url)
    except ValueError:
        return False
    return True
