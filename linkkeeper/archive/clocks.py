"""Places to keep an archive's pace without a database: in memory, or in a file that processes share."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from linkkeeper.archive.base import Pace


class MemoryClock:
    """A clock for one run alone."""

    def __init__(self) -> None:
        self._pace = Pace()

    def update(self, change: Callable[[Pace], Pace]) -> Pace:
        """Replace the pace."""
        self._pace = change(self._pace)
        return self._pace


class FileClock:
    """A clock in a file, locked while it is changed (POSIX; elsewhere the last writer wins)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def update(self, change: Callable[[Pace], Pace]) -> Pace:
        """Replace the pace; a damaged file counts as a fresh one."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        with os.fdopen(handle, "r+b") as file:
            _lock(file.fileno())
            pace = Pace()
            with suppress(msgspec.DecodeError):
                pace = msgspec.json.decode(file.read(), type=Pace)
            pace = change(pace)
            file.seek(0)
            file.write(msgspec.json.encode(pace))
            file.truncate()
        return pace


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)  # given back when the file is closed
