"""How each ask is made."""

import pytest

from linkkeeper.check import asking
from linkkeeper.check.base import CheckOptions, HostCheck, Question
from linkkeeper.check.job import Job, Look
from linkkeeper.check.scheduler import Host
from linkkeeper.models.verdict import Redirect, Reply
from linkkeeper.net import target
from linkkeeper.net.options import NetOptions
from linkkeeper.net.politeness import Pace

NET = NetOptions()


def job(look: Look = Look.FIRST, *, want_anchors: bool = False) -> Job:
    """A job about to ask."""
    return Job(Question("https://a.example/x", want_anchors=want_anchors), look)


def test_the_first_look_is_a_head_and_the_second_a_browsers_get() -> None:
    first, second = (asking.how_of(job(look), "https://a.example/x", NET) for look in (Look.FIRST, Look.SECOND))
    assert (first.method, first.browser) == ("HEAD", False)
    assert (second.method, second.browser) == ("GET", True)


def test_a_page_wanted_for_its_anchors_is_fetched_at_once_and_whole() -> None:
    how = asking.how_of(job(want_anchors=True), "https://a.example/x", NET)
    assert how.method == "GET"
    assert how.body_limit > NET.body_limit


@pytest.mark.parametrize(
    ("url", "bare"), [("https://a.example/y", False), ("http://a.example/y", True), ("https://b.example/", True)]
)
def test_a_shortcut_to_another_origin_carries_nothing_of_the_users(url: str, bare: bool) -> None:
    made = job(Look.GET)
    made.way = (Redirect("https://a.example/x", 302),)
    assert asking.how_of(made, url, NET).bare is bare


@pytest.mark.parametrize(
    ("url", "key"),
    [("http://a.example/", "a.example"), ("https://a.example/", "a.example"), ("http://a.example:81/", "a.example/81")],
)
def test_both_schemes_of_a_host_share_a_queue(url: str, key: str) -> None:
    assert asking.host_key(target.parse(url)) == key


def test_a_host_that_was_never_reached_answers_for_all_its_pages() -> None:
    host = Host("a.example", Pace(8))
    assert not asking.shares_failure(host, job())
    host.down = 3
    assert asking.shares_failure(host, job())
    assert not asking.shares_failure(host, job(Look.SECOND))  # it gets a second chance, too
    host.down = 5
    assert asking.shares_failure(host, job(Look.SECOND))
    host.up = True
    assert not asking.shares_failure(host, job())


@pytest.mark.parametrize(
    ("status", "after", "told"),
    [(429, None, True), (429, 5.0, True), (503, 5.0, True), (503, None, False), (404, 5.0, False)],
)
def test_who_tells_us_to_slow_down(status: int, after: float | None, told: bool) -> None:
    assert asking.told_to_wait(Reply("http://a.example/", status=status, retry_after_s=after)) is told


def test_settings_win_over_what_is_known_of_a_host() -> None:
    options = CheckOptions(per_host=8, hosts={"github.com": HostCheck(per_host=1, rate=0.5)})
    assert asking.pace_of("github.com", options).rate == 0.5
    known, other = (asking.pace_of(name, CheckOptions(per_host=2)) for name in ("gist.github.com", "a.example"))
    assert known.at_once == other.at_once == 2
