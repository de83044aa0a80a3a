"""Many files -> their links: in several processes when it pays, unchanged files from a cache, memory flat."""

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec
from msgspec import Struct

from linkkeeper.errors import DocumentError
from linkkeeper.extract.base import Extraction, ExtractOptions
from linkkeeper.extract.discover import SourceFile
from linkkeeper.extract.job import Job, cache_key, preload, safely
from linkkeeper.extract.reading import read
from linkkeeper.extract.workers import Ticket, Workers
from linkkeeper.models.document import Document, FileProblem

EXTRACTOR = "1"
"""Raised whenever the same bytes may give other links: what caches hold is then stale."""
_MOST_WAITING = 4096
"""Results held back until their turn comes."""


class Scanned(Struct, frozen=True):
    """One file and what it holds."""

    document: Document
    extraction: Extraction


class ExtractionCache(Protocol):
    """Something that remembers results between runs. Losing entries only costs time."""

    def get(self, key: str) -> bytes | None:
        """Return what was put under key, or None."""

    def put(self, key: str, value: bytes) -> None:
        """Remember value. Must not raise; may wait with writing."""


class Extract(Struct, frozen=True):
    """The job behind `extract_files`: a file's `Scanned`, as MessagePack."""

    options: ExtractOptions

    @property
    def name(self) -> str:
        """The options, and what the extractor is."""
        return f"links/{EXTRACTOR}/{msgspec.json.encode(self.options).decode()}"

    def prepare(self) -> None:
        """Load the common formats."""
        preload()

    def run(self, document: Document, data: bytes) -> bytes:
        """Return the links of one file."""
        return msgspec.msgpack.encode(Scanned(document, safely(document.path, data, self.options)))

    def refused(self, problem: FileProblem) -> bytes:
        """Return a file without links and with a problem."""
        return msgspec.msgpack.encode(Scanned(Document(problem.file), Extraction(problems=(problem,))))


def extract_files(
    files: Iterable[SourceFile],
    options: ExtractOptions,
    cache: ExtractionCache | None = None,
    processes: int | None = None,
) -> Iterator[Scanned]:
    """Yield every file with its links, in the order given. One bad file is a row, and the rest goes on.

    processes: how many may work at once; None: as many as there are processors, if the work is worth them.
    """
    decoder = msgspec.msgpack.Decoder(Scanned)
    for result in run(files, Extract(options), cache, processes):
        yield decoder.decode(result)


def run(
    files: Iterable[SourceFile], job: Job, cache: ExtractionCache | None = None, processes: int | None = None
) -> Iterator[bytes]:
    """Yield the result of job for every file, in the order given."""
    waiting: deque[_Waiting] = deque()
    name = job.name if cache is not None else ""
    with Workers(job, name, _processors() if processes is None else processes) as workers:
        for file in files:
            waiting.append(_begun(file, name, cache, workers))
            while len(waiting) > _MOST_WAITING or workers.is_full():
                yield _ended(waiting.popleft(), cache)
        while waiting:
            yield _ended(waiting.popleft(), cache)


class _Waiting(Struct, frozen=True):
    """A result that is known, or that a worker is at."""

    key: str
    known: bytes | None
    ticket: Ticket | None


def _begun(file: SourceFile, name: str, cache: ExtractionCache | None, workers: Workers) -> _Waiting:
    if cache is None:
        return _Waiting("", None, workers.add(file))
    try:
        key = cache_key(file.path, hashlib.sha256(read(file.path)).hexdigest(), name)
    except DocumentError:
        return _Waiting("", None, workers.add(file))  # the worker says why
    known = cache.get(key)
    return _Waiting(key, known, workers.add(file) if known is None else None)


def _ended(one: _Waiting, cache: ExtractionCache | None) -> bytes:
    if one.known is not None or one.ticket is None:
        return one.known or b""
    result = one.ticket.result()
    if cache is not None and result.key and result.key == one.key:
        cache.put(one.key, result.value)
    return result.value


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
