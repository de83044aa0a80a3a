"""`scan --show-config`: TOML that could be written back."""

import tomllib
from pathlib import Path

import pytest

from linkkeeper.config.load import load
from linkkeeper.config.show import as_toml

FILE = """
paths = ["content", "a\\"b"]
exclude = ['^https://x\\.example/', "\\u001bx"]
max_time = "10m"
timeout = 2.5
[timegate]
"odd name" = "https://gate.example/"
[archive]
older-than = "1y"
[host."a.example"]
per_host = 2
verdicts = {http-gone = "ok"}
"""


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_what_is_shown_means_the_same_when_it_is_read_again() -> None:
    Path("linkkeeper.toml").write_text(FILE)
    first = load({"retries": 3})
    shown = as_toml(first)
    Path("again.toml").write_text(shown)
    assert load({}, "again.toml").settings == first.settings
    assert 'max_time = "10m"  # file linkkeeper.toml' in shown
    assert "retries = 3  # flag --retries" in shown
    assert shown.isprintable() or "\x1b" not in shown


def test_what_holds_a_credential_is_a_comment() -> None:
    Path("linkkeeper.toml").write_text(
        'header = ["X-Key: hunter2"]\nproxy = "http://me:hunter2@proxy.example"\n'
        '[host."a.example"]\nheaders = {Authorization = "hunter2"}\n'
    )
    shown = as_toml(load({}))
    assert "hunter2" not in shown
    assert '# header = ["X-Key: ***"]' in shown
    assert '# headers = {Authorization = "***"}' in shown
    assert {"header", "proxy"}.isdisjoint(tomllib.loads(shown))
