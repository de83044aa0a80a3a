"""Names of captures at the archive that is asked: built, read, and mapped onto its base. Pure.

The grammar of such URLs, as they stand in posts, is in `urls.archive_links`.
"""

import re
from datetime import UTC, datetime
from urllib.parse import urljoin

from msgspec import Struct

from linkkeeper.errors import ArchiveError
from linkkeeper.urls import archive_links
from linkkeeper.urls.normalise import request_url

_OFFICIAL = re.compile(r"https?://(?:web\.|www\.)?archive\.org(?::(?:80|443))?(?=/|\Z)", re.IGNORECASE)


_USERINFO = re.compile(r"(?i)(https?://)[^/?#]*@")


class MementoName(Struct, frozen=True):
    """What the URL of a capture says."""

    timestamp: str
    """1 to 14 digits."""
    flag: str
    """`id_`, `if_`, …; empty for the view mode."""
    original: str


def without_userinfo(url: str) -> str:
    """Return the URL without name and password: what posts get says nobody's."""
    return _USERINFO.sub(r"\1", url, count=1)


def memento_url(base: str, timestamp: str, url: str, flag: str = "") -> str:
    """Return the URL under which an archive at base plays its capture of url."""
    return f"{base.rstrip('/')}/web/{timestamp}{flag}/{url}"


def read_memento(url: str, base: str) -> MementoName | None:
    """Return what the URL of a capture at base (or at archive.org itself) says, or None if it is none."""
    named = archive_links.parse(map_to(url, base), (base,))
    if named is None or not named.timestamp.isdigit():
        return None
    return MementoName(named.timestamp, named.flag, archive_links.unsqueezed(named.original))


def map_to(url: str, base: str) -> str:
    """Return url with archive.org's own addresses replaced by base, which stands for them (SPEC, section 8).

    So is base without the name and password that it may hold: the archive itself does not say them.
    """
    official = _OFFICIAL.match(url)
    if official:
        return base.rstrip("/") + url[official.end() :]
    plain = without_userinfo(base).rstrip("/") + "/"
    return base.rstrip("/") + url[len(plain) - 1 :] if url.startswith(plain) else url


def resolve(location: str, asked: str, base: str) -> str:
    """Return where a `Location` header of an answer to `asked` leads, on base; empty if it says nothing."""
    if not location.strip():
        return ""
    if location.startswith(("http://", "https://")):
        return map_to(location, base)
    if location.startswith("/web/"):
        return base.rstrip("/") + location
    if location.startswith("//"):
        return map_to("http:" + location, base)
    return map_to(joined(asked, location), base)


def joined(asked: str, location: str) -> str:
    """Return where a `Location` leads; a path is taken as it is, with the `//` and `..` of the URL inside it."""
    if location.startswith("/") and not location.startswith("//"):
        return origin(asked) + location
    try:
        return urljoin(asked, location)
    except ValueError:
        return ""


def on_the_wire(url: str) -> str:
    """Return a URL as it is requested. Raises ArchiveError for what cannot be (`http://mailto:…` stands in indexes)."""
    try:
        return request_url(url)
    except ValueError as error:
        raise ArchiveError(f"no archive can be asked for this: {error}") from error


def without_fragment(url: str) -> str:
    """Return url up to its `#`."""
    return url.partition("#")[0]


def stamp(moment: datetime) -> str:
    """Return the 14 digits that name a UTC instant."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S").rjust(14, "0")


def stamp_of(seconds: float) -> str:
    """Return the 14 digits that name a Unix time."""
    return stamp(datetime.fromtimestamp(seconds, UTC))


def instant(timestamp: str) -> datetime:
    """Return the UTC instant of 1 to 14 digits: the beginning of what they name; `00` and `99` are moved into range.

    Indexes hold months and days of `00` (observed in EDGI's recordings).
    """
    digits = timestamp.ljust(14, "0")[:14]
    year, month, day = max(int(digits[:4]), 1), _within(digits[4:6], 1, 12), _within(digits[6:8], 1, 31)
    clock = (_within(digits[8:10], 0, 23), _within(digits[10:12], 0, 59), _within(digits[12:14], 0, 59))
    for last in (day, 30, 29, 28):
        try:
            return datetime(year, month, min(day, last), *clock, tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError(f"not a timestamp: {timestamp!r}")


def _within(digits: str, low: int, high: int) -> int:
    return min(max(int(digits), low), high)


def origin(url: str) -> str:
    """Return `scheme://host:port` as it is written."""
    return "/".join(url.split("/", 3)[:3])
