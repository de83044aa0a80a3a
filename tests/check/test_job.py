"""What follows a reply: the decisions between looks."""

import pytest

from linkkeeper.check.base import CheckOptions, Question
from linkkeeper.check.job import Again, Job, Look, Rules, Settle, decide, shortcut
from linkkeeper.check.retry import Retries, can_pass
from linkkeeper.models.verdict import Failure, Judgement, Redirect, Reply, Verdict

DEAD, SUSPECT = Judgement(Verdict.DEAD, "http-gone"), Judgement(Verdict.SUSPECT, "timeout")
BLOCKED, ALIVE = Judgement(Verdict.BLOCKED, "http-refused"), Judgement(Verdict.OK, "http-success")
RULES = Rules(Retries(CheckOptions(retries=1, retry_delay_s=1.0)), look_delay_s=1.0)


def reply(status: int | None = None, failure: Failure | None = None, method: str = "GET", hops: int = 0) -> Reply:
    """What came back."""
    way = tuple(Redirect(f"http://a.example/{hop}", 302) for hop in range(hops))
    return Reply("http://a.example/", method, status, "http://a.example/x", way, failure=failure)


def job(look: Look = Look.FIRST, *before: Judgement, asks: int = 1, spent_s: float = 0.1) -> Job:
    """A job that has come so far."""
    made = Job(Question("http://a.example/"), look)
    made.judgements, made.asks, made.requests, made.spent_s = before, asks, asks, spent_s
    return made


def after(made: Job, answer: Reply, judgement: Judgement) -> Settle | Again:
    """What follows."""
    return decide(made, answer, judgement, RULES, 10.0)


def test_what_is_alive_is_settled() -> None:
    assert after(job(), reply(200), ALIVE) == Settle(ALIVE)


@pytest.mark.parametrize("status", [405, 501, 400])
def test_a_refused_head_is_followed_by_a_get_at_once(status: int) -> None:
    assert after(job(), reply(status, method="HEAD"), BLOCKED) == Again(Look.GET)


@pytest.mark.parametrize("status", [404, 403, 410])
def test_a_plain_no_waits_for_the_second_look(status: int) -> None:
    assert after(job(), reply(status, method="HEAD"), DEAD) == Again(Look.SECOND, 0.0)


def test_what_can_pass_is_tried_again_later_and_then_looked_at_once_more() -> None:
    first = after(job(), reply(503), SUSPECT)
    assert isinstance(first, Again)
    assert first.look is Look.RETRY
    assert 1.0 <= first.after_s <= 1.25
    made = job(Look.RETRY, SUSPECT, asks=2)
    made.retries = 1
    assert after(made, reply(503), SUSPECT) == Again(Look.SECOND, 1.0)


def test_a_timeout_waits_for_the_second_look_and_no_third_time() -> None:
    assert after(job(), reply(failure=Failure.TIMEOUT), SUSPECT) == Again(Look.SECOND, 1.0)
    assert isinstance(
        after(job(Look.SECOND, SUSPECT, asks=2, spent_s=20), reply(failure=Failure.TIMEOUT), SUSPECT), Settle
    )


def test_gone_twice_is_dead() -> None:
    assert after(job(Look.SECOND, DEAD, asks=2), reply(404), DEAD) == Settle(DEAD)


def test_gone_only_at_the_second_look_takes_a_third() -> None:
    assert after(job(Look.SECOND, SUSPECT, asks=2), reply(404), DEAD) == Again(Look.THIRD, 1.0)
    assert after(job(Look.THIRD, SUSPECT, DEAD, asks=3), reply(404), DEAD) == Settle(DEAD)


def test_gone_once_and_refused_once_is_blocked() -> None:
    assert after(job(Look.SECOND, DEAD, asks=2), reply(403), BLOCKED) == Settle(BLOCKED)


@pytest.mark.parametrize(
    ("requests", "hops", "more"), [(4, 1, True), (5, 1, False), (6, 2, False), (12, 10, True), (21, 19, False)]
)
def test_a_third_look_must_be_within_the_requests_of_a_url(requests: int, hops: int, more: bool) -> None:
    made = job(Look.SECOND, SUSPECT, asks=2)
    made.requests = requests
    assert isinstance(after(made, reply(404, hops=hops), DEAD), Again) is more


def test_no_url_costs_more_than_its_requests() -> None:
    assert isinstance(after(job(Look.SECOND, SUSPECT, asks=6), reply(404), DEAD), Settle)


@pytest.mark.parametrize("failure", [Failure.PRIVATE_ADDRESS, Failure.BAD_URL, Failure.OUT_OF_TIME])
def test_what_is_ours_to_know_is_not_asked_again(failure: Failure) -> None:
    judgement = Judgement(Verdict.SKIPPED, failure)
    assert after(job(), reply(failure=failure), judgement) == Settle(judgement)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_these_statuses_can_pass(status: int) -> None:
    assert can_pass(reply(status))


@pytest.mark.parametrize("status", [404, 410, 403, 401, 501])
def test_these_statuses_stay(status: int) -> None:
    assert not can_pass(reply(status))
    assert Retries(CheckOptions(retries=3)).after_s(reply(status), 1) is None


def test_the_pauses_between_tries_grow_and_end() -> None:
    retries = Retries(CheckOptions(retries=3, retry_delay_s=1.0))
    pauses = [retries.after_s(reply(503), attempt) for attempt in (1, 2, 3, 4)]
    assert pauses[3] is None
    assert [round(pause or 0) for pause in pauses[:3]] == [1, 2, 4]


def test_a_page_is_read_where_its_redirects_ended() -> None:
    assert shortcut(Look.GET, reply(200, hops=1))
    assert not shortcut(Look.SECOND, reply(404, hops=2))
    assert shortcut(Look.SECOND, reply(404, hops=3))
    assert not shortcut(Look.SECOND, reply(302, Failure.REDIRECT_LOOP, hops=3))
