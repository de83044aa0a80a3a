"""`linkkeeper report` on a state directory with a saved run."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from linkkeeper.cli.app import guarded
from linkkeeper.cli.report import report
from linkkeeper.models.run import LinkRow, Run, Summary, UrlRow
from linkkeeper.models.verdict import Verdict
from linkkeeper.store.database import open_state
from linkkeeper.store.runs import Runs

START = datetime(2026, 11, 20, 9, 45, tzinfo=UTC)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own working directory whose state holds two runs."""
    monkeypatch.chdir(tmp_path)
    with open_state(tmp_path / ".linkkeeper") as database:
        runs = Runs(database)
        for minute, name in ((1, "first"), (2, "second")):
            runs.save(_run(name, START.replace(minute=minute)))
    return tmp_path


def _run(name: str, finished: datetime) -> Run:
    link = LinkRow("post.md", 1, 2, 3, 4 + len(name), "inline", name)
    row = UrlRow(f"https://{name}.example/", Verdict.DEAD, "http-gone", "HTTP 404", links=[link])
    summary = Summary(files=1, links=1, urls=1, requests=1, verdicts={"dead": 1})
    return Run("0.1.0", START, finished, True, summary, [row], [], {}, id=f"20261120T0945-{name}")


def _report(*arguments: str) -> tuple[int, str, str]:
    app = typer.Typer()
    app.command()(guarded(report))
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_the_last_run_is_shown_without_counting_what_it_found(state: Path) -> None:
    code, out, _ = _report()
    assert code == 0
    assert "post.md:1:2\n    dead: HTTP 404\n    second\n" in out


def test_a_run_is_shown_by_its_name_in_any_format(state: Path) -> None:
    code, out, _ = _report("20261120T0945-first", "--format", "json", "--output", "html=report.html")
    assert code == 0
    assert [row["url"] for row in json.loads(out)["urls"]] == ["https://first.example/"]
    assert (state / "report.html").read_text("utf-8").startswith("<!doctype html>")


def test_an_unknown_run_is_named_with_those_that_are_there(state: Path) -> None:
    code, out, err = _report("nonsuch")
    assert (code, out) == (2, "")
    assert "no report of run 'nonsuch'" in err
    assert "20261120T0945-second, 20261120T0945-first" in err


def test_a_beginning_of_several_runs_lists_them(state: Path) -> None:
    code, out, err = _report("20261120")
    assert (code, out) == (2, "")
    assert "2 runs begin with '20261120'" in err
    assert "20261120T0945-second, 20261120T0945-first" in err


def test_looking_for_a_report_makes_no_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _report()
    assert list(tmp_path.iterdir()) == []


def test_without_any_run_the_command_that_makes_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = _report()
    assert code == 2
    assert "linkkeeper scan makes one" in err


def test_the_page_knows_the_year_of_a_post_by_its_head(state: Path) -> None:
    Path("post.md").write_text("+++\ntitle = 'A'\ndate = 2021-03-02T10:00:00+08:00\n+++\ntext")
    code, _, _ = _report("--output", "html=report.html")
    assert code == 0
    page = (state / "report.html").read_text("utf-8")
    assert 'id="years-title"' in page
    assert ">2021<" in page.partition('id="years-title"')[2]
