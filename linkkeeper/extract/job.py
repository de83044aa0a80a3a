"""What is made of each file, in whichever process."""

import hashlib
import logging
from typing import Protocol

from msgspec import Struct

from linkkeeper.errors import DocumentError
from linkkeeper.extract.base import Extraction, ExtractOptions
from linkkeeper.extract.reading import read
from linkkeeper.models.document import Document, FileProblem

log = logging.getLogger(__name__)
_OUR_FAULTS = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, MemoryError)


class Job(Protocol):
    """What is made of each file. Is sent to other processes, so it must be picklable."""

    @property
    def name(self) -> str:
        """Everything but the file that the result depends on: part of the cache's key."""

    def run(self, document: Document, data: bytes) -> bytes:
        """Return the result for one file. Must not raise for what is in the file."""

    def prepare(self) -> None:
        """Load what `run` needs: before processes are forked, so that they share it."""

    def refused(self, problem: FileProblem) -> bytes:
        """Return the result for a file that could not be read."""


class Result(Struct, frozen=True):
    """What a job made of one file."""

    value: bytes
    key: str = ""
    """Under which it may be remembered; empty: it may not."""


def one(path: str, job: Job, name: str) -> Result:
    """Read a file and do the job; name is the job's. Does not raise for what is in the file or how it is there."""
    try:
        data = read(path)
    except DocumentError as error:
        return Result(job.refused(FileProblem(path, str(error))))
    digest = hashlib.sha256(data).hexdigest()
    value = job.run(Document(path, digest, len(data)), data)
    expires = b"linkkeeper-ignore" in data and b"until" in data
    return Result(value, "" if expires else cache_key(path, digest, name))


def cache_key(path: str, digest: str, name: str) -> str:
    """Return what a result is remembered by."""
    return hashlib.sha256(f"{digest}\0{path}\0{name}".encode("utf-8", "replace")).hexdigest()


def safely(path: str, data: bytes, options: ExtractOptions) -> Extraction:
    """Extract, and turn a fault of ours into a row of the report: one file does not end a run."""
    from linkkeeper.extract import registry  # heavy: a run in which nothing changed does without

    try:
        return registry.extract(path, data, options)
    except _OUR_FAULTS as error:
        log.exception("extraction failed: %s", path)
        return Extraction(problems=(FileProblem(path, f"could not be understood ({type(error).__name__})"),))


def preload() -> None:
    """Load the formats that most runs need."""
    from linkkeeper.extract import markdown, registry

    del markdown, registry
