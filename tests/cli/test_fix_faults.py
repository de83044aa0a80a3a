"""The whole command, killed, terminated, interrupted or refused at every call that changes a post or the journal.

`faulty.py` counts the calls and lets one go wrong; strace, where there is one, does the same from outside, to calls
of every library. By default some points of each sweep are tried; `FAULT_SWEEP=all` tries every one,
`FAULT_SWEEP=50` fifty, and `FAULT_SWEEP=2/4` the second quarter of all: four such runs tried every one.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from msgspec import Struct

from linkkeeper.demo.story import Stage

FILES = 22
BATCH = 8
"""Files that are written together: with so few files there would be one batch only."""
POINTS = 8
"""Of each sweep, unless every point is asked for."""
QUICK = {"LINKKEEPER_WAYBACK_RATE": "60000", "LINKKEEPER_WAYBACK_PUBLIC_URL": "https://web.archive.org"}
COPY = "https://web.archive.org/web/20160620080000/"
ERRORS = ("ENOSPC", "EIO", "EACCES")
STRACE = shutil.which("strace")
STRACE_FLAGS = ("-f", "--seccomp-bpf", "-qq")
CHANGING = (
    *("fsync,fdatasync", "?rename,renameat,renameat2", "write", "pwrite64", "fchmod"),
    *("ftruncate,fchown", "?unlink,unlinkat,?mkdir,mkdirat,?rmdir"),
)
"""What a fix of posts was seen to call that changes the disk, its database included (strace, 2026-11-20); files are
made by `openat`, which `faulty.py` lets go wrong for ours, and a test below for the database's."""
SWEEP = os.environ.get("FAULT_SWEEP", "")


pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="SKIPPED: no /proc to name descriptors by")


class Done(Struct):
    """What came of one command."""

    code: int
    said: str
    calls: list[str]
    """Name and place of each changing call, in order."""


class Project:
    """A folder of posts whose links were all asked about, and a process that runs commands in copies of it."""

    def __init__(self, folder: Path, stage: Stage, flags: list[str]) -> None:
        self.warm, self.now = folder / "warm", folder / "now"
        self._logs, self._flags = folder / "logs", flags
        self._logs.mkdir()
        self.old = posts(stage)
        self.new: dict[str, bytes] = {}
        script = Path(__file__).with_name("faulty.py")
        self._environment = os.environ | QUICK | {"PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            [sys.executable, str(script)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self._environment,
        )  # fmt: skip

    def make(self, stage: Stage) -> None:
        """Write the posts, ask about their links, and see what a fix makes of them."""
        for name, data in self.old.items():
            path = self.warm / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (self.warm / "posts" / "0.md").chmod(0o600)
        (self.warm / "posts" / "1.md").chmod(0o755)
        (self.warm / "elsewhere").mkdir()
        os.link(self.warm / "posts" / "2.md", self.warm / "elsewhere" / "2.md")
        (self.warm / "tidy").mkdir()
        (self.warm / "tidy" / "alive.md").write_text(stage.web.url("living", "/a?utm_source=x&id=1"))
        scanned = subprocess.run(
            [sys.executable, "-m", "linkkeeper", "scan", "posts", "tidy", *self._flags],
            cwd=self.warm, env=self._environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert scanned.returncode == 1, scanned.stderr
        stage.web.seen.clear()
        self.restore()
        assert self.run("fix", "posts").code == 0
        self.new = {name: (self.now / name).read_bytes() for name in self.old}
        assert all(self.new[name] != data for name, data in self.old.items())
        assert not stage.web.seen, "all was known"

    def close(self) -> None:
        """Let the process end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):  # it has ended by itself: then something has failed already
            self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def restore(self) -> None:
        """Make the folder as it was before any fix."""
        if self.now.exists():
            shutil.rmtree(self.now)
        shutil.copytree(self.warm, self.now, symlinks=True)

    def run(self, *arguments: str, at: int = 0, act: str = "", persists: bool = False) -> Done:
        """Run a command in the folder; from its call of number `at` on, `act` happens."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        flags = self._flags if arguments[0] == "fix" else []
        record = self._logs / "record"
        record.unlink(missing_ok=True)
        order = {
            "argv": [*arguments, *flags], "cwd": str(self.now), "at": at, "act": act, "persists": persists,
            "batch": BATCH, "record": str(record), "stdout": str(self._logs / "out"), "stderr": str(self._logs / "err"),
        }  # fmt: skip
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        said = (self._logs / "err").read_text("utf-8", "replace")
        assert "Traceback" not in said
        assert "internal error" not in said
        calls = record.read_text("utf-8", "replace").splitlines() if record.exists() else []
        return Done(code, said, calls)

    def traced(self, calls: str, fault: str = "", only: str = "") -> Done:
        """Run `fix` under strace, with a fault injected into these calls (of one file only); see strace(1)."""
        assert STRACE
        log = self._logs / "strace"
        inject = ["-e", f"inject={calls}:{fault}"] if fault else []
        inject += ["-P", str(self.now / only)] if only else []
        command = [STRACE, *STRACE_FLAGS, "-o", str(log), "-e", f"trace={calls}", *inject]
        done = subprocess.run(
            [*command, sys.executable, "-m", "linkkeeper", "fix", "posts", *self._flags],
            cwd=self.now, env=self._environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        return Done(done.returncode, done.stderr, log.read_text("utf-8", "replace").splitlines())

    def states(self) -> dict[str, str]:
        """Say of each post whether it is old or new; anything else fails the test."""
        found = {}
        for name, old in self.old.items():
            data = (self.now / name).read_bytes()
            assert data in (old, self.new[name]), f"{name} is torn"
            assert (self.now / name).stat().st_mode == (self.warm / name).stat().st_mode, f"{name} has another mode"
            found[name] = "old" if data == old else "new"
        assert (self.now / "elsewhere" / "2.md").read_bytes() == self.old["posts/2.md"]
        return found

    def is_all(self, state: str) -> bool:
        """Say whether every post is old, or new."""
        return set(self.states().values()) == {state}

    def strays(self) -> list[str]:
        """Return the names of files that nobody asked for."""
        known = {*self.old, "elsewhere/2.md", "tidy/alive.md"}
        files = (path.relative_to(self.now) for path in self.now.rglob("*") if path.is_file())
        return sorted(str(path) for path in files if path.parts[0] != ".linkkeeper" and str(path) not in known)

    def strays_in_the_state(self) -> list[str]:
        """Return the names of unfinished files of the state, journals without an end among them."""
        state = self.now / ".linkkeeper"
        journals = [path for path in (state / "journal").glob("*") if b'"kind":"end"' not in path.read_bytes()]
        return sorted(path.name for path in (*state.rglob("*.tmp"), *journals))

    def mend(self) -> None:
        """Run again without faults, then take everything back: all new, nothing left over; all old."""
        again = self.run("fix", "posts")
        assert again.code == 0, again.said
        assert self.is_all("new")
        assert self.strays() == []
        assert self.strays_in_the_state() == []
        self.take_back()

    def take_back(self) -> None:
        """Undo every run."""
        for _ in range(4):
            undone = self.run("undo")
            assert undone.code == 0, undone.said
            if "nothing to undo" in undone.said:
                break
        assert self.is_all("old")
        assert self.strays() == []


def posts(stage: Stage) -> dict[str, bytes]:
    """Return documents of several formats and encodings, each with a dead link and one to clean."""
    dead, dirty = stage.web.url("gone", "/2016/second"), stage.web.url("living", "/a?utm_source=x&id=1")
    templates = {
        "md": "---\ndate: 2016-07-08\n---\n\n[a]({0} 't') and <{1}>，看{0}。\n",
        "html": "<meta name=date content='2016-07-08'>\r\n<a href='{0}#top'>a</a> <a href={1}>b</a>\r\n",
        "rst": "`a <{0}>`_ and {1}\n",
        "txt": "{0} {1}",
        "adoc": "= A\n:date: 2016-07-08\n\n{0}[a] {1}[b]\n",
    }
    kinds = list(templates)
    found = {}
    for number in range(FILES):
        kind = kinds[number % len(kinds)] if number > 2 else "md"
        name = f"posts/{'deep/' if number % 3 == 2 else ''}{'2016-07-08-' if number > 2 else ''}{number}.{kind}"
        text = templates[kind].format(dead, dirty) + f"Number {number}. " * 40
        found[name if number != 2 else "posts/2.md"] = text.encode()
    return found


@pytest.fixture(scope="module")
def project(stage: Stage) -> Iterator[Project]:
    """Return the project: in memory where there is such, for it is made anew for every point."""
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) else None
    hosts = [flag for host in stage.web.hosts for flag in ("--allow-host", host)]
    flags = [*hosts, "--wayback-url", stage.archive_url, "--timeout", "5"]
    with tempfile.TemporaryDirectory(dir=where, ignore_cleanup_errors=True) as folder:
        made = Project(Path(folder), stage, flags)
        try:
            made.make(stage)
            yield made
        finally:
            made.close()


def points(total: int, budget: int = POINTS, offset: int = 0) -> list[int]:
    """Return the numbers of the calls to be tried: all, or as many as the budget allows, evenly spread."""
    budget = int(SWEEP) if SWEEP.isdigit() else budget
    if "/" in SWEEP:
        part, _, parts = SWEEP.partition("/")
        return list(range(int(part), total + 1, int(parts)))
    if SWEEP == "all" or total <= budget:
        return list(range(1, total + 1))
    return sorted({1 + (offset + place * total) // budget % total for place in range(budget)})


def calls_of(project: Project, *arguments: str) -> list[str]:
    """Return the changing calls of a command that nothing disturbs."""
    done = project.run(*arguments)
    assert done.code == 0, done.said
    return done.calls


def after_a_fix(project: Project) -> None:
    project.restore()
    assert project.run("fix", "posts").code == 0


@pytest.fixture
def fixing(project: Project) -> list[str]:
    """Return the calls of an undisturbed fix."""
    project.restore()
    calls = calls_of(project, "fix", "posts")
    assert sum(call.startswith("rename ") for call in calls) == FILES
    return calls


@pytest.fixture
def undoing(project: Project) -> list[str]:
    """Return the calls of an undisturbed undo."""
    after_a_fix(project)
    return calls_of(project, "undo")


def test_no_name_changes_hands_before_journal_and_new_files_are_on_the_disk(fixing: list[str]) -> None:
    """What makes a power cut harmless: the order in which things are brought down to the disk."""
    changed: set[str] = set()
    settled: set[str] = set()
    for call in fixing:
        name, _, place = call.partition(" ")
        if name in ("open", "write", "ftruncate", "fchmod", "fchown", "setxattr"):
            changed.add(place)
        elif name == "fsync":
            changed.discard(place)
            settled.add(place)
        elif name == "rename":
            target, _, temporary = place.partition(" from ")
            new = str(Path(target).with_name(temporary))
            assert new in settled, f"{new} was not waited for"
            assert new not in changed
            assert not any(place.startswith(".linkkeeper/journal") for place in changed), (
                "the journal was not waited for"
            )
            assert {".linkkeeper/journal"} <= settled, "nor its folder"
            changed.add(str(Path(target).parent))
    assert not any(place == "posts" or place.startswith("posts/") for place in changed), (
        "the folders were not waited for"
    )


def test_a_fix_killed_at_any_call_leaves_each_file_old_or_new(project: Project, fixing: list[str]) -> None:
    for number in points(len(fixing)):
        project.restore()
        done = project.run("fix", "posts", at=number, act="KILL")
        assert done.code == -9, fixing[number - 1]
        project.states()
        project.mend()


def test_a_fix_killed_while_it_writes_its_state_leaves_nothing_behind(project: Project, fixing: list[str]) -> None:
    numbers = [number for number, call in enumerate(fixing, 1) if " .linkkeeper/" in call]
    assert any(" .linkkeeper/extractions/" in call for call in fixing), "a fresh copy is read anew"
    packed = [number for number in numbers if " .linkkeeper/extractions/" in fixing[number - 1]]
    for number in numbers if SWEEP else {*packed[-1:], *numbers[::8]}:
        project.restore()
        assert project.run("fix", "posts", at=number, act="KILL").code == -9
        project.mend()


def test_what_a_killed_fix_wrote_is_undone_without_a_rerun(project: Project, fixing: list[str]) -> None:
    for number in points(len(fixing), offset=3):
        project.restore()
        project.run("fix", "posts", at=number, act="KILL")
        project.take_back()


@pytest.mark.parametrize("act", ["TERM", "INT"])
def test_a_fix_stopped_at_any_call_names_what_it_wrote_and_leaves_no_stray(
    project: Project, fixing: list[str], act: str
) -> None:
    for number in points(len(fixing), offset=1 if act == "TERM" else 7):
        project.restore()
        done = project.run("fix", "posts", at=number, act=act)
        assert done.code == 130, fixing[number - 1]
        assert project.strays() == [], fixing[number - 1]
        written = [name for name, state in project.states().items() if state == "new"]
        named = re.findall(r"^(\S+): \d repairs made$", done.said, re.MULTILINE)
        assert sorted(named) == sorted(written), f"{fixing[number - 1]}: {done.said}"
        project.mend()


def test_a_fix_stopped_again_and_again_leaves_each_file_old_or_new(project: Project, fixing: list[str]) -> None:
    for number in points(len(fixing), budget=4):
        project.restore()
        done = project.run("fix", "posts", at=number, act="INT", persists=True)
        assert done.code in (130, 99), fixing[number - 1]
        project.states()
        project.mend()


@pytest.mark.parametrize("error", ERRORS)
def test_a_fix_refused_at_any_call_says_so_and_does_the_rest(project: Project, fixing: list[str], error: str) -> None:
    for number in points(len(fixing), offset=2 * ERRORS.index(error)):
        call = fixing[number - 1]
        project.restore()
        done = project.run("fix", "posts", at=number, act=error)
        states = project.states()
        left = [name for name, state in states.items() if state == "old"]
        assert project.strays() == [] or call.startswith("unlink "), call
        assert done.code == exit_after(call, left), f"{call}: {done.said}"
        if done.code != 3:
            assert all(f"{name}: left alone: " in done.said for name in left), call
            assert not any(f"{name}: left alone: " in done.said for name in set(states) - set(left)), call
        if not call.partition(" ")[2].startswith(".linkkeeper"):
            assert len(left) <= 1, f"{call}: the others are done"
        project.mend()


def exit_after(call: str, left: list[str]) -> int:
    """The lock and its folder must be had; otherwise dead links that could not be repaired make 1."""
    if call in ("open .linkkeeper/fix.lock", "mkdir .linkkeeper/journal", "fsync .linkkeeper") and left:
        return 3
    return 1 if left else 0


def test_a_repair_that_the_system_refused_is_exit_3_where_no_dead_link_is_left(project: Project) -> None:
    project.restore()
    calls = calls_of(project, "fix", "tidy")
    number = next(place for place, call in enumerate(calls, 1) if call.startswith("write tidy/"))
    project.restore()
    done = project.run("fix", "tidy", at=number, act="ENOSPC")
    assert done.code == 3
    assert "tidy/alive.md: left alone: no space left on device\n" in done.said


@pytest.mark.parametrize("error", ERRORS)
def test_a_fix_on_a_disk_that_stays_broken_tears_nothing(project: Project, fixing: list[str], error: str) -> None:
    for number in points(len(fixing), budget=4, offset=ERRORS.index(error)):
        project.restore()
        done = project.run("fix", "posts", at=number, act=error, persists=True)
        left = [name for name, state in project.states().items() if state == "old"]
        assert done.code in ((1, 3) if left else (0,)), f"{fixing[number - 1]}: {done.said}"
        assert done.said.strip()
        project.mend()


def test_an_undo_killed_at_any_call_leaves_each_file_old_or_new(project: Project, undoing: list[str]) -> None:
    for number in points(len(undoing)):
        after_a_fix(project)
        assert project.run("undo", at=number, act="KILL").code == -9, undoing[number - 1]
        project.states()
        project.take_back()


@pytest.mark.parametrize("act", ["TERM", "INT", *ERRORS])
def test_an_undo_stopped_or_refused_at_any_call_can_be_repeated(project: Project, undoing: list[str], act: str) -> None:
    for number in points(len(undoing), budget=4, offset=len(act)):
        after_a_fix(project)
        done = project.run("undo", at=number, act=act)
        if act in ("TERM", "INT"):
            assert done.code == 130, f"{undoing[number - 1]}: {done.said}"
            assert project.strays() == []
        else:
            assert done.code == 0 if project.is_all("old") else done.code in (1, 3), undoing[number - 1]
        project.take_back()


def strace_works() -> bool:
    """Say whether strace is here, knows our flags and is allowed to trace."""
    if not STRACE:
        return False
    probe = [STRACE, *STRACE_FLAGS, "-o", os.devnull, "-e", "inject=write:delay_enter=0", "true"]
    return subprocess.run(probe, check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not strace_works(), reason="SKIPPED: no usable strace, so no fault comes from outside the process")
@pytest.mark.parametrize("calls", CHANGING)
def test_faults_from_outside_tear_nothing_either(project: Project, calls: str) -> None:
    project.restore()
    total = sum("exited with" not in line for line in project.traced(calls).calls)
    assert total
    for number in points(total, budget=1, offset=total // 2):
        for fault in ("signal=SIGKILL", "error=ENOSPC", "error=EIO") if SWEEP else ("error=ENOSPC",):
            project.restore()
            done = project.traced(calls, f"{fault}:when={number}")
            left = [name for name, state in project.states().items() if state == "old"]
            if fault.startswith("error"):
                assert done.code in ((1, 3) if left else (0, 1, 3)), f"{calls} {number}: {done.said}"
            project.mend()


@pytest.mark.skipif(not strace_works(), reason="SKIPPED: no usable strace, so no fault comes from outside the process")
@pytest.mark.parametrize("name", ["state.db", "state.db-wal"])
def test_a_database_that_cannot_be_opened_tears_nothing(project: Project, name: str) -> None:
    for error in ERRORS if SWEEP else ERRORS[1:2]:
        project.restore()
        done = project.traced("openat", f"error={error}:when=1+", f".linkkeeper/{name}")
        assert any("INJECTED" in line for line in done.calls)
        left = [name for name, state in project.states().items() if state == "old"]
        assert done.code in ((1, 3) if left else (0,)), done.said
        assert "state.db" in done.said
        project.mend()
