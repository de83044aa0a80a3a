"""Who is asked next. No server, no clock but the one passed in."""

from linkkeeper.check.base import Question
from linkkeeper.check.job import Job
from linkkeeper.check.scheduler import Scheduler
from linkkeeper.models.verdict import Reply
from linkkeeper.net.politeness import Pace


def made(*hosts: tuple[str, int], at_once: int = 8, rate: float | None = None) -> Scheduler:
    """A scheduler with so many jobs for each host."""
    scheduler = Scheduler(lambda _: Pace(at_once, rate))
    for name, jobs in hosts:
        for number in range(jobs):
            scheduler.add(scheduler.host(name), Job(Question(f"http://{name}/{number}")), now=0.0)
    return scheduler


def started(scheduler: Scheduler, now: float = 0.0) -> list[str]:
    """Start all that may start now."""
    found = []
    while (pair := scheduler.next(now)) is not None:
        assert isinstance(pair[1], Job)
        found.append(pair[1].question.url)
    return found


def test_a_hosts_jobs_start_in_order_up_to_its_limit() -> None:
    assert started(made(("a", 5), at_once=2)) == ["http://a/0", "http://a/1"]


def test_the_host_with_most_to_do_comes_first() -> None:
    scheduler = made(("small", 2), ("large", 50))
    first = scheduler.next(0.0)
    assert first is not None
    assert first[0].key == "large"


def test_a_warm_host_is_asked_on_before_others() -> None:
    scheduler = made(("small", 2), ("large", 50))
    pair = scheduler.next(0.0, scheduler.host("small"))
    assert pair is not None
    assert pair[0].key == "small"


def test_a_pause_holds_one_host_and_no_other() -> None:
    scheduler = made(("a", 3), ("b", 3))
    first = scheduler.next(0.0, scheduler.host("a"))
    assert first is not None
    first[0].pace.refused(0.0, 0.1, 5.0)
    scheduler.place(first[0], 0.1)
    assert {url[7] for url in started(scheduler, 0.2)} == {"b"}
    moment = scheduler.next_moment()
    assert moment == 5.1
    assert started(scheduler, moment)


def test_a_job_for_later_waits_for_its_moment() -> None:
    scheduler = made()
    scheduler.add(scheduler.host("a"), Job(Question("http://a/later")), now=0.0, at=2.0)
    assert scheduler.next(1.9) is None
    assert scheduler.next_moment() == 2.0
    assert started(scheduler, 2.0) == ["http://a/later"]


def test_a_rate_spaces_the_starts() -> None:
    scheduler = made(("a", 3), rate=2.0)
    starts, now = [], 0.0
    while scheduler.hosts["a"].waiting:
        pair = scheduler.next(now)
        if pair is None:
            now = scheduler.next_moment() or 0.0
        else:
            starts.append(now)
            pair[0].pace.accepted(now)
            scheduler.place(pair[0], now)
    assert starts == [0.0, 0.5, 1.0]


def test_a_closed_host_lets_its_waiting_jobs_go_at_once() -> None:
    scheduler = made(("a", 2))
    host = scheduler.host("a")
    scheduler.add(host, Job(Question("http://a/later")), now=0.0, at=60.0)
    host.pace.next_at = 30.0
    host.close(Reply(url="http://a/0", status=429))
    scheduler.place(host, 0.0)
    assert started(scheduler, 0.0) == ["http://a/0", "http://a/1", "http://a/later"]


def test_dropped_jobs_never_start() -> None:
    scheduler = made(("a", 2))
    pair = scheduler.next(0.0)
    assert pair is not None
    assert isinstance(pair[1], Job)
    scheduler.add(pair[0], pair[1], now=0.0, at=5.0)
    scheduler.drop([pair[1].question.url], now=0.0)
    assert started(scheduler, 10.0) == ["http://a/1"]


def test_who_waits_is_told_with_its_time() -> None:
    scheduler = made(("a", 2), ("b", 2))
    scheduler.host("a").pace.next_at = 30.0
    assert scheduler.waiting_hosts(10.0) == {"a": 20.0}
