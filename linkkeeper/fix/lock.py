"""One writing run at a time. The lock is the kernel's (flock), so it ends with the process that held it."""

import contextlib
import fcntl
import os
import time
from pathlib import Path

from linkkeeper.errors import StateError

NAME = "fix.lock"

_held: set[int] = set()


def _forget_in_child() -> None:
    """A forked worker must not keep its parent's lock alive: flock belongs to the open file, which fork shares."""
    for fd in _held:
        with contextlib.suppress(OSError):
            os.close(fd)
    _held.clear()


os.register_at_fork(after_in_child=_forget_in_child)


class Lock:
    """The right to change posts and the journal of one state directory."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / NAME
        self._fd: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock now."""
        return self._fd is not None

    def acquire(self) -> None:
        """Take the lock, without waiting; having it already is fine.

        Raises StateError if another run holds it, or if the state directory cannot hold a lock.
        """
        if self.held:
            return
        try:
            _make_folder(self._path.parent)
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except (FileExistsError, NotADirectoryError) as error:
            raise StateError(f"{self._path.parent} is no directory", "--state DIR names another one") from error
        except OSError as error:
            raise StateError(f"cannot lock {self._path}: {error.strerror}", "is the directory writable?") from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _holder(fd)
            os.close(fd)
            raise StateError(f"another run is changing these posts{holder}", "wait until it has ended") from error
        except OSError as error:
            os.close(fd)
            raise StateError(f"cannot lock {self._path}: {error.strerror}", "--state DIR puts it elsewhere") from error
        self._fd = fd
        _held.add(fd)
        _sign(fd)

    def release(self) -> None:
        """Give the lock back. The file stays: removing it would let two runs lock two files of that name."""
        if self._fd is not None:
            _held.discard(self._fd)
            os.close(self._fd)
            self._fd = None


def _make_folder(folder: Path) -> None:
    """Make the state directory; git leaves it alone, for it holds what posts said before."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):
        (folder / ".gitignore").write_text("*\n", "ascii")


def _sign(fd: int) -> None:
    """Leave word of who holds the lock; only for the message, so a full disk does no harm here."""
    with contextlib.suppress(OSError):
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()} {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}\n".encode(), 0)


def _holder(fd: int) -> str:
    with contextlib.suppress(OSError, ValueError):
        pid, since = os.pread(fd, 100, 0).decode("ascii").split()
        return f" (process {int(pid)}, since {since[:20]})"
    return ""
