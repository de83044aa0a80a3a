"""Processes forked to answer messages, each through two pipes.

Loads nothing but what Python has loaded anyway: the first may be begun before all else, and loads what it needs while
we load what we need. It forks the others when it has, so that only one of them pays for that.
"""

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NoReturn

Do = Callable[[bytes], Iterable[bytes]]
"""What a process answers to a message: nothing, or one message or several."""
Prepare = Callable[[], Do]
"""Loads what is needed; runs in the first process only."""
HEAD_BYTES = 8
"""Before each message: its length, the highest byte first."""
HERE = (0).to_bytes(HEAD_BYTES, "big")
"""The first thing a process sends: who closes its pipes without that has never begun."""
_MOST = 8
"""Begun early, on a guess; each takes four open files and 3 ms."""
_FEWEST_FILES = 128
"""That a process may have open: with less, others need them more."""
_PIPE_BYTES = 1 << 20
"""What Linux lets anybody have: an answer waits there while we are busy. Other systems keep their own size."""

_LARGEST_KEPT = 1 << 24
"""Bytes of a block up to which freed memory is kept."""

ready: list["Forked"] = []
"""Begun early (`begin`), and not used yet."""


class Forked:
    """Some processes that wait for messages. They end when all our ends of their pipes are closed."""

    def __init__(self, first: int, ends: list[tuple[int, int]]) -> None:
        self.first = first
        """The id of the first, which is the parent of the others."""
        self.ends = ends
        """Of each, what we read from and what we write to."""

    def dismiss(self) -> None:
        """End them at once: nothing was begun."""
        with suppress(OSError):
            os.kill(self.first, 9)
            os.waitpid(self.first, 0)


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def begin(count: int, prepare: Prepare) -> None:
    """Have some processes ready for whoever needs them, not very many; none where that cannot be."""
    if _may_open(_FEWEST_FILES):
        with suppress(OSError):
            ready.append(fork(min(count, _MOST), prepare))


def _may_open(files: int) -> bool:
    try:
        import resource
    except ImportError:  # a system without fork
        return False
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft == resource.RLIM_INFINITY or soft >= files


def dismiss() -> None:
    """End what nobody needed."""
    while ready:
        ready.pop().dismiss()


def fork(count: int, prepare: Prepare) -> Forked:
    """Return some new processes. Safe only while no other thread runs. Raises OSError if the system has none."""
    pipes: list[tuple[int, int]] = []
    try:
        for _ in range(2 * count):
            pipes.append(os.pipe())
            _widen(pipes[-1][1])
        first = os.fork()
    except OSError:
        _close(pipes)
        raise
    answers, messages = pipes[:count], pipes[count:]
    ours = [(one[0], other[1]) for one, other in zip(answers, messages, strict=True)]
    theirs = [(other[0], one[1]) for one, other in zip(answers, messages, strict=True)]
    if not first:
        _live(ours, theirs, prepare)
    _close(theirs)
    return Forked(first, ours)


def _widen(pipe: int) -> None:
    with suppress(ImportError, AttributeError, OSError):
        import fcntl  # not on every system, as what it is needed for

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _close(pairs: list[tuple[int, int]]) -> None:
    for end in (end for pair in pairs for end in pair):
        os.close(end)


def _live(not_ours: list[tuple[int, int]], pairs: list[tuple[int, int]], prepare: Prepare) -> NoReturn:
    """Be the first process, and from a fork on one of the others."""
    code = 1
    try:
        _close(not_ours)
        _leave_signals()
        _keep_memory()
        do = prepare()
        children: list[int] = []
        while len(pairs) > 1:
            try:
                child = os.fork()
            except OSError:  # the system has no more of them
                pairs = _only(pairs, 0)
                break
            if not child:
                children, pairs = [], _only(pairs, -1)
            else:
                children.append(child)
                _close([pairs.pop()])
        _answer(*pairs[0], do)
        for child in children:
            os.waitpid(child, 0)
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, only this process ends by it
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)  # what the other process would do at its end is not ours to do


def _only(pairs: list[tuple[int, int]], place: int) -> list[tuple[int, int]]:
    kept = pairs.pop(place)
    _close(pairs)
    return [kept]


def _keep_memory() -> None:
    """Have what is freed kept for what comes next: a fresh page costs 1.3 µs, a tenth of the time for some documents.

    glibc gives memory back from twice the size on of the largest block ever freed (`mallopt(3)`, M_MMAP_THRESHOLD).
    This one is not touched, so it costs nothing.
    """
    bytes(_LARGEST_KEPT)


def _leave_signals() -> None:
    import _signal  # type: ignore[import-not-found]  # built in; typeshed knows `signal` only, which takes time to load

    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)  # the parent hears it, and ends
    _signal.signal(_signal.SIGTERM, _signal.SIG_DFL)


def _answer(reads: int, writes: int, do: Do) -> None:
    """Answer messages until nobody can send one any more, or nobody hears."""
    with os.fdopen(reads, "rb") as messages, suppress(BrokenPipeError):
        _write(writes, HERE)
        while len(head := messages.read(HEAD_BYTES)) == HEAD_BYTES:
            for answer in do(messages.read(int.from_bytes(head, "big"))):
                _write(writes, len(answer).to_bytes(HEAD_BYTES, "big"))
                _write(writes, answer)


def _write(writes: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(writes, rest) :]
