"""Reports of the last runs can be shown again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

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
