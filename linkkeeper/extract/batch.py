"""Files that travel to another process together, and who takes them there."""

from typing import Protocol

from linkkeeper.extract.job import Result


class Batch:
    """Some files and, once it is known, what a job made of each."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.size_bytes = 0
        self.is_apart = False
        """It is one large file, which all may read together."""
        self.is_sent = False
        """It was handed out, and nobody has asked for its results yet."""
        self.is_away = False
        """Another process has it, or will."""
        self.is_lost = False
        """That process died of it."""
        self.results: list[Result] | None = None


class Hands(Protocol):
    """Other processes. A batch may come back without results, not lost: then nobody has begun with it."""

    def send(self, batch: Batch) -> None:
        """Have a batch done."""

    def fetch(self, batch: Batch) -> None:
        """Wait until a batch that was sent is not away any more. Is called once for each."""

    def close(self, *, patiently: bool) -> None:
        """Let the processes end; patiently: wait until they have."""
