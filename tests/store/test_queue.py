"""The queue of what is to be saved: several processes, one row each at a time, nothing lost in between."""

import multiprocessing
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkkeeper.errors import StateError
from linkkeeper.models.ticket import SaveState, Ticket
from linkkeeper.store.database import open_state
from linkkeeper.store.queue import DAY_S, URL_A_DAY, SaveQueue

NOW = 1_800_000_000.0
URL = "http://a.example/"


def test_what_was_queued_is_there_for_the_next_run(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        SaveQueue(state).add([URL, "http://a.example/2"], NOW)
    with open_state(tmp_path) as state:
        queue = SaveQueue(state)
        queue.add([URL], NOW + 5)
        assert queue.tickets()[URL] == Ticket(URL, queued=NOW, changed=NOW)
        assert list(queue.tickets([URL])) == [URL]
        assert list(queue.tickets()) == [URL, "http://a.example/2"]


def test_an_intent_is_written_before_anybody_knows_how_it_ended(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        queue = SaveQueue(state)
        queue.add([URL], NOW)
        begun = queue.begin(queue.tickets()[URL], NOW + 1, 60, "keys", None)
        assert begun.ticket is not None
    with open_state(tmp_path) as state:  # the first process was killed
        found = SaveQueue(state).tickets()[URL]
        assert (found.state, found.intent, found.attempts) == (SaveState.QUEUED, NOW + 1, 1)


def test_two_processes_do_not_begin_the_same_url(tmp_path: Path) -> None:
    with open_state(tmp_path) as one, open_state(tmp_path) as two:
        mine, other = SaveQueue(one), SaveQueue(two)
        mine.add([URL], NOW)
        seen = other.tickets()[URL]
        begun = mine.begin(mine.tickets()[URL], NOW, 60, "keys", None)
        assert other.begin(seen, NOW + 1, 60, "keys", None).refused == "taken"
        assert other.begin(other.tickets()[URL], NOW + 1, 60, "keys", None).refused == "taken"
        assert begun.ticket is not None
        mine.put(msgspec.structs.replace(begun.ticket, state=SaveState.SUBMITTED, intent=0.0), NOW + 2)
        assert other.begin(seen, NOW + 3, 60, "keys", None).refused == "taken", "it saw an older row"
        assert other.tickets()[URL].state is SaveState.SUBMITTED


def test_a_hold_ends_with_its_process(tmp_path: Path) -> None:
    def hold() -> None:
        with open_state(tmp_path) as state:
            queue = SaveQueue(state)
            queue.add([URL], NOW)
            assert queue.take(queue.tickets()[URL], NOW, 600)

    process = multiprocessing.get_context("fork").Process(target=hold)
    process.start()
    process.join()
    assert process.exitcode == 0
    with open_state(tmp_path) as state:
        queue = SaveQueue(state)
        assert queue.take(queue.tickets()[URL], NOW + 1, 60)


def test_a_hold_of_another_machine_runs_out_in_time(tmp_path: Path) -> None:
    with open_state(tmp_path) as one, open_state(tmp_path) as two:
        mine, other = SaveQueue(one), SaveQueue(two)
        mine._me = "token 4194303 some-other-host"
        mine.add([URL], NOW)
        assert mine.take(mine.tickets()[URL], NOW, 60)
        assert other.take(other.tickets()[URL], NOW + 59, 60) is None
        assert other.take(other.tickets()[URL], NOW + 61, 60)


def test_a_hold_runs_out_in_time(tmp_path: Path) -> None:
    with open_state(tmp_path) as one, open_state(tmp_path) as two:
        mine, other = SaveQueue(one), SaveQueue(two)
        mine.add([URL], NOW)
        assert mine.take(mine.tickets()[URL], NOW, 60)
        assert other.take(other.tickets()[URL], NOW + 59, 60) is None
        assert other.take(other.tickets()[URL], NOW + 61, 60)


def test_a_clock_that_was_set_back_holds_nobody_up(tmp_path: Path) -> None:
    with open_state(tmp_path) as one, open_state(tmp_path) as two:
        mine, other = SaveQueue(one), SaveQueue(two)
        mine.add([URL], NOW)
        assert mine.take(mine.tickets()[URL], NOW + 10 * DAY_S, 60)
        assert other.take(other.tickets()[URL], NOW, 60)


def test_a_state_that_cannot_be_written_is_not_taken_for_one_that_another_holds(tmp_path: Path) -> None:
    with open_state(tmp_path, wait_s=0.1) as one, open_state(tmp_path) as two:
        queue = SaveQueue(one)
        queue.add([URL], NOW)
        seen = queue.tickets()[URL]
        two._connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateError):
            queue.take(seen, NOW, 60)
        two._connection.execute("ROLLBACK")
        assert queue.take(seen, NOW, 60), "it was locked, not lost"
        one._connection.execute("PRAGMA query_only = 1")
        with pytest.raises(StateError):
            queue.take(queue.tickets()[URL], NOW, 60)


def test_who_held_a_row_for_too_long_does_not_write_over_the_next_one(tmp_path: Path) -> None:
    with open_state(tmp_path) as one, open_state(tmp_path) as two:
        slow, quick = SaveQueue(one), SaveQueue(two)
        slow.add([URL], NOW)
        held = slow.take(slow.tickets()[URL], NOW, 1)
        taken = quick.take(quick.tickets()[URL], NOW + 2, 60)
        assert held is not None
        assert taken is not None
        quick.put(msgspec.structs.replace(taken, state=SaveState.VERIFIED), NOW + 3)
        assert slow.put(msgspec.structs.replace(held, state=SaveState.GIVEN_UP), NOW + 4).state is SaveState.VERIFIED
        assert slow.tickets()[URL].state is SaveState.VERIFIED


def test_a_day_takes_so_many_submissions_whoever_sends_them(tmp_path: Path) -> None:
    urls = [f"{URL}{n}" for n in range(5)]
    with open_state(tmp_path) as one, open_state(tmp_path) as two:
        queues = [SaveQueue(one), SaveQueue(two)]
        queues[0].add(urls, NOW)
        tickets = queues[0].tickets()
        said = [queues[n % 2].begin(tickets[url], NOW + n, 60, "anonymous", 3).refused for n, url in enumerate(urls)]
        assert said == ["", "", "", "daily", "daily"]
        assert queues[1].begin(tickets[urls[3]], NOW, 60, "keys", None).ticket is not None
        assert queues[1].sent_since(NOW - 1, "anonymous") == 3
        assert queues[1].begin(tickets[urls[4]], NOW + DAY_S + 1, 60, "anonymous", 3).ticket is not None


def test_one_url_is_submitted_a_few_times_a_day_at_most(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        queue = SaveQueue(state)
        queue.add([URL], NOW)
        said = []
        for n in range(URL_A_DAY + 1):
            begun = queue.begin(queue.tickets()[URL], NOW + 60 * n, 60, "keys", None)
            said.append(begun.refused)
            if begun.ticket is not None:
                queue.put(msgspec.structs.replace(begun.ticket, intent=0.0), NOW + 60 * n)
        assert said == [""] * URL_A_DAY + ["often"]
        assert queue.begin(queue.tickets()[URL], NOW + DAY_S + 600, 60, "keys", None).ticket is not None


def test_no_credential_enters_the_queue(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        queue = SaveQueue(state)
        queue.add(["http://user:hunter2secret@a.example/", URL], NOW)
        assert list(queue.tickets()) == [URL]
    assert all(b"hunter2secret" not in path.read_bytes() for path in tmp_path.iterdir())


def test_many_urls_are_found_at_once(tmp_path: Path) -> None:
    urls = [f"{URL}{n}" for n in range(1200)]
    with open_state(tmp_path) as state:
        queue = SaveQueue(state)
        queue.add(urls, NOW)
        assert sorted(queue.tickets(urls)) == sorted(urls)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(blob=st.one_of(st.binary(max_size=200), st.text(max_size=20), st.none(), st.integers(-(2**40), 2**40)))
def test_a_row_that_nobody_can_read_counts_as_queued(tmp_path: Path, blob: object) -> None:
    with open_state(tmp_path) as state:
        state.write(("INSERT OR REPLACE INTO saves VALUES (?, 7, '', 0, ?)", [(URL, b"" if blob is None else blob)]))
        ticket = SaveQueue(state).tickets()[URL]
        assert (ticket.url, ticket.version) == (URL, 7)


def _submit_all(folder: Path, urls: list[str], taken: "multiprocessing.queues.Queue[str]") -> None:
    with open_state(folder) as state:
        queue = SaveQueue(state)
        for url in urls:
            seen = queue.tickets([url])[url]
            begun = queue.begin(seen, NOW, 60, "keys", None) if seen.state is SaveState.QUEUED else None
            if begun and begun.ticket is not None:
                queue.put(msgspec.structs.replace(begun.ticket, state=SaveState.SUBMITTED, intent=0.0), NOW)
                taken.put(url)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")
def test_processes_that_race_never_take_one_url_twice(tmp_path: Path) -> None:
    urls = [f"{URL}{n}" for n in range(25)]
    with open_state(tmp_path) as state:
        SaveQueue(state).add(urls, NOW)
    context = multiprocessing.get_context("fork")
    taken = context.Queue()
    racers = [context.Process(target=_submit_all, args=(tmp_path, urls, taken)) for _ in range(3)]
    for racer in racers:
        racer.start()
    found = [taken.get(timeout=60) for _ in urls]
    for racer in racers:
        racer.join(60)
    assert all(racer.exitcode == 0 for racer in racers)
    with open_state(tmp_path) as state:
        states = {ticket.state for ticket in SaveQueue(state).tickets().values()}
    assert states <= {SaveState.SUBMITTED}
    assert taken.empty()
    assert sorted(found) == sorted(urls)
