"""One text or WARC file that only grows, and can be taken back to where it was."""

import os
from pathlib import Path

from linkkeeper.archive.local.layout import write_all

_BUFFER = 1 << 20


class Appending:
    """An open file of which nobody else writes the end. Raises OSError, from every method."""

    def __init__(self, path: Path) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self._fd = os.open(path, flags, 0o666)
        self._waiting: list[bytes] = []
        self._waiting_size = 0
        self.good = os.fstat(self._fd).st_size
        """Up to here everything is whole; what is behind it is being written."""
        self.size = self.good
        """As it will be when everything is written out."""

    def write(self, data: bytes) -> None:
        """Take bytes; they reach the file with `flush`, or earlier where they are many."""
        self._waiting.append(data)
        self._waiting_size += len(data)
        self.size += len(data)
        if self._waiting_size > _BUFFER:
            self.flush()

    def flush(self) -> None:
        """Write out what was taken: a kill no longer loses it."""
        data, self._waiting, self._waiting_size = b"".join(self._waiting), [], 0
        write_all(self._fd, data)

    def settle(self) -> None:
        """Call everything whole that was written so far."""
        self.good = self.size

    def is_as_left(self) -> bool:
        """Say whether nobody else changed the size of the file."""
        return os.fstat(self._fd).st_size == self.good

    def take_back(self) -> None:
        """Cut off everything since the last `settle`."""
        self._waiting, self._waiting_size, self.size = [], 0, self.good
        os.ftruncate(self._fd, self.good)

    def empty(self) -> None:
        """Begin again with nothing."""
        os.ftruncate(self._fd, 0)
        self.good = self.size = 0

    def sync(self) -> None:
        """Bring the file down to the disk: a power cut no longer loses it."""
        os.fsync(self._fd)

    def close(self) -> None:
        """Close the file; what was not flushed is not in it."""
        os.close(self._fd)
