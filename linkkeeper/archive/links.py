"""The `Link` header of a memento: which other captures it names (RFC 7089, 2.2.4). Pure."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from msgspec import Struct

from linkkeeper.archive.archive_urls import instant
from linkkeeper.archive.playback import memento_stamp
from linkkeeper.models.document import Dated
from linkkeeper.models.verdict import Reply

_LINK = re.compile(r'<([^<>\s]{1,4000})>((?:\s*;\s*[a-z]+\s*=\s*(?:"[^"]{0,200}"|[^\s;,"]{1,200}))*)', re.IGNORECASE)
_PARAMETER = re.compile(r';\s*([a-z]+)\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)


class MementoLink(Struct, frozen=True):
    """A memento named in a `Link` header."""

    url: str
    captured: datetime
    relations: frozenset[str]


def memento_links(header: str) -> list[MementoLink]:
    """Return the mementos that a `Link` header names (RFC 7089, 2.2.4). Damaged parts are left out."""
    found = []
    for match in _LINK.finditer(header):
        parameters = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(match[2])}
        relations = frozenset(parameters.get("rel", "").lower().split())
        if "memento" in relations and (moment := _moment(parameters.get("datetime", ""))):
            found.append(MementoLink(match[1].replace("&amp;", "&"), moment, relations))
    return found


def last_before(reply: Reply, near: Dated) -> MementoLink | None:
    """Return the last memento up to the date, if the reply is a later one and its links name an earlier."""
    if instant(memento_stamp(reply) or "0") <= near.until:
        return None
    earlier = [link for link in memento_links(reply.header("link")) if link.captured <= near.until]
    return max(earlier, key=lambda link: link.captured, default=None)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
