"""Processes begun before the command line is read."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from linkkeeper.cli import readers
from linkkeeper.extract import forked


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(forked, "processors", lambda: 2)


@pytest.mark.parametrize(
    ("arguments", "begins"),
    [
        (["links"], True),
        (["links", "--no-cache"], True),
        (["links", "--state", "elsewhere"], True),
        (["links", "--state", "known"], False),
        (["links", "--state=known"], False),
        (["links", "--state=known", "--no-cache"], True),
        (["links", "--config", "elsewhere.toml"], False),
        (["links", "-"], False),
        (["links", "--state"], True),
        (["scan"], True),
        (["scan", "--state=elsewhere", "posts"], True),
        (["scan", "--state=known", "posts"], False),
        (["scan", "--help"], False),
        (["scan", "--show-config"], False),
        (["fix"], False),
        (["--help"], False),
        ([], False),
    ],
)
def test_readers_begin_where_documents_will_have_to_be_read(
    arguments: list[str], begins: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    (tmp_path / "known").mkdir()
    monkeypatch.setattr(forked, "begin", lambda count, _: begun.append(count))
    readers.begin(arguments)
    assert begun == [2] * begins


def test_what_is_remembered_needs_no_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    monkeypatch.setattr(forked, "begin", lambda count, _: begun.append(count))
    (tmp_path / ".linkkeeper").mkdir()
    readers.begin(["links"])
    assert begun == []
    monkeypatch.setattr(forked, "processors", lambda: 1)
    readers.begin(["links", "--no-cache"])
    assert begun == []


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    code = "import sys; from linkkeeper.cli.starting import main; sys.exit(main())"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LINKKEEPER")}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
    )


def test_the_same_is_printed_with_readers_and_without(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    for number in range(120):
        (tmp_path / "posts" / f"{number}.md").write_text(f"[a](https://a.example/{number}?utm_source=b)\n" * 9)
    (tmp_path / "posts" / "b.md").write_bytes(b"\x89PNG")
    ready, not_ready = _run("links", "--no-cache", "posts"), _run("links", "--state", "s", "posts")
    assert ready.returncode == not_ready.returncode == 0
    assert ready.stdout.count("\n") == 1080
    assert (ready.stdout, ready.stderr) == (not_ready.stdout, not_ready.stderr)
    assert ready.stderr == "posts/b.md: binary, not text\n"


def test_a_scan_says_the_same_with_readers_and_without(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    for number in range(120):
        (tmp_path / "posts" / f"{number}.md").write_text(f"[a](#b{number}) <http://x.invalid:99999/{number}>\n" * 3)
    (tmp_path / "posts" / "b.md").write_bytes(b"\x89PNG")
    (tmp_path / "known").mkdir()
    said = []
    for state in ("new", "known"):
        done = _run("scan", "posts", "--format", "json", "--state", state)
        assert done.returncode == 1, done.stderr
        report = json.loads(done.stdout)
        said.append([report["urls"], report["files"], report["summary"]])
    assert said[0] == said[1]
    assert said[0][2]["links"] == 720


def test_a_wrong_command_line_is_answered_as_ever() -> None:
    done = _run("links", "--no-cache", "--nonsense")
    assert done.returncode == 2
    assert "--nonsense" in done.stderr


def test_readers_do_without_what_msgspec_loads_for_others() -> None:
    program = (
        "import sys\n"
        "from linkkeeper.cli import readers\n"
        "readers._PREPARE['links']()\n"
        "print('typing_extensions' in sys.modules)\n"
        "import typing_extensions\n"
        "print(typing_extensions.Protocol.__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "Protocol"]
