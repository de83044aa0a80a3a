"""Per host: how many requests at once, how far apart, and what its refusals taught us. No clock of its own."""

import math
from collections import deque
from functools import cache
from importlib import resources

import tomli
from msgspec import Struct, convert

_START_AT_ONCE = 3
"""A host's first requests: it may refuse all that are under way when its limit is met."""
_DISCOVERY = 0.05
"""Growth of a guessed rate per second without refusal, itself growing, until a second refusal tells the true one."""
_NO_BURST = 3
_FEW = 5
_FIRST_GUESS = 5
_PROBE = 0.01
"""The same, once a rate is known: it is felt out slowly, and faster the longer nothing is refused."""
_FASTER = 1.4
_PEACE_S = 15.0
_STEP_DOWN = 0.93
_MARGIN = 0.97
_LONGEST_PAUSE_S = 30.0
_GIVE_UP = 4
"""Refusals in a row, with pauses between, after which a host is left alone for this run."""
_MIN_RATE = 0.05


class KnownHost(Struct, frozen=True, forbid_unknown_fields=True):
    """What a host asks of its visitors, from `hosts.toml`."""

    source: str
    date: str
    per_host: int | None = None
    rate: float | None = None
    """Requests a second."""


@cache
def known_hosts() -> dict[str, KnownHost]:
    """Return the table of known hosts."""
    text = resources.files("linkkeeper.net").joinpath("hosts.toml").read_text("utf-8")
    return convert(tomli.loads(text), dict[str, KnownHost])


def known(host: str) -> KnownHost | None:
    """Return what is known of a host or of a parent of it."""
    labels = host.split(".")
    return next(
        (entry for start in range(len(labels) - 1) if (entry := known_hosts().get(".".join(labels[start:])))), None
    )


class Pace:
    """How fast one host may be asked, from now on. Times are seconds of one monotonic clock."""

    __slots__ = (
        "_accepted",
        "_at_once",
        "_burst",
        "_ceiling",
        "_growth",
        "_last_growth",
        "_paused_s",
        "_recent",
        "_refused_at",
        "_successes",
        "_taught",
        "active",
        "next_at",
        "rate",
        "refusals_in_row",
    )

    def __init__(self, at_once: int, rate: float | None = None) -> None:
        self._at_once = at_once
        self.rate = rate
        """Requests a second; None: no limit is known."""
        self.active = 0
        self.next_at = 0.0
        """No request may start before."""
        self.refusals_in_row = 0
        self._successes = 0
        self._accepted = 0
        self._recent: deque[float] | None = deque(maxlen=64)
        self._refused_at = -1.0
        self._paused_s = 0.0
        self._burst = 0
        self._ceiling = math.inf
        self._taught = 0
        self._growth = _DISCOVERY
        self._last_growth = 0.0

    @property
    def at_once(self) -> int:
        """Requests that may be under way together: few until the host has answered."""
        return min(self._at_once, _START_AT_ONCE + self._successes)

    @property
    def full(self) -> bool:
        """True while no further request may start, whatever the time."""
        active = self.active
        return active >= self._at_once or (active >= _START_AT_ONCE and active >= _START_AT_ONCE + self._successes)

    @property
    def hopeless(self) -> bool:
        """True when a host refuses again and again."""
        return self.refusals_in_row >= _GIVE_UP

    def start(self, now: float) -> None:
        """Count a request that starts now."""
        self.active += 1
        if self.rate:
            self.next_at = max(self.next_at, now) + 1 / self.rate

    def accepted(self, now: float) -> None:
        """Count a request that the host answered, whatever it said."""
        self.active -= 1
        self._successes += 1
        self._accepted += 1
        self.refusals_in_row = 0
        if self._recent is not None:
            self._recent.append(now)
        elif self.rate and now - self._last_growth >= 1.0:
            self._grow(now)

    def _grow(self, now: float) -> None:
        """Try a little more, up to just below the pace that was last refused; beyond it only after a long peace."""
        assert self.rate is not None
        self._last_growth = now
        wanted = self.rate * (1 + self._growth)
        if wanted <= self._ceiling * _MARGIN or now - self._refused_at > _PEACE_S:
            self.rate = wanted
            self._growth *= _FASTER
        elif self.rate < self._ceiling * _MARGIN:
            self.rate = self._ceiling * _MARGIN

    def failed(self) -> None:
        """Count a request that brought no answer."""
        self.active -= 1

    def lift(self) -> None:
        """Forget every pause and rate: nothing will be sent any more."""
        self.next_at, self.rate = 0.0, None

    def refused(self, started: float, now: float, retry_after_s: float | None) -> float:
        """Count a request that the host refused for its number; return the pause in seconds.

        Requests that were under way when the first was refused belong to the same lesson.
        """
        self.active -= 1
        if started > self._refused_at:
            self._learn(now)
            self.refusals_in_row += 1
        pause = retry_after_s if retry_after_s is not None else min(2.0 ** (self.refusals_in_row - 1), _LONGEST_PAUSE_S)
        self.next_at = max(self.next_at, now + pause)
        self._paused_s = self.next_at - now
        self._refused_at = max(self._refused_at, now)
        return pause

    def _learn(self, now: float) -> None:
        """Estimate what the host allows."""
        if self._recent is not None:
            self._burst = sum(1 for moment in self._recent if moment > now - 1.0)
            self._recent, guess = None, float(max(self._burst, _FIRST_GUESS))
        elif self._accepted:
            guess = self._bracketed(now - self._refused_at - self._paused_s)
            self._taught += 1
        else:
            guess = (self.rate or 1.0) / 2
        self.rate = max(guess * _MARGIN, _MIN_RATE)
        self._growth = _PROBE if self._taught else _DISCOVERY
        self._accepted = 0
        self._last_growth = now

    def _bracketed(self, asking_s: float) -> float:
        """Return the rate that two refusals tell: what was accepted between them, by the time between them.

        A host that takes a burst saves up during our pause, so the pause counts as far as the burst
        goes. One that takes none was asked too slowly before, so the pace of its refusal tells more.
        """
        pace = self._ceiling = self.rate or 1.0
        if self._burst <= _NO_BURST:
            return pace * (_STEP_DOWN if self._accepted > _FEW else 0.5)
        rate = self._accepted / max(asking_s + self._paused_s, 0.001)
        if rate * self._paused_s > self._burst:
            rate = (self._accepted - self._burst) / max(asking_s, 0.001)
        floor = pace * _STEP_DOWN if self._taught else 0.0
        return min(max(rate, floor), pace)
