"""A large document whose portions can be read one by one, by several processes where that is possible."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, Self

from msgspec import Struct

from linkkeeper.errors import DocumentError
from linkkeeper.extract import forked
from linkkeeper.extract.batch import Task
from linkkeeper.extract.job import Made
from linkkeeper.extract.spans import Positions
from linkkeeper.extract.workers import LOST, may_fork

if TYPE_CHECKING:
    from linkkeeper.extract.crew import Crew

log = logging.getLogger(__name__)

FEWEST = 4
"""Portions that are worth a second process."""
_WAITING = 6
"""Portions under way or waiting for their turn: each result is some megabytes."""


class Step(Protocol):
    """What a format reads at once in a portion, and what it has to know of the rest."""

    def moved(self, by: int) -> Self:
        """Return the same for a document in which all stands further back."""


class Portion(Struct, frozen=True):
    """A range of a document that can be read by itself, and how, if the range does not tell."""

    start: int
    end: int
    steps: tuple[Any, ...] = ()
    """Each a `Step` of the format's own."""

    def moved(self, by: int) -> "Portion":
        """Return the same behind front matter of so many bytes, which belongs to the first portion."""
        start = self.start + by if self.start else 0
        return Portion(start, self.end + by, tuple(step.moved(by) for step in self.steps))


class Place(Struct, frozen=True):
    """A portion of a document, and line and column of its first character, both from 1."""

    portion: Portion
    line: int
    column: int


Read = Callable[[Place], Made]


class _Portion(Task):
    """A portion that another process reads."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.read: Made | Exception | None = None

    def message(self) -> bytes:
        import pickle  # few documents are so large

        return pickle.dumps(self.place)

    def take(self, answer: memoryview) -> bool:
        import pickle

        self.read = pickle.loads(answer)  # noqa: S301 - from a process that this one forked
        return True


def places(data: bytes, portions: Iterable[Portion]) -> Iterator[Place]:
    """Yield the portions of a document, which are ascending, with their places."""
    positions = Positions(data)
    for portion in portions:
        yield Place(portion, *positions.at(portion.start))


def run(read: Read, where: Iterator[Place], count: int, processes: int) -> Iterator[Made]:
    """Yield what read makes of each portion, in order; count: how many there are at least.

    Raises DocumentError if a process dies, and what read raises.
    """
    crew = _crew(read, min(processes, count)) if count >= FEWEST and processes > 1 and may_fork() else None
    if crew is None:
        yield from map(read, where)
        return
    waiting = deque(_sent(crew, place) for place in islice(where, _WAITING))
    try:
        while waiting:
            crew.fetch(one := waiting.popleft())
            waiting.extend(_sent(crew, place) for place in islice(where, 1))
            yield _made(one, read)
    finally:
        crew.close(patiently=not waiting)


def _crew(read: Read, processes: int) -> "Crew | None":
    """Return processes that read portions: they have the document already. None: the system has none to give."""
    from linkkeeper.extract.crew import Crew  # not on every system

    try:
        return Crew(forked.fork(processes, lambda: partial(_answer, read)))
    except OSError as error:
        log.info("no further process: %s", error)
        return None


def _answer(read: Read, message: bytes) -> Iterator[bytes]:
    import pickle

    try:
        yield pickle.dumps(read(pickle.loads(message)))  # noqa: S301 - from the process that forked this one
    except Exception as error:  # noqa: BLE001 - raised again where the document is
        yield pickle.dumps(error)


def _sent(crew: "Crew", place: Place) -> _Portion:
    one = _Portion(place)
    crew.send(one)
    return one


def _made(one: _Portion, read: Read) -> Made:
    if one.is_lost:
        raise DocumentError(LOST)
    if isinstance(one.read, Exception):
        raise one.read
    return read(one.place) if one.read is None else one.read
