"""A state that cannot be written any more, or that another process keeps: the run ends, and submits nothing."""

import asyncio
import sqlite3
from typing import Any

import pytest

from linkkeeper.archive.saving.base import SaveOutcome as Outcome
from linkkeeper.archive.saving.saver import Saver
from linkkeeper.models.ticket import SaveState as State
from linkkeeper.models.ticket import Ticket
from linkkeeper.store.database import NAME, Database

URL, OTHER = "http://living.example/a", "http://other.example/b"
LEFT = {
    "nothing": (Ticket(URL), Outcome.UNASKED),
    "an intent": (Ticket(URL, intent=-4000.0, attempts=1), Outcome.UNASKED),
    "a job": (Ticket(URL, State.SUBMITTED, submitted=-60.0, job="spn2-" + "a" * 40), Outcome.SUBMITTED),
    "a job of yesterday": (Ticket(URL, State.SUBMITTED, submitted=-90_000.0, job="spn2-x"), Outcome.SUBMITTED),
    "a capture": (Ticket(URL, State.CAPTURED, submitted=-60.0, timestamp="20260101000000"), Outcome.CAPTURED),
}
"""What the last run left (times before now), and what is known of it without looking further."""


def _leave(bench: Any, ticket: Ticket) -> None:
    from msgspec.structs import replace

    now = bench.clock.now()
    times = {name: now + getattr(ticket, name) for name in ("intent", "submitted") if getattr(ticket, name)}
    bench.put(replace(ticket, **times))


def _state(made: Saver) -> Database:
    found: Database = made._desk.queue._database  # type: ignore[attr-defined]  # the real queue's
    return found


def _lose(made: Saver) -> None:
    """Let SQLite refuse every write from now on, as on a file system that was remounted read-only."""
    _state(made)._connection.execute("PRAGMA query_only = 1")


async def _ends(made: Saver, *urls: str) -> dict[str, Any]:
    async def run() -> dict[str, Any]:
        return {result.url: result async for result in made.save(urls)}

    return await asyncio.wait_for(run(), 20)


@pytest.mark.parametrize("left", LEFT)
async def test_a_state_that_cannot_be_written_ends_the_run(bench: Any, left: str) -> None:
    ticket, expected = LEFT[left]
    _leave(bench, ticket)
    made = await bench.saver()
    _lose(made)
    begin = bench.clock.now()
    found = await _ends(made, URL, OTHER)
    assert (found[URL].outcome, found[OTHER].outcome) == (expected, Outcome.UNASKED)
    assert all("the state cannot be written" in one.detail for one in found.values())
    assert made.notes == ["Wayback Machine: the state cannot be written, and without it nothing is submitted."]
    assert bench.saving.submissions == []
    assert bench.clock.now() - begin < 120
    assert len(bench.archive.log) <= 4


@pytest.mark.parametrize("left", LEFT)
async def test_a_lock_that_stays_ends_the_run(bench: Any, left: str) -> None:
    ticket, expected = LEFT[left]
    _leave(bench, ticket)
    made = await bench.saver()
    _state(made)._patience_s = 0.2
    other = sqlite3.connect(bench.folder / NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        found = await _ends(made, URL)
    finally:
        other.close()
    assert found[URL].outcome is expected
    assert "the state cannot be written" in found[URL].detail
    assert bench.saving.submissions == []
    assert len(bench.archive.log) <= 4


@pytest.mark.parametrize("route", ["index", "save", "status", "page"])
async def test_a_state_that_is_lost_in_the_middle_ends_the_run_and_nothing_is_sent_twice(
    bench: Any, route: str
) -> None:
    made = await bench.saver()

    def on_request(phase: str, where: str, path: str) -> None:
        del phase, path
        if where == route:
            _lose(made)

    bench.archive.on_request = on_request
    found = await _ends(made, URL, OTHER)
    assert sorted(found) == [URL, OTHER]
    sent = [one.url for one in bench.saving.submissions]
    assert len(sent) == len(set(sent))
    assert not _state(made).kept
    assert len(bench.archive.log) <= 20


async def test_a_run_without_a_file_for_its_state_works_in_memory(bench: Any, tmp_path: Any) -> None:
    (tmp_path / "no-folder").write_text("a file")
    found = await bench.save(URL, folder=tmp_path / "no-folder")
    assert found[URL].outcome is Outcome.VERIFIED
