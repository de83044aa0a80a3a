"""Processes (`forked`), and the tasks that they do: neither threads nor queues.

`concurrent.futures` takes 10 ms to load and a process's results twice through a lock that we need ourselves (2026-11).
"""

import os
import select
from collections import deque
from collections.abc import Iterator
from contextlib import suppress

from linkkeeper.extract.batch import Large, Task
from linkkeeper.extract.forked import HEAD_BYTES, HERE, Forked
from linkkeeper.extract.job import Result

_AT_ONCE = 1 << 20
_AHEAD = 2
"""Tasks that a process has: the one that it is at, and the next."""


class _Member:
    """One of the processes."""

    def __init__(self, reads: int, writes: int) -> None:
        self.reads, self.writes = reads, writes
        """Our ends of its pipes."""
        self.inbox, self.outbox = bytearray(), bytearray()
        self.under_way: deque[Task] = deque()
        self.is_here = False
        """It has begun to answer."""


class Crew:
    """Forked processes that do tasks (`Hands`)."""

    def __init__(self, forked: Forked) -> None:
        self._first = forked.first
        self._members = [_Member(*ends) for ends in forked.ends]
        self._by_end = {end: member for member in self._members for end in (member.reads, member.writes)}
        self._waiting: deque[Task] = deque()
        self._poll = select.poll()
        for member in self._members:
            os.set_blocking(member.writes, False)
            self._poll.register(member.reads, select.POLLIN)

    def tell(self, message: bytes) -> None:
        """Send all of them a message that is not answered."""
        for member in self._members:
            self._write(member, message)

    def send(self, task: Task) -> None:
        """Have a task done by whoever is free first."""
        task.is_away = True
        self._waiting.append(task)
        self._go_on(0)

    def fetch(self, task: Task) -> None:
        """Wait until a task is not away any more."""
        self._go_on(0)  # even if it is here: nobody else may be out of work meanwhile
        while task.is_away:
            self._go_on(None)

    def send_large(self, large: Large) -> None:
        """Have a large file read by whoever is free first, before all that waits."""
        large.is_away = True
        self._waiting.appendleft(large)
        self._go_on(0)

    def results(self, large: Large) -> Iterator[Result]:
        """Yield the results of a large file as they come."""
        while large.is_away or large.results:
            if large.results:
                yield large.results.popleft()
            else:
                self._go_on(None)

    def close(self, *, patiently: bool) -> None:
        """Let the processes end, which they do when they have done what they are at."""
        for member in list(self._members):
            self._leave(member)
        if patiently:
            with suppress(OSError):
                os.waitpid(self._first, 0)

    def _go_on(self, timeout_ms: int | None) -> None:
        """Take in what is there, and hand out what waits."""
        for end, _ in self._poll.poll(timeout_ms):
            member = self._by_end.get(end)
            if member and end == member.reads:
                self._read(member)
            elif member:
                self._push(member)
        while self._waiting:
            free = min(self._members, key=lambda member: len(member.under_way), default=None)
            if free is None:
                self._waiting.popleft().is_away = False
            elif len(free.under_way) < _AHEAD:
                task = self._waiting.popleft()
                free.under_way.append(task)
                self._write(free, task.message())
            else:
                return

    def _read(self, member: _Member) -> None:
        data = os.read(member.reads, _AT_ONCE)
        if not data:
            self._lose(member)
            return
        member.inbox += data
        if not member.is_here and member.inbox.startswith(HERE):
            member.is_here = True
            del member.inbox[:HEAD_BYTES]
        while member.is_here and len(member.inbox) >= (
            end := HEAD_BYTES + int.from_bytes(member.inbox[:HEAD_BYTES], "big")
        ):
            task = member.under_way[0]
            with memoryview(member.inbox) as view, view[HEAD_BYTES:end] as answer:
                is_all = task.take(answer)
            if is_all:
                member.under_way.popleft().is_away = False
            del member.inbox[:end]

    def _lose(self, member: _Member) -> None:
        """Do without a process that died of what it was at, or never was; the others get what it had not begun."""
        self._leave(member)
        if member.under_way and member.is_here:
            task = member.under_way.popleft()
            task.is_lost, task.is_away = True, False
        self._waiting.extendleft(reversed(member.under_way))

    def _leave(self, member: _Member) -> None:
        self._members.remove(member)
        for end in (member.reads, member.writes):
            del self._by_end[end]
            with suppress(KeyError):
                self._poll.unregister(end)
            os.close(end)

    def _write(self, member: _Member, message: bytes) -> None:
        member.outbox += len(message).to_bytes(HEAD_BYTES, "big") + message
        self._push(member)

    def _push(self, member: _Member) -> None:
        """Write what the pipe takes now; the rest when it takes more."""
        try:
            while member.outbox:
                del member.outbox[: os.write(member.writes, member.outbox)]
        except BlockingIOError:
            self._poll.register(member.writes, select.POLLOUT)
            return
        except BrokenPipeError:  # it died, as reading will tell
            member.outbox.clear()
        with suppress(KeyError):
            self._poll.unregister(member.writes)
