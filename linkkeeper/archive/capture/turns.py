"""Politeness: who may ask a host next. One queue per host; a page under way goes before one that has yet to begin."""

import asyncio
from collections.abc import Callable
from heapq import heapify, heappop, heappush

from linkkeeper.archive.capture.base import PaceFor
from linkkeeper.models.verdict import Reply
from linkkeeper.net.politeness import Pace
from linkkeeper.net.target import Target

_SLOW_DOWN = frozenset({420, 429})
_MAX_HOSTS = 10_000


class TooLongError(Exception):
    """The host's turn would come too late. `wait_s`: seconds that it asks us to stay away, 0 if it is only busy."""

    def __init__(self, wait_s: float, detail: str) -> None:
        super().__init__(detail)
        self.wait_s = wait_s


class _Host:
    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self.timer: asyncio.TimerHandle | None = None
        self.visit_at = 0.0
        """When the next page may be begun, where the site asks for a pause between visits."""


def host_key(where: Target) -> str:
    """Name the queue of a target: its host; another machine may sit behind a port of its own."""
    return where.host if where.port in (80, 443) else f"{where.host}/{where.port}"


class Turns:
    """The queues of all hosts."""

    def __init__(self, pace_for: PaceFor, max_wait_s: float, clock: Callable[[], float] | None = None) -> None:
        self._pace_for, self._max_wait_s = pace_for, max_wait_s
        self._hosts: dict[str, _Host] = {}
        self._tickets = 0
        self._now = clock or (lambda: asyncio.get_running_loop().time())

    async def enter(self, key: str, rank: int, until: float | None) -> float:
        """Wait for a turn; return when it began (the loop's time). Lower ranks go first.

        `until`: the loop's time after which nobody wants it any more. Raises TooLongError. Every turn ends in `leave`.
        """
        host = self._host(key)
        self._refuse(host, until)
        if not host.waiting and self._may_start(host):
            host.pace.start(self._now())
            return self._now()
        return await self._wait(host, rank, until)

    async def _wait(self, host: _Host, rank: int, until: float | None) -> float:
        self._tickets += 1
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(host.waiting, (rank, self._tickets, turn))
        self._admit(host)
        try:
            async with asyncio.timeout_at(until):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                host.pace.failed()  # admitted in the very moment in which it gave up
            host.waiting = [entry for entry in host.waiting if entry[2] is not turn]
            heapify(host.waiting)
            self._admit(host)
            if isinstance(error, TimeoutError):
                raise TooLongError(0.0, "its turn at the host came too late") from None
            raise
        return self._now()

    def leave(self, key: str, started: float, reply: Reply | None) -> None:
        """End a turn. `reply`: what came, None if nothing did or a redirect goes on."""
        host, now = self._host(key), self._now()
        if reply is None or reply.failure is not None or reply.status is None:
            host.pace.failed()
        elif reply.status in _SLOW_DOWN or (reply.status == 503 and reply.retry_after_s is not None):
            host.pace.refused(started, now, reply.retry_after_s)
            self._send_away(host)
        else:
            host.pace.accepted(now)
        self._admit(host)

    def moved_on(self, key: str) -> None:
        """End a turn whose answer was a redirect."""
        host = self._host(key)
        host.pace.accepted(self._now())
        self._admit(host)

    def wait_s(self, key: str) -> float:
        """Return for how long a host wants no request."""
        host = self._hosts.get(key)
        return max(0.0, host.pace.next_at - self._now()) if host else 0.0

    async def visit(self, key: str, delay_s: float) -> None:
        """Wait until a page of the host may be begun, `delay_s` after the one before."""
        host, now = self._host(key), self._now()
        at = max(host.visit_at, now)
        host.visit_at = at + delay_s
        await asyncio.sleep(at - now)

    def single_file(self, key: str) -> bool:
        """Say whether a host has a known rate, or wants pauses: its pages are best captured one by one."""
        host = self._host(key)
        return host.pace.rate is not None or host.visit_at > 0

    def _host(self, key: str) -> _Host:
        host = self._hosts.get(key)
        if host is None:
            if len(self._hosts) >= _MAX_HOSTS:
                self._forget()
            host = self._hosts[key] = _Host(self._pace_for(key))
        return host

    def _forget(self) -> None:
        """Let hosts go that nobody asks and that want nothing of us."""
        now = self._now()
        idle = [key for key, host in self._hosts.items() if not (host.pace.active or host.waiting)]
        for key in idle:
            host = self._hosts[key]
            if host.pace.rate is None and max(host.pace.next_at, host.visit_at) <= now:
                del self._hosts[key]

    def _refuse(self, host: _Host, until: float | None) -> None:
        """Raise if a host told us to stay away for longer than may be waited."""
        wait = host.pace.next_at - self._now()
        if host.pace.hopeless:
            raise TooLongError(max(wait, 0.0), "its host refuses again and again")
        told_to = host.pace.refusals_in_row > 0
        if told_to and wait > self._max_wait_s:
            raise TooLongError(wait, f"its host wants no request for {wait:.0f} s")
        if until is not None and host.pace.next_at > until:
            raise TooLongError(wait if told_to else 0.0, "its turn at the host would come too late")

    def _send_away(self, host: _Host) -> None:
        """Tell those who wait that it would be too long, if it would be."""
        try:
            self._refuse(host, None)
        except TooLongError as too_long:
            for _, _, turn in host.waiting:
                if not turn.done():
                    turn.set_exception(TooLongError(too_long.wait_s, str(too_long)))
            host.waiting.clear()

    def _may_start(self, host: _Host) -> bool:
        return not host.pace.full and host.pace.next_at <= self._now()

    def _admit(self, host: _Host) -> None:
        """Let in who may start; be back when the next may."""
        while host.waiting and self._may_start(host):
            turn = heappop(host.waiting)[2]
            if not turn.done():
                host.pace.start(self._now())
                turn.set_result(None)
        if host.timer is not None:
            host.timer.cancel()
            host.timer = None
        if host.waiting and not host.pace.full:
            host.timer = asyncio.get_running_loop().call_at(host.pace.next_at, self._admit, host)

    def close(self) -> None:
        """Drop every timer."""
        for host in self._hosts.values():
            if host.timer is not None:
                host.timer.cancel()
                host.timer = None
