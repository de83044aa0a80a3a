"""A host's limits, learned from nothing but its refusals; on a clock of our own."""

import heapq

import pytest

from linkkeeper.net.politeness import Pace, known_hosts


def ask_all(links: int, rate: float, burst: float, latency_s: float = 0.05) -> tuple[float, int]:
    """Ask a host that allows `rate` a second after `burst` until all links are answered: seconds, refusals."""
    pace, now, tokens, filled, refusals = Pace(8), 0.0, burst, 0.0, 0
    under_way: list[tuple[float, float]] = []
    while links or under_way:
        while links and not pace.full and pace.next_at <= now:
            links -= 1
            pace.start(now)
            heapq.heappush(under_way, (now + latency_s, now))
        if not under_way or (links and not pace.full and pace.next_at < under_way[0][0]):
            now = max(now, pace.next_at)
            continue
        now, started = heapq.heappop(under_way)
        tokens, filled = min(burst, tokens + (started - filled) * rate), started
        if tokens >= 1:
            tokens -= 1
            pace.accepted(now)
        else:
            refusals += 1
            links += 1
            pace.refused(started, now, 1.0)
    return now, refusals


@pytest.mark.parametrize("burst", [1, 5, 10, 20, 50])
def test_a_rate_that_nobody_told_us_is_found_with_few_refusals(burst: int) -> None:
    seconds, refusals = ask_all(600, rate=10, burst=burst)
    assert seconds <= 1.2 * (600 - burst) / 10
    assert refusals <= 30


def test_a_slow_host_is_met_too() -> None:
    seconds, refusals = ask_all(40, rate=1, burst=1)
    assert seconds <= 80
    assert refusals <= 15


def test_a_host_that_refuses_nothing_is_asked_without_a_gap() -> None:
    seconds, refusals = ask_all(800, rate=1e9, burst=1e9, latency_s=0.1)
    assert refusals == 0
    assert seconds < 1.1 * 800 / 8 * 0.1 + 0.3


def test_no_more_than_allowed_are_under_way() -> None:
    pace = Pace(8)
    for _ in range(3):
        pace.start(0)
    assert pace.full  # an unknown host gets three at first
    for _ in range(3):
        pace.accepted(0)
    for _ in range(6):
        pace.start(0)
    assert pace.full
    for _ in range(20):
        pace.accepted(1)
        pace.start(1)
    assert pace.at_once == 8


def test_the_pause_grows_while_a_host_keeps_refusing() -> None:
    pace, now, pauses = Pace(8), 0.0, []
    for _ in range(4):
        pace.start(now)
        pauses.append(pace.refused(now, now + 0.1, None))
        now = pace.next_at
    assert pauses == [1, 2, 4, 8]
    assert pace.hopeless


def test_requests_that_were_under_way_teach_one_lesson() -> None:
    pace = Pace(8)
    for _ in range(3):
        pace.start(0)
    for _ in range(3):
        pace.refused(0, 0.1, None)
    assert pace.refusals_in_row == 1


def test_every_known_host_has_a_source_and_a_date() -> None:
    for name, host in known_hosts().items():
        assert name == name.lower()
        assert host.source.startswith("https://")
        assert len(host.date) == 10
        assert host.per_host or host.rate
