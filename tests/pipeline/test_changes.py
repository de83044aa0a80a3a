"""Byte ranges that changed since a revision, in repositories that may be hostile."""

import os
import subprocess
from pathlib import Path

import pytest

from linkkeeper.errors import UsageError
from linkkeeper.pipeline import changes


def git(*arguments: str, where: Path | None = None) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *arguments], check=True, capture_output=True, cwd=where, encoding="utf-8")
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    git("init", "-q", "-b", "main")
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/a.md").write_bytes(b"one\ntwo\nthree\n")
    (tmp_path / "posts/long.md").write_bytes(b"".join(b"line %d\n" % at for at in range(40)))
    git("add", ".")
    git("commit", "-q", "-m", "first")
    return tmp_path


def lines(path: str, revision: str = "HEAD") -> list[bytes]:
    """Return the changed bytes of a file."""
    data = Path(path).read_bytes()
    ranges = changes.since(revision, [path]).ranges.get(path, [])
    return [data[start:end] for start, end in ranges]


def test_changed_and_added_lines_count_deleted_ones_do_not(repository: Path) -> None:
    Path("posts/a.md").write_bytes(b"one\n2\nthree\nfour")
    assert lines("posts/a.md") == [b"2\n", b"four"]
    Path("posts/a.md").write_bytes(b"one\nthree\n")
    assert lines("posts/a.md") == []


def test_lines_that_look_like_a_patch_are_only_text(repository: Path) -> None:
    Path("posts/a.md").write_bytes(b"++ posts/long.md\n@@ -1 +1,99 @@\none\ntwo\nthree\n-- x\n")
    assert lines("posts/a.md") == [b"++ posts/long.md\n@@ -1 +1,99 @@\n", b"-- x\n"]
    assert lines("posts/long.md") == []


def test_a_renamed_file_keeps_its_old_lines(repository: Path) -> None:
    git("mv", "posts/long.md", "posts/\u65b0 name.md")
    assert lines("posts/\u65b0 name.md") == []
    with Path("posts/\u65b0 name.md").open("ab") as file:
        file.write(b"more\n")
    assert lines("posts/\u65b0 name.md") == [b"more\n"]
    git("commit", "-q", "-a", "-m", "moved")
    assert lines("posts/\u65b0 name.md", "HEAD~1") == [b"more\n"]


def test_a_file_that_git_does_not_know_is_new_as_a_whole(repository: Path) -> None:
    Path("posts/b.md").write_bytes(b"x\ny\n")
    assert lines("posts/b.md") == [b"x\ny\n"]


def test_before_the_first_commit_everything_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    Path("a.md").write_bytes(b"x\n")
    assert lines("a.md") == [b"x\n"]


def test_what_the_other_side_did_meanwhile_is_not_ours(repository: Path) -> None:
    git("checkout", "-q", "-b", "topic")
    Path("posts/a.md").write_bytes(b"one\ntwo\nthree\nours\n")
    git("commit", "-q", "-a", "-m", "ours")
    git("checkout", "-q", "main")
    Path("posts/long.md").write_bytes(b"theirs\n")
    git("commit", "-q", "-a", "-m", "theirs")
    git("checkout", "-q", "topic")
    assert lines("posts/a.md", "main") == [b"ours\n"]
    assert lines("posts/long.md", "main") == []


def test_line_ends_of_another_system_are_no_change(repository: Path) -> None:
    Path("posts/a.md").write_bytes(b"one\r\ntwo\r\nTHREE\r\n")
    assert lines("posts/a.md") == [b"THREE\r\n"]


def test_two_repositories_are_compared_each_with_its_own_revision(repository: Path) -> None:
    (repository / "inner").mkdir()
    git("init", "-q", where=repository / "inner")
    Path("inner/c.md").write_bytes(b"c\n")
    git("add", ".", where=repository / "inner")
    git("commit", "-q", "-m", "c", where=repository / "inner")
    Path("posts/a.md").write_bytes(b"ONE\ntwo\nthree\n")
    Path("inner/c.md").write_bytes(b"c\nd\n")
    found = changes.since("HEAD", ["posts/a.md", "inner/c.md"])
    assert found.ranges == {"posts/a.md": [(0, 4)], "inner/c.md": [(2, 4)]}


def test_a_hostile_repository_runs_nothing_and_nothing_in_it_changes(repository: Path, tmp_path: Path) -> None:
    trap = repository / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch '{tmp_path}/sprung'\ncat\n")
    trap.chmod(0o755)
    for name in ("filter.x.clean", "filter.x.smudge", "filter.x.process", "diff.x.command", "diff.x.textconv",
                 "diff.external", "core.fsmonitor", "core.pager", "core.sshCommand", "core.editor"):  # fmt: skip
        git("config", name, str(trap))
    git("config", "filter.x.required", "true")
    for hook in ("post-index-change", "post-checkout", "reference-transaction", "fsmonitor-watchman"):
        (repository / ".git/hooks" / hook).write_text(trap.read_text())
        (repository / ".git/hooks" / hook).chmod(0o755)
    Path(".gitattributes").write_text("*.md filter=x diff=x\n")
    Path("posts/a.md").write_bytes(b"one\n2\nthree\n")
    before = sorted(str(path) for path in (repository / ".git").rglob("*"))
    assert lines("posts/a.md") == [b"2\n"]
    assert not (tmp_path / "sprung").exists()
    assert sorted(str(path) for path in (repository / ".git").rglob("*")) == before


@pytest.mark.parametrize("revision", ["", "--output=x", "nosuch", "HEAD:posts", "HEAD\n", "a b", "HEAD@{", "\u202e"])
def test_a_revision_that_is_none_is_a_usage_error(repository: Path, revision: str) -> None:
    Path("posts/a.md").write_bytes(b"x\n")
    with pytest.raises(UsageError):
        changes.since(revision, ["posts/a.md"])
    assert not Path("x").exists()


def test_a_path_outside_git_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"x")
    with pytest.raises(UsageError, match="no git work tree"):
        changes.since("HEAD", [str(tmp_path / "a.md")])


def test_in_a_hook_s_environment_the_files_say_which_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("posts/a.md").write_bytes(b"one\n2\nthree\n")
    monkeypatch.setenv("GIT_DIR", os.devnull)
    monkeypatch.setenv("GIT_INDEX_FILE", os.devnull)
    assert lines("posts/a.md") == [b"2\n"]


def test_touching_is_by_any_byte() -> None:
    found = changes.Changes("HEAD", {"a": [(10, 20), (30, 40)]})
    asked = ((0, 10), (5, 11), (19, 25), (20, 30), (12, 12), (39, 50), (40, 41), (0, 99))
    touched = [(start, end) for start, end in asked if found.touch("a", start, end)]
    assert touched == [(5, 11), (19, 25), (12, 12), (39, 50), (0, 99)]
    assert not found.touch("b", 0, 99)
