"""Archive answers, shared clocks and progress."""

import math
import multiprocessing
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import Snapshot, SnapshotState
from linkkeeper.store.answers import Answers
from linkkeeper.store.clock import Clock
from linkkeeper.store.database import open_state
from linkkeeper.store.state import Progress

NEAR = Dated(datetime(2016, 12, 8, 23, 59, 59, tzinfo=UTC), "front matter")
SNAPSHOT = Snapshot(
    SnapshotState.VERIFIED, "wayback", "https://web.archive.org/web/2016/http://a.b/", NEAR.until, "http://a.b/"
)


class Beat(msgspec.Struct, frozen=True):
    """A value that processes share."""

    count: int = 0


def test_positive_answers_stay_and_negative_ones_expire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    none = Snapshot(SnapshotState.NONE, "wayback")
    with open_state(tmp_path) as state:
        answers = Answers(state, Snapshot)
        answers.put("http://a.b/", NEAR, SNAPSHOT, math.inf)
        answers.put("http://a.b/none", NEAR, none, 3600)
    later = time.time() + 7200
    with open_state(tmp_path) as state:
        answers = Answers(state, Snapshot)
        assert answers.get("http://a.b/none", NEAR) == none
        monkeypatch.setattr(time, "time", lambda: later)
        assert answers.get("http://a.b/none", NEAR) is None
        assert answers.get("http://a.b/", NEAR) == SNAPSHOT


def test_another_date_is_another_question(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        answers = Answers(state, Snapshot)
        answers.put("http://a.b/", NEAR, SNAPSHOT, math.inf)
        assert answers.get("http://a.b/", Dated(NEAR.until + timedelta(days=1), "file")) is None


def test_no_credential_is_kept_with_an_answer(tmp_path: Path) -> None:
    url = "http://user:hunter2secret@a.b/"
    with open_state(tmp_path) as state:
        Answers(state, Snapshot).put(url, NEAR, SNAPSHOT, math.inf)
        assert Answers(state, Snapshot).get(url, NEAR) == SNAPSHOT
    assert all(b"hunter2secret" not in path.read_bytes() for path in tmp_path.iterdir())


def _beat(directory: Path) -> None:
    with open_state(directory) as state:
        clock = Clock(state, "wayback", Beat)
        for _ in range(50):
            clock.update(lambda beat: Beat(beat.count + 1))


def test_processes_change_a_clock_one_after_the_other(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=_beat, args=(tmp_path,)) for _ in range(3)]
    for process in others:
        process.start()
    for process in others:
        process.join(30)
    with open_state(tmp_path) as state:
        assert Clock(state, "wayback", Beat).update(lambda beat: beat) == Beat(150)


def test_without_a_database_a_clock_still_ticks_for_this_process(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with open_state(tmp_path / "state") as state:
        clock = Clock(state, "wayback", Beat)
        clock.update(lambda beat: Beat(beat.count + 1))
        assert clock.update(lambda beat: Beat(beat.count + 1)) == Beat(2)


def test_a_clock_of_another_version_starts_anew(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        state.write(("INSERT INTO clocks VALUES (?, ?)", [("wayback", b"\xc1")]))
        assert Clock(state, "wayback", Beat).update(lambda beat: Beat(beat.count + 1)) == Beat(1)


def test_an_interrupted_job_knows_what_was_done(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        Progress(state, "save").mark("http://a.b/", "submitted")
    with open_state(tmp_path) as state:
        progress = Progress(state, "save")
        assert progress.note("http://a.b/") == "submitted"
        assert progress.note("http://a.b/other") is None
        assert Progress(state, "other").note("http://a.b/") is None
        progress.finish()
        assert Progress(state, "save").note("http://a.b/") is None


def test_the_store_needs_no_network_library() -> None:
    import subprocess
    import sys

    program = (
        "import sys; from linkkeeper.store import answers, cache, clock, extractions, history, runs, state;"
        " print([m for m in ('aiohttp', 'bs4', 'lxml', 'waybackpy') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
