"""Without keys: through waybackpy, whose word is never taken for a capture."""

from typing import Any

import pytest

from linkkeeper.archive.saving.base import SaveOutcome as Outcome
from linkkeeper.demo.archive import Fault
from linkkeeper.demo.captures import Capture
from linkkeeper.models.ticket import SaveState as State

URL, OTHER = "http://living.example/a?b=1&c=2", "http://other.example/b"


@pytest.mark.parametrize("answer", ["inline", "content-location", "page", "next"])
async def test_a_page_is_saved_whatever_the_answer_looks_like(bench: Any, answer: str) -> None:
    bench.saving.anonymous = answer
    found = await bench.save(URL, keys=None)
    assert found[URL].outcome is Outcome.VERIFIED, found
    assert [(one.url, one.way) for one in bench.saving.submissions] == [(URL, "anonymous")]
    stamp = bench.tickets()[URL].timestamp
    assert found[URL].copy == f"{bench.archive.url}/web/{stamp}/{URL}"
    assert stamp < "2099"


async def test_nothing_but_saves_and_looks_is_asked(bench: Any) -> None:
    await bench.save(URL, keys=None)
    assert bench.archive.seen("status") == []
    assert all("Authorization" not in entry.headers for entry in bench.archive.log)
    assert len(bench.archive.seen("save")) == 1
    assert bench.archive.seen("save")[0].path == f"/save/{URL}"


async def test_what_the_answer_names_is_not_believed_until_it_plays(bench: Any) -> None:
    bench.saving.shows_late = True
    found = await bench.save(URL, keys=None)
    assert found[URL].outcome is Outcome.SUBMITTED
    assert bench.tickets()[URL].state is State.SUBMITTED
    bench.saving.catch_up()
    assert (await bench.save(URL, keys=None))[URL].outcome is Outcome.VERIFIED
    assert len(bench.saving.submissions) == 1


async def test_an_older_capture_is_not_taken_for_the_new_one(make_bench: Any, clock: Any) -> None:
    old = clock.digits(86_400 * 20)
    bench = await make_bench(Capture(URL, old))
    bench.saving.shows_late = True
    found = await bench.save(URL, keys=None, older_than_s=86_400.0)
    assert found[URL].outcome is Outcome.SUBMITTED


@pytest.mark.speed(25)
async def test_ten_pages_are_never_more_than_three_a_minute(bench: Any) -> None:
    urls = [f"http://living{n}.example/" for n in range(10)]
    found = await bench.save(*urls, keys=None)
    assert {one.outcome for one in found.values()} == {Outcome.VERIFIED}
    assert bench.saving.busiest() <= 3
    assert len(bench.saving.submissions) == 10


async def test_two_hundred_a_day_are_all_across_runs(bench: Any) -> None:
    from linkkeeper.models.ticket import Ticket
    from linkkeeper.store.database import open_state
    from linkkeeper.store.queue import SaveQueue

    with open_state(bench.folder) as state:
        queue, now = SaveQueue(state), bench.clock.now()
        for n in range(199):
            assert queue.begin(Ticket(f"http://earlier{n}.example/"), now - 600, 1, "anonymous", 200).ticket
    made = await bench.saver(keys=None)
    found = {one.url: one async for one in made.save([URL, OTHER])}
    assert sorted(one.outcome for one in found.values()) == sorted([Outcome.VERIFIED, Outcome.UNASKED])
    assert "200 anonymous submissions a day" in made.notes[0]
    assert len(bench.saving.submissions) == 1
    bench.clock.skipped += 86_400
    again = await bench.save(URL, OTHER, keys=None)
    assert {one.outcome for one in again.values()} == {Outcome.VERIFIED, Outcome.RECENT}


async def test_a_refusal_pauses_and_the_third_ends(bench: Any) -> None:
    bench.archive.faults["save"] = Fault("429", retry_after="90")
    begin = bench.clock.now()
    found = await bench.save(URL, OTHER, keys=None)
    assert {one.outcome for one in found.values()} == {Outcome.UNASKED}
    assert len(bench.archive.seen("save")) == 3
    assert bench.clock.now() - begin >= 90 + 120
    assert {ticket.state for ticket in bench.tickets().values()} == {State.QUEUED}


@pytest.mark.parametrize("kind", ["503", "html", "hang", "reset"])
@pytest.mark.parametrize("done", [True, False])
async def test_an_answer_that_nobody_can_read_neither_loses_nor_doubles(bench: Any, kind: str, done: bool) -> None:
    bench.archive.faults["save"] = Fault(kind, times=1, done=done)
    found = await bench.save(URL, keys=None, submit_timeout_s=0.3)
    assert found[URL].outcome is Outcome.VERIFIED, found
    assert len(bench.saving.submissions) == 1


async def test_a_page_on_the_block_list_is_refused(bench: Any) -> None:
    bench.saving.refusals[URL] = ["blocked-url"]
    found = await bench.save(URL, keys=None)
    assert (found[URL].outcome, found[URL].code) == (Outcome.FORBIDDEN, "blocked-url")


async def test_an_address_that_the_archive_blocks_ends_the_run(bench: Any) -> None:
    bench.saving.refusals["*"] = ["blocked-client-ip"] * 3
    made = await bench.saver(keys=None)
    found = {one.url: one async for one in made.save([URL, OTHER])}
    assert sorted(one.outcome for one in found.values()) == sorted([Outcome.FAILED, Outcome.UNASKED])
    assert len(bench.saving.submissions) == 1
    assert "no anonymous submissions from this address" in made.notes[0]


async def test_a_service_that_wants_a_login_says_what_to_do(bench: Any) -> None:
    bench.saving.anonymous = "login"
    made = await bench.saver(keys=None)
    found = {one.url: one async for one in made.save([URL, OTHER])}
    assert {one.outcome for one in found.values()} == {Outcome.UNASKED}
    assert "IA_ACCESS_KEY_ID" in made.notes[0]
    assert len(bench.archive.seen("save")) == 1


async def test_without_an_index_nothing_is_submitted_that_may_have_a_capture(bench: Any) -> None:
    bench.archive.faults["index"] = Fault("504")
    found = await bench.save(URL, keys=None)
    assert found[URL].outcome is Outcome.UNASKED
    assert bench.saving.submissions == []
