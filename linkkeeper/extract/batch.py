"""What travels to another process, and who takes it there."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator
from typing import Protocol

import msgspec

from linkkeeper.extract.job import Result

_decode = msgspec.msgpack.Decoder(list[Result]).decode


class Task(ABC):
    """Something that another process is asked to do."""

    is_away = False
    """Another process has it, or will."""
    is_lost = False
    """That process died of it."""

    @abstractmethod
    def message(self) -> bytes:
        """Return what the process is told."""

    @abstractmethod
    def take(self, answer: memoryview) -> bool:
        """Take in what it answers; tell whether that is all. The memory is another's afterwards."""


class Batch(Task):
    """Some files and, once it is known, what a job made of each."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.size_bytes = 0
        self.is_apart = False
        """It is one large file, which all may read together."""
        self.is_sent = False
        """It was handed out, and nobody has asked for its results yet."""
        self.results: list[Result] | None = None

    def message(self) -> bytes:
        """Return the paths."""
        return msgspec.msgpack.encode(self.paths)

    def take(self, answer: memoryview) -> bool:
        """Take in all results."""
        self.results = _decode(answer)
        return True


class Large(Task):
    """One large file, whose results come one by one and are not held."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.results: deque[Result] = deque()
        """Those that are here and that nobody has taken yet."""
        self.is_done = False

    def message(self) -> bytes:
        """Return the path: not a list of them."""
        return msgspec.msgpack.encode(self.path)

    def take(self, answer: memoryview) -> bool:
        """Take in some results; none are the end."""
        results = _decode(answer)
        self.results += results
        self.is_done = not results
        return self.is_done


class Hands(Protocol):
    """Other processes. A task may come back not done and not lost: then nobody has begun with it."""

    def send(self, batch: Batch) -> None:
        """Have a batch done."""

    def fetch(self, batch: Batch) -> None:
        """Wait until a batch that was sent is not away any more. Is called once for each."""

    def send_large(self, large: Large) -> None:
        """Have a large file read before all that waits, or do nothing if that is not for these processes."""

    def results(self, large: Large) -> Iterator[Result]:
        """Yield the results of a large file as they come; none, or not all, if it comes back."""

    def close(self, *, patiently: bool) -> None:
        """Let the processes end; patiently: wait until they have."""
