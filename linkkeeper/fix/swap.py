"""Replaces a batch of files, each whole or not at all."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from msgspec import Struct

from linkkeeper.errors import DocumentError
from linkkeeper.fix import disk


class Job(Struct, frozen=True):
    """One file to replace."""

    path: str
    digest: str
    """SHA-256 hex of the bytes that must be there now."""
    data: bytes
    temporary: str
    """Name for the new file, beside the old one."""


class Outcome(Struct, frozen=True):
    """What became of one file."""

    path: str
    reason: str | None = None
    """Why the file was left alone; None if it was written."""
    warning: str = ""
    """It was written, but: one human line."""
    failed: bool = False
    """It was left alone because the system refused something that should work, a full disk for instance."""


class _Open(Struct, frozen=True):
    """A job whose file was looked at: the directory's handle, the file as it was read."""

    number: int
    job: Job
    folder: int
    name: str
    seen: disk.Seen


Remember = Callable[[Sequence[tuple[int, disk.Seen]]], None]
"""Brings what some jobs' files hold, by the jobs' numbers, down to the disk. Raises OSError if that fails."""


def swap(jobs: Sequence[Job], remember: Remember, changed: str = "it was changed meanwhile") -> list[Outcome]:
    """Replace the files of jobs and return what became of each, in the same order.

    changed is the reason given for a file that is not what its job expects. remember gets all that are fit to be
    replaced, with their present bytes, before any is touched. If it raises, nothing is changed and the error is passed
    on. Whatever else is raised (an interruption) leaves every file old or new and, where the system still lets us, no
    temporary file.
    """
    batch = _Batch(jobs, changed)
    with ExitStack() as stack:
        opened = list(batch.look(stack))
        if opened:
            remember([(one.number, one.seen) for one in opened])
            with _no_strays() as pending:
                batch.write(opened, pending)
                batch.rename(pending)
            batch.sync()
    return [batch.outcomes[number] for number in range(len(jobs))]


class _Batch:
    """The outcomes so far; each step goes on with the files that the one before brought through."""

    def __init__(self, jobs: Sequence[Job], changed: str) -> None:
        self._jobs = jobs
        self._changed = changed
        self._folders: dict[str, int] = {}
        self._shut: set[str] = set()
        self.outcomes: dict[int, Outcome] = {}

    @contextmanager
    def _guarded(self, number: int, job: Job) -> Iterator[None]:
        """Turn what goes wrong with one file into its outcome."""
        try:
            yield
        except disk.ChangedError:
            self.outcomes[number] = Outcome(job.path, self._changed)
        except DocumentError as error:
            self.outcomes[number] = Outcome(job.path, str(error))
        except FileNotFoundError:
            self.outcomes[number] = Outcome(job.path, "it is gone")
        except OSError as error:
            self.outcomes[number] = Outcome(job.path, disk.reason(error), failed=True)

    def look(self, stack: ExitStack) -> Iterator[_Open]:
        """Yield the files that are still what was planned for and may be replaced."""
        for number, job in enumerate(self._jobs):
            with self._guarded(number, job):
                above, name = os.path.split(job.path)
                folder = self._folder(above, stack)
                seen = disk.read(folder, name)
                if seen.digest != job.digest:
                    raise disk.ChangedError
                if disk.is_shut(folder, name, seen.status):
                    raise DocumentError("it is read-only")
                if above in self._shut:
                    raise DocumentError("its directory is read-only")
                yield _Open(number, job, folder, name, seen)

    def _folder(self, above: str, stack: ExitStack) -> int:
        if above not in self._folders:
            self._folders[above] = folder = stack.enter_context(disk.directory(above))
            if disk.is_shut(folder, ".", os.fstat(folder)):
                self._shut.add(above)
        return self._folders[above]

    def write(self, opened: Sequence[_Open], pending: list[_Open]) -> None:
        """Write the new files beside the old ones; pending gets those that now wait for their rename.

        All are written before the first is waited for: the disk then has one journey for many.
        """
        written: list[tuple[_Open, int]] = []
        try:
            for one in opened:
                pending.append(one)
                with self._guarded(one.number, one.job):
                    fd = disk.write_beside(one.folder, one.job.temporary, one.job.data, one.seen)
                    written.append((one, fd))
                if one.number in self.outcomes:
                    pending.pop()
        except BaseException:
            for _, fd in written:
                os.close(fd)
            raise
        failures = disk.all_at_once(disk.bring_down, [fd for _, fd in written])
        for (one, _), failure in zip(written, failures, strict=True):
            if failure is not None:
                self.outcomes[one.number] = Outcome(one.job.path, disk.reason(failure), failed=True)
                disk.remove(one.folder, one.job.temporary)
                pending.remove(one)

    def rename(self, pending: list[_Open]) -> None:
        """Put the new files in the place of the old ones."""
        while pending:
            one = pending[-1]
            with self._guarded(one.number, one.job):
                disk.replace(one.folder, one.job.temporary, one.name, one.seen)
                self.outcomes[one.number] = Outcome(one.job.path)
            pending.pop()

    def sync(self) -> None:
        """Bring the renames down to the disk; if that fails they stand, and it is said."""
        failures = disk.all_at_once(disk.sync, list(self._folders.values()))
        for above, failure in zip(self._folders, failures, strict=True):
            if failure is not None:
                self._warn(above, f"a power cut now could bring the old text back ({disk.reason(failure)})")

    def _warn(self, above: str, warning: str) -> None:
        for number, outcome in self.outcomes.items():
            if os.path.split(outcome.path)[0] == above and outcome.reason is None:
                self.outcomes[number] = Outcome(outcome.path, None, warning)


@contextmanager
def _no_strays() -> Iterator[list[_Open]]:
    """Hand out a list for the files whose temporary file exists; remove these files if anything is raised."""
    pending: list[_Open] = []
    try:
        yield pending
    except BaseException:
        for one in pending:
            disk.remove(one.folder, one.job.temporary)
        raise
