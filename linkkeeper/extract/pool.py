"""Processes for where forking is not safe, or unknown: another thread runs, or the system is Windows."""

from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import msgspec

from linkkeeper.extract.batch import Batch, Large
from linkkeeper.extract.forked import Do, Prepare
from linkkeeper.extract.job import Result

_do: list[Do] = []
"""What this process does, when it is one of the pool's."""


class Pool:
    """A pool of spawned processes (`Hands`)."""

    def __init__(self, processes: int, prepare: Prepare) -> None:
        import multiprocessing

        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(processes, context, _begin, (prepare,))
        self._futures: dict[Batch, Future[bytes]] = {}

    def send(self, batch: Batch) -> None:
        """Have a batch done."""
        try:
            self._futures[batch] = self._pool.submit(_work, msgspec.msgpack.encode(batch.paths))
            batch.is_away = True
        except BrokenProcessPool:
            return

    def fetch(self, batch: Batch) -> None:
        """Wait until a batch is not away any more."""
        if not batch.is_away:
            return
        try:
            answer = self._futures.pop(batch).result()
            batch.results = msgspec.msgpack.decode(answer, type=list[Result])
        except BrokenProcessPool:
            batch.is_lost = True
        batch.is_away = False

    def send_large(self, large: Large) -> None:
        """Do nothing: an answer of such a pool is needed as a whole."""

    def results(self, large: Large) -> Iterator[Result]:
        """Return none."""
        return iter(large.results)

    def close(self, *, patiently: bool) -> None:
        """Let the processes end; patiently: wait until they have."""
        self._pool.shutdown(wait=patiently, cancel_futures=True)


def _begin(prepare: Prepare) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and ends the pool
    _do[:] = [prepare()]


def _work(message: bytes) -> bytes:
    return b"".join(_do[0](message))
