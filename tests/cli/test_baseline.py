"""`scan --baseline`, `--write-baseline`, `--new-only`: what is accepted does not fail, and says so."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linkkeeper.demo.story import Stage

Run = Callable[..., "subprocess.CompletedProcess[str]"]
BASELINE = "links-baseline.toml"


@pytest.fixture
def flags(trusted: list[str]) -> list[str]:
    return [*trusted, "--no-rescue"]


@pytest.fixture
def accepted(run: Run, stage: Stage, flags: list[str]) -> str:
    """Return the dead URL of a post whose baseline accepts it with a reason."""
    gone = stage.web.url("gone", "/2016/second")
    Path("posts").mkdir()
    Path("posts/post.md").write_text(f"[a]({gone}) [b]({stage.web.url('living', '/a')})\n")
    assert run("scan", "posts", "--write-baseline", BASELINE, *flags).returncode == 0
    text = Path(BASELINE).read_text()
    Path(BASELINE).write_text(text.replace('reason = ""', 'reason = "the author is on holiday"'))
    return gone


def test_what_is_accepted_does_not_fail_and_is_listed_with_its_reason(
    run: Run, accepted: str, flags: list[str]
) -> None:
    done = run("scan", "posts", "--baseline", BASELINE, "-o", "json=r.json", *flags)
    assert done.returncode == 0, done.stderr
    assert "the author is on holiday" in done.stdout
    report = json.loads(Path("r.json").read_text())
    assert report["summary"]["verdicts"]["dead"] == 0
    [one] = report["accepted"]
    assert (one["url"], one["verdict"], one["reason"]) == (accepted, "dead", "the author is on holiday")


def test_a_saved_run_looks_the_same_when_it_is_shown_again(run: Run, accepted: str, flags: list[str]) -> None:
    run("scan", "posts", "--baseline", BASELINE, "-o", "json=r.json", "-o", "html=r.html", *flags)
    again = run("report", "-o", "json=s.json", "-o", "html=s.html")
    assert "the author is on holiday" in again.stdout
    assert Path("s.json").read_text() == Path("r.json").read_text()
    assert Path("s.html").read_text() == Path("r.html").read_text()
    history = json.loads(run("history", "--format", "json").stdout)
    assert [one["verdicts"]["dead"] for one in history["runs"]] == [1, 1], "what is accepted is broken all the same"
    assert history["worst_hosts"][0]["broken"] == 1


def test_a_new_broken_link_fails(run: Run, stage: Stage, accepted: str, flags: list[str]) -> None:
    Path("posts/new.md").write_text(f"[a]({accepted}) <{stage.web.url('gone', '/other')}>\n")
    done = run("scan", "posts", "--baseline", BASELINE, "--format", "github", *flags)
    assert done.returncode == 1
    assert done.stdout.count("::error ") == 2
    assert "posts/post.md" not in done.stdout


def test_an_expired_entry_counts_again_and_is_named(run: Run, accepted: str, flags: list[str]) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    lines = Path(BASELINE).read_text().splitlines()
    lines = [f"expires = {yesterday}" if line.startswith("expires") else line for line in lines]
    Path(BASELINE).write_text("\n".join(lines))
    done = run("scan", "posts", "--baseline", BASELINE, *flags)
    assert done.returncode == 1
    assert accepted in done.stdout
    assert f"expired on {yesterday}" in " ".join(done.stdout.split())
    assert run("scan", "posts", "--baseline", BASELINE, "--new-only", *flags).returncode == 0


def test_writing_again_keeps_reasons_and_what_was_not_read(
    run: Run, stage: Stage, accepted: str, flags: list[str]
) -> None:
    Path("other.md").write_text(f"<{stage.web.url('gone', '/other')}>\n")
    assert run("scan", "other.md", "--write-baseline", BASELINE, *flags).returncode == 0
    text = Path(BASELINE).read_text()
    assert text.count("[[accept]]") == 2
    assert "on holiday" in text
    Path("posts/post.md").write_text("nothing\n")
    assert run("scan", ".", "--write-baseline", BASELINE, *flags).returncode == 0
    assert Path(BASELINE).read_text().count("[[accept]]") == 1


def test_a_baseline_holds_however_the_files_are_named(run: Run, accepted: str, flags: list[str]) -> None:
    for named in ("./posts", str(Path("posts").resolve()), "."):
        assert run("scan", named, "--baseline", BASELINE, *flags).returncode == 0


def test_an_entry_that_was_not_asked_stays(run: Run, stage: Stage, accepted: str, flags: list[str]) -> None:
    Path("posts/post.md").write_text(f"[a]({accepted})\n")
    done = run("scan", "posts", "--write-baseline", BASELINE, "--exclude", "gone", *flags)
    assert "1 skipped" in done.stdout, done.stderr
    assert accepted in Path(BASELINE).read_text()


def test_a_baseline_s_links_are_suppressed_and_skipped_in_machine_formats(
    run: Run, accepted: str, flags: list[str]
) -> None:
    outputs = [
        "-o",
        "sarif=r.sarif",
        "-o",
        "junit=r.xml",
        "-o",
        "csv=r.csv",
        "-o",
        "markdown=r.md",
        "-o",
        "html=r.html",
    ]
    assert run("scan", "posts", "--baseline", BASELINE, *outputs, *flags).returncode == 0
    [dead] = json.loads(Path("r.sarif").read_text())["runs"][0]["results"]
    assert dead["suppressions"][0]["justification"].startswith("accepted: the author is on holiday (until ")
    assert 'failures="0" errors="0" skipped="1"' in Path("r.xml").read_text()
    for name in ("r.csv", "r.md", "r.html"):
        assert "the author is on holiday" in Path(name).read_text(), name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--baseline", "none.toml"], "none.toml"),
        (["--baseline", "old.toml"], "linkkeeper/baseline/0"),
        (["--write-baseline", "old.toml"], "linkkeeper/baseline/0"),
        (["--write-baseline", "no/such/dir/b.toml"], "no/such/dir"),
        (["--write-baseline", "b.toml", "-o", "json=b.toml"], "b.toml"),
        (["--write-baseline", "b.toml", "--since", "HEAD"], "--since"),
        (["--new-only"], "--since"),
    ],
)
def test_a_baseline_that_cannot_be_meant_is_exit_2_before_any_request(
    run: Run, stage: Stage, flags: list[str], arguments: list[str], said: str
) -> None:
    Path("old.toml").write_text('schema = "linkkeeper/baseline/0"\n')
    Path("post.md").write_text(f"<{stage.web.url('living', '/baseline')}>\n")
    stage.web.seen.clear()
    done = run("scan", "post.md", *arguments, *flags)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert stage.web.seen == []
    assert not Path("b.toml").exists()
