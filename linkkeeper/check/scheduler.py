"""Which job starts next: one queue per host, deadlines instead of sleeps. No clock, no tasks, no I/O of its own."""

from collections import deque
from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush
from math import inf

from linkkeeper.check.base import Question
from linkkeeper.check.job import Job
from linkkeeper.models.verdict import Reply
from linkkeeper.net.door import Door
from linkkeeper.net.politeness import Pace

_NOTHING = Reply(url="")


class Host:
    """The jobs of one host and its pace."""

    __slots__ = (
        "closed", "door", "down", "heads_refused", "key", "last", "later", "pace", "queue", "rank", "ticket", "up",
    )  # fmt: skip

    def __init__(self, key: str, pace: Pace) -> None:
        self.key = key
        self.pace = pace
        self.queue: deque[Job | Question] = deque()
        """A question becomes a job if it needs to: a long run would hold hundreds of thousands that only wait."""
        self.later: list[tuple[float, int, Job]] = []
        self.ticket = 0
        """The one entry in the scheduler's heaps that counts; older ones are void. 0: none does."""
        self.rank = 0.0
        """Of that entry, if it is one of those that are ready; the least comes first. Infinite: of another."""
        self.up = False
        """It has answered."""
        self.down = 0
        """Failed connections in a row."""
        self.last = _NOTHING
        """The last of them."""
        self.heads_refused = 0
        """Answers that meant HEAD itself."""
        self.door: Door | None = None
        """How its plain first questions are sent, once that was asked for."""
        self.closed: Reply | None = None
        """Its answer to whatever is still to be asked: it wants no more of us in this run."""

    @property
    def waiting(self) -> int:
        """Jobs not under way."""
        return len(self.queue) + len(self.later)

    def close(self, answer: Reply) -> None:
        """Ask this host nothing more; answer is what its waiting jobs get, at once."""
        self.closed = answer
        self.pace.lift()
        self.queue.extend(job for _, _, job in sorted(self.later, key=lambda entry: entry[:2]))
        self.later.clear()

    def drop(self, urls: set[str]) -> None:
        """Take the questions about these URLs out, where they wait."""
        self.queue = deque(waiting for waiting in self.queue if not _asks(waiting, urls))
        self.later = [entry for entry in self.later if not _asks(entry[2], urls)]
        heapify(self.later)


def _asks(waiting: Job | Question, urls: set[str]) -> bool:
    """Say whether it is a question of the run, and about one of these."""
    if isinstance(waiting, Question):
        return waiting.url in urls
    return waiting.then is None and waiting.question.url in urls


def _rank(host: Host) -> float:
    """Return what orders hosts that are ready: who has most left to do, shared among its requests, comes first."""
    return -len(host.queue) / (host.pace.active + 1)


class Scheduler:
    """Hands out questions and jobs so that no host sees more than it may, and none waits for another."""

    def __init__(self, pace_for: Callable[[str], Pace]) -> None:
        self.hosts: dict[str, Host] = {}
        self._pace_for = pace_for
        self._ready: list[tuple[float, int, Host]] = []
        self._timed: list[tuple[float, int, Host]] = []
        self._tickets = 0
        self._new: dict[str, Host] = {}

    def host(self, key: str) -> Host:
        """Return the host, made on first use."""
        found = self.hosts.get(key)
        if found is None:
            found = self.hosts[key] = Host(key, self._pace_for(key))
        return found

    def line_up(self, host: Host, question: Question) -> None:
        """Queue a question; `place_new` is to be called when all are queued that come together."""
        host.queue.append(question)
        self._new[host.key] = host

    def place_new(self, now: float) -> None:
        """Put the hosts of new questions where they belong."""
        new, self._new = self._new, {}
        for host in new.values():
            self.place(host, now)

    def add(self, host: Host, job: Job | Question, now: float, at: float = 0.0, first: bool = False) -> None:
        """Queue a job, not to start before `at`; `first`: before the others."""
        if at > now and isinstance(job, Job):
            self._tickets += 1
            heappush(host.later, (at, self._tickets, job))
        elif first:
            host.queue.appendleft(job)
        else:
            host.queue.append(job)
        self.place(host, now)

    def place(self, host: Host, now: float) -> None:
        """Put a host where it now belongs: ready, waiting for a moment, or nowhere.

        A host that is ready too early in the order stays so until its turn comes: `next` looks again.
        """
        pace = host.pace
        if pace.full or not (host.queue or host.later):
            host.ticket = 0
            return
        at = pace.next_at
        if not host.queue and host.later[0][0] > at:
            at = host.later[0][0]
        rank = _rank(host) if at <= now else inf
        if host.ticket and host.rank <= rank < inf:
            return
        self._tickets += 1
        host.ticket, host.rank = self._tickets, rank
        if at > now:
            heappush(self._timed, (at, host.ticket, host))
        else:
            heappush(self._ready, (rank, host.ticket, host))

    def next(self, now: float, favourite: Host | None = None) -> tuple[Host, Job | Question] | None:
        """Return what to start now, and its host; None if nothing may start.

        The favourite (whose connection is open and warm; it need not be in its place) comes first, then the host
        with most left to do.
        """
        if self._timed and self._timed[0][0] <= now:
            self._wake(now)
        if favourite is not None:
            if self._may_start(favourite, now):
                return favourite, self._take(favourite, now)
            self.place(favourite, now)
        while self._ready:
            rank, ticket, host = heappop(self._ready)
            if ticket != host.ticket:
                continue
            host.ticket = 0
            if self._may_start(host, now) and rank >= _rank(host):
                return host, self._take(host, now)
            self.place(host, now)
        return None

    def drop(self, urls: Iterable[str], now: float) -> None:
        """Forget the questions about these URLs, where they wait."""
        gone = set(urls)
        for host in self.hosts.values():
            host.drop(gone)
            self.place(host, now)

    def next_moment(self) -> float | None:
        """Return when a waiting host may start something."""
        while self._timed and self._timed[0][1] != self._timed[0][2].ticket:
            heappop(self._timed)
        return self._timed[0][0] if self._timed else None

    def waiting_hosts(self, now: float) -> dict[str, float]:
        """Return the hosts that told us to wait, and for how long."""
        return {
            host.key: host.pace.next_at - now
            for host in self.hosts.values()
            if host.pace.next_at > now + 1 and host.waiting
        }

    def _wake(self, now: float) -> None:
        while self._timed and self._timed[0][0] <= now:
            _, ticket, host = heappop(self._timed)
            if ticket == host.ticket:
                self.place(host, now)

    @staticmethod
    def _may_start(host: Host, now: float) -> bool:
        due = bool(host.queue) or (bool(host.later) and host.later[0][0] <= now)
        return due and not host.pace.full and host.pace.next_at <= now

    def _take(self, host: Host, now: float) -> Job | Question:
        while host.later and host.later[0][0] <= now:
            host.queue.append(heappop(host.later)[2])
        waiting = host.queue.popleft()
        host.pace.start(now)
        if not (host.ticket and host.rank < inf and host.queue and host.pace.rate is None):
            self.place(host, now)  # else it is ready, too early in the order rather than too late
        return waiting
