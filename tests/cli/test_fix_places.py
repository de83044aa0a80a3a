"""Files that change under the run, are named in several ways, are many or large: through all of `fix` and `undo`."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from linkkeeper.demo.story import Stage
from linkkeeper.demo.web import Seen

Run = Callable[..., "subprocess.CompletedProcess[str]"]
QUICK = {"LINKKEEPER_WAYBACK_RATE": "60000", "LINKKEEPER_WAYBACK_PUBLIC_URL": "https://web.archive.org"}
COPY = "https://web.archive.org/web/20160620080000/"


class Trap(list[Seen]):
    """What the small web has seen; when a page is asked for, something happens first."""

    def __init__(self, path: str, act: Callable[[], object]) -> None:
        super().__init__()
        self._path, self._act, self.sprung = path, act, False

    def append(self, one: Seen) -> None:
        """Note a request."""
        super().append(one)
        if one.path == self._path and not self.sprung:
            self.sprung = True
            self._act()


@pytest.fixture
def trap(stage: Stage) -> Iterator[Callable[[Callable[[], object]], str]]:
    """Return a function that lets something happen once the URL that it returns is asked for."""

    def lay(act: Callable[[], object]) -> str:
        stage.web.seen = Trap("/trap", act)
        return stage.web.url("living", "/trap")

    yield lay
    stage.web.seen = []


def text(stage: Stage, copy: str = "", more: str = "") -> str:
    return f"---\ndate: 2016-07-08\n---\n[a]({copy}{stage.web.url('gone', '/2016/second')}) {more}\n"


def _appended() -> None:
    with Path("appended.md").open("a") as file:
        file.write("the author was here\n")


def _replaced() -> None:
    data = Path("replaced.md").read_bytes()
    Path("replaced.md").unlink()
    Path("replaced.md").write_bytes(data + b"by an editor that renames\n")


def _a_folder() -> None:
    Path("folder.md").unlink()
    Path("folder.md").mkdir()


def _a_symlink() -> None:
    Path("symlink.md").rename("symlink.bak")
    Path("symlink.md").symlink_to("symlink.bak")


MEANWHILE = {
    "appended.md": (_appended, "it was changed meanwhile"),
    "replaced.md": (_replaced, "it was changed meanwhile"),
    "deleted.md": (lambda: Path("deleted.md").unlink(), "it is gone"),
    "folder.md": (_a_folder, "it is not a regular file"),
    "symlink.md": (_a_symlink, "it is a symbolic link"),
    "locked.md": (lambda: Path("locked.md").chmod(0o444), "it is read-only"),
}


def test_files_that_change_under_the_run_are_left_alone_by_name_and_the_others_done(
    run: Run, stage: Stage, trusted: list[str], trap: Callable[[Callable[[], object]], str]
) -> None:
    url = trap(lambda: [act() for act, _ in MEANWHILE.values()])
    for name in [*MEANWHILE, "same.md"]:
        Path(name).write_text(text(stage, more=f"[trap]({url})"))
    done = run("fix", ".", *trusted, **QUICK)
    assert done.returncode == 1
    for name, (_, reason) in MEANWHILE.items():
        assert f"{name}: left alone: {reason}\n" in done.stderr
        assert not Path(name).is_file() or COPY not in Path(name).read_text()
    assert Path("same.md").read_text() == text(stage, COPY, more=f"[trap]({url})")
    assert "the author was here" in Path("appended.md").read_text()
    assert run("undo").returncode == 0
    assert Path("same.md").read_text() == text(stage, more=f"[trap]({url})")


def test_a_file_named_several_times_is_repaired_once(run: Run, stage: Stage, trusted: list[str]) -> None:
    Path("posts").mkdir()
    Path("way").symlink_to("posts")
    Path("posts/a.md").write_text(text(stage))
    names = [
        "posts/a.md",
        "./posts/a.md",
        "posts/../posts/a.md",
        str(Path("posts/a.md").resolve()),
        "posts",
        "way/a.md",
    ]
    done = run("fix", *names, *trusted, "--format", "json", **QUICK)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["summary"]["repairs"] == {"archive": 1}
    assert Path("posts/a.md").read_text() == text(stage, COPY)
    assert run("undo").returncode == 0
    assert Path("posts/a.md").read_text() == text(stage)


def test_a_folder_reached_by_a_symbolic_link_is_repaired_when_it_is_named(
    run: Run, stage: Stage, trusted: list[str]
) -> None:
    Path("real").mkdir()
    Path("way").symlink_to("real")
    Path("real/a.md").write_text(text(stage))
    assert run("fix", "way", *trusted, **QUICK).returncode == 0
    assert Path("real/a.md").read_text() == text(stage, COPY)
    assert Path("way").is_symlink()
    assert run("undo").returncode == 0
    assert Path("real/a.md").read_text() == text(stage)


def test_hard_links_that_are_both_scanned_both_get_the_copy(run: Run, stage: Stage, trusted: list[str]) -> None:
    Path("a.md").write_text(text(stage))
    os.link("a.md", "b.md")
    assert run("fix", ".", *trusted, **QUICK).returncode == 0
    assert [Path(name).read_text() for name in ("a.md", "b.md")] == [text(stage, COPY)] * 2
    assert run("undo").returncode == 0
    assert [Path(name).read_text() for name in ("a.md", "b.md")] == [text(stage)] * 2


def test_files_without_a_repair_are_not_touched_and_those_with_one_are_new(
    run: Run, stage: Stage, trusted: list[str]
) -> None:
    Path("a.md").write_text(text(stage))
    Path("b.md").write_text(f"[a]({stage.web.url('living', '/a')})")
    for name in ("a.md", "b.md"):
        os.utime(name, (1, 1))
    before = Path("b.md").stat()
    assert before.st_mtime == 1
    assert run("fix", ".", *trusted, **QUICK).returncode == 0
    after = Path("b.md").stat()
    assert (after.st_ino, after.st_mtime, after.st_ctime) == (before.st_ino, before.st_mtime, before.st_ctime)
    assert Path("a.md").stat().st_mtime > 1, "site generators go by this"


def test_our_own_writing_is_not_the_day_on_which_the_author_wrote(run: Run, stage: Stage, trusted: list[str]) -> None:
    links = [stage.web.url("gone", path) for path in ("/2016/second", "/2016/menu.html")]
    Path("undated.md").write_text(f"[a]({links[0]}) [b]({stage.web.url('living', '/a?utm_source=x')})\n")
    os.utime("undated.md", (1467900000, 1467900000))  # 2016-07-07
    before = Path("undated.md").read_bytes()
    assert run("fix", ".", "--only", "clean", *trusted, **QUICK).returncode in (0, 1)
    assert Path("undated.md").read_bytes() != before
    assert run("fix", ".", *trusted, **QUICK).returncode == 0
    assert f"({COPY}{links[0]})" in Path("undated.md").read_text(), "the copy of June 2016, not that of 2017"
    for _ in range(2):
        assert run("undo").returncode == 0
    assert Path("undated.md").read_bytes() == before
    assert run("fix", ".", "--no-cache", *trusted, **QUICK).returncode == 0
    assert f"({COPY}{links[0]})" in Path("undated.md").read_text()


def test_the_commit_of_a_fix_is_not_the_day_on_which_the_other_links_of_its_lines_were_written(
    run: Run, stage: Stage, trusted: list[str]
) -> None:
    first, second = (stage.web.url("gone", path) for path in ("/2016/second", "/2016/menu.html"))
    Path("undated.md").write_text(f"[a]({first}) [b]({second}) [c]({stage.web.url('living', '/a?utm_source=x')})\n")

    def commit(when: str) -> None:
        dated = os.environ | {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        for words in ("add .", "-c user.name=a -c user.email=a@b.example commit -qm x"):
            subprocess.run(["git", *words.split()], check=True, env=dated)

    subprocess.run(["git", "init", "-q"], check=True)
    commit("2016-07-07T00:00:00Z")
    assert run("fix", ".", "--exclude", "second", *trusted, **QUICK).returncode == 0
    commit("2025-11-20T00:00:00Z")
    done = run("scan", ".", "--format", "json", *trusted, **QUICK)
    [row] = [row for row in json.loads(done.stdout)["urls"] if row["url"] == first]
    assert (row["links"][0]["date"], row["links"][0]["date_from"]) == ("2016-07-07T00:00:00+00:00", "commit")
    assert run("fix", ".", *trusted, **QUICK).returncode == 0
    assert f"({COPY}{first})" in Path("undated.md").read_text(), "the copy of June 2016, not that of 2017"


def test_what_is_not_committed_and_what_is_outside_git_is_repaired_and_the_index_left_alone(
    run: Run, stage: Stage, trusted: list[str]
) -> None:
    Path("repo").mkdir()
    for name in ("committed", "staged", "changed", "unknown"):
        Path(f"repo/{name}.md").write_text(text(stage))

    def git(*arguments: str) -> str:
        author = ("-c", "user.name=a", "-c", "user.email=a@b.example")
        return subprocess.run(
            ["git", *author, *arguments], cwd="repo", check=True, capture_output=True, text=True
        ).stdout

    git("init", "-q")
    git("add", "committed.md", "changed.md")
    git("commit", "-qm", "x")
    git("add", "staged.md")
    Path("repo/changed.md").write_text(text(stage, more="changed"))
    Path("outside.md").write_text(text(stage))
    assert run("fix", ".", *trusted, **QUICK).returncode == 0
    assert all(COPY in path.read_text() for path in [*Path("repo").glob("*.md"), Path("outside.md")])
    assert git("diff", "--cached", "--name-only") == "staged.md\n"
    assert run("undo").returncode == 0
    assert git("status", "--short") == " M changed.md\nA  staged.md\n?? unknown.md\n"


def test_a_large_file_and_many_files_are_repaired_byte_by_byte(run: Run, stage: Stage, trusted: list[str]) -> None:
    filler = "Of ferries and tea, 茶和渡船。\n" * 100_000 * 3
    Path("large.md").write_text(text(stage) + "\n" + filler + "\n" + text(stage), "utf-8")
    for number in range(300):
        Path(f"{number}.md").write_text(text(stage, more=str(number)))
    assert Path("large.md").stat().st_size > 10_000_000
    assert run("fix", ".", *trusted, **QUICK).returncode == 0
    assert Path("large.md").read_text("utf-8") == text(stage, COPY) + "\n" + filler + "\n" + text(stage, COPY)
    assert all(Path(f"{number}.md").read_text() == text(stage, COPY, more=str(number)) for number in range(300))
    assert run("undo").returncode == 0
    assert Path("large.md").read_text("utf-8") == text(stage) + "\n" + filler + "\n" + text(stage)
