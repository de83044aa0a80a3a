"""What is made of each file, in whichever process."""

import hashlib
import logging
import re
from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from linkkeeper.errors import DocumentError
from linkkeeper.extract.base import Extraction, ExtractOptions
from linkkeeper.extract.reading import read
from linkkeeper.models.document import Document, FileProblem

log = logging.getLogger(__name__)
_OUR_FAULTS = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, MemoryError)
_PLACES = re.compile(r"[@=]|%(?:25)*(?:40|3D)", re.IGNORECASE)
"""Without any of these nothing in a URL can be a credential: looking costs a tenth of masking."""


class Made(Struct, frozen=True):
    """What a job made of one document."""

    value: bytes
    secret: bool = False
    """It holds credentials: no disk is to see it."""


class Job(Protocol):
    """What is made of each file. Is sent to other processes, so it must be picklable."""

    @property
    def name(self) -> str:
        """Everything but the file that the result depends on: part of the cache's key."""

    def run(self, document: Document, data: bytes) -> Made:
        """Return the result for one file. Must not raise for what is in the file."""

    def prepare(self) -> None:
        """Load what `run` needs: before processes are forked, so that they share it."""

    def refused(self, problem: FileProblem) -> bytes:
        """Return the result for a file that could not be read."""


class Result(Struct, frozen=True):
    """What a job made of one file."""

    value: bytes
    digest: bytes = b""
    """SHA-256 of the bytes it was made of; empty: it may not be remembered."""


def one(path: str, job: Job) -> Result:
    """Read a file and do the job. Does not raise for what is in the file or how it is there."""
    try:
        data = read(path)
    except DocumentError as error:
        return Result(job.refused(FileProblem(path, str(error))))
    digest = hashlib.sha256(data)
    made = job.run(Document(path, digest.hexdigest(), len(data)), data)
    expires = b"linkkeeper-ignore" in data and b"until" in data
    return Result(made.value, b"" if expires or made.secret else digest.digest())


def has_credentials(links: Iterable[Iterable[str]]) -> bool:
    """Tell whether a URL, in any of the spellings given for it, holds what may open somebody's account."""
    suspects = [text for spellings in links for text in spellings if _PLACES.search(text)]
    if not suspects:
        return False
    from linkkeeper.urls import secrets

    text = "\n".join(suspects)
    return secrets.mask(text) != text and any(secrets.mask(one) != one for one in suspects)


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
