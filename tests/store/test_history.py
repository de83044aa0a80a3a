"""Three days of failing prove it; one success forgives all."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linkkeeper.models.verdict import Finding, Judgement, Verdict
from linkkeeper.store.database import open_state
from linkkeeper.store.history import CONFIRMED, History, HistoryOptions

URL = "https://example.com/a"
START = datetime(2026, 11, 1, 23, 30, tzinfo=UTC)
OPTIONS = HistoryOptions(confirmable=frozenset({"timeout", "http-unavailable"}))


def _settle(
    directory: Path,
    day: float,
    verdict: Verdict = Verdict.SUSPECT,
    rule: str = "timeout",
    options: HistoryOptions = OPTIONS,
) -> Finding:
    with open_state(directory) as state:
        finding = Finding(URL, Judgement(verdict, rule, "seen"), checked=START + timedelta(days=day))
        return History(state, options).settle(finding)


def test_three_failures_on_three_days_are_dead(tmp_path: Path) -> None:
    assert _settle(tmp_path, 0).judgement.verdict is Verdict.SUSPECT
    assert _settle(tmp_path, 1, rule="http-unavailable").judgement.verdict is Verdict.SUSPECT
    third = _settle(tmp_path, 2)
    assert third.judgement.verdict is Verdict.DEAD
    assert third.judgement.rule == CONFIRMED
    assert "3 days since 2026-11-01" in third.judgement.detail
    assert third.since == START


def test_many_failures_on_one_day_are_one_strike(tmp_path: Path) -> None:
    for hour in range(5):
        assert _settle(tmp_path, hour / 240).judgement.verdict is Verdict.SUSPECT


def test_days_are_days_in_utc(tmp_path: Path) -> None:
    _settle(tmp_path, 0)
    _settle(tmp_path, 1 / 24)  # 00:30, the next day
    assert _settle(tmp_path, 1).judgement.verdict is Verdict.SUSPECT


@pytest.mark.parametrize("verdict", [Verdict.OK, Verdict.REDIRECTED])
def test_one_success_clears_the_strikes(tmp_path: Path, verdict: Verdict) -> None:
    _settle(tmp_path, 0)
    _settle(tmp_path, 1)
    assert _settle(tmp_path, 2, verdict).since is None
    last = _settle(tmp_path, 3)
    assert last.judgement.verdict is Verdict.SUSPECT
    assert last.since == START + timedelta(days=3)


@pytest.mark.parametrize("verdict", [Verdict.BLOCKED, Verdict.UNCHECKED, Verdict.SKIPPED])
def test_being_refused_or_not_asked_is_neither_strike_nor_success(tmp_path: Path, verdict: Verdict) -> None:
    _settle(tmp_path, 0)
    _settle(tmp_path, 1, verdict)
    assert _settle(tmp_path, 2).judgement.verdict is Verdict.SUSPECT
    assert _settle(tmp_path, 3).judgement.verdict is Verdict.DEAD


def test_evidence_that_looks_the_same_every_day_proves_nothing_more(tmp_path: Path) -> None:
    for day in range(5):
        assert _settle(tmp_path, day, rule="soft-404-sign").judgement.verdict is Verdict.SUSPECT


def test_confirm_is_a_setting_and_zero_means_never(tmp_path: Path) -> None:
    one = HistoryOptions(confirm=1, confirmable=frozenset({"timeout"}))
    assert _settle(tmp_path / "one", 0, options=one).judgement.verdict is Verdict.DEAD
    never = HistoryOptions(confirm=0, confirmable=frozenset({"timeout"}))
    for day in range(5):
        assert _settle(tmp_path / "never", day, options=never).judgement.verdict is Verdict.SUSPECT


def test_dead_links_know_since_when(tmp_path: Path) -> None:
    _settle(tmp_path, 0, Verdict.DEAD, "http-gone")
    assert _settle(tmp_path, 7, Verdict.DEAD, "http-gone").since == START
    with open_state(tmp_path) as state:
        assert History(state).since(URL) == START


def test_only_changes_of_verdict_leave_a_row(tmp_path: Path) -> None:
    for day, verdict in enumerate([Verdict.OK, Verdict.OK, Verdict.DEAD, Verdict.DEAD, Verdict.OK]):
        _settle(tmp_path, day, verdict, f"rule-{verdict}")
    with open_state(tmp_path) as state:
        events = History(state).events(URL)
    assert [(event.verdict, event.at) for event in events] == [
        ("ok", START),
        ("dead", START + timedelta(days=2)),
        ("ok", START + timedelta(days=4)),
    ]


def test_two_runs_on_the_same_day_do_not_undo_each_other(tmp_path: Path) -> None:
    with open_state(tmp_path) as first, open_state(tmp_path) as second:
        finding = Finding(URL, Judgement(Verdict.SUSPECT, "timeout"), checked=START)
        for state in (first, second):
            History(state, OPTIONS).settle(finding)
    with open_state(tmp_path) as state:
        assert [strike.day for strike in History(state).strikes(URL)] == ["2026-11-01"]


def test_credentials_do_not_reach_the_history(tmp_path: Path) -> None:
    url = "https://user:hunter2secret@example.com/?access_token=hunter2secret"
    with open_state(tmp_path) as state:
        History(state, OPTIONS).settle(Finding(url, Judgement(Verdict.SUSPECT, "timeout"), checked=START))
    assert all(b"hunter2secret" not in path.read_bytes() for path in tmp_path.iterdir())
    with open_state(tmp_path) as state:
        assert History(state).since(url) == START
