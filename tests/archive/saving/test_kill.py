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
