"""Killed at any request, before or after the archive carried it out: nothing is lost, nothing is submitted twice."""

import multiprocessing
from typing import Any

import pytest

from linkkeeper.archive.saving.base import SaveOutcome as Outcome
from linkkeeper.archive.saving.keys import Keys
from linkkeeper.models.ticket import Ticket

URLS = ["http://living.example/a", "http://other.example/b"]
KEYS = Keys("accesskey", "hunter2secret")
PHASES = ["before", "after", "soon"]
pytestmark = pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")


def looked(bench: Any) -> None:
    """The index has been asked already."""
    for url in URLS:
        bench.put(Ticket(url, looked=bench.clock.now(), looked_state="none"))


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize(
    ("route", "nth"),
    [("save", 1), ("save", 2), ("status", 2), ("status", 4), ("page", 1), ("page", 2)],
)
async def test_with_keys_each_page_is_submitted_once(bench: Any, run_of: Any, route: str, nth: int, phase: str) -> None:
    looked(bench)
    bench.saving.job_s = 15.0
    assert await run_of(bench, URLS, KEYS).until(route, nth, phase)
    found = await bench.save(*URLS)
    assert {one.outcome for one in found.values()} <= {Outcome.VERIFIED, Outcome.RECENT}, found
    assert sorted(one.url for one in bench.saving.submissions) == URLS
    assert bench.saving.busiest() <= 6


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize(
    ("route", "nth", "answer"),
    [("save", 2, "inline"), ("page", 1, "inline"), ("save", 1, "page")],
)
async def test_without_keys_each_page_is_submitted_once(
    bench: Any, run_of: Any, route: str, nth: int, phase: str, answer: str
) -> None:
    looked(bench)
    bench.saving.anonymous = answer
    assert await run_of(bench, URLS, None).until(route, nth, phase)
    found = await bench.save(*URLS, keys=None)
    assert {one.outcome for one in found.values()} <= {Outcome.VERIFIED, Outcome.RECENT}, found
    assert sorted(one.url for one in bench.saving.submissions) == URLS
    assert bench.saving.busiest() <= 3


@pytest.mark.parametrize("nth", [1, 2])
async def test_killed_while_it_looks_for_captures(bench: Any, run_of: Any, nth: int) -> None:
    assert await run_of(bench, URLS, KEYS).until("index", nth, "after")
    found = await bench.save(*URLS)
    assert {one.outcome for one in found.values()} == {Outcome.VERIFIED}
    assert sorted(one.url for one in bench.saving.submissions) == URLS


async def test_killed_again_and_again(bench: Any, run_of: Any) -> None:
    looked(bench)
    bench.saving.job_s = 20.0
    for route, nth, phase in [
        ("save", 1, "after"),
        ("page", 1, "before"),
        ("save", 1, "before"),
        ("status", 2, "soon"),
    ]:
        await run_of(bench, URLS, KEYS).until(route, nth, phase)
    found = await bench.save(*URLS)
    assert {one.outcome for one in found.values()} <= {Outcome.VERIFIED, Outcome.RECENT}
    assert sorted(one.url for one in bench.saving.submissions) == URLS


async def test_a_job_at_work_is_found_by_its_name_after_a_kill(bench: Any, run_of: Any) -> None:
    looked(bench)
    bench.saving.job_s, bench.saving.told_processing = 100.0, 0
    assert await run_of(bench, URLS[:1], KEYS).until("save", 1, "after")
    found = await bench.save(*URLS[:1])
    assert found[URLS[0]].outcome is Outcome.VERIFIED
    assert len(bench.saving.submissions) == 1


async def test_a_job_whose_name_nobody_can_know_is_waited_for(bench: Any, run_of: Any) -> None:
    looked(bench)
    bench.saving.job_s, bench.saving.salt = 100.0, "unguessable"
    assert await run_of(bench, URLS[:1], KEYS).until("save", 1, "after")
    found = await bench.save(*URLS[:1])
    assert found[URLS[0]].outcome is Outcome.VERIFIED
    assert len(bench.saving.submissions) == 1


# A capture that nobody can see yet: hours late in index and playback, its job under a name that nobody can know.


def out_of_sight(bench: Any) -> str:
    looked(bench)
    bench.saving.shows_late, bench.saving.salt, bench.saving.told_processing = True, "unguessable", 0
    return URLS[0]


async def test_a_capture_that_only_the_account_s_count_tells_of_is_not_made_twice(bench: Any, run_of: Any) -> None:
    url = out_of_sight(bench)
    bench.saving.honours_within = False
    assert await run_of(bench, [url], KEYS).until("save", 1, "after")
    found = await bench.save(url)
    assert (found[url].outcome, bench.saving.count(url)) == (Outcome.SUBMITTED, 1)
    assert (await bench.save(url))[url].outcome is Outcome.SUBMITTED
    bench.saving.catch_up()
    assert (await bench.save(url))[url].outcome is Outcome.VERIFIED
    assert bench.saving.count(url) == 1


def killed_before_it_left(bench: Any) -> str:
    """The intent was written, and the request never sent."""
    out_of_sight(bench)
    bench.saving.shows_late = False
    now = bench.clock.now()
    bench.put(Ticket(URLS[0], intent=now - 1, attempts=1, looked=now, looked_state="none", counted=0))
    return URLS[0]


async def test_captures_of_others_that_the_count_tells_of_are_not_taken_for_ours(bench: Any) -> None:
    killed_before_it_left(bench)
    assert (await bench.save(URLS[1]))[URLS[1]].outcome is Outcome.VERIFIED
    found = await bench.save(*URLS)
    assert found[URLS[0]].outcome is Outcome.VERIFIED
    assert [bench.saving.count(url) for url in URLS] == [1, 1]


@pytest.mark.parametrize("older_than_s", [None, 60.0])
async def test_a_second_submission_tells_the_service_of_the_first(
    bench: Any, run_of: Any, older_than_s: float | None
) -> None:
    url = out_of_sight(bench)
    bench.saving.told_captures = 49
    assert await run_of(bench, [url], KEYS).until("save", 1, "after")
    bench.clock.skipped += 3600
    found = await bench.save(url, older_than_s=older_than_s)
    assert found[url].outcome is Outcome.SUBMITTED
    assert [one.outcome for one in bench.saving.submissions] == ["job", "skipped"]
    bench.saving.catch_up()
    assert (await bench.save(url, older_than_s=older_than_s))[url].outcome is Outcome.VERIFIED
    assert bench.saving.count(url) == 1


async def test_a_capture_that_only_the_index_knows_is_not_made_twice(bench: Any, run_of: Any) -> None:
    url = out_of_sight(bench)
    bench.saving.shows_late, bench.saving.plays_late = False, True
    bench.saving.told_captures, bench.saving.honours_within = 49, False
    assert await run_of(bench, [url], KEYS).until("save", 1, "after")
    assert (await bench.save(url))[url].outcome is Outcome.CAPTURED
    assert bench.saving.count(url) == 1


async def test_without_keys_a_page_is_not_sent_again_while_its_capture_may_be_out_of_sight(
    bench: Any, run_of: Any
) -> None:
    url = out_of_sight(bench)
    assert await run_of(bench, [url], None).until("save", 1, "after")
    for hours in (1, 3):
        bench.clock.skipped += hours * 3600
        found = await bench.save(url, keys=None)
        assert (found[url].outcome, bench.saving.count(url)) == (Outcome.SUBMITTED, 1)
        assert "perhaps submitted" in found[url].detail
    bench.saving.catch_up()
    assert (await bench.save(url, keys=None))[url].outcome is Outcome.VERIFIED
    assert bench.saving.count(url) == 1


@pytest.mark.parametrize("hours", [0, 7])
@pytest.mark.parametrize("keys", [KEYS, None], ids=["with keys", "anonymous"])
async def test_a_submission_that_never_left_goes_out_later(bench: Any, keys: Keys | None, hours: int) -> None:
    url = killed_before_it_left(bench)
    bench.clock.skipped += hours * 3600
    assert (await bench.save(url, keys=keys))[url].outcome is Outcome.VERIFIED
    assert bench.saving.count(url) == 1


async def test_a_capture_that_failed_while_nobody_listened_is_tried_again(bench: Any, run_of: Any) -> None:
    looked(bench)
    bench.saving.errors[URLS[0]] = ["job-failed", ""]
    assert await run_of(bench, URLS[:1], KEYS).until("save", 1, "after")
    assert (await bench.save(URLS[0]))[URLS[0]].outcome is Outcome.VERIFIED
    assert bench.saving.count(URLS[0]) == 2, "the first made no capture"
