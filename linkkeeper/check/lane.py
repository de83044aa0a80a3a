"""The fast lane: first questions over plain HTTP whose answer is a 200 with nothing more to it.

Nine answers in ten are like that. They go from the bytes on the wire to the finding here, without a Job, a Trip and a
Reply for each; whatever else comes is handed over as if the lane had never been.
"""

from collections.abc import Callable
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from linkkeeper.check import doubt, evidence
from linkkeeper.check.base import Question
from linkkeeper.check.bench import Bench
from linkkeeper.check.finding import plain_finding
from linkkeeper.check.ledger import Ledger
from linkkeeper.check.network import Watch
from linkkeeper.check.scheduler import Host
from linkkeeper.net import clock, quick
from linkkeeper.net.client import Client
from linkkeeper.net.door import Door
from linkkeeper.net.pool import Link

_KEPT = (None, "keep-alive", "Keep-Alive")
_ALIKE = 128
"""Answers that are known again: within a second a server often gives many URLs the very same one."""


class Ask(Struct, eq=False):
    """One question under way in the lane. Times are the clock's."""

    host: Host
    door: Door
    question: Question
    link: Link
    started: float
    until: float
    taken: bool = False
    """The answer was counted: for the pace of the host, and for the connection."""


class Why(Enum):
    """Why an ask leaves the lane."""

    ODD = "the answer is not plain"
    LATE = "nothing came in time"
    DOUBTED = "a plain answer, taken in, but its page is to be looked at"


Otherwise = Callable[[Ask, bytes | None, Why | Exception], None]
"""Takes over an ask with what came for it (None: the connection ended), for a reason or a fault of ours."""


class Lane:
    """The questions of one run that are under way in the lane."""

    def __init__(
        self,
        client: Client,
        bench: Bench,
        ledger: Ledger,
        network: Watch,
        otherwise: Otherwise,
        done: Callable[[Host, Door], None],
        broken: Callable[[Exception], None],
    ) -> None:
        """done: is told of every answer that is not handed over, once its finding is made. broken: of what those two
        themselves raise; never expected.
        """
        self._client, self._bench, self._ledger, self._network = client, bench, ledger, network
        self._otherwise, self._done, self._broken = otherwise, done, broken
        self._quick = quick.Quick(self._came, self._late)
        self.requests = 0
        """Answered here."""
        evidence.prepare()

    def start(self, host: Host, question: Question, now: float) -> bool:
        """Ask a question, if it may go this way; say whether that is so."""
        if question.want_anchors:
            return False
        door = host.door
        path = door.path(question.url) if door is not None else ""
        if not path:
            door = self._client.door(question.url)
            if door is None:
                return False
            path, host.door = door.path(question.url), door
            self._network.expect(door.target)
        if not path or door is None or (link := self._client.link(door)) is None:
            return False
        ask = Ask(host, door, question, link, now, now + self._client.options.timeout_s)
        self._quick.start(ask, door.request(path))
        return True

    def close(self) -> None:
        """Drop what is under way; nobody is told."""
        self._quick.close()

    def _came(self, ask: Ask, data: bytes | None) -> None:
        why: Why | Exception | None
        try:
            why = self._settled(ask, data)
        except Exception as error:  # noqa: BLE001 - one answer, however odd, must not end the run
            why = error
        self._go_on(ask, data, why)

    def _late(self, ask: Ask) -> None:
        self._go_on(ask, None, Why.LATE)

    def _go_on(self, ask: Ask, data: bytes | None, why: Why | Exception | None) -> None:
        try:
            if why is None:
                self._done(ask.host, ask.door)
            else:
                self._otherwise(ask, data, why)
        except Exception as error:  # noqa: BLE001 - nobody above would end the run
            self._broken(error)

    def _settled(self, ask: Ask, data: bytes | None) -> Why | None:
        """Make an answer a finding; return why not, if that cannot be done here.

        What is learned and noted here is what `Runner._stands` learns and notes of the same answer.
        """
        host, url = ask.host, ask.question.url
        told = _read(data) if data is not None else None
        if told is None or evidence.place_tells(url) or url not in self._ledger.open:
            return Why.ODD
        believed = self._bench.believes(host, url, told)
        now = clock.now()
        ask.taken = True
        self.requests += 1
        ask.link.used += 1
        self._client.pool.give(ask.door.origin, ask.link)
        if not host.up:
            self._network.answered(ask.door.target)
        host.up, host.down = True, 0
        host.pace.accepted(now)
        if not believed:
            return Why.DOUBTED
        doubted = self._network.plainly_ended(ask.door.target, url)
        self._ledger.found(plain_finding(url, evidence.PLAIN, now - ask.started), doubted=doubted)
        return None


@lru_cache(maxsize=_ALIKE)
def _read(data: bytes) -> doubt.Told | None:
    """Return what a 200 says that has nothing more to it, as far as its fields go; None: these bytes are another."""
    fields = quick.fields_of_ok(data)
    if fields is None or fields.get("connection") not in _KEPT or evidence.tells(fields, ""):
        return None
    return doubt.told(fields)
