"""One run's journal: what it set out to replace, and what came of it."""

import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import assert_never

from msgspec import structs

from linkkeeper.errors import DocumentError
from linkkeeper.fix import disk, records
from linkkeeper.fix.records import Entry

_log = logging.getLogger(__name__)

SUFFIX = ".journal"

PENDING, WRITTEN, SKIPPED, UNDONE, UNKNOWN = ".", "w", "-", "u", "?"
"""The states of a file: not known yet, written by the run, never written, taken back, changed after a crash."""


class RunLog:
    """The journal of one run, read or being written. Its file appears with the first record."""

    def __init__(self, path: Path, number: int = 0, started: str = "") -> None:
        self.path = path
        self.id = path.name.removesuffix(SUFFIX)
        self.entries: list[Entry] = []
        self.states: list[str] = []
        self.head = records.Head(number=number, started=started)
        self.is_open = False
        self.damaged = False
        self._size = 0
        self._exists = False
        self._named = 0

    @classmethod
    def load(cls, path: Path) -> "RunLog":
        """Read a journal. Raises OSError."""
        log, contents = cls(path), records.read(path)
        log._exists, log._size, log.damaged = True, contents.sound_until, contents.damaged
        for record in contents.records:
            log._take(record)
        log.is_open = log.is_open or log.is_empty  # stopped before its first record: `finish` removes it
        return log

    @property
    def is_empty(self) -> bool:
        """Whether the file was begun and holds no record."""
        return self._exists and not self._size and not self.damaged

    def _take(self, record: records.Record) -> None:
        self.is_open = not isinstance(record, records.End)
        match record:
            case records.Entry():
                self.entries.append(record)
                self.states.append(PENDING)
            case records.End():
                states = list(record.states)
                self.states = (states + self.states[len(states) :])[: len(self.entries)]
            case records.Head():
                self.head = record
            case records.Undo():
                pass
            case _:
                assert_never(record)

    @property
    def order(self) -> tuple[int, str, str]:
        """What tells earlier runs from later ones, whatever the clock did between them."""
        return self.head.number, self.head.started, self.id

    def temporary(self) -> str:
        """Return a name for a temporary file that nothing else has."""
        self._named += 1
        return f"{disk.TEMPORARY_PREFIX}{self.id}-{self._named}.tmp"

    def append(self, *frames: bytes) -> None:
        """Add records and bring them down to the disk. Raises OSError; the journal is then as it was before."""
        first = not self._exists
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_EXCL if first else 0)
        fd = os.open(self.path, flags, 0o600)
        self._exists = True
        try:
            if os.fstat(fd).st_size != self._size:
                os.ftruncate(fd, self._size)
            os.lseek(fd, self._size, os.SEEK_SET)
            disk.write_all(fd, b"".join(frames))
            os.fsync(fd)
        except BaseException:
            with suppress(OSError):
                os.ftruncate(fd, self._size)
            raise
        else:
            self._size += sum(map(len, frames))
            self.is_open = True
        finally:
            os.close(fd)
        if first:
            with disk.directory(str(self.path.parent)) as folder:
                disk.sync(folder)

    def add(self, files: Sequence[tuple[Entry, bytes, Sequence[records.Note]]]) -> None:
        """Add files that are about to be replaced, with their old bytes and notes. Raises OSError."""
        head = b"" if self._exists else records.frame(self.head)
        made = [records.file_frame(*file) for file in files]
        at = self._size + len(head)
        self.append(head, *(frame for frame, _ in made))
        for frame, entry in made:
            self.entries.append(structs.replace(entry, at=at + entry.at))
            self.states.append(PENDING)
            at += len(frame)

    def settle(self, absolute: Callable[[str], str]) -> bool:
        """Remove temporary files and find out by looking at the files what a crash left undecided.

        Return whether every temporary file is gone.
        """
        clear = True
        for number, entry in enumerate(self.entries):
            path, state = absolute(entry.path), self.states[number]
            had_stray, gone = _remove_stray(path, entry.temporary)
            clear &= gone
            if state in (PENDING, WRITTEN):
                self.states[number] = _state_now(path, entry, state, had_stray)
        return clear

    def finish(self) -> None:
        """Note the end. A journal without any written file is removed; one that cannot be noted stays open."""
        if not self._exists:
            return
        try:
            if set(self.states) <= {SKIPPED}:
                self.path.unlink()
            else:
                self.append(records.frame(records.End("".join(self.states))))
                self.is_open = False
        except OSError as error:
            _log.warning("the end of run %s could not be noted: %s", self.id, disk.reason(error))


def _remove_stray(path: str, temporary: str) -> tuple[bool, bool]:
    """Remove the temporary file of a killed run; return whether there was one and whether it is gone."""
    try:
        with disk.directory(os.path.split(path)[0]) as folder:
            os.stat(temporary, dir_fd=folder, follow_symlinks=False)
            return True, disk.remove(folder, temporary)
    except OSError:
        return False, True


def _state_now(path: str, entry: Entry, state: str, had_stray: bool) -> str:
    """Say what became of a file. Its temporary file lies there until the rename, so a stray means not written."""
    now = digest_now(path)
    if now == entry.new:
        return WRITTEN
    if now == entry.old:
        return UNDONE if state == WRITTEN else SKIPPED
    if state == WRITTEN:
        return WRITTEN
    return SKIPPED if had_stray else UNKNOWN


def digest_now(path: str) -> str | None:
    """Return the SHA-256 of the file at path; None if there is no regular file that can be read."""
    above, name = os.path.split(path)
    try:
        with disk.directory(above) as folder:
            return disk.read(folder, name).digest
    except (OSError, DocumentError):
        return None
