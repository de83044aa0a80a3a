from pathlib import Path

import pytest

from linkkeeper.config.load import load
from linkkeeper.config.settings import LOOSENING, fields
from linkkeeper.errors import UsageError


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)


def test_defaults_are_the_contract_s() -> None:
    settings = load({}).settings
    assert (settings.wayback.rate, settings.wayback.pause, settings.per_host) == (24, 60, 8)
    assert settings.fail_on == ["dead", "invalid"]
    assert settings.state == ".linkkeeper"


def test_a_flag_wins_over_the_environment_and_that_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("linkkeeper.toml").write_text("timeout = 1\nretries = 2\nconcurrency = 3\n")
    monkeypatch.setenv("LINKKEEPER_TIMEOUT", "4")
    monkeypatch.setenv("LINKKEEPER_RETRIES", "5")
    loaded = load({"timeout": 6})
    assert (loaded.settings.timeout, loaded.settings.retries, loaded.settings.concurrency) == (6, 5, 3)
    assert loaded.origins == {
        "timeout": "flag --timeout",
        "retries": "environment LINKKEEPER_RETRIES",
        "concurrency": "file linkkeeper.toml",
    }


def test_the_file_is_found_upward_and_pyproject_only_counts_with_our_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("linkkeeper.toml").write_text("[tool.linkkeeper]\nper-host = 3\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    monkeypatch.chdir(below)
    assert load({}).settings.per_host == 3


def test_nested_and_host_tables_are_read() -> None:
    Path("pyproject.toml").write_text(
        "[tool.linkkeeper.wayback]\nrate = 7\n[tool.linkkeeper.host.'example.com']\nper_host = 1\naccept = [404]\n"
    )
    settings = load({}).settings
    assert settings.wayback.rate == 7
    assert settings.host["example.com"].accept == [404]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("timout = 3", "did you mean 'timeout'"),
        ("[wayback]\nrat = 3", "did you mean 'wayback.rate'"),
        ("timeout = 'soon'", "timeout = 'soon'"),
        ("timeout = -1", "timeout = -1"),
        ("max-time = 'later'", "a duration is"),
        ("exclude = ['(']", "not a regular expression"),
        ("fail_on = ['ded']", "fail_on"),
        ("timezone = 'Mars/Olympus'", "not a time zone"),
        ("[host.'example.com']\nperhost = 1", "perhost"),
        ("timeout = [", "not valid TOML"),
        ("header = ['no colon']", "Name: value"),
        ("[wayback]\nurl = 'ftp://example.org'", "must begin with"),
    ],
)
def test_a_wrong_file_is_a_usage_error_that_names_the_setting(text: str, said: str) -> None:
    Path("linkkeeper.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        load({})
    assert said in f"{caught.value} {caught.value.hint}"


def test_an_unknown_variable_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINKKEEPER_TIMEOT", "4")
    with pytest.raises(UsageError, match="LINKKEEPER_TIMEOT") as caught:
        load({})
    assert "LINKKEEPER_TIMEOUT" in caught.value.hint


def test_a_missing_file_named_by_the_user_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"nowhere\.toml"):
        load({}, "nowhere.toml")


def test_every_setting_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for item in fields():
        value = item.default
        text = ",".join(value) if isinstance(value, list) else "" if value == {} else str(value)
        if text:
            monkeypatch.setenv(item.variable, text)
    loaded = load({})
    assert loaded.settings == load({}).settings
    assert all(origin.startswith("environment") for origin in loaded.origins.values())


@pytest.mark.parametrize("value", ["90", "1.5m", "2h", "1d", "3w", "1y"])
def test_durations_have_units(value: str) -> None:
    assert load({"max_time": value}).settings.max_time == value


def test_in_ci_a_file_of_the_tree_loosens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("linkkeeper.toml").write_text(
        "allow_private = true\ninsecure = true\ntimeout = 3\n[wayback]\nurl = 'http://evil.example'\n"
    )
    monkeypatch.setenv("CI", "true")
    loaded = load({})
    assert not loaded.settings.allow_private
    assert not loaded.settings.insecure
    assert loaded.settings.wayback.url == "https://web.archive.org"
    assert loaded.settings.timeout == 3
    assert len(loaded.notes) == 3
    assert load({}, "linkkeeper.toml").settings.allow_private, "a file that the user names counts"


def test_loosening_names_are_settings() -> None:
    known = {item.path for item in fields()} | {"host"}
    assert known >= LOOSENING


def test_the_state_of_a_folder_above_is_used_within_a_git_work_tree_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = tmp_path / "posts" / "2026"
    below.mkdir(parents=True)
    (tmp_path / ".linkkeeper").mkdir()
    monkeypatch.chdir(below)
    assert load({}).settings.state == str(tmp_path / ".linkkeeper")
    (tmp_path / ".git").rmdir()
    assert load({}).settings.state == ".linkkeeper", "whose folder that is, nobody knows"
