"""A process that runs `linkkeeper` with one system call going wrong, as often as it is asked to: for test_fix_faults.

It reads orders from stdin, a line of JSON each, and answers with a line: how the command ended and which calls it
made that change the disk below its folder. Each command runs in a fork, so the imports are paid once.

A kill is a real SIGKILL, a termination a real SIGTERM, right before the call or, for a write, after half of it.
"""

import contextlib
import errno
import io
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

REAL_PWRITE, REAL_OPEN, REAL_IO_OPEN = os.pwrite, os.open, io.open
ERRORS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EACCES": errno.EACCES}
SIGNALS = {"KILL": signal.SIGKILL, "TERM": signal.SIGTERM, "INT": signal.SIGINT}
BY_FD = ("write", "pwrite", "writev", "fsync", "fdatasync", "ftruncate", "fchmod", "fchown")
BY_PATH = ("rename", "replace", "link", "symlink", "unlink", "remove", "rmdir", "mkdir", "truncate", "chmod", "chown")
BY_EITHER = ("setxattr", "removexattr", "utime")
CRASHED = 99
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Faults:
    """Counts the calls that change something below a folder, and lets the one of a number (or all from it) go wrong."""

    def __init__(self, order: dict[str, Any], record: str) -> None:
        self._root = f"{Path(order['cwd']).resolve()}/"
        self._at, self._act, self._persists = order["at"], order["act"], order.get("persists", False)
        self._record = REAL_OPEN(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._count, self._turn = 0, threading.Lock()

    def install(self) -> None:
        """Wrap the functions of `os` that change the disk, and `open`."""
        for name in (*BY_FD, *BY_PATH, *BY_EITHER):
            setattr(os, name, self._wrapper(name, getattr(os, name)))
        os.open = self._opening
        io.open = self._opening_a_stream
        sys.modules["builtins"].open = self._opening_a_stream  # type: ignore[attr-defined]  # what it has

    def _wrapper(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            place = args[1] if name in ("rename", "replace", "link", "symlink") else args[0]
            folder = kwargs.get("dst_dir_fd", kwargs.get("dir_fd"))
            self._before(name, place, folder, args)
            return real(*args, **kwargs)

        return call

    def _opening(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & WRITES:
            self._before("open", path, dir_fd, ())
        return REAL_OPEN(path, flags, mode, dir_fd=dir_fd)

    def _opening_a_stream(self, file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if not isinstance(file, int) and set(mode) & set("wax+"):
            self._before("open", file, None, ())
        return REAL_IO_OPEN(file, mode, *args, **kwargs)

    def _before(self, name: str, place: Any, folder: int | None, args: tuple[Any, ...]) -> None:
        where = self._below(place, folder)
        if where is None:
            return
        if name == "rename":
            where += f" from {args[0]}"
        with self._turn:
            self._count += 1
            REAL_PWRITE(self._record, f"{name} {where}\n".encode("utf-8", "surrogateescape"), 0)
            is_due = self._count == self._at or (self._persists and self._count > self._at)
        if is_due:
            self._go_wrong(name, args)

    def _below(self, place: Any, folder: int | None) -> str | None:
        """Return the place relative to the folder of the command; None if it lies elsewhere."""
        path = _named(place) if isinstance(place, int) else os.fsdecode(place)
        above = _named(folder) if folder is not None else os.getcwd()  # noqa: PTH109  # text, like all here
        path = os.path.normpath(path if path.startswith("/") else f"{above}/{path}")
        return path.removeprefix(self._root) if path.startswith(self._root) else None

    def _go_wrong(self, name: str, args: tuple[Any, ...]) -> None:
        if name == "write" and self._act != "INT":
            fd, piece = args[0], bytes(args[1])
            REAL_PWRITE(fd, piece[: len(piece) // 2], os.lseek(fd, 0, os.SEEK_CUR))
        if self._act in SIGNALS:
            os.kill(os.getpid(), SIGNALS[self._act])
        elif self._act in ERRORS:
            raise OSError(ERRORS[self._act], os.strerror(ERRORS[self._act]))


def _named(fd: int) -> str:
    return str(Path(f"/proc/self/fd/{fd}").readlink())


def run(order: dict[str, Any], out: str, err: str) -> None:
    """Be `linkkeeper` in a fork."""
    os.chdir(order["cwd"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for fd, path in ((1, out), (2, err)):
        os.dup2(REAL_OPEN(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), fd)
    from linkkeeper.cli import app
    from linkkeeper.fix import apply, journal

    for module in (apply, journal):
        vars(module)["BATCH_FILES"] = order["batch"]
    sys.argv = ["linkkeeper", *order["argv"]]
    Faults(order, order["record"]).install()
    app.main()


def warm_up() -> None:
    """Load what every command needs, so that the forks have it."""
    import linkkeeper.pipeline.online  # noqa: F401 - loaded before the faults begin
    from linkkeeper.cli import app
    from linkkeeper.extract import registry
    from linkkeeper.extract.base import ExtractOptions
    from linkkeeper.fix import interactive, listing  # noqa: F401 - loaded before the faults begin
    from linkkeeper.pipeline import fix, scan  # noqa: F401 - loaded before the faults begin

    for name in ("a.md", "a.html", "a.rst", "a.txt", "a.adoc"):
        registry.extract(name, b"---\na: http://example.com/\n---\n", ExtractOptions())
    sys.argv = ["linkkeeper", "clean", "http://example.com/?utm_source=x"]
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):
        app.main()


def main() -> None:
    """Serve orders until stdin ends."""
    warm_up()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            code = CRASHED
            try:
                run(order, order["stdout"], order["stderr"])
            except SystemExit as leaving:
                code = leaving.code if isinstance(leaving.code, int) else 0 if leaving.code is None else 1
            except BaseException:  # noqa: BLE001  # shown, and a failure of the test
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(code)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
