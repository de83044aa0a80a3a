"""Reading a file that may have been swapped for something else."""

# paths stay the strings that they came as
# ruff: noqa: PTH123

import os
import stat

from linkkeeper.errors import DocumentError

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read(path: str) -> bytes:
    """Return the bytes of a regular file. Raises DocumentError for anything else; never waits for a pipe."""
    try:
        handle = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        raise DocumentError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    with open(handle, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise DocumentError("not a regular file: not opened")
        try:
            return file.readall()
        except (OSError, MemoryError) as error:
            raise DocumentError(f"cannot be read: {error}") from error
