"""What is made of each file, in whichever process."""

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from linkkeeper.errors import DocumentError
from linkkeeper.extract.base import Extraction, ExtractOptions
from linkkeeper.extract.reading import read
from linkkeeper.extract.remembered import Stamp
from linkkeeper.models.document import Document, FileProblem

if TYPE_CHECKING:
    from linkkeeper.extract.portions import Portion
    from linkkeeper.extract.registry import Reading

log = logging.getLogger(__name__)
_OUR_FAULTS = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, MemoryError)


class Made(Struct, frozen=True):
    """What a job made of one document."""

    value: bytes
    secret: bool = False
    """It holds credentials: no disk is to see it. Only looked for if it is to be remembered."""
    safe: bytes = b""
    """If so, what a disk may see instead, for `Job.whole`; empty: nothing."""
    whole: bytes = b""
    """In the last of several parts, what all of them are together; empty: too much to remember, or `secret`."""


class Job(Protocol):
    """What is made of each file. Is sent to other processes: a Struct that can be pickled."""

    @property
    def name(self) -> str:
        """Everything but the file that the result depends on: part of the cache's key."""

    @property
    def wants_digest(self) -> bool:
        """Whether the documents handed in must have their digest."""

    def run(self, document: Document, data: bytes, remember: bool = False) -> Made:
        """Return the result for one file. What it raises for what is in the file becomes a row (`one`)."""

    def parts(self, document: Document, data: bytes, remember: bool = False) -> Iterator[Made]:
        """Yield the result for one large file, `run`'s in one or several parts: not all of it need be held.

        Of several, only the last says what may be remembered.
        """

    def whole(self, path: str, safe: bytes, stamp: Stamp, /) -> bytes | None:
        """Return the result that `safe` was made of; None if the file is not the one with this stamp any more."""

    def prepare(self) -> None:
        """Load what `run` needs: before processes are forked, so that they share it."""

    def refused(self, problem: FileProblem) -> bytes:
        """Return the result for a file that could not be read."""


class Result(Struct, frozen=True):
    """What a job made of one file."""

    value: bytes
    digest: bytes = b""
    """SHA-256 of the bytes it was made of; empty: it may not be remembered."""
    safe: bytes = b""
    """What may be remembered instead, without a digest: a password could be guessed by that."""
    whole: bytes = b""
    """What may be remembered with the digest, if it is not the value: that is the last of several parts."""


def one(path: str, job: Job, remember: bool = False) -> Result:
    """Read a file and do the job. Does not raise for what is in the file or how it is there.

    remember: the result is to be remembered; else nobody asks whether it may be.
    """
    return next(_results(path, job, lambda *given: iter((job.run(*given),)), remember))


def large(path: str, job: Job, remember: bool = False) -> Iterator[Result]:
    """Read a large file and do the job, as `one`, in parts."""
    return _results(path, job, job.parts, remember)


def _results(
    path: str, job: Job, do: Callable[[Document, bytes, bool], Iterator[Made]], remember: bool
) -> Iterator[Result]:
    try:
        data = read(path)
    except DocumentError as error:
        yield Result(job.refused(FileProblem(path, str(error))))
        return
    digest = _digest(data) if job.wants_digest else b""
    last: Made | None = None
    several = False
    try:
        for made in do(Document(path, digest.hex(), len(data)), data, remember):
            if not remember:
                yield Result(made.value)
                continue
            if last:
                several = True
                yield Result(last.value)
                digest = digest or _digest(data)  # while others are at what follows
            last = made
    except DocumentError as error:
        yield from _broken_off(last, job.refused(FileProblem(path, str(error))))
    except _OUR_FAULTS as error:  # past `safely`: offsets, cleaning, writing the result down
        yield from _broken_off(last, job.refused(fault(path, error)))
    else:
        if last:
            yield Result(last.value) if _may_expire(data) else _remembered(last, several, digest, data)


def _broken_off(last: Made | None, refusal: bytes) -> Iterator[Result]:
    """Yield what was made before something went wrong, and that it did."""
    if last:
        yield Result(last.value)
    yield Result(refusal)


def _may_expire(data: bytes) -> bool:
    """Tell whether an ignore comment may end with a day: what is found then changes though no byte does."""
    text = data.replace(b"\0", b"") if b"\0" in data else data  # UTF-16 has them between its letters
    return b"linkkeeper-ignore" in text and b"until" in text.lower()


def _remembered(last: Made, several: bool, digest: bytes, data: bytes) -> Result:
    """Return the last result with what may be remembered of all."""
    if last.secret:
        return Result(last.value, safe=last.safe)
    if several and not last.whole:
        return Result(last.value)
    return Result(last.value, digest or _digest(data), whole=last.whole)


def _digest(data: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(data).digest()


def may_hold_credentials(text: bytes) -> bool:
    """Tell whether a look at the URLs in this JSON is worth it."""
    from linkkeeper.urls import secret_signs

    return secret_signs.may_hold_one(text)


def has_credentials(urls: Iterable[str]) -> bool:
    """Tell whether a URL, in any spelling, holds what may open somebody's account."""
    return any(True for _ in with_credentials(urls))


def with_credentials(urls: Iterable[str]) -> Iterator[str]:
    """Yield the URLs, each in its spelling and once, that hold what may open somebody's account."""
    suspects = [one for one in set(urls) if "=" in one or "@" in one or "%" in one]
    if not suspects:
        return  # without any of these nothing in a URL is a credential, and the look is dear
    from linkkeeper.urls import secrets

    yield from secrets.holders(suspects)


def safely(path: str, data: bytes, options: ExtractOptions) -> Extraction:
    """Extract, and turn a fault of ours into a row of the report: one file does not end a run."""
    from linkkeeper.extract import registry  # heavy: a run in which nothing changed does without

    try:
        return registry.extract(path, data, options)
    except _OUR_FAULTS as error:
        return Extraction(problems=(fault(path, error),))


def read_safely(path: str, data: bytes, options: ExtractOptions, lazily: bool = False) -> "Reading":
    """Read a document as `safely` extracts; lazily, a fault may show only when one looks at what was found."""
    from linkkeeper.extract import registry

    try:
        return (registry.begin if lazily else registry.read)(path, data, options)
    except _OUR_FAULTS as error:
        return registry.Reading(problem=fault(path, error).problem)


def portions_safely(path: str, data: bytes, options: ExtractOptions) -> Iterator["Portion"]:
    """Yield the portions in which a document can be read; a single one where that cannot be told."""
    from linkkeeper.extract import registry
    from linkkeeper.extract.portions import Portion

    parts = registry.portions(path, data, options)
    try:
        first = next(parts)
    except _OUR_FAULTS as error:
        log.error("no portions: %s", path, exc_info=error)
        first, parts = Portion(0, len(data)), iter(())
    yield first
    yield from parts


def fault(path: str, error: Exception) -> FileProblem:
    """Return the row of the report for a fault of ours."""
    log.error("extraction failed: %s", path, exc_info=error)
    return FileProblem(path, f"could not be understood ({type(error).__name__})")


def preload() -> None:
    """Load the formats that most runs need."""
    from linkkeeper.extract import markdown, registry

    del markdown, registry
