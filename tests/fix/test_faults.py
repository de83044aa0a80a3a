"""Killed, or refused by the system, at every call that changes the disk: each file old or new, nothing left behind.

The calls are counted by wrapping the functions of `os` in the process that writes. A kill is `_exit` in a fork: no
handler, no `finally`, no flush. A write that is killed or fails has written half of its bytes.
"""

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from linkkeeper.errors import LinkkeeperError
from linkkeeper.fix import disk, journal
from linkkeeper.fix.journal import Change, Journal

FILES = 20
REAL_PWRITE = os.pwrite
CODES = (errno.ENOSPC, errno.EIO, errno.EACCES)
CALLS = ("write", "pwrite", "fsync", "rename", "unlink", "mkdir", "ftruncate", "fchmod", "fchown", "setxattr", "open")
Act = Callable[[int, str, tuple[Any, ...]], None]
"""Called before each changing call with its number from 1, its name and arguments; may raise, or never return."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return an empty folder that is the current one: in memory where there is such, as thousands of files are made."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as folder:
        monkeypatch.chdir(folder)
        yield Path(folder)


@pytest.fixture(autouse=True)
def _small_batches_and_no_power_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several batches are needed. Waiting for the disk is counted, and can fail, but is not waited for."""
    monkeypatch.setattr(journal, "BATCH_FILES", 7)
    monkeypatch.setattr(os, "fsync", lambda fd: None)


@contextmanager
def watched(act: Act) -> Iterator[list[str]]:
    """Call act before every call that changes the disk; the list names the calls so far."""
    calls: list[str] = []
    real = {name: getattr(os, name) for name in CALLS}

    def wrapper(name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if name != "open" or args[1] & os.O_CREAT:
                calls.append(name)
                act(len(calls), name, args)
            return real[name](*args, **kwargs)

        return call

    try:
        for name in CALLS:
            setattr(os, name, wrapper(name))
        yield calls
    finally:
        for name in CALLS:
            setattr(os, name, real[name])


def old(number: int) -> bytes:
    return b"old %d\n" % number * 40


def new(number: int) -> bytes:
    return b"brand new %d\n" % number * 50


def changes() -> list[Change]:
    return [Change(f"post-{number}.md", disk.digest(old(number)), new(number)) for number in range(FILES)]


def fresh(project: Path) -> None:
    """Put the project back to how it was before any run."""
    for path in sorted(project.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    for number in range(FILES):
        (project / f"post-{number}.md").write_bytes(old(number))


def write() -> list[str | None]:
    with Journal(".linkkeeper") as opened:
        opened.begin()
        return [outcome.reason for outcome in opened.save_all(changes())]


def undo() -> None:
    with Journal(".linkkeeper") as opened:
        opened.undo()


def half_written(name: str, args: tuple[Any, ...]) -> None:
    """Leave what a write may leave that is cut short."""
    if name == "write":
        fd, piece = args[0], bytes(args[1])
        REAL_PWRITE(fd, piece[: len(piece) // 2], os.lseek(fd, 0, os.SEEK_CUR))


def state_of(project: Path) -> list[str]:
    """Say of each post whether it is old or new; anything else fails the test."""
    states = []
    for number in range(FILES):
        data = (project / f"post-{number}.md").read_bytes()
        assert data in (old(number), new(number)), f"post-{number}.md is torn"
        states.append("new" if data == new(number) else "old")
    return states


def strays(project: Path) -> list[str]:
    posts = {f"post-{number}.md" for number in range(FILES)}
    return sorted(path.name for path in project.iterdir() if path.name not in posts | {".linkkeeper"})


def killed_at(number: int, work: Callable[[], object]) -> bool:
    """Run work in a fork that ends at the changing call of that number; return whether it got so far."""
    child = os.fork()
    if child == 0:

        def act(count: int, name: str, args: tuple[Any, ...]) -> None:
            if count == number:
                half_written(name, args)
                os._exit(9)

        try:
            with watched(act):
                work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def count_calls(work: Callable[[], object]) -> int:
    with watched(lambda *_: None) as calls:
        work()
    return len(calls)


def test_a_fix_killed_at_any_call_leaves_each_file_old_or_new_and_can_be_undone(project: Path) -> None:
    fresh(project)
    total = count_calls(write)
    assert total > 5 * FILES
    for number in range(1, total + 1):
        fresh(project)
        assert killed_at(number, write), number
        state_of(project)
        write()
        assert strays(project) == [], f"killed at call {number}"
        assert state_of(project) == ["new"] * FILES
        if number % 3 == 0:
            undo()
            undo()
            assert state_of(project) == ["old"] * FILES, f"killed at call {number}"


def test_an_undo_killed_at_any_call_leaves_each_file_old_or_new_and_can_be_repeated(project: Path) -> None:
    fresh(project)
    write()
    total = count_calls(undo)
    for number in range(1, total + 1):
        fresh(project)
        write()
        assert killed_at(number, undo), number
        state_of(project)
        undo()
        assert strays(project) == [], f"killed at call {number}"
        assert state_of(project) == ["old"] * FILES, f"killed at call {number}"
        with Journal(".linkkeeper") as opened:
            assert opened.undo().run is None


@pytest.mark.parametrize("persists", [False, True])
def test_an_error_at_any_call_tears_no_file_and_says_so(project: Path, persists: bool) -> None:
    fresh(project)
    total = count_calls(write)
    for number in range(1, total + 1, 4 if persists else 1):
        fresh(project)
        reasons = _failing(number, CODES[number % len(CODES)], persists)
        states = state_of(project)
        if isinstance(reasons, list):
            assert ["old" if reason else "new" for reason in reasons] == states, f"failed at call {number}"
        else:
            assert states == ["old"] * FILES, f"failed at call {number}"
        write()
        assert strays(project) == [], f"failed at call {number}"
        if number % 3 == 0:
            undo()
            undo()
            assert state_of(project) == ["old"] * FILES, f"failed at call {number}"


def _failing(number: int, code: int, persists: bool) -> list[str | None] | LinkkeeperError:
    def act(count: int, name: str, args: tuple[Any, ...]) -> None:
        if count == number or (persists and count > number):
            half_written(name, args)
            raise OSError(code, os.strerror(code))

    with watched(act):
        try:
            return write()
        except LinkkeeperError as error:
            return error


def test_an_interruption_at_any_call_tears_no_file_and_leaves_no_stray(project: Path) -> None:
    fresh(project)
    total = count_calls(write)
    for number in range(1, total + 1, 4):
        fresh(project)

        def act(count: int, name: str, args: tuple[Any, ...], at: int = number) -> None:
            if count == at:
                raise KeyboardInterrupt

        with watched(act), pytest.raises(KeyboardInterrupt):
            write()
        state_of(project)
        assert strays(project) == [], f"interrupted at call {number}"
        undo()
        assert state_of(project) == ["old"] * FILES, f"interrupted at call {number}"
