"""Only the playback proves a capture, and only one that is young enough."""

from typing import Any

import pytest

from linkkeeper.archive.archive_urls import instant
from linkkeeper.archive.base import ArchiveOptions
from linkkeeper.archive.client import ArchiveClient
from linkkeeper.archive.clocks import MemoryClock
from linkkeeper.archive.limiter import Limiter
from linkkeeper.archive.registry import net_options
from linkkeeper.archive.saving.proof import Forbidden, NoGood, NotYet, Proof, Prover, Shown
from linkkeeper.demo.archive import ArchiveServer, Fault
from linkkeeper.demo.captures import Capture
from linkkeeper.errors import ArchiveError
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

URL, OLD, NEW = "http://living.example/a", "20200101000000", "20260301120000"
SINCE = instant("20260301115900").timestamp()


async def look(captures: list[Capture], **settings: Any) -> Proof:
    async with ArchiveServer(captures, **settings) as archive:
        options = ArchiveOptions(wayback_url=archive.url, rate_per_minute=60_000, timeout_s=2)
        async with Client(net_options(options, NetOptions())) as web:
            client = ArchiveClient("wayback", web, Limiter(options, MemoryClock()), options)
            return await Prover(client, archive.url, lambda _: "").look(URL, NEW, SINCE)


@pytest.mark.parametrize(
    ("captures", "expected"),
    [
        ([Capture(URL, NEW)], Shown(NEW)),
        ([Capture(URL, OLD), Capture(URL, NEW)], Shown(NEW)),
        ([Capture(URL, "20260301120200")], Shown("20260301120200")),
        ([Capture(URL, OLD)], NotYet(OLD)),
        ([Capture(URL, OLD), Capture(URL, NEW, playable=False)], NotYet(OLD)),
        ([], NotYet()),
        ([Capture(URL, NEW, status=404)], NoGood("captured as HTTP 404", NEW)),
        ([Capture(URL, NEW, body=b"")], NoGood("captured without a body", NEW)),
        ([Capture(URL, OLD, status=404)], NotYet(OLD)),
        (
            [Capture(URL, NEW, 301, b"", location="http://b.example/"), Capture("http://b.example/", "20260301120003")],
            Shown(NEW),
        ),
        ([Capture(URL, NEW, 301, b"", location="http://b.example/"), Capture("http://b.example/", OLD)], Shown(NEW)),
        ([Capture(URL, NEW, 301, b"", location="http://b.example/")], NotYet(NEW)),
        ([Capture(URL, NEW, 302, b"", location=URL)], NotYet(NEW)),
        (
            [Capture(URL, NEW, 301, b"", location="http://b.example/"), Capture("http://b.example/", NEW, 403)],
            NoGood("captured as HTTP 403", NEW),
        ),
    ],
)
@pytest.mark.parametrize("official", [False, True])
async def test_what_the_playback_shows(captures: list[Capture], expected: Proof, official: bool) -> None:
    assert await look(captures, official_names=official) == expected


@pytest.mark.parametrize("status", [200, 403])
async def test_an_excluded_page_is_forbidden(status: int) -> None:
    assert await look([Capture(URL, NEW)], excluded=[URL], excluded_status=status) == Forbidden()


@pytest.mark.parametrize("kind", ["503", "html", "reset"])
async def test_a_playback_that_is_down_proves_nothing(kind: str) -> None:
    with pytest.raises(ArchiveError):
        await look([Capture(URL, NEW)], faults={"page": Fault(kind)})
