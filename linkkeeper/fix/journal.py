"""Changes files safely, remembers what they held, takes it back.

The order that makes a kill at any instant harmless: the old bytes and the name of every temporary file go into the
journal, which is brought down to the disk; the new bytes go into temporary files beside the originals, likewise; each
is renamed over its original, which is atomic; the directories are brought down to the disk; the journal notes the end.
A journal without an end tells the next run which temporary files to remove.
"""

import logging
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from msgspec import Struct, structs

from linkkeeper.errors import StateError, UsageError
from linkkeeper.fix import disk, records
from linkkeeper.fix.lock import Lock
from linkkeeper.fix.runlog import SKIPPED, SUFFIX, UNDONE, UNKNOWN, WRITTEN, RunLog, digest_now
from linkkeeper.fix.swap import Job, Outcome, swap

_log = logging.getLogger(__name__)

BATCH_FILES = 128
BATCH_BYTES = 16_000_000
"""Files are brought down to the disk in batches of at most so many: one wait for the disk serves them all."""

CHANGED_SINCE = "it was changed since"
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,80}")


class Change(Struct, frozen=True):
    """New bytes for one file."""

    path: str
    digest: str
    """SHA-256 hex of the bytes that must be there now."""
    data: bytes
    notes: tuple[records.Note, ...] = ()


class RunEntry(Struct, frozen=True):
    """One fix run that the journal remembers."""

    id: str
    started: str
    """UTC, ISO 8601."""
    written: int
    """Files that it wrote and that were not taken back."""
    undone: int
    """Files that were taken back."""
    files: tuple[str, ...]
    """Both, as they are shown."""
    damaged: bool = False


class UndoResult(Struct, frozen=True):
    """What an undo brought back."""

    run: str | None
    """None if there was no run to undo."""
    outcomes: tuple[Outcome, ...] = ()


class Journal:
    """The fix runs of one state directory. Nothing on the disk is touched before the first change."""

    def __init__(self, state_dir: str | os.PathLike[str]) -> None:
        self._state_dir = Path(os.path.abspath(state_dir))  # noqa: PTH100  # resolve() would follow links
        self._folder = self._state_dir / "journal"
        self._lock = Lock(self._state_dir)
        self._run: RunLog | None = None
        self._broken: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the run, if one is open, and let others write."""
        try:
            self.commit()
        finally:
            self._lock.release()

    def acquire(self) -> None:
        """Take the lock and clear what a killed run left behind. Raises StateError if another run has the lock."""
        if not self._lock.held:
            self._lock.acquire()
            self.recover()

    def begin(self, run_id: str | None = None) -> str:
        """Start a run and return its id. Raises StateError if another run is writing or the id is taken."""
        self.acquire()
        if self._run is not None:
            raise StateError("a run is already under way")
        name = run_id or new_run_id()
        if self._path(name).exists():
            raise StateError(f"there is already a run {name}", "leave the name out")
        try:
            disk.make_folder(str(self._folder))
        except OSError as error:
            raise StateError(
                f"cannot make {self._folder}: {disk.reason(error)}", "--state DIR puts it elsewhere"
            ) from error
        number = 1 + max((past.order[0] for past in self._past()), default=0)
        self._run, self._broken = RunLog(self._path(name), number, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"), None
        return name

    def save(self, change: Change) -> Outcome:
        """Replace one file; see `save_all`."""
        return self.save_all([change])[0]

    def save_all(self, changes: Iterable[Change]) -> list[Outcome]:
        """Replace files, each whole or not at all, and return what became of each, in the same order.

        A file that is not what was planned for, or cannot be written, is left alone and the others are done. Once the
        journal itself cannot be written, nothing more is changed.
        """
        return [outcome for batch in _batches(changes) for outcome in self._save_batch(batch)]

    def _save_batch(self, batch: Sequence[Change]) -> list[Outcome]:
        run = self._run
        if run is None:
            raise StateError("no run is under way")
        if self._broken is not None:
            return [Outcome(change.path, self._broken, failed=True) for change in batch]
        here = os.getcwd()  # noqa: PTH109 - paths stay strings here: thousands of them
        jobs = [
            Job(os.path.join(here, change.path), change.digest, change.data, run.temporary())  # noqa: PTH118 - paths stay strings here: thousands of them
            for change in batch
        ]
        entry_of: dict[int, int] = {}

        def remember(files: Sequence[tuple[int, disk.Seen]]) -> None:
            entry_of.update((number, len(run.entries) + place) for place, (number, _) in enumerate(files))
            run.add([(self._entry(jobs[number], old), old.data, batch[number].notes) for number, old in files])

        try:
            outcomes = swap(jobs, remember)
        except OSError as error:
            self._broken = f"the journal cannot be written ({disk.reason(error)}): nothing more is changed"
            return [Outcome(change.path, self._broken, failed=True) for change in batch]
        for number, entry in entry_of.items():
            run.states[entry] = SKIPPED if outcomes[number].reason else WRITTEN
        return [structs.replace(done, path=change.path) for change, done in zip(batch, outcomes, strict=True)]

    def _entry(self, job: Job, old: disk.Seen) -> records.Entry:
        modified = max(0, old.status.st_mtime_ns)
        return records.Entry(self._remembered(job.path), job.digest, disk.digest(job.data), job.temporary, modified)

    def commit(self) -> None:
        """Note the end of the run. A run that wrote nothing is forgotten. Interrupted, it may be called again."""
        run = self._run
        if run is not None and (set(run.states) == {WRITTEN} or run.settle(self._absolute)):
            run.finish()
        self._run = None

    def recover(self) -> list[str]:
        """Clear what killed runs left behind and return the ids of these runs. Needs the lock."""
        recovered = []
        for past in self._past():
            if past.is_open and past.settle(self._absolute):
                past.finish()
                recovered.append(past.id)
        return recovered

    def runs(self) -> list[RunEntry]:
        """Return the runs that wrote something, oldest first."""
        return [self._run_entry(past) for past in self._past() if {WRITTEN, UNDONE, UNKNOWN} & set(past.states)]

    def _run_entry(self, past: RunLog) -> RunEntry:
        files = tuple(
            shown(self._absolute(entry.path))
            for entry, state in zip(past.entries, past.states, strict=True)
            if state in (WRITTEN, UNDONE, UNKNOWN)
        )
        counts = {state: past.states.count(state) for state in set(past.states)}
        return RunEntry(
            past.id,
            past.head.started,
            counts.get(WRITTEN, 0) + counts.get(UNKNOWN, 0),
            counts.get(UNDONE, 0),
            files,
            past.damaged,
        )

    def undo(self, run_id: str | None = None) -> UndoResult:
        """Put back what the files of a run held before it: of the last run that wrote, if none is named.

        A file that was changed since is left alone and named in the result. Raises StateError if no run has that id,
        if another run is writing, or if the journal cannot be written.
        """
        if self._run is not None:
            raise StateError("a run is under way")
        if not self._folder.is_dir() and run_id is None:
            return UndoResult(None)
        self.acquire()
        past = self._to_undo(run_id)
        if past is None:
            return UndoResult(None)
        numbers = [number for number, state in enumerate(past.states) if state in (WRITTEN, UNKNOWN)]
        if not numbers:
            return UndoResult(past.id)
        outcomes: list[Outcome] = []
        smooth = False
        try:
            for start in range(0, len(numbers), BATCH_FILES):
                outcomes += self._undo_batch(past, numbers[start : start + BATCH_FILES])
            smooth = all(outcome.reason is None for outcome in outcomes)
        except OSError as error:
            raise StateError(
                f"the journal cannot be written ({disk.reason(error)})", "files named so far are back"
            ) from error
        finally:
            if smooth or past.settle(self._absolute):
                past.finish()
        return UndoResult(past.id, tuple(outcomes))

    def _undo_batch(self, past: RunLog, numbers: Sequence[int]) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        jobs: dict[int, Job] = {}
        for number in numbers:
            entry = past.entries[number]
            path = self._absolute(entry.path)
            try:
                jobs[number] = Job(path, entry.new, records.old_bytes(past.path, entry), entry.temporary)
            except (StateError, OSError) as error:
                outcomes[number] = Outcome(path, str(error))
        ordered = list(jobs)
        done = swap(
            list(jobs.values()),
            lambda _: past.append(records.frame(records.Undo())),
            changed=CHANGED_SINCE,
        )
        for number, outcome in zip(ordered, done, strict=True):
            outcomes[number] = _already_back(outcome, past.entries[number])
            if outcomes[number].reason is None:
                past.states[number] = UNDONE
        return [outcomes[number] for number in numbers]

    def _to_undo(self, run_id: str | None) -> RunLog | None:
        """Return the run to take back; None if no run was named and none wrote."""
        if run_id is not None:
            return self._named(run_id)
        wrote = [past for past in self._past() if {WRITTEN, UNKNOWN} & set(past.states)]
        return wrote[-1] if wrote else None

    def _named(self, name: str) -> RunLog:
        """Return the run of that id, or the only one whose id begins so. Raises UsageError."""
        found = [past for past in self._past() if name and past.id.startswith(name)]
        exact = [past for past in found if past.id == name]
        if len(found) > 1 and not exact:
            names = ", ".join(past.id for past in found[:3]) + (", …" if len(found) > 3 else "")
            raise UsageError(f"{len(found)} runs begin with {name}: {names}", "write more of the name")
        if not found:
            raise UsageError(f"there is no run {name} to undo", "`linkkeeper undo --list` names them")
        return (exact or found)[0]

    def notes(self) -> list[tuple[str, records.Note]]:
        """Return every edit that still stands, as far as the journal knows, with its file (absolute), oldest first."""
        found: list[tuple[str, records.Note]] = []
        for past in self._past():
            for entry, state in zip(past.entries, past.states, strict=True):
                if state in (WRITTEN, UNKNOWN):
                    path = self._absolute(entry.path)
                    found += [(path, note) for note in records.notes(past.path, entry)]
        return found

    def modified(self) -> dict[str, dict[str, int]]:
        """Return when the author last changed files: absolute path -> SHA-256 of its bytes -> nanoseconds since 1970.

        Only for texts that a fix or an undo wrote: of these the file system says when that was.
        """
        found: dict[str, dict[str, int]] = {}
        for past in self._past():
            for entry in past.entries:
                times = found.setdefault(self._absolute(entry.path), {})
                if author := times.get(entry.old, entry.modified):
                    times[entry.old] = times[entry.new] = author
        return found

    def _past(self) -> list[RunLog]:
        """Return every run that can be read, oldest first."""
        logs = []
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            try:
                logs.append(RunLog.load(path))
            except OSError as error:
                _log.warning("the journal %s cannot be read: %s", path.name, disk.reason(error))
        return sorted(logs, key=lambda log: log.order)

    def _path(self, run_id: str) -> Path:
        if not _RUN_ID.fullmatch(run_id):
            raise UsageError(f"{run_id!r} is not the name of a run", "`linkkeeper undo --list` names them")
        return self._folder / f"{run_id}{SUFFIX}"

    def _remembered(self, path: str) -> str:
        """Return an absolute path as the journal names it: below the project if there, so that this may move."""
        root = os.path.join(self._state_dir.parent, "")  # noqa: PTH118  # file names of any bytes, no normalising
        return path.removeprefix(root)

    def _absolute(self, path: str) -> str:
        """Return the absolute path of what the journal names."""
        return os.path.join(self._state_dir.parent, path)  # noqa: PTH118 - paths stay strings here: thousands of them


def new_run_id() -> str:
    """Return a name for a run: the time in UTC, and something that no other run has."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def shown(path: str) -> str:
    """Return a path as it is shown: relative to here if it lies below, bytes that are not UTF-8 escaped."""
    here = os.path.join(os.getcwd(), "")  # noqa: PTH109, PTH118 - paths stay strings here: thousands of them
    return os.fsencode(path.removeprefix(here)).decode("utf-8", "backslashreplace").replace(os.sep, "/")


def _already_back(outcome: Outcome, entry: records.Entry) -> Outcome:
    """A file that holds its old bytes anyway needs no undoing."""
    if outcome.reason == CHANGED_SINCE and digest_now(outcome.path) == entry.old:
        return Outcome(outcome.path)
    return outcome


def _batches(changes: Iterable[Change]) -> Iterator[list[Change]]:
    batch: list[Change] = []
    size = 0
    for change in changes:
        batch.append(change)
        size += len(change.data)
        if len(batch) >= BATCH_FILES or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
