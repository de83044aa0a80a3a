"""Everything that Save Page Now may say instead of capturing a page, and all that may come instead of an answer."""

from itertools import pairwise
from typing import Any

import pytest

from linkkeeper.archive.saving.base import SaveOutcome as Outcome
from linkkeeper.archive.saving.codes import Kind, known
from linkkeeper.archive.saving.keys import Keys
from linkkeeper.demo.archive import Fault
from linkkeeper.demo.captures import Capture
from linkkeeper.models.ticket import SaveState as State
from linkkeeper.models.ticket import Ticket

URL, OTHER = "http://living.example/a", "http://other.example/b"
PERMANENT = [code for code, entry in known().items() if entry.kind in (Kind.OWNER, Kind.PERMANENT)]
TRANSIENT = [code for code, entry in known().items() if entry.kind is Kind.TRANSIENT]


@pytest.mark.parametrize("where", ["refusals", "errors"])
async def test_a_permanent_refusal_is_kept_and_not_asked_about_again(bench: Any, where: str) -> None:
    getattr(bench.saving, where).update({_named(code): [code] for code in PERMANENT})
    found = await bench.save(OTHER, *map(_named, PERMANENT))
    assert found[OTHER].outcome is Outcome.VERIFIED
    for code in PERMANENT:
        one, entry = found[_named(code)], known()[code]
        expected = Outcome.FORBIDDEN if entry.kind is Kind.OWNER else Outcome.FAILED
        assert (one.outcome, one.code, one.detail) == (expected, code, entry.says)
        assert bench.tickets()[_named(code)].state is State.REFUSED
    again = await bench.save(*map(_named, PERMANENT))
    assert {url: one.outcome for url, one in found.items() if url != OTHER} == {
        url: one.outcome for url, one in again.items()
    }
    assert len(bench.saving.submissions) == len(PERMANENT) + 1


@pytest.mark.parametrize("where", ["refusals", "errors"])
async def test_a_transient_failure_is_tried_again(bench: Any, where: str) -> None:
    getattr(bench.saving, where).update({_named(code): [code] for code in TRANSIENT})
    found = await bench.save(*map(_named, TRANSIENT))
    assert {one.outcome for one in found.values()} == {Outcome.VERIFIED}, found
    for code in TRANSIENT:
        times = [one.at for one in bench.saving.submissions if one.url == _named(code)]
        assert len(times) == 2
        assert times[1] - times[0] >= 60


def _named(code: str) -> str:
    return f"http://{code}.example/"


async def test_a_transient_failure_that_stays_is_given_up_for_hours(bench: Any) -> None:
    bench.saving.errors[URL] = ["celery"] * 10
    found = await bench.save(URL)
    assert (found[URL].outcome, found[URL].code) == (Outcome.FAILED, "celery")
    assert bench.tickets()[URL].state is State.GIVEN_UP
    assert len(bench.saving.submissions) == 3
    assert (await bench.save(URL))[URL].outcome is Outcome.FAILED
    assert len(bench.saving.submissions) == 3


async def test_an_unknown_code_is_final_for_this_run_only(bench: Any) -> None:
    codes = ["no-captures", "some-new-code", "error", "x" * 300, "<b>"]
    urls = [f"http://living{n}.example/" for n in range(len(codes))]
    bench.saving.errors |= {url: [code] for url, code in zip(urls, codes, strict=True)}
    found = await bench.save(*urls)
    assert {one.outcome for one in found.values()} == {Outcome.FAILED}
    assert [found[url].code for url in urls] == [code[:80] for code in codes]
    assert len(bench.saving.submissions) == len(codes)
    assert {one.outcome for one in (await bench.save(*urls)).values()} == {Outcome.VERIFIED}


async def test_no_free_session_is_waited_for(bench: Any) -> None:
    bench.saving.sessions, bench.saving.told_sessions, bench.saving.job_s = 1, 1, 40.0
    found = await bench.save(URL, OTHER)
    assert {one.outcome for one in found.values()} == {Outcome.VERIFIED}
    assert sum(one.outcome == "user-session-limit" for one in bench.saving.submissions) >= 1
    assert {ticket.attempts for ticket in bench.tickets().values()} == {0}


async def test_sessions_that_never_get_free_end_the_run_not_the_queue(bench: Any) -> None:
    bench.saving.told_sessions = 0
    found = await bench.save(URL, OTHER, patience_s=60.0)
    assert {one.outcome for one in found.values()} == {Outcome.UNASKED}
    assert "sessions" in found[URL].detail
    assert bench.saving.submissions == []
    bench.saving.told_sessions = None
    assert {one.outcome for one in (await bench.save(URL, OTHER)).values()} == {Outcome.VERIFIED}


async def test_the_days_quota_is_read_from_the_service(bench: Any) -> None:
    bench.saving.daily_limit, bench.saving.daily_done = 49, 47
    urls = [f"{URL}{n}" for n in range(4)]
    found = await bench.save(*urls)
    outcomes = [found[url].outcome for url in urls]
    assert (outcomes.count(Outcome.VERIFIED), outcomes.count(Outcome.UNASKED)) == (2, 2)
    assert any("49 captures of today are used up" in one.detail for one in found.values())
    assert len(bench.saving.submissions) == 2
    bench.saving.daily_done = 0
    assert {one.outcome for one in (await bench.save(*urls)).values()} <= {Outcome.VERIFIED, Outcome.RECENT}


async def test_a_quota_that_only_the_refusal_tells_of_ends_the_run(bench: Any) -> None:
    bench.saving.refusals["*"] = ["max-daily-bandwidth-from-ip"] * 5
    found = await bench.save(URL, OTHER)
    assert {one.outcome for one in found.values()} == {Outcome.UNASKED}
    assert len(bench.saving.submissions) == 1


async def test_a_page_that_was_captured_too_often_today_has_a_capture(make_bench: Any, clock: Any) -> None:
    bench = await make_bench(Capture(URL, clock.digits(3600), listed=False))
    bench.saving.refusals |= {URL: ["too-many-daily-captures"], OTHER: ["too-many-daily-captures"]}
    bench.archive.faults["index"] = Fault("504")
    found = await bench.save(URL, OTHER)
    assert (found[URL].outcome, found[OTHER].outcome) == (Outcome.VERIFIED, Outcome.SUBMITTED)
    assert len(bench.saving.submissions) == 2
    await bench.save(OTHER)
    assert len(bench.saving.submissions) == 2, "not again today"


async def test_a_site_that_has_had_enough_of_the_archive_rests(bench: Any) -> None:
    sibling = "http://living.example/sibling"
    bench.saving.errors[URL] = ["too-many-requests"]
    found = await bench.save(URL, sibling, OTHER)
    assert {one.outcome for one in found.values()} == {Outcome.VERIFIED}
    at: dict[str, list[float]] = {}
    for one in bench.saving.submissions:
        at.setdefault(one.url, []).append(one.at)
    assert at[URL][1] - at[URL][0] >= 120


async def test_wrong_keys_end_the_run_with_a_clear_line(bench: Any) -> None:
    bench.saving.keys = "other:keys"
    made = await bench.saver()
    found = [result async for result in made.save([URL, OTHER])]
    assert {one.outcome for one in found} == {Outcome.UNASKED}
    assert len(bench.archive.seen("save")) == 1
    assert "does not accept the keys" in made.notes[0]
    assert {ticket.state for ticket in bench.tickets().values()} == {State.QUEUED}
    found = await bench.save(URL, OTHER, keys=Keys("other", "keys"))
    assert {one.outcome for one in found.values()} == {Outcome.VERIFIED}


async def test_refusals_for_all_pause_all_and_double_and_the_third_ends(bench: Any) -> None:
    bench.archive.faults["save"] = Fault("429", times=2)
    found = await bench.save(URL)
    assert found[URL].outcome is Outcome.VERIFIED
    times = [entry.at * bench.clock.speed for entry in bench.archive.log]
    gaps = [b - a for a, b in pairwise(times)]
    assert sorted(gaps)[-2:][0] >= 59
    assert max(gaps) >= 119
    bench.archive.faults["save"] = Fault("429")
    made = await bench.saver()
    found = {one.url: one async for one in made.save([OTHER, OTHER + "2"])}
    assert {one.outcome for one in found.values()} == {Outcome.UNASKED}
    assert len(bench.archive.seen("save")) == 3 + 3
    assert "refused three times" in found[OTHER].detail
    del bench.archive.faults["save"]
    bench.clock.skipped += 3600
    assert (await bench.save(OTHER))[OTHER].outcome is Outcome.VERIFIED


@pytest.mark.parametrize("route", ["index", "status", "page"])
async def test_a_refusal_of_anything_pauses_submissions_too(bench: Any, route: str) -> None:
    bench.archive.faults[route] = Fault("429", times=1, after=1)
    urls = [f"{URL}{n}" for n in range(4)]
    found = await bench.save(*urls)
    assert {one.outcome for one in found.values()} == {Outcome.VERIFIED}
    refused = next(entry.at for entry in bench.archive.log if entry.status == 429)
    later = [(entry.at - refused) * bench.clock.speed for entry in bench.archive.log if entry.at > refused]
    assert all(gap < 8 or gap >= 59 for gap in later), later  # what was under way is no disobedience


async def test_a_longer_pause_is_kept_as_the_archive_asks_for_it(bench: Any) -> None:
    bench.archive.faults["save"] = Fault("429", times=1, retry_after="150")
    begin = bench.clock.now()
    assert (await bench.save(URL))[URL].outcome is Outcome.VERIFIED
    assert bench.clock.now() - begin >= 150


@pytest.mark.parametrize("kind", ["503", "html", "truncated", "hang", "reset", "502"])
@pytest.mark.parametrize("done", [True, False])
async def test_an_answer_that_nobody_can_read_neither_loses_nor_doubles(bench: Any, kind: str, done: bool) -> None:
    bench.archive.faults["save"] = Fault(kind, times=1, done=done)
    found = await bench.save(URL, archive={"timeout_s": 0.5}, submit_timeout_s=0.5)
    assert found[URL].outcome is Outcome.VERIFIED, found
    assert len(bench.saving.submissions) == 1


async def test_a_service_that_is_down_is_left_alone(bench: Any) -> None:
    bench.archive.faults["save"] = Fault("503")
    urls = [f"http://living{n}.example/" for n in range(6)]
    found = await bench.save(*urls)
    assert {one.outcome for one in found.values()} == {Outcome.UNASKED}
    assert len(bench.archive.seen("save")) == 3
    bench.archive.faults.clear()
    found = await bench.save(*urls)
    assert {one.outcome for one in found.values()} == {Outcome.VERIFIED}
    assert sorted(one.url for one in bench.saving.submissions) == sorted(urls)


async def test_an_archive_that_is_down_altogether_is_reported_as_that(bench: Any) -> None:
    bench.archive.faults["all"] = Fault("503")
    found = await bench.save(URL, OTHER)
    assert {one.outcome for one in found.values()} == {Outcome.UNASKED}
    assert bench.saving.submissions == []
    assert {ticket.state for ticket in bench.tickets().values()} == {State.QUEUED}


async def test_an_index_that_is_down_does_not_keep_the_service_from_working(bench: Any) -> None:
    bench.archive.faults["index"] = Fault("504")
    urls = [f"http://living{n}.example/" for n in range(4)]
    found = await bench.save(*urls)
    assert {one.outcome for one in found.values()} == {Outcome.VERIFIED}
    assert "if_not_archived_within" in bench.saving.submissions[0].fields
    assert len(bench.archive.seen("index")) <= 4, "and it is left alone"


async def test_statuses_that_are_no_json_are_asked_for_again(bench: Any) -> None:
    bench.saving.job_s = 20.0
    bench.archive.faults["status"] = Fault("html", times=3, after=1)
    assert (await bench.save(URL))[URL].outcome is Outcome.VERIFIED
    assert len(bench.saving.submissions) == 1


async def test_a_service_without_statuses_of_several_jobs_is_asked_about_each(bench: Any) -> None:
    bench.saving.batch, bench.saving.job_s = False, 30.0
    urls = [f"{URL}{n}" for n in range(3)]
    found = await bench.save(*urls)
    assert {one.outcome for one in found.values()} == {Outcome.VERIFIED}
    assert sum(entry.status == 405 for entry in bench.archive.log) <= 1


async def test_a_job_that_never_ends_is_left_to_the_next_run(bench: Any) -> None:
    bench.saving.job_s = float("inf")
    begin = bench.clock.now()
    found = await bench.save(URL)
    assert found[URL].outcome is Outcome.SUBMITTED
    assert 300 <= bench.clock.now() - begin < 400
    assert bench.tickets()[URL].state is State.SUBMITTED
    job = next(iter(bench.saving._jobs.values()))
    job.ends = bench.clock.now()
    found = await bench.save(URL)
    assert found[URL].outcome is Outcome.VERIFIED
    assert len(bench.saving.submissions) == 1


async def test_a_job_that_the_service_forgot_is_looked_for_in_the_playback(bench: Any) -> None:
    now = bench.clock.now()
    bench.put(Ticket(URL, State.SUBMITTED, submitted=now - 7200, job="spn2-forgotten", attempts=1))
    bench.archive.collection.add(Capture(URL, bench.clock.digits(7190)))
    found = await bench.save(URL, older_than_s=86_400.0)
    assert found[URL].outcome is Outcome.VERIFIED
    assert bench.archive.seen("save") == bench.archive.seen("status") == []


async def test_a_capture_that_never_came_is_asked_for_again_after_days(bench: Any) -> None:
    now = bench.clock.now()
    bench.put(Ticket(URL, State.SUBMITTED, submitted=now - 72 * 3600, job="spn2-forgotten", attempts=1))
    bench.put(Ticket(OTHER, State.CAPTURED, submitted=now - 72 * 3600, timestamp=bench.clock.digits(72 * 3600)))
    found = await bench.save(URL, OTHER)
    assert {one.outcome for one in found.values()} == {Outcome.VERIFIED}
    assert len(bench.saving.submissions) == 2


# What statuses may describe.


async def test_a_status_of_an_old_job_is_not_taken_for_the_new_one(make_bench: Any, clock: Any) -> None:
    import hashlib

    job = "spn2-" + hashlib.sha1(URL.encode(), usedforsecurity=False).hexdigest()
    old = clock.digits(86_400 * 20)
    bench = await make_bench(Capture(URL, old))
    bench.saving.old_jobs[job], bench.saving.stale_polls = old, 3
    found = await bench.save(URL, older_than_s=86_400.0)
    assert found[URL].outcome is Outcome.VERIFIED
    assert bench.tickets()[URL].timestamp > old
    assert len(bench.saving.polls) >= 4


async def test_a_status_that_stays_with_the_old_job_leaves_it_unknown(make_bench: Any, clock: Any) -> None:
    import hashlib

    job = "spn2-" + hashlib.sha1(URL.encode(), usedforsecurity=False).hexdigest()
    old = clock.digits(86_400 * 20)
    bench = await make_bench(Capture(URL, old))
    bench.saving.old_jobs[job], bench.saving.stale_polls, bench.saving.job_s = old, 10_000, float("inf")
    found = await bench.save(URL, older_than_s=86_400.0)
    assert found[URL].outcome is Outcome.SUBMITTED
    assert bench.tickets()[URL].state is State.SUBMITTED


async def test_a_failure_of_the_last_job_is_not_taken_for_the_new_ones(bench: Any) -> None:
    bench.saving.errors[URL] = ["job-failed", "job-failed", ""]
    assert (await bench.save(URL))[URL].outcome is Outcome.VERIFIED


async def test_a_capture_that_shows_late_is_captured_and_a_later_run_sees_it(make_bench: Any, clock: Any) -> None:
    old = clock.digits(86_400 * 90)
    bench = await make_bench(Capture(URL, old))
    bench.saving.shows_late = True
    found = await bench.save(URL, OTHER, older_than_s=86_400.0)
    assert {one.outcome for one in found.values()} == {Outcome.CAPTURED}
    assert {ticket.state for ticket in bench.tickets().values()} == {State.CAPTURED}
    again = await bench.save(URL, OTHER, older_than_s=86_400.0)
    assert {one.outcome for one in again.values()} == {Outcome.CAPTURED}
    bench.saving.catch_up()
    found = await bench.save(URL, OTHER, older_than_s=86_400.0)
    assert {one.outcome for one in found.values()} == {Outcome.VERIFIED}
    assert len(bench.saving.submissions) == 2
    assert bench.tickets()[URL].timestamp > old


async def test_a_capture_that_the_index_lists_late_is_seen_by_the_playback(bench: Any) -> None:
    bench.saving.lists_late = True
    assert (await bench.save(URL))[URL].outcome is Outcome.VERIFIED


async def test_a_recent_capture_that_the_service_reuses_counts(make_bench: Any, clock: Any) -> None:
    bench = await make_bench(Capture(URL, clock.digits(600), listed=False), control=False)
    bench.archive.faults["index"] = Fault("504")
    found = await bench.save(URL, older_than_s=86_400.0)
    assert found[URL].outcome is Outcome.VERIFIED
    assert [one.outcome for one in bench.saving.submissions] == ["skipped"]


async def test_a_capture_that_is_no_page_is_not_called_one(bench: Any) -> None:
    bench.saving.bodies[URL] = b"   "
    found = await bench.save(URL)
    assert (found[URL].outcome, found[URL].detail) == (Outcome.FAILED, "captured without a body")
    soft = await bench.save(OTHER, looks_dead=lambda reply: "soft-404")
    assert (soft[OTHER].outcome, soft[OTHER].detail) == (Outcome.FAILED, "captured as soft-404")


@pytest.mark.parametrize("behind_s", [900.0, -900.0])
async def test_a_clock_that_is_wrong_does_not_make_new_captures_old(bench: Any, behind_s: float) -> None:
    bench.saving.now = lambda: bench.clock.now() - behind_s
    assert (await bench.save(URL))[URL].outcome is Outcome.VERIFIED


async def test_a_service_that_calls_every_job_pending_keeps_nothing_from_being_submitted(bench: Any) -> None:
    bench.saving.unknown_job = "pending"
    bench.put(Ticket(URL, intent=bench.clock.now() - 5, attempts=1, looked=bench.clock.now()))
    begin = bench.clock.now()
    assert (await bench.save(URL))[URL].outcome is Outcome.VERIFIED
    assert len(bench.saving.submissions) == 1
    assert bench.clock.now() - begin < 300
