"""Several processes that do a job on files. They start when there is more than one full batch, or stand ready."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib import import_module
from types import TracebackType
from typing import Self

import msgspec

from linkkeeper.extract import forked
from linkkeeper.extract.batch import Batch, Hands, Large
from linkkeeper.extract.discover import SourceFile
from linkkeeper.extract.job import Job, Result, large, one
from linkkeeper.models.document import FileProblem

log = logging.getLogger("linkkeeper")

_FIRST_BYTES, _FIRST_FILES = 1 << 19, 200
"""A batch that is worth starting processes for what follows."""
_BATCH_BYTES, _BATCH_FILES = 1 << 17, 50
"""Further ones: of the last one, hardly anybody has to wait for another."""
_UNDER_WAY = 12
"""Batches for each process, under way or done, whose results nobody has taken yet."""
LOST = "the process that read it died, perhaps of a lack of memory"


class Ticket:
    """A claim on the result of one file."""

    def __init__(self, workers: "Workers", batch: Batch, place: int) -> None:
        self._workers, self._batch, self._place = workers, batch, place

    def result(self) -> Result:
        """Return the result; waits for it."""
        return self._workers.results(self._batch)[self._place]

    def is_here(self) -> bool:
        """Tell whether no other process has had a look at it."""
        return not self._batch.is_sent and self._batch.results is None


class Workers:
    """Hands files out in batches. With one process all is done right here, when asked for."""

    def __init__(
        self,
        job: Job,
        processes: int | None = None,
        remember: bool = False,
        meanwhile: Callable[[], None] | None = None,
    ) -> None:
        """None for processes: as many as there are processors, those that stand ready before others.

        meanwhile: is called once, before others are waited for.
        """
        self._meanwhile = meanwhile
        self._job, self._remember = job, remember
        self._processes = forked.processors() if processes is None else processes
        self._may_have_ready = processes is None
        self._hands: Hands | None = None
        self._batch = Batch()
        self._begun: Large | None = None
        self._under_way = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._hands:
            self._hands.close(patiently=kind is None)

    def add(self, file: SourceFile, apart: bool = False) -> Ticket:
        """Take in one more file; apart: not together with those before it."""
        if self._is_full(self._batch) or (apart and self._batch.paths):
            self._send()  # now that there is something to do beside it
        batch = self._batch
        batch.is_apart = apart
        batch.paths.append(file.path)
        batch.size_bytes += file.size_bytes
        return Ticket(self, batch, len(batch.paths) - 1)

    def no_more(self) -> None:
        """Hand out the last files, too, if others were, or somebody stands ready."""
        stand_ready = self._stand_ready() and not self._batch.is_apart
        if self._batch.paths and (self._hands or stand_ready):
            self._send(only_if_ready=True)

    def is_full(self) -> bool:
        """Tell whether results should be fetched before more files come in."""
        return self._under_way > _UNDER_WAY * self._processes

    def results(self, batch: Batch) -> list[Result]:
        """Return the results of a batch, in order."""
        if batch is self._batch:
            self._send(only_if_ready=True)
        if batch.is_sent and self._hands:
            batch.is_sent = False
            self._under_way -= 1
            self._use_the_time()
            self._hands.fetch(batch)
        if batch.is_lost:
            batch.results = [Result(self._job.refused(FileProblem(path, LOST))) for path in batch.paths]
        elif batch.results is None:
            batch.results = [one(path, self._job, self._remember) for path in batch.paths]
        return batch.results

    def begin(self, path: str) -> None:
        """Have a large file read, the next one that is asked for, by a process that has loaded what that needs."""
        if self._hands is None and self._processes > 1 and self._stand_ready():
            self._hands = self._found()
        self._begun = Large(path)
        if self._hands:
            self._hands.send_large(self._begun)

    def large(self, path: str) -> Iterator[Result]:
        """Yield the results of a large file: of the process that has begun with it, or else of this one."""
        if self._batch.paths == [path]:
            self._batch = Batch()  # it is read here and now
        if self._begun is None:
            self.begin(path)
        task, self._begun = self._begun or Large(path), None
        if self._hands:
            if task.is_away:
                self._use_the_time()
            yield from self._hands.results(task)
        if task.is_lost:
            yield Result(self._job.refused(FileProblem(path, LOST)))
        elif not task.is_done:
            yield from large(path, self._job, self._remember)

    def _use_the_time(self) -> None:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile:
            meanwhile()

    def _is_full(self, batch: Batch) -> bool:
        first = not self._hands and not self._stand_ready()
        size_bytes, files = (_FIRST_BYTES, _FIRST_FILES) if first else (_BATCH_BYTES, _BATCH_FILES)
        return batch.size_bytes >= size_bytes or len(batch.paths) >= files

    def _stand_ready(self) -> bool:
        return self._may_have_ready and bool(forked.ready)

    def _send(self, only_if_ready: bool = False) -> None:
        batch, self._batch = self._batch, Batch()
        if self._hands is None and self._processes > 1 and (self._stand_ready() or not only_if_ready):
            self._hands = self._found()
        if self._hands:
            batch.is_sent = True
            self._under_way += 1
            self._hands.send(batch)

    def _found(self) -> Hands | None:
        """Return the processes that stand ready, or new ones; None if the system has none to give."""
        prepare = partial(answering, self._job, self._remember)
        if not self._stand_ready() and not may_fork():
            from linkkeeper.extract.pool import Pool  # rare, and slow to load

            return Pool(self._processes, prepare)
        from linkkeeper.extract.crew import Crew  # not on every system

        if self._stand_ready():
            crew = Crew(forked.ready.pop())
            crew.tell(_told(self._job, self._remember))
            return crew
        try:
            return Crew(forked.fork(self._processes, prepare))
        except OSError as error:
            log.info("no further process: %s", error)
            return None


def may_fork() -> bool:
    """Tell whether this process can and may fork: that is fast, and safe only while no other thread runs."""
    import threading

    return hasattr(os, "fork") and threading.active_count() == 1


def answering(job: Job, remember: bool) -> forked.Do:
    """Load what a job needs; return what does it: a list of paths is answered with the results at once, the path of a
    large file with one after the other."""
    job.prepare()
    encode = msgspec.msgpack.Encoder().encode
    decode = msgspec.msgpack.Decoder(list[str] | str).decode

    def answer(message: bytes) -> Iterator[bytes]:
        asked = decode(message)
        if isinstance(asked, str):
            yield from (encode([result]) for result in large(asked, job, remember))
            yield encode([])
        else:
            yield encode([one(path, job, remember) for path in asked])

    return answer


def _told(job: Job, remember: bool) -> bytes:
    """Return a job for `_heard`. Here and there `pickle` would take longer to load than some documents to read."""
    kind = type(job)
    return msgspec.msgpack.encode((kind.__module__, kind.__name__, msgspec.msgpack.encode(job), remember, log.level))


def _heard(message: bytes) -> tuple[Job, bool]:
    module, name, job, remember, level = msgspec.msgpack.decode(message, type=tuple[str, str, bytes, bool, int])
    log.setLevel(level)
    return msgspec.msgpack.decode(job, type=getattr(import_module(module), name)), remember


def answering_later() -> forked.Do:
    """Return what does the job that the first message names (`Workers`)."""
    do: list[forked.Do] = []

    def answer(message: bytes) -> Iterable[bytes]:
        if do:
            return do[0](message)
        do.append(answering(*_heard(message)))
        return ()

    return answer
