"""Many files -> their links: in several processes when it pays, unchanged files from a cache, memory flat."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator

import msgspec
from msgspec import Struct

from linkkeeper.errors import DocumentError
from linkkeeper.extract.base import Extraction, ExtractOptions
from linkkeeper.extract.discover import SourceFile
from linkkeeper.extract.job import Job, Made, Result, has_credentials, preload, safely
from linkkeeper.extract.reading import read
from linkkeeper.extract.remembered import ExtractionCache, Remembered, Stamp, settled
from linkkeeper.extract.workers import Ticket, Workers
from linkkeeper.models.document import Document, FileProblem

EXTRACTOR = "7"
"""Raised whenever the same bytes may give other links: what caches hold is then stale."""
_LARGE_BYTES = 1 << 22
"""A file that is read in portions, by all processes, if no other file keeps these busy."""
_LARGEST_BYTES = 1 << 24
"""A file that is read in this process, so that its result need not travel as a whole."""
_MOST_WAITING = 4096
"""Results held back until their turn comes."""


class Scanned(Struct, frozen=True):
    """One file and what it holds."""

    document: Document
    extraction: Extraction


class Extract(Struct, frozen=True):
    """The job behind `extract_files`: a file's `Scanned`, as MessagePack."""

    options: ExtractOptions

    @property
    def name(self) -> str:
        """The options, and what the extractor is."""
        return f"links/{EXTRACTOR}/{msgspec.json.encode(self.options).decode()}"

    @property
    def wants_digest(self) -> bool:
        """Yes: whoever changes a document looks whether it is still the one that was read."""
        return True

    def prepare(self) -> None:
        """Load the common formats."""
        preload()

    def run(self, document: Document, data: bytes, remember: bool = False) -> Made:
        """Return the links of one file."""
        extraction = safely(document.path, data, self.options)
        secret = remember and has_credentials(
            text for link in extraction.links for text in (link.url, link.written.decode("latin-1"))
        )
        return Made(msgspec.msgpack.encode(Scanned(document, extraction)), secret)

    def parts(self, document: Document, data: bytes, remember: bool = False) -> Iterator[Made]:
        """Yield the links of one file, in one part: they are needed as a whole."""
        yield self.run(document, data, remember)

    def whole(self, _path: str, _safe: bytes, _stamp: Stamp) -> bytes | None:
        """Return None: nothing is kept of a file with credentials."""
        return None

    def refused(self, problem: FileProblem) -> bytes:
        """Return a file without links and with a problem."""
        return msgspec.msgpack.encode(Scanned(Document(problem.file), Extraction(problems=(problem,))))


def extract_files(
    files: Iterable[SourceFile],
    options: ExtractOptions,
    cache: ExtractionCache | None = None,
    processes: int | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Iterator[Scanned]:
    """Return every file with its links, in the order given. One bad file is a row, and the rest goes on.

    processes: how many may work at once; None: as many as there are processors, if the work is worth them. Those that
    stand ready begin now. meanwhile: is called once, before others are waited for.
    """
    results = run(files, Extract(options), cache, processes, meanwhile)
    return map(msgspec.msgpack.Decoder(Scanned).decode, results)


def run(
    files: Iterable[SourceFile],
    job: Job,
    cache: ExtractionCache | None = None,
    processes: int | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Iterator[bytes]:
    """Return the result of job for every file, in the order given: of a large one perhaps in parts.

    Processes that stand ready begin now. meanwhile: is called once, before others are waited for.
    """
    memory = _Memory(cache, job) if cache is not None else None
    results = _run(files, Workers(job, processes, memory is not None, meanwhile), memory)
    next(results)
    return results


def _run(files: Iterable[SourceFile], hands: Workers, memory: "_Memory | None") -> Iterator[bytes]:
    """Yield nothing once there is something to do, then the results."""
    waiting: deque[_Waiting] = deque()
    begun = False
    with hands as workers:
        for file in files:
            known = memory.known(file) if memory else None
            others = known is None and file.size_bytes < _LARGEST_BYTES
            ticket = workers.add(file, apart=file.size_bytes >= _LARGE_BYTES) if others else None
            waiting.append(_Waiting(file, known, ticket))
            while waiting and (waiting[0].known is not None or len(waiting) > _MOST_WAITING or workers.is_full()):
                if not begun:
                    begun = True
                    yield b""
                yield from _ended(waiting.popleft(), memory, workers)
        workers.no_more()
        if not begun:
            if waiting and _is_large(waiting[0]):
                workers.begin(waiting[0].file.path)
            yield b""
        while waiting:
            yield from _ended(waiting.popleft(), memory, workers)


class _Waiting(Struct, frozen=True):
    """A result that is known, or that a worker is at. A large file is neither: it is read when its turn comes."""

    file: SourceFile
    known: bytes | None
    ticket: Ticket | None


class _Memory:
    """What the cache knows of one job, in one run."""

    def __init__(self, cache: ExtractionCache, job: Job) -> None:
        self._cache, self._job, self._name = cache, job, job.name
        self._began_ns = time.time_ns()

    def known(self, file: SourceFile) -> bytes | None:
        """Return the result for a file that is as it was, by its looks or else by its bytes."""
        known = self._cache.get(self._name, file.path)
        if known is None:
            return None
        if known.stamp is not None and known.stamp == file.stamp:
            return known.value if known.digest else self._job.whole(file.path, known.value, known.stamp)
        if not known.digest:
            return None
        import hashlib

        try:
            digest = hashlib.sha256(read(file.path)).digest()
        except DocumentError:
            return None  # the worker says why
        if digest != known.digest:
            return None
        self._put(file, digest, known.value)
        return known.value

    def keep(self, file: SourceFile, result: Result) -> None:
        """Remember a result, if that is allowed."""
        if result.digest:
            self._put(file, result.digest, result.whole or result.value)
        elif result.safe:
            self._put(file, b"", result.safe)

    def _put(self, file: SourceFile, digest: bytes, value: bytes) -> None:
        stamp = settled(file.stamp, self._began_ns)
        if stamp or digest:
            self._cache.put(self._name, file.path, Remembered(stamp, digest, value))


def _ended(one: _Waiting, memory: _Memory | None, workers: Workers) -> Iterator[bytes]:
    if one.known is not None:
        yield one.known
        return
    for result in _results(one, workers):
        if memory:
            memory.keep(one.file, result)
        yield result.value


def _results(one: _Waiting, workers: Workers) -> Iterable[Result]:
    if one.ticket is None or _is_large(one):
        return workers.large(one.file.path)
    return [one.ticket.result()]


def _is_large(one: _Waiting) -> bool:
    """Tell whether nobody is at a file that all may read together."""
    return one.known is None and one.file.size_bytes >= _LARGE_BYTES and (one.ticket is None or one.ticket.is_here())
