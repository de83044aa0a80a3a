"""Reports of the last runs can be shown again."""

import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec.structs import replace

from linkkeeper.models.run import Run, Summary, UrlRow
from linkkeeper.models.verdict import Verdict
from linkkeeper.store.database import open_state
from linkkeeper.store.runs import Runs


def _run(number: int) -> Run:
    at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=number)
    rows = [UrlRow("https://example.com/", Verdict.DEAD, "http-gone", "HTTP 404", checked=at)]
    return Run(
        "0.1",
        at,
        at,
        True,
        Summary(links=number, verdicts={"dead": 1}),
        rows,
        [],
        {"http-gone": "gone"},
        id=f"{at:%Y%m%dT%H%M%SZ}",
    )


def test_a_saved_run_comes_back_whole(tmp_path: Path) -> None:
    run = _run(3)
    with open_state(tmp_path) as state:
        Runs(state).save(run)
    with open_state(tmp_path) as state:
        assert Runs(state).load() == run
        assert Runs(state).load(run.id) == run
        assert Runs(state).load("20261101T03") == run
        assert Runs(state).load("2025") is None


def test_an_ambiguous_name_names_no_run(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        runs = Runs(state)
        runs.save(_run(1))
        runs.save(_run(2))
        assert runs.load("20261101") is None
        assert runs.load() == _run(2)


def test_old_reports_make_room_and_their_figures_stay(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        runs = Runs(state, keep=2)
        for number in range(4):
            runs.save(_run(number))
        assert runs.load(_run(0).id) is None
        assert runs.load(_run(2).id) == _run(2)
        assert [(row.links, row.verdicts, row.report) for row in runs.figures()] == [
            (0, {"dead": 1}, False),
            (1, {"dead": 1}, False),
            (2, {"dead": 1}, True),
            (3, {"dead": 1}, True),
        ]


def test_a_report_of_another_version_is_none(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        Runs(state).save(_run(1))
        state.write(("UPDATE runs SET report = ?", [(b"nonsense",)]))
        assert Runs(state).load() is None


def test_rows_are_masked_where_they_have_a_mark_and_only_there(tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def mask(run: Run) -> Run:
        asked.append([row.url for row in run.urls])
        return replace(run, urls=[replace(row, detail="***", url=visible(row.url)) for row in run.urls])

    def visible(url: str) -> str:
        return url.encode("utf-8", "backslashreplace").decode()

    urls = [f"https://a.example/{number:03}" for number in range(400)]
    urls[150] += "?key=secret"
    urls[350] += "\ud800"
    run = replace(_run(1), urls=[UrlRow(url, Verdict.DEAD, "http-gone", "HTTP 404") for url in urls])
    with open_state(tmp_path) as state:
        Runs(state).save(run, mask, (b"=",))
        saved = Runs(state).load()
    assert saved is not None
    assert asked == [[], urls[100:200], urls[300:]]
    assert [row.url for row in saved.urls] == [visible(url) for url in urls]
    assert [number for number, row in enumerate(saved.urls) if row.detail == "***"] == [
        *range(100, 200),
        *range(300, 400),
    ]


def test_a_report_that_was_kept_as_messagepack_is_still_read(tmp_path: Path) -> None:
    run, packed = _run(1), zlib.compressobj()
    pieces = [msgspec.msgpack.encode(replace(run, urls=[])), msgspec.msgpack.encode(run.urls)]
    blob = b"".join(packed.compress(len(piece).to_bytes(4, "big") + piece) for piece in pieces) + packed.flush()
    with open_state(tmp_path) as state:
        Runs(state).save(run)
        state.write(("UPDATE runs SET report = ?", [(blob,)]))
        assert Runs(state).load() == run
