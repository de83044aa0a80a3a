"""Links that already point into the archive: whether it shows a capture to whoever follows them."""

from typing import assert_never

from linkkeeper.archive.archive_urls import map_to, on_the_wire, resolve
from linkkeeper.archive.base import Replay
from linkkeeper.archive.client import ArchiveClient
from linkkeeper.archive.limiter import Pool
from linkkeeper.archive.playback import (
    ArchivedRedirect,
    Elsewhere,
    Excluded,
    NoPage,
    NotCaptured,
    Page,
    Unreadable,
    read,
)
from linkkeeper.errors import ArchiveError
from linkkeeper.models.verdict import Reply
from linkkeeper.urls import archive_links

_MAX_HOPS = 5
_NO_SUCH_PAGE = range(400, 429)
"""The archive's own word on an address that it cannot make sense of; 429 is a refusal."""


async def replay(client: ArchiveClient, base: str, url: str) -> Replay:
    """Follow a link into the archive at base. Raises ArchiveError if the archive could not be asked."""
    address = on_the_wire(map_to(url, base))
    for _ in range(_MAX_HOPS):
        reply = await client.get(address, Pool.PAGE)
        played = read(reply, base)
        match played:
            case Page() | ArchivedRedirect():
                return Replay(plays=True, detail="the archive shows a capture")
            case Elsewhere():
                address = resolve(reply.header("location"), address, base)
            case NoPage(why):
                return Replay(plays=False, detail=why)
            case NotCaptured():
                return Replay(plays=False, detail="the archive has no capture under this address")
            case Excluded():
                return Replay(plays=False, detail="the owner asked the archive to forget this page")
            case Unreadable(why):
                return _other(reply, url, why)
            case _:
                assert_never(played)
    return Replay(plays=False, detail="the archive redirects in a circle")


def _other(reply: Reply, url: str, why: str) -> Replay:
    """Judge an answer that is no capture: a list of captures (`/web/2016*/…`) is none either."""
    named = archive_links.parse(url)
    is_capture = named is not None and not named.timestamp.endswith("*")
    if reply.status == 200 and not is_capture:
        return Replay(plays=True, detail="the archive shows a page of its own")
    if reply.status in _NO_SUCH_PAGE and is_capture:
        return Replay(plays=False, detail=f"the archive answers HTTP {reply.status}")
    raise ArchiveError(why)
