"""A large document whose portions can be read one by one, by several processes where that is possible."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, Self

from msgspec import Struct

from linkkeeper.errors import DocumentError
from linkkeeper.extract.spans import Positions
from linkkeeper.extract.workers import may_fork

if TYPE_CHECKING:
    from concurrent.futures import Future

    from linkkeeper.extract.job import Made

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


Read = Callable[[Place], "Made"]
_read: list[Read] = []
"""What reads a portion, in a process that was forked for that: it has the document already."""


def places(data: bytes, portions: Iterable[Portion]) -> Iterator[Place]:
    """Yield the portions of a document, which are ascending, with their places."""
    positions = Positions(data)
    for portion in portions:
        yield Place(portion, *positions.at(portion.start))


def run(read: Read, where: Iterator[Place], count: int, processes: int) -> Iterator["Made"]:
    """Yield what read makes of each portion, in order; count: how many there are at least.

    Raises DocumentError if a process dies, and what read raises.
    """
    if count < FEWEST or processes < 2 or not may_fork():
        yield from map(read, where)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(min(processes, count), context, _begin, (read,))
    waiting: deque[Future[Made]] = deque(pool.submit(_one, place) for place in islice(where, _WAITING))
    try:
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(_one, place) for place in islice(where, 1))
    except BrokenProcessPool as error:
        raise DocumentError("the process that read it died, perhaps of a lack of memory") from error
    finally:
        pool.shutdown(wait=not waiting, cancel_futures=True)


def _begin(read: Read) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and ends the pool
    _read[:] = [read]


def _one(place: Place) -> "Made":
    return _read[0](place)
