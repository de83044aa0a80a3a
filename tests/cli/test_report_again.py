"""`linkkeeper report` shows a kept run whole: the diff that `fix` would make, and what did not count."""

import json
import os
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from linkkeeper.demo.story import Stage
from linkkeeper.store.database import open_state

Run = Callable[..., "subprocess.CompletedProcess[str]"]
QUICK = {"LINKKEEPER_WAYBACK_RATE": "6000"}
STALE = "changed since this run"


@pytest.fixture
def scanned(run: Run, stage: Stage, trusted: list[str]) -> Callable[..., str]:
    """Return a function that scans posts and returns the HTML that the scan itself wrote."""
    gone, lives = stage.web.url("gone", "/2016/second"), stage.web.url("living", "/a")
    text = f"---\ndate: 2016-07-08\n---\n[gone]({gone}#top) [lives]({lives}?x=1&amp;utm_source=feed) end\n"
    Path("posts").mkdir()
    for name in ("a.md", "b.md"):
        Path("posts", name).write_text(text)

    def scan(*flags: str) -> str:
        done = run("scan", "posts", "-o", "html=first.html", *flags, *trusted, **QUICK)
        assert done.returncode in (0, 1), done.stderr
        return Path("first.html").read_text("utf-8")

    return scan


def _diffs(page: str) -> list[str]:
    return [piece.partition("</pre>")[0] for piece in page.split('<pre class="diff"')[1:]]


def test_the_diff_is_that_of_the_scan(run: Run, scanned: Callable[..., str]) -> None:
    first = scanned()
    assert run("report", "-o", "html=again.html").returncode == 0
    again = Path("again.html").read_text("utf-8")
    assert _diffs(again) == _diffs(first)
    assert len(_diffs(again)) == 2
    assert "utm_source" in _diffs(again)[0]
    assert "/web/2016" in _diffs(again)[0]
    assert STALE not in again.partition("<script")[0]


def test_a_post_that_changed_or_went_is_named_instead(run: Run, scanned: Callable[..., str]) -> None:
    scanned()
    Path("posts/a.md").write_text("new\n" + Path("posts/a.md").read_text())
    page = run("report", "--format", "html").stdout
    assert [("b/posts/a.md" in text, "b/posts/b.md" in text) for text in _diffs(page)] == [(False, True)]
    assert "1 post has changed since this run, or is not there any more" in page
    Path("posts/b.md").unlink()
    page = run("report", "--format", "html").stdout
    assert _diffs(page) == []
    assert "2 posts have changed since this run, or are not there any more" in page
    assert "<li><code>posts/b.md</code></li>" in page


def test_words_after_the_last_link_do_not_make_a_post_another(run: Run, scanned: Callable[..., str]) -> None:
    scanned()
    with Path("posts/a.md").open("a") as file:
        file.write("more words\n")
    page = run("report", "--format", "html").stdout
    assert len(_diffs(page)) == 2
    assert STALE not in page.partition("<script")[0]


def test_after_fix_the_old_run_says_that_the_posts_have_changed(
    run: Run, scanned: Callable[..., str], trusted: list[str]
) -> None:
    scanned()
    [old] = json.loads(run("history", "--format", "json").stdout)["runs"]
    assert run("fix", "posts", *trusted, **QUICK).returncode == 0
    page = run("report", old["id"], "--format", "html").stdout
    assert _diffs(page) == []
    assert "2 posts have changed" in page


def test_a_run_with_a_baseline_is_shown_with_its_marks_and_its_diff(run: Run, scanned: Callable[..., str]) -> None:
    scanned("--write-baseline", "known.toml")
    page = run("report", "--format", "html").stdout
    assert 'id="accepted-title"' in page
    assert len(_diffs(page)) == 2
    accepted = json.loads(run("report", "--format", "json").stdout)["accepted"]
    assert [(one["by"], one["link"]["file"]) for one in accepted] == [
        ("baseline", "posts/a.md"),
        ("baseline", "posts/b.md"),
    ]


def test_history_says_how_much_of_a_run_was_set_aside(run: Run, scanned: Callable[..., str]) -> None:
    scanned()
    scanned("--write-baseline", "known.toml")
    runs = json.loads(run("history", "--format", "json").stdout)["runs"]
    assert [(one["verdicts"]["dead"], one["accepted"]) for one in runs] == [(1, 0), (1, 1)]
    assert "1 of them did not count in that run" in run("history").stdout
    assert "of them did not count in that run" in run("history", "--format", "html").stdout


def test_the_state_holds_no_credentials(run: Run, tmp_path: Path) -> None:
    url = "http://me:hunter2@127.0.0.1:9/x?access_token=hunter2"
    Path("a.md").write_text(f"[a]({url})\n")
    flags = ["--allow-private", "--no-rescue", "--timeout", "1", "--retries", "0"]
    run("scan", "a.md", *flags)
    run("scan", "a.md", *flags, "--write-baseline", "known.toml", "--fail-on", "suspect")
    with open_state(tmp_path / ".linkkeeper") as database:
        blobs = [row[0] for row in database.read("SELECT report FROM runs")]
    assert len(blobs) == 2
    assert not any(b"hunter2" in zlib.decompress(blob) for blob in blobs if isinstance(blob, bytes))
    assert not any(
        b"hunter2" in Path(folder, name).read_bytes() for folder, _, names in os.walk(".linkkeeper") for name in names
    )
    page = run("report", "--format", "html").stdout
    assert STALE not in page.partition("<script")[0]
