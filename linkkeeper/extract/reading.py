"""Reading a file that may have been swapped for something else."""

import os
import stat
from collections.abc import Iterable

from linkkeeper.errors import DocumentError
from linkkeeper.extract.remembered import Stamp, stamp_of

_MOST = 1 << 26
"""Bytes that are asked for at a time."""
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read(path: str) -> bytes:
    """Return the bytes of a regular file. Raises DocumentError for anything else; never waits for a pipe."""
    try:
        handle = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        raise DocumentError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise DocumentError("not a regular file: not opened")
        return _all(handle, status.st_size)
    except (OSError, MemoryError, OverflowError) as error:
        raise DocumentError(f"cannot be read: {error}") from error
    finally:
        os.close(handle)


def _all(handle: int, expected_bytes: int) -> bytes:
    """Read to the end. One byte more than expected is asked for, so that most files take a single call."""
    pieces = [os.read(handle, min(expected_bytes, _MOST) + 1)]
    while pieces[-1] and (len(pieces) > 1 or len(pieces[0]) != expected_bytes):
        pieces.append(os.read(handle, _MOST))
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def read_ranges(path: str, stamp: Stamp, ranges: Iterable[tuple[int, int]]) -> list[bytes]:
    """Return some of the bytes of a file. Raises DocumentError if it is not the one with this stamp, and as `read`."""
    try:
        handle = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        raise DocumentError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    try:
        pieces = [_piece(handle, start, end) for start, end in ranges]
        if stamp_of(os.fstat(handle)) != stamp:  # after reading: a change before would show now
            raise DocumentError("was changed")
    except OSError as error:
        raise DocumentError(f"cannot be read: {error}") from error
    finally:
        os.close(handle)
    return pieces


def _piece(handle: int, start: int, end: int) -> bytes:
    os.lseek(handle, start, os.SEEK_SET)
    return os.read(handle, end - start)
