"""The state survives what disks, other processes and other versions do to it."""

import multiprocessing
import os
import sqlite3
import stat
import threading
import time
from pathlib import Path

import pytest

from linkkeeper.store import database, schema
from linkkeeper.store.database import Database, open_state

_KEEP = "INSERT OR REPLACE INTO clocks VALUES (?, ?)"
_MANY = "INSERT OR REPLACE INTO clocks VALUES {rows}"


def _names(state: Database) -> set[object]:
    return {row[0] for row in state.read("SELECT name FROM clocks")}


def test_what_is_written_is_there_for_the_next_run(tmp_path: Path) -> None:
    with open_state(tmp_path / "state") as state:
        assert state.kept
        assert state.write((_KEEP, [("a", b"1"), ("b", b"2")]))
    with open_state(tmp_path / "state") as state:
        assert _names(state) == {"a", "b"}
        assert state.notes == []


def test_git_leaves_a_new_state_directory_alone(tmp_path: Path) -> None:
    open_state(tmp_path / "state").close()
    assert (tmp_path / "state" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("content", [b"not a database at all" * 500, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_set_aside_with_a_word(tmp_path: Path, content: bytes) -> None:
    (tmp_path / database.NAME).write_bytes(content)
    with open_state(tmp_path) as state:
        assert state.kept
        assert "set aside" in state.notes[0]
        assert state.write((_KEEP, [("a", b"1")]))
    aside = [path for path in tmp_path.iterdir() if ".damaged-" in path.name]
    assert [path.read_bytes() for path in aside] == [content]
    with open_state(tmp_path) as state:
        assert _names(state) == {"a"}


def test_damage_found_in_the_middle_of_a_run_is_set_aside_too(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        state.write((_KEEP, [(str(number), os.urandom(3000)) for number in range(300)]))
    file = tmp_path / database.NAME
    content = bytearray(file.read_bytes())
    content[8192:] = os.urandom(len(content) - 8192)
    file.write_bytes(content)
    with open_state(tmp_path) as state:
        state.read("SELECT name, value FROM clocks")
        assert state.write((_KEEP, [("a", b"1")]))
        assert any("set aside" in note for note in state.notes)
        assert _names(state) == {"a"}


def test_a_newer_database_is_left_alone_and_done_without(tmp_path: Path) -> None:
    open_state(tmp_path).close()
    with sqlite3.connect(tmp_path / database.NAME) as raw:
        raw.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    raw.close()
    before = (tmp_path / database.NAME).read_bytes()
    with open_state(tmp_path) as state:
        assert not state.kept
        assert "newer linkkeeper" in state.notes[0]
        assert state.write((_KEEP, [("a", b"1")]))
        assert _names(state) == {"a"}
    assert (tmp_path / database.NAME).read_bytes() == before


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / database.NAME) as raw:
        raw.execute("CREATE TABLE theirs (x)")
    raw.close()
    with open_state(tmp_path) as state:
        assert not state.kept
        assert "another program" in state.notes[0]


def test_a_locked_database_is_waited_for_and_then_done_without(tmp_path: Path) -> None:
    holder = sqlite3.connect(tmp_path / database.NAME, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    started = time.monotonic()
    with open_state(tmp_path, wait_s=1.0) as state:
        assert not state.kept
        assert "cannot be used" in state.notes[0]
        assert 0.5 < time.monotonic() - started < 10
    holder.close()


def test_a_writer_that_takes_its_time_is_waited_for(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        other = sqlite3.connect(tmp_path / database.NAME, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert not state.write((_KEEP, [("a", b"1")]), patient=False)
        other.execute("COMMIT")
        other.close()
        assert state.write((_KEEP, [("a", b"1")]))
        assert state.notes == []


def test_what_is_written_later_does_not_hold_up_its_caller_and_is_seen_by_the_next_reader(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        other = sqlite3.connect(tmp_path / database.NAME, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        state.write_later((_MANY, [(f"a{number}", b"1") for number in range(2000)]))
        threading.Timer(0.2, lambda: other.execute("COMMIT")).start()
        assert len(_names(state)) == 2000
        other.close()


def test_what_is_written_later_is_there_in_the_end_in_the_order_in_which_it_was_given(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        for number in range(50):
            state.write_later((_MANY, [("a", b"%d" % number)]))
    with open_state(tmp_path) as state:
        assert state.read("SELECT value FROM clocks") == [(b"49",)]


def test_what_cannot_be_written_later_is_said_and_holds_nobody_up(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        state.write_later((_MANY, [("\ud800", b"1")]))
        state.write_later((_MANY, [("a", b"1")]))
        assert state.read("SELECT 1") == [(1,)]
        assert "can no longer be written" in state.notes[0]


def test_a_lock_that_stays_is_waited_for_once_however_much_is_to_be_written(tmp_path: Path) -> None:
    holder = sqlite3.connect(tmp_path / database.NAME, isolation_level=None, check_same_thread=False)
    state = open_state(tmp_path, wait_s=0.5)
    holder.execute("BEGIN IMMEDIATE")
    for number in range(30):
        state.write_later((_MANY, [(f"{number}", b"1")]))
    started = time.monotonic()
    state.close()
    assert time.monotonic() - started < 10, "thirty times half a second would be 15"
    assert "locked" in state.notes[0]
    holder.close()


def test_what_is_written_later_to_a_lost_database_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with open_state(tmp_path / "state") as state:
        state.write_later((_MANY, [("a", b"1")]))
        assert _names(state) == {"a"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with open_state(tmp_path / "state") as state:
        assert not state.kept
        assert state.notes
    tmp_path.chmod(stat.S_IRWXU)


def test_a_file_where_the_directory_should_be_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with open_state(tmp_path / "state") as state:
        assert not state.kept
        assert state.write((_KEEP, [("a", b"1")]))


def test_a_directory_where_the_file_should_be_is_done_without(tmp_path: Path) -> None:
    (tmp_path / database.NAME).mkdir()
    with open_state(tmp_path) as state:
        assert not state.kept
        assert state.notes


def test_a_full_disk_ends_the_remembering_and_not_the_run(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        state.write((_KEEP, [("before", b"1")]))
        pages = state.read("PRAGMA page_count")[0][0]
        state.read(f"PRAGMA max_page_count = {pages}")  # SQLite then answers as on a full disk
        assert state.write((_KEEP, [(str(number), bytes(4000)) for number in range(50)]))
        assert not state.kept
        assert "can no longer be written" in state.notes[0]
        assert _names(state) == {"before"}
        assert state.write((_KEEP, [("after", b"1")]))


def _fill(directory: Path, name: str) -> None:
    with open_state(directory) as state:
        for number in range(40):
            state.write((_KEEP, [(f"{name}{number}", b"1")]))


def test_several_processes_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=_fill, args=(tmp_path, name)) for name in "abcd"]
    for process in others:
        process.start()
    for process in others:
        process.join(30)
        assert process.exitcode == 0
    with open_state(tmp_path) as state:
        assert len(_names(state)) == 160
        assert state.notes == []


def _write_one(directory: Path, name: str) -> None:
    with open_state(directory) as state:
        state.write((_KEEP, [(name, b"1")]))


def test_processes_that_meet_a_damaged_file_together_set_aside_only_that_one(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    for attempt in range(5):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        (folder / database.NAME).write_bytes(b"damaged" * 2000)
        others = [context.Process(target=_write_one, args=(folder, name)) for name in "abcd"]
        for process in others:
            process.start()
        for process in others:
            process.join(30)
            assert process.exitcode == 0
        with open_state(folder) as state:
            assert _names(state) == set("abcd")
        assert len([path for path in folder.iterdir() if ".damaged-" in path.name]) == 1
