"""`--since REV`: only what stands on changed lines."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from linkkeeper.demo.story import Stage

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def git(*arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(run: Run, stage: Stage) -> Stage:
    """Two committed posts, each with a dead link, then one new dead link and one new living one in the first."""
    del run
    git("init", "-q")
    Path("a.md").write_text(f"[old]({stage.web.url('gone', '/old')})\n\ntext\n")
    Path("b.md").write_text(f"[old]({stage.web.url('gone', '/b')})\n")
    git("add", ".")
    git("commit", "-q", "-m", "posts")
    with Path("a.md").open("a") as file:
        file.write(f"[new]({stage.web.url('gone', '/2016/second')}) [x]({stage.web.url('living', '/new')})\n")
    return stage


def test_only_links_on_changed_lines_are_asked(run: Run, repository: Stage, trusted: list[str]) -> None:
    repository.web.seen.clear()
    done = run("scan", ".", "--since", "HEAD", "--no-rescue", "--format", "json", *trusted)
    assert done.returncode == 1, done.stderr
    verdicts = {row["url"]: row["verdict"] for row in json.loads(done.stdout)["urls"]}
    assert verdicts == {
        repository.web.url("gone", "/old"): "skipped",
        repository.web.url("gone", "/2016/second"): "dead",
        repository.web.url("living", "/new"): "ok",
    }
    assert {seen.path for seen in repository.web.seen}.isdisjoint({"/old", "/b"})


def test_nothing_changed_is_nothing_to_do(run: Run, repository: Stage, trusted: list[str]) -> None:
    git("commit", "-q", "-a", "-m", "more")
    done = run("scan", ".", "--since", "HEAD", "--format", "json", *trusted)
    assert (done.returncode, json.loads(done.stdout)["urls"]) == (0, [])


def test_a_renamed_post_is_followed_and_its_baseline_is_not_called_idle(
    run: Run, repository: Stage, trusted: list[str]
) -> None:
    git("checkout", "-q", "a.md")
    with Path("b.md").open("a") as file:
        file.write("words of the post\n" * 9)
    git("commit", "-q", "-a", "-m", "words")
    run("scan", ".", "--no-rescue", "--write-baseline", "known.toml", *trusted)
    git("mv", "b.md", "c.md")
    with Path("c.md").open("a") as file:
        file.write(f"\n[new]({repository.web.url('gone', '/broken')})\n")
    done = run(
        "scan", ".", "--since", "HEAD", "--no-rescue", "--baseline", "known.toml", "--format", "github", *trusted
    )
    assert (done.returncode, done.stdout.count("::error ")) == (1, 1)
    assert "c.md,line=12" in done.stdout
    assert "well or gone" not in done.stderr
    whole = run("scan", ".", "--no-rescue", "--baseline", "known.toml", *trusted)
    assert "b.md is gone, and c.md has its broken links" in " ".join(whole.stdout.split())


def test_new_only_asks_about_all_and_fails_on_what_is_new(run: Run, repository: Stage, trusted: list[str]) -> None:
    done = run("scan", ".", "--since", "HEAD", "--new-only", "--no-rescue", "--format", "github", *trusted)
    assert done.returncode == 1
    assert done.stdout.count("::error ") == 1
    assert "a.md,line=4" in done.stdout
    git("checkout", "-q", "a.md")
    done = run("scan", ".", "--since", "HEAD", "--new-only", "--no-rescue", *trusted)
    assert done.returncode == 0
    assert "2 broken links that were there before this change" in done.stdout


def test_fix_repairs_changed_lines_alone(run: Run, repository: Stage, trusted: list[str]) -> None:
    before = Path("a.md").read_text().splitlines()
    done = run("fix", ".", "--since", "HEAD", *trusted, LINKKEEPER_WAYBACK_RATE="60000")
    after = Path("a.md").read_text().splitlines()
    assert done.returncode == 0, done.stderr
    assert after[:3] == before[:3]
    assert "/web/" in after[3]
    assert run("undo").returncode == 0
    assert Path("a.md").read_text().splitlines() == before


def test_links_of_changed_lines_are_listed(run: Run, repository: Stage) -> None:
    done = run("links", ".", "--since", "HEAD")
    assert [json.loads(line)["line"] for line in done.stdout.splitlines()] == [4, 4], done.stderr


@pytest.mark.parametrize("command", ["scan", "fix", "links"])
def test_what_git_does_not_know_is_exit_2(run: Run, repository: Stage, command: str, tmp_path: Path) -> None:
    for revision in ("nosuch", "-x", "HEAD:a.md", ""):
        if revision:
            done = run(command, ".", f"--since={revision}")
            assert (done.returncode, revision in done.stderr) == (2, True), done.stderr
            assert "Traceback" not in done.stderr
    outside = tmp_path.parent / f"{tmp_path.name}-outside.md"
    outside.write_text("[a](#)\n")
    done = run(command, str(outside), "--since", "HEAD")
    assert (done.returncode, "no git work tree" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("command", ["scan", "fix", "links"])
def test_a_post_outside_git_is_named_and_the_others_are_done(
    run: Run, repository: Stage, trusted: list[str], command: str, tmp_path: Path
) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside.md"
    outside.write_text("[a](#)\n")
    flags = ["--format", "json", *trusted] if command != "links" else []
    done = run(command, ".", str(outside), "--since", "HEAD", *flags)
    assert done.returncode != 2, done.stderr
    assert "in no git work tree" in done.stdout + done.stderr
    assert "/2016/" in done.stdout, "the others were looked at"


def test_since_goes_neither_with_stdin_nor_with_revert(run: Run, repository: Stage) -> None:
    assert run("scan", "-", "--since", "HEAD", stdin="x").returncode == 2
    assert run("fix", ".", "--since", "HEAD", "--only", "revert").returncode == 2
