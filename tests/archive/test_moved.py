"""Where a page went, and what must not be taken for its successor."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from linkkeeper.archive.base import Rescue, Wanted
from linkkeeper.archive.moved import same_title, suggest
from linkkeeper.archive.rescue import Rescuer
from linkkeeper.demo.archive import ArchiveServer
from linkkeeper.demo.captures import Capture
from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import Snapshot, SnapshotState
from linkkeeper.models.verdict import Finding, Judgement, Redirect, Verdict

OLD, NEW = "http://old.example/a/post", "https://new.example/post"
SEEN = datetime(2018, 3, 4, tzinfo=UTC)


def finding(verdict: Verdict, *statuses: int, url: str = OLD, final: str = NEW, title: str = "") -> Finding:
    hops = tuple(Redirect(url, status) for status in statuses)
    return Finding(url, Judgement(verdict, "rule"), final_url=final if hops else url, redirects=hops, title=title)


def rescue(to: str = "", title: str = "") -> Rescue:
    return Rescue(Snapshot(SnapshotState.VERIFIED, title=title), to, SEEN if to else None)


@pytest.mark.parametrize("statuses", [(301,), (308,), (301, 301, 308)])
def test_a_permanent_redirect_names_the_successor(statuses: tuple[int, ...]) -> None:
    moved = suggest(finding(Verdict.REDIRECTED, *statuses))
    assert moved is not None
    assert moved.url == NEW
    assert str(statuses[0]) in moved.evidence


@pytest.mark.parametrize("statuses", [(302,), (301, 302), (307,)])
def test_a_temporary_redirect_alone_names_none(statuses: tuple[int, ...]) -> None:
    assert suggest(finding(Verdict.OK, *statuses)) is None


def test_a_redirect_of_a_deep_link_to_a_home_page_is_no_successor() -> None:
    assert suggest(finding(Verdict.REDIRECTED, 301, final="https://new.example/")) is None


def test_an_archived_redirect_counts_if_its_target_lives() -> None:
    dead, lives = finding(Verdict.DEAD), finding(Verdict.OK, url=NEW)
    moved = suggest(dead, rescue(NEW), lives)
    assert moved is not None
    assert moved.url == NEW
    assert "2018-03-04" in moved.evidence


@pytest.mark.parametrize("verdict", [Verdict.DEAD, Verdict.SUSPECT, Verdict.BLOCKED, Verdict.UNCHECKED])
def test_an_archived_redirect_to_what_does_not_answer_names_none(verdict: Verdict) -> None:
    assert suggest(finding(Verdict.DEAD), rescue(NEW), finding(verdict, url=NEW)) is None
    assert suggest(finding(Verdict.DEAD), rescue(NEW)) is None


def test_an_archived_redirect_whose_target_moved_on_names_its_end() -> None:
    target = finding(Verdict.REDIRECTED, 301, url=NEW, final="https://newer.example/post")
    moved = suggest(finding(Verdict.DEAD), rescue(NEW), target)
    assert moved is not None
    assert moved.url == "https://newer.example/post"


def test_the_captured_title_at_the_end_of_a_redirect_is_evidence() -> None:
    now = finding(Verdict.OK, 302, title="How to keep links | New Site")
    assert suggest(now, rescue(title="How to keep links - Old Site")) is not None
    assert suggest(now, rescue(title="Something else entirely")) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("How to keep links", "how to  keep links", True),
        ("How to keep links | Blog", "Blog | How to keep links", True),
        ("如何保存链接 - 博客", "如何保存链接_新站", True),
        ("Home", "Home", False),
        ("", "", False),
        ("Part 1: keeping links", "Part 2: losing links", False),
    ],
)
def test_titles_are_compared_without_the_name_of_the_site(one: str, other: str, same: bool) -> None:
    assert same_title(one, other) is same


async def test_the_redirect_after_the_last_page_is_found(
    start_archive: Callable[..., Awaitable[ArchiveServer]],
    make_rescuer: Callable[..., Awaitable[Rescuer]],
    day: Callable[[str], Dated],
) -> None:
    page = Capture(
        OLD, "20150101000000", body=b"<html><head><title>\n Keeping  links </title></head><body>x</body></html>"
    )
    gone = Capture(OLD, "20180304000000", status=301, body=b"", location=NEW)
    archive = await start_archive(page, gone)
    wanted = Wanted(OLD, day("2016-07-08"))
    answer = (await (await make_rescuer(archive)).rescue([wanted]))[wanted]
    assert (answer.redirected_to, answer.redirect_seen) == (NEW, SEEN)
    assert answer.snapshot.url == f"{archive.url}/web/20150101000000/{OLD}"
    assert answer.snapshot.title == "Keeping links"
    assert len(archive.log) == 3


async def test_a_redirect_to_another_spelling_is_no_move(
    start_archive: Callable[..., Awaitable[ArchiveServer]],
    make_rescuer: Callable[..., Awaitable[Rescuer]],
    day: Callable[[str], Dated],
) -> None:
    spelled = Capture(OLD, "20180304000000", status=301, body=b"", location=OLD.replace("http:", "https:") + "/")
    archive = await start_archive(Capture(OLD, "20150101000000"), spelled)
    wanted = Wanted(OLD, day("2016-07-08"))
    answer = (await (await make_rescuer(archive)).rescue([wanted]))[wanted]
    assert answer.redirected_to == ""
