"""Several processes that do a job on files. They start when there is more than one full batch, not before."""

import os
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from linkkeeper.extract.discover import SourceFile
from linkkeeper.extract.job import Job, Result, one
from linkkeeper.models.document import FileProblem

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

_BATCH_BYTES = 1 << 19
_BATCH_FILES = 200
_LOST = "the process that read it died, perhaps of a lack of memory"

_job: list[tuple[Job, bool]] = []
"""The job of this process, when it is a worker, and whether its results are to be remembered."""


class Batch:
    """Files that travel together."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.size_bytes = 0
        self.future: Future[list[Result]] | None = None
        self.results: list[Result] | None = None


class Ticket:
    """A claim on the result of one file."""

    def __init__(self, workers: "Workers", batch: Batch, place: int) -> None:
        self._workers, self._batch, self._place = workers, batch, place

    def result(self) -> Result:
        """Return the result; waits for it."""
        return self._workers.results(self._batch)[self._place]

    def is_here(self) -> bool:
        """Tell whether no other process is at it: `result` would read the file right here."""
        return self._batch.future is None


class Workers:
    """A pool that hands files out in batches. With one process all is done right here, when asked for."""

    def __init__(self, job: Job, processes: int, remember: bool = False) -> None:
        self._job, self._processes, self._remember = job, processes, remember
        self._pool: ProcessPoolExecutor | None = None
        self._batch = Batch()
        self._under_way = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown(wait=kind is None, cancel_futures=True)

    def add(self, file: SourceFile, apart: bool = False) -> Ticket:
        """Take in one more file; apart: not together with those before it."""
        is_full = self._batch.size_bytes >= _BATCH_BYTES or len(self._batch.paths) >= _BATCH_FILES
        if is_full or (apart and self._batch.paths):
            self._send()  # now that there is something to do beside it
        batch = self._batch
        batch.paths.append(file.path)
        batch.size_bytes += file.size_bytes
        return Ticket(self, batch, len(batch.paths) - 1)

    def no_more(self) -> None:
        """Hand out the last files, too, if others were."""
        if self._pool and self._batch.paths:
            self._send()

    def is_full(self) -> bool:
        """Tell whether results should be fetched before more files come in."""
        return self._under_way > 4 * self._processes

    def results(self, batch: Batch) -> list[Result]:
        """Return the results of a batch, in order."""
        if batch.results is None:
            if batch is self._batch:
                self._batch = Batch()
            batch.results = self._fetched(batch)
        return batch.results

    def _fetched(self, batch: Batch) -> list[Result]:
        if batch.future is None:
            return [one(path, self._job, self._remember) for path in batch.paths]
        from concurrent.futures.process import BrokenProcessPool

        self._under_way -= 1
        try:
            return batch.future.result()
        except BrokenProcessPool:
            self._pool = None
            return [Result(self._job.refused(FileProblem(path, _LOST))) for path in batch.paths]

    def _send(self) -> None:
        batch, self._batch = self._batch, Batch()
        if self._processes < 2:
            return
        from concurrent.futures.process import BrokenProcessPool

        if self._pool is None:
            self._pool = _started(self._job, self._processes, self._remember)
        try:
            batch.future = self._pool.submit(_work, batch.paths)
        except BrokenProcessPool:
            self._pool = None
            return
        self._under_way += 1


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def may_fork() -> bool:
    """Tell whether this process can and may fork: that is fast, and safe only while no other thread runs."""
    import multiprocessing
    import threading

    return "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1


def _started(job: Job, processes: int, remember: bool) -> "ProcessPoolExecutor":
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    method = "fork" if may_fork() else "spawn"
    return ProcessPoolExecutor(processes, multiprocessing.get_context(method), _begin, (job, remember))


def _begin(job: Job, remember: bool) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and ends the pool
    _job[:] = [(job, remember)]
    job.prepare()  # here and not before the fork: the parent goes on looking for files meanwhile


def _work(paths: Sequence[str]) -> list[Result]:
    [(job, remember)] = _job
    return [one(path, job, remember) for path in paths]
