"""One writer at a time. The lock is the kernel's (flock), so it ends with the process that held it."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from linkkeeper.archive.local.layout import LOCK, failure
from linkkeeper.errors import LinkkeeperError


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Be the only writer of an archive. Raises LinkkeeperError if another run is, or if nobody can write there.

    The file stays: removing it would let two runs lock two files of that name.
    """
    path = directory / LOCK
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        raise failure(error, f"cannot lock {path}") from error
    try:
        _take(fd, path)
        yield
    finally:
        os.close(fd)


def _take(fd: int, path: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise LinkkeeperError(f"another run is writing to {path.parent}", "wait until it has ended") from error
    except OSError as error:
        raise failure(error, f"cannot lock {path}") from error


def is_locked(directory: Path) -> bool:
    """Say whether a run is writing to an archive now; False where that cannot be told."""
    try:
        fd = os.open(directory / LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(fd)
    return False
