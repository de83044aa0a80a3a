"""Saving and undoing: each file old or new, every byte back, what must be left alone left alone."""

import json
import os
import stat
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import linkkeeper
from linkkeeper.errors import StateError, UsageError
from linkkeeper.fix import disk
from linkkeeper.fix.journal import Change, Journal

Posts = Callable[[int], list[Change]]
Read = Callable[[Path], dict[str, bytes]]


def _write(journal: Journal, changes: list[Change]) -> list[str | None]:
    journal.begin()
    reasons = [outcome.reason for outcome in journal.save_all(changes)]
    journal.commit()
    return reasons


def test_a_run_writes_every_file_and_undo_gives_back_every_byte(
    project: Path, posts: Posts, journal: Journal, snapshot: Read
) -> None:
    changes = posts(150)
    before = snapshot(project)
    assert _write(journal, changes) == [None] * 150
    assert snapshot(project) == {change.path: change.data for change in changes}
    result = journal.undo()
    assert [outcome.reason for outcome in result.outcomes] == [None] * 150
    assert snapshot(project) == before
    assert journal.undo().run is None


def test_undo_takes_back_the_last_run_that_wrote(project: Path, posts: Posts, journal: Journal, snapshot: Read) -> None:
    changes = posts(2)
    before = snapshot(project)
    _write(journal, changes)
    between = snapshot(project)
    _write(journal, [Change(change.path, disk.digest(change.data), b"third") for change in changes])
    _write(journal, changes)  # all changed meanwhile: writes nothing, so it is no run to undo
    assert len(journal.runs()) == 2
    journal.undo()
    assert snapshot(project) == between
    journal.undo()
    assert snapshot(project) == before
    assert [(run.written, run.undone) for run in journal.runs()] == [(0, 2), (0, 2)]


def test_undo_refuses_a_file_changed_since_by_name_and_does_the_rest(
    project: Path, posts: Posts, journal: Journal
) -> None:
    _write(journal, posts(3))
    (project / "post-1.md").write_bytes(b"the author was here")
    outcomes = {Path(outcome.path).name: outcome.reason for outcome in journal.undo().outcomes}
    assert outcomes == {"post-0.md": None, "post-1.md": "it was changed since", "post-2.md": None}
    assert (project / "post-1.md").read_bytes() == b"the author was here"
    assert [(run.written, run.undone) for run in journal.runs()] == [(1, 2)]
    (project / "post-1.md").write_bytes(b"new text 1\r\n")
    assert [outcome.reason for outcome in journal.undo().outcomes] == [None]
    assert (project / "post-1.md").read_bytes() == b"old 1\r\n"


def test_an_earlier_run_is_not_undone_over_a_later_one(project: Path, posts: Posts, journal: Journal) -> None:
    changes = posts(1)
    _write(journal, changes)
    _write(journal, [Change(changes[0].path, disk.digest(changes[0].data), b"third")])
    first, second = (run.id for run in journal.runs())
    assert [outcome.reason for outcome in journal.undo(first).outcomes] == ["it was changed since"]
    assert [outcome.reason for outcome in journal.undo(second).outcomes] == [None]
    assert [outcome.reason for outcome in journal.undo(first).outcomes] == [None]


def test_undoing_what_is_no_run_is_a_usage_error(journal: Journal, posts: Posts) -> None:
    _write(journal, posts(1))
    for name in ("20260101T000000Z-abcdef", "../../etc/passwd", ""):
        with pytest.raises(UsageError, match="run"):
            journal.undo(name)


def _changed(path: Path) -> None:
    path.write_bytes(b"else")


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _symlinked(path: Path) -> None:
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real"))


LEFT_ALONE: dict[str, tuple[Callable[[Path], None], str]] = {
    "changed": (_changed, "it was changed meanwhile"),
    "gone": (Path.unlink, "it is gone"),
    "symlinked": (_symlinked, "it is a symbolic link"),
    "read-only": (lambda path: path.chmod(0o444), "it is read-only"),
    "a folder": (_a_folder, "it is not a regular file"),
    "a pipe": (_a_pipe, "it is not a regular file"),
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_a_file_that_must_be_left_alone_is_and_the_rest_is_done(
    name: str, project: Path, posts: Posts, journal: Journal
) -> None:
    change, reason = LEFT_ALONE[name]
    changes = posts(3)
    change(project / "post-1.md")
    assert _write(journal, changes) == [None, reason, None]
    assert (project / "post-2.md").read_bytes() == b"new text 2\r\n"
    assert not list(project.glob(".linkkeeper-*"))


def test_a_file_in_a_read_only_folder_is_left_alone(project: Path, journal: Journal) -> None:
    (project / "shut").mkdir()
    (project / "shut" / "post.md").write_bytes(b"old")
    (project / "shut").chmod(0o555)
    try:
        reasons = _write(journal, [Change("shut/post.md", disk.digest(b"old"), b"new")])
    finally:
        (project / "shut").chmod(0o755)
    assert reasons == ["its directory is read-only"]
    assert (project / "shut" / "post.md").read_bytes() == b"old"


def test_a_file_changed_between_reading_and_renaming_is_left_alone(
    project: Path, posts: Posts, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = posts(2)
    real_fsync = os.fsync

    def fsync(fd: int) -> None:
        real_fsync(fd)
        (project / "post-0.md").write_bytes(b"written at the last moment")

    monkeypatch.setattr(os, "fsync", fsync)
    assert _write(journal, changes) == ["it was changed meanwhile", None]
    assert (project / "post-0.md").read_bytes() == b"written at the last moment"


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o755, 0o2664, 0o4755])
def test_mode_and_owner_are_kept(mode: int, project: Path, posts: Posts, journal: Journal) -> None:
    changes = posts(1)
    path = project / "post-0.md"
    if os.geteuid() == 0:
        os.chown(path, 1234, 5678)
    path.chmod(mode)
    before = path.stat()
    assert _write(journal, changes) == [None]
    for _ in range(2):
        after = path.stat()
        assert stat.S_IMODE(after.st_mode) == mode
        assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
        journal.undo()


def test_extended_attributes_are_kept(project: Path, posts: Posts, journal: Journal) -> None:
    changes = posts(1)
    try:
        os.setxattr(project / "post-0.md", "user.note", b"mine")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    _write(journal, changes)
    assert os.getxattr(project / "post-0.md", "user.note") == b"mine"


def test_a_hard_link_elsewhere_keeps_its_bytes(project: Path, posts: Posts, journal: Journal) -> None:
    changes = posts(1)
    os.link(project / "post-0.md", project / "other name")
    assert _write(journal, changes) == [None]
    assert (project / "other name").read_bytes() == b"old 0\r\n"
    assert (project / "post-0.md").read_bytes() == b"new text 0\r\n"


def test_file_names_of_any_bytes_are_written_and_undone(project: Path, journal: Journal) -> None:
    names = [b"\xff\xfe.md", "中文 与 空格.md".encode(), b"new\nline.md", b"-rf.md", b"x" * 252 + b".md"]
    for name in names:
        (project / os.fsdecode(name)).write_bytes(b"old")
    changes = [Change(os.fsdecode(name), disk.digest(b"old"), b"new") for name in names]
    assert _write(journal, changes) == [None] * len(names)
    assert all((project / os.fsdecode(name)).read_bytes() == b"new" for name in names)
    assert all(outcome.reason is None for outcome in journal.undo().outcomes)
    assert all((project / os.fsdecode(name)).read_bytes() == b"old" for name in names)


def test_a_project_may_move_between_fix_and_undo(project: Path, posts: Posts, journal: Journal) -> None:
    _write(journal, posts(2))
    journal.close()
    moved = project.rename(project.with_name("moved"))
    with Journal(moved / ".linkkeeper") as there:
        assert [outcome.reason for outcome in there.undo().outcomes] == [None, None]
    assert (moved / "post-1.md").read_bytes() == b"old 1\r\n"


def test_undo_works_from_another_folder_and_with_the_state_elsewhere(
    project: Path, posts: Posts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = posts(2)
    with Journal(tmp_path / "elsewhere") as journal:
        _write(journal, changes)
    monkeypatch.chdir(tmp_path)
    with Journal("elsewhere") as journal:
        assert [outcome.reason for outcome in journal.undo().outcomes] == [None, None]
    assert (project / "post-0.md").read_bytes() == b"old 0\r\n"


def test_the_same_file_named_twice_is_written_once(posts: Posts, journal: Journal) -> None:
    change = posts(1)[0]
    reasons = _write(journal, [change, Change(f"./{change.path}", change.digest, b"second")])
    assert sorted(reasons, key=str) == [None, "it was changed meanwhile"]


def test_two_writing_runs_exclude_each_other(project: Path, posts: Posts, journal: Journal) -> None:
    journal.begin()
    with Journal(project / ".linkkeeper") as other:
        with pytest.raises(StateError, match=f"another run is changing these posts .process {os.getpid()}"):
            other.begin()
        with pytest.raises(StateError, match="another run"):
            other.undo()
    journal.close()
    with Journal(project / ".linkkeeper") as other:
        assert other.begin()


@pytest.mark.parametrize("state", ["post-0.md", "post-0.md/deeper"])
def test_a_state_that_is_no_directory_is_said_to_be_none(project: Path, posts: Posts, state: str) -> None:
    posts(1)
    with Journal(project / state) as journal, pytest.raises(StateError, match="is no directory"):
        journal.acquire()


def test_the_lock_ends_with_its_process_even_if_that_left_a_worker_behind(project: Path, posts: Posts) -> None:
    code = (
        "import os, time\n"
        "ready, tell = os.pipe()\n"
        "from linkkeeper.fix.journal import Journal\n"
        "Journal('.linkkeeper').begin()\n"
        "if os.fork() == 0: os.write(tell, b'x'), time.sleep(60)\n"
        "os.read(ready, 1)\n"
        "print('held', flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(linkkeeper.__file__).parents[1])}
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True, env=env)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        holder.wait(10)
        holder.stdout.close()
        with Journal(project / ".linkkeeper") as journal:
            assert journal.begin()
    finally:
        os.killpg(holder.pid, 9)


def test_git_does_not_see_the_journal(project: Path, posts: Posts, journal: Journal) -> None:
    _write(journal, posts(1))
    subprocess.run(["git", "init", "-q", "."], check=True)
    status = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    assert status == "?? post-0.md\n"


def test_reading_the_list_of_runs_leaves_the_disk_alone(project: Path, journal: Journal) -> None:
    assert journal.runs() == []
    assert not (project / ".linkkeeper").exists()


def test_a_run_that_writes_nothing_leaves_no_journal(project: Path, posts: Posts, journal: Journal) -> None:
    changes = posts(1)
    (project / "post-0.md").chmod(0o444)
    _write(journal, changes)
    assert journal.runs() == []
    assert list((project / ".linkkeeper" / "journal").iterdir()) == []


def test_without_a_journal_nothing_is_written(project: Path, posts: Posts) -> None:
    changes = posts(1)
    (project / ".linkkeeper").mkdir()
    (project / ".linkkeeper" / "journal").write_text("in the way")
    with Journal(project / ".linkkeeper") as journal, pytest.raises(StateError, match="cannot make"):
        journal.begin()
    assert (project / changes[0].path).read_bytes() == b"old 0\r\n"


def test_a_damaged_journal_loses_no_post_and_stops_nobody(project: Path, posts: Posts, journal: Journal) -> None:
    _write(journal, posts(3))
    path = next((project / ".linkkeeper" / "journal").iterdir())
    data = path.read_bytes()
    for cut in range(0, len(data), 7):
        path.write_bytes(data[:cut] + b"\xff" + data[cut + 1 :])
        journal.runs()
        path.write_bytes(data[:cut])
        journal.runs()
    path.write_bytes(os.urandom(len(data)))
    assert journal.undo().run is None
    assert (project / "post-0.md").read_bytes() == b"new text 0\r\n"


@pytest.mark.parametrize("text", [b"", b"0badc0de {", b"half a record"])
def test_a_journal_that_was_begun_and_holds_no_record_is_removed_by_the_next_run(
    project: Path, posts: Posts, journal: Journal, text: bytes
) -> None:
    _write(journal, posts(1))
    begun = project / ".linkkeeper" / "journal" / "20260101T000000Z-abc123.journal"
    begun.write_bytes(text)
    journal.close()
    with Journal(project / ".linkkeeper") as later:
        assert len(later.runs()) == 1
        assert begun.exists(), "reading removes nothing"
        later.acquire()
        assert not begun.exists()
        assert len(later.runs()) == 1


@pytest.mark.parametrize("temporary", ["precious.md", "../precious.md", ".linkkeeper-/../../precious.md", ""])
def test_a_forged_journal_cannot_have_other_files_removed(
    project: Path, posts: Posts, journal: Journal, temporary: str
) -> None:
    (project / "precious.md").write_text("mine")
    entry = {
        "kind": "file",
        "path": "post-0.md",
        "old": "",
        "new": "",
        "temporary": temporary,
        "size": 1,
        "notes_size": 1,
    }
    forgeries: list[object] = [
        entry,
        {**entry, "size": -40},
        {**entry, "path": 5},
        {"kind": "run", "number": "x"},
        [],
        None,
    ]
    for fields in forgeries:
        line = json.dumps(fields).encode()
        folder = project / ".linkkeeper" / "journal"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "forged.journal").write_bytes(b"%08x %s\nab\n" % (zlib.crc32(line), line))
        journal.close()
        journal.begin()
        assert (project / "precious.md").read_text() == "mine"
        journal.commit()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=300), st.binary(max_size=300)), min_size=1, max_size=6))
def test_writing_then_undoing_gives_back_every_byte(project: Path, pairs: list[tuple[bytes, bytes]]) -> None:
    changes = []
    for number, (old, new) in enumerate(pairs):
        (project / f"{number}.md").write_bytes(old)
        changes.append(Change(f"{number}.md", disk.digest(old), new))
    with Journal(project / ".linkkeeper") as journal:
        assert _write(journal, changes) == [None] * len(pairs)
        assert [(project / f"{number}.md").read_bytes() for number in range(len(pairs))] == [new for _, new in pairs]
        journal.undo()
    assert [(project / f"{number}.md").read_bytes() for number in range(len(pairs))] == [old for old, _ in pairs]
