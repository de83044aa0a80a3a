"""Reading a file that may have been swapped for something else."""

import os
import stat

from linkkeeper.errors import DocumentError

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
