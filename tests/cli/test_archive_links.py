"""Links that already point into the archive: asked with the archive's manners, mended only where they are broken."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from linkkeeper.demo.story import Stage

Run = Callable[..., "subprocess.CompletedProcess[str]"]
QUICK = {"LINKKEEPER_WAYBACK_RATE": "60000", "LINKKEEPER_WAYBACK_PUBLIC_URL": "https://web.archive.org"}
BASE = "https://web.archive.org/web"


@pytest.fixture
def second(stage: Stage) -> str:
    """A page that was captured on 2015-03-01, 2016-06-20 and 2017-01-02."""
    return stage.web.url("gone", "/2016/second")


def verdicts(run: Run) -> dict[str, tuple[str, str]]:
    report = json.loads(run("report", "--format", "json").stdout)
    return {row["url"]: (row["verdict"], row["rule"]) for row in report["urls"]}


def test_an_archive_link_that_plays_is_alive_and_left_alone(
    run: Run, stage: Stage, trusted: list[str], second: str
) -> None:
    whole, latest = f"{BASE}/20160620080000/{second}", f"{BASE}/{stage.web.url('gone', '/2016/menu.html')}"
    text = f"[a]({whole}) [b]({latest}#part) [c](http://web.archive.org/web/2016/{second})\n"
    Path("post.md").write_text(text)
    done = run("fix", "post.md", *trusted, **QUICK)
    assert done.returncode == 0, done.stderr
    assert Path("post.md").read_text() == text
    assert set(verdicts(run).values()) == {("ok", "archive-link-plays")}


def test_a_broken_archive_link_is_replaced_by_the_same_capture_written_properly(
    run: Run, trusted: list[str], second: str
) -> None:
    doubled = f"{BASE}/20160620080000/https://web.archive.org/web/20150301120000/{second}"
    Path("2017-05-05-a.md").write_text(f'[a]({doubled}#part "title")\n')
    done = run("fix", ".", *trusted, **QUICK)
    assert Path("2017-05-05-a.md").read_text() == f'[a]({BASE}/20150301120000/{second}#part "title")\n', done.stderr
    assert done.returncode == 0, done.stderr
    again = run("fix", ".", *trusted, **QUICK)
    assert (again.returncode, "nothing to write" in again.stderr) == (0, True), again.stderr
    assert run("undo").returncode == 0
    assert Path("2017-05-05-a.md").read_text() == f'[a]({doubled}#part "title")\n'


def test_without_a_timestamp_the_capture_suits_the_post(run: Run, trusted: list[str], second: str) -> None:
    Path("2016-12-05-a.md").write_text(f"<{BASE}/{BASE}/{second}>\n")
    done = run("fix", ".", *trusted, **QUICK)
    assert Path("2016-12-05-a.md").read_text() == f"<{BASE}/20160620080000/{second}>\n", done.stderr


def test_a_well_formed_archive_link_that_shows_nothing_is_reported_and_left_alone(
    run: Run, stage: Stage, trusted: list[str]
) -> None:
    text = f"[a]({BASE}/20160620080000/{stage.web.url('gone', '/2016/never-captured')})\n"
    Path("post.md").write_text(text)
    done = run("fix", "post.md", *trusted, **QUICK)
    assert done.returncode == 1, done.stderr
    assert Path("post.md").read_text() == text
    assert set(verdicts(run).values()) == {("dead", "archive-link-gone")}


def test_an_archive_that_cannot_be_asked_leaves_its_links_unchecked(
    run: Run, stage: Stage, trusted: list[str], second: str
) -> None:
    text = f"[a]({BASE}/20160620080000/{second}) [b]({BASE}/2016*/{second}) [c]({stage.web.url('living', '/a')})\n"
    Path("post.md").write_text(text)
    flags = [*trusted[:-4], "--wayback-url", "http://127.0.0.1:9", "--timeout", "1"]
    done = run("scan", "post.md", *flags, **QUICK)
    assert done.returncode == 3, done.stderr
    assert Path("post.md").read_text() == text
    seen = verdicts(run)
    assert seen[f"{BASE}/20160620080000/{second}"] == ("unchecked", "archive-link-unasked")
    assert seen[stage.web.url("living", "/a")][0] == "ok", "the network is not at fault"


def test_what_a_fix_writes_under_a_loopback_base_is_asked_of_that_archive(
    run: Run, stage: Stage, trusted: list[str], second: str
) -> None:
    Path("2016-12-05-a.md").write_text(f"[a]({second})\n")
    quick = {"LINKKEEPER_WAYBACK_RATE": "60000"}
    assert run("fix", ".", *trusted, **quick).returncode == 0
    written = f"{stage.archive_url}/web/20160620080000/{second}"
    assert Path("2016-12-05-a.md").read_text() == f"[a]({written})\n"
    for flags in ([], ["--no-cache"]):
        done = run("scan", ".", "--format", "json", *flags, *trusted, **quick)
        [row] = json.loads(done.stdout)["urls"]
        assert (done.returncode, row["url"], row["verdict"]) == (0, written, "ok"), done.stderr
        assert "nothing to write" in run("fix", ".", *flags, *trusted, **quick).stderr
