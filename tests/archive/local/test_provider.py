"""The local archive as one of those that `fix` asks."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from linkkeeper.archive.base import ArchiveProvider
from linkkeeper.archive.local.base import PageCapture
from linkkeeper.archive.local.provider import LocalProvider
from linkkeeper.archive.local.store import LocalArchive
from linkkeeper.errors import ArchiveError
from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import Snapshot, SnapshotState
from linkkeeper.models.verdict import Reply
from linkkeeper.urls import archive_links

Make = Callable[..., Any]
Day = Callable[[str], Dated]


def _later(capture: PageCapture, days: int) -> PageCapture:
    moved = [msgspec.structs.replace(one, when=one.when + timedelta(days=days)) for one in capture.exchanges]
    return msgspec.structs.replace(capture, exchanges=tuple(moved))


async def _look(directory: Path, url: str, near: Dated, base: str = "/archive/") -> Snapshot:
    provider: ArchiveProvider = LocalProvider(directory, base)
    return await provider.lookup(url, near)


async def test_a_page_that_is_held_is_named_below_the_base(filled: Path, day: Day) -> None:
    found = await _look(filled, "http://example.org/page-1", day("2026-11-21"))
    assert found.state is SnapshotState.VERIFIED
    assert found.archive == "local"
    assert found.url == "/archive/20261120120010/http://example.org/page-1"
    assert found.title == "Page 1"
    assert found.detail == "last capture up to 2026-11-21"


@pytest.mark.parametrize("base", ["https://blog.example/kept", "https://blog.example/kept/"])
async def test_the_base_may_be_a_whole_address(filled: Path, day: Day, base: str) -> None:
    found = await _look(filled, "http://example.org/page-1", day("2026-11-21"), base)
    assert found.url == "https://blog.example/kept/20261120120010/http://example.org/page-1"
    assert archive_links.points_into(found.url or "", (base,))
    assert archive_links.points_into("/archive/20261120120010/http://example.org/page-1", ("/archive/",))


async def test_the_last_capture_up_to_the_day_is_taken_else_the_first_after(filled: Path, page: Make, day: Day) -> None:
    with LocalArchive(filled) as archive:
        for later in (10, 20):
            archive.keep(_later(page(1), later))
    days = [
        ("2026-11-21", "20261120"),
        ("2026-12-05", "20261130"),
        ("2027-01-01", "20261210"),
        ("2020-01-01", "20261120"),
    ]
    for asked, captured in days:
        found = await _look(filled, "http://example.org/page-1", day(asked))
        assert found.url is not None
        assert found.url.startswith(f"/archive/{captured}"), asked


async def test_without_a_base_nothing_is_offered_for_posts(filled: Path, day: Day) -> None:
    found = await _look(filled, "http://example.org/page-1", day("2026-11-21"), "")
    assert (found.state, found.url) == (SnapshotState.UNUSABLE, None)
    assert "--local-base" in found.detail


async def test_a_link_that_was_redirected_leads_to_its_page(filled: Path, day: Day) -> None:
    found = await _look(filled, "http://example.org/old#part", day("2026-11-21"))
    assert found.state is SnapshotState.VERIFIED
    assert found.url == "/archive/20261120120050/http://example.org/old"
    assert found.title == "The new one"


async def test_another_spelling_is_found_and_the_captured_one_named(filled: Path, day: Day) -> None:
    found = await _look(filled, "https://www.example.org/page-1/", day("2026-11-21"))
    assert found.url == "/archive/20261120120010/http://example.org/page-1"
    assert found.original == "http://example.org/page-1"


@pytest.mark.parametrize("url", ["http://example.org/never", "nonsense", "http://[::1"])
async def test_what_was_never_kept_is_none(filled: Path, day: Day, url: str) -> None:
    assert (await _look(filled, url, day("2026-11-21"))).state is SnapshotState.NONE


async def test_no_archive_holds_nothing(tmp_path: Path, day: Day) -> None:
    assert (await _look(tmp_path, "http://example.org/", day("2026-11-21"))).state is SnapshotState.NONE


async def test_a_damaged_capture_is_never_named(filled: Path, day: Day) -> None:
    data = bytearray((filled / "warc" / "2026-11.warc.gz").read_bytes())
    for place in range(400, len(data), 150):
        data[place] ^= 0xFF
    (filled / "warc" / "2026-11.warc.gz").write_bytes(data)
    found = await _look(filled, "http://example.org/page-1", day("2026-11-21"))
    assert (found.state, found.url) == (SnapshotState.UNUSABLE, None)


async def test_a_warc_that_is_gone_is_could_not_ask(filled: Path, day: Day) -> None:
    (filled / "warc" / "2026-11.warc.gz").unlink()
    with pytest.raises(ArchiveError, match="cannot be read"):
        await _look(filled, "http://example.org/page-1", day("2026-11-21"))


async def test_an_earlier_capture_takes_the_place_of_one_that_is_no_page(
    filled: Path, exchange: Make, day: Day
) -> None:
    url = "http://example.org/page-1"
    parked = exchange(url, b"<p>this domain is for sale", 10 * 86_400)
    with LocalArchive(filled) as archive:
        archive.keep(PageCapture(url, url, parked.when, "", (parked,)))

    def looks_dead(reply: Reply) -> str:
        return "parked" if b"for sale" in reply.body else ""

    found = await LocalProvider(filled, "/archive/", looks_dead).lookup(url, day("2027-01-01"))
    assert found.url == "/archive/20261120120010/http://example.org/page-1"
    found = await LocalProvider(filled, "/archive/", lambda _: "soft-404").lookup(url, day("2027-01-01"))
    assert (found.state, found.detail) == (SnapshotState.UNUSABLE, "kept as soft-404")


async def test_redirects_in_a_circle_end(tmp_path: Path, exchange: Make, day: Day) -> None:
    urls = ["http://example.org/a", "http://example.org/b"]
    hops = [
        exchange(one, b"", n, status="302 Found", headers=(f"Location: {other}",))
        for n, (one, other) in enumerate(zip(urls, reversed(urls), strict=True))
    ]
    own = exchange("http://example.org/c", b"<p>c", 3)
    with LocalArchive(tmp_path) as archive:
        archive.keep(PageCapture("http://example.org/c", own.url, own.when, "", (*hops, own)))
    found = await _look(tmp_path, urls[0], day("2027-01-01"))
    assert (found.state, found.detail) == (SnapshotState.UNUSABLE, "kept as a redirect in a circle")


async def test_an_empty_page_is_no_page(tmp_path: Path, exchange: Make, day: Day) -> None:
    url = "http://example.org/"
    own = exchange(url, b"  \n")
    with LocalArchive(tmp_path) as archive:
        archive.keep(PageCapture(url, url, own.when, "", (own,)))
    assert (await _look(tmp_path, url, day("2027-01-01"))).detail == "kept without a body"


async def test_a_lost_index_is_no_answer(filled: Path, day: Day) -> None:
    (filled / "index.cdxj").unlink()
    with pytest.raises(ArchiveError, match=r"index\.cdxj is missing"):
        await _look(filled, "http://example.org/page-1", day("2026-11-21"))
