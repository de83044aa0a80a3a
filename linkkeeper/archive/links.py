"""The `Link` header of a memento, and TimeMaps: which other captures they name (RFC 7089, 2.2.4 and 5). Pure."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from msgspec import Struct

from linkkeeper.archive.archive_urls import instant
from linkkeeper.archive.client import is_archived
from linkkeeper.archive.playback import memento_stamp
from linkkeeper.models.document import Dated
from linkkeeper.models.verdict import Reply

_LINK = re.compile(r"<([^<>\s]{1,4000})>([^<]{0,1000})")
_PARAMETER = re.compile(r';\s*([a-z]{1,20})\s*=\s*(?:"([^"<]{0,200})"|([^\s;,"]{1,200}))', re.IGNORECASE)
_ITSELF = frozenset({"memento", "first", "last"})


class MementoLink(Struct, frozen=True):
    """A memento that a header or a TimeMap names."""

    url: str
    captured: datetime
    relations: frozenset[str]


def memento_links(text: str) -> list[MementoLink]:
    """Return the mementos that a `Link` header or a TimeMap names. Damaged parts are left out."""
    found = []
    for url, relations, parameters in named(text):
        moment = _moment(parameters.get("datetime", "")) if "memento" in relations else None
        if moment is not None:
            found.append(MementoLink(url, moment, relations))
    return found


def timemap_of(reply: Reply) -> str:
    """Return the TimeMap that a reply names, empty if none."""
    return next((url for url, relations, _ in named(reply.header("link")) if "timemap" in relations), "")


def framed_memento(reply: Reply) -> MementoLink | None:
    """Return the memento that this 200 only frames or announces (pywb: another URL, with the flag `mp_`)."""
    if reply.status != 200:
        return None
    for link in memento_links(reply.header("link")):
        if link.relations <= _ITSELF and link.url != reply.url and ("mp_/" in link.url or not is_archived(reply)):
            return link
    return None


def last_before(reply: Reply, near: Dated) -> MementoLink | None:
    """Return the last memento up to the date, if the reply is a later one and its links name an earlier."""
    if instant(memento_stamp(reply) or "0") <= near.until:
        return None
    earlier = [link for link in memento_links(reply.header("link")) if link.captured <= near.until]
    return max(earlier, key=lambda link: link.captured, default=None)


def named(text: str) -> list[tuple[str, frozenset[str], dict[str, str]]]:
    """Return what a `Link` field names (RFC 8288, 3): URL, relations in lower case, parameters."""
    found = []
    for match in _LINK.finditer(text):
        parameters = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(match[2])}
        relations = frozenset(parameters.get("rel", "").lower().split())
        found.append((match[1].replace("&amp;", "&"), relations, parameters))
    return found


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None
