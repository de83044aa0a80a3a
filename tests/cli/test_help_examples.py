"""The examples of every `--help` run as they stand, in a repository like the one they speak of."""

import functools
import inspect
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from linkkeeper.cli.app import app
from linkkeeper.demo.story import Stage
from linkkeeper.store.database import open_state
from linkkeeper.store.runs import Runs

ELSEWHERE = {"demo", "archive"}
"""`demo` runs in tests/demo; copies of the living have tests of their own."""


def _examples() -> list[str]:
    group: Any = get_command(app)
    found = []
    for name, command in group.commands.items():
        if name not in ELSEWHERE:
            lines = inspect.cleandoc(command.help).partition("Examples:\n")[2].partition("\n\n")[0].splitlines()
            found += [re.split(r"\s{3,}", line.strip())[0] for line in lines]
    return found


EXAMPLES = _examples()
EXPECTED = {"linkkeeper init": {2}}
"""There is no terminal to ask on. All others do their work (0), or find something (1)."""


def _git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory, in_shell: Any, stage: Stage) -> Path:
    """A blog that was scanned and repaired once, and has a new post with a dead link since."""
    folder = tmp_path_factory.mktemp("blog")
    (folder / "posts").mkdir()
    dead, living = stage.web.url("gone", "/2016/second"), stage.web.url("living", "/a?utm_source=x")
    text = f"---\ndate: 2016-07-08\n---\n[dead]({dead}) [living]({living})\n"
    for name in ("posts/a.md", "README.md", "post.md"):
        (folder / name).write_text(text)
    (folder / "urls.txt").write_text(f"{living}\n")
    (folder / "data.min.json").write_text('{"providers": {"x": {"urlPattern": "^https?://example", "rules": ["id"]}}}')
    _git(folder, "init", "-q", "-b", "main")
    _git(folder, "add", ".")
    _git(folder, "commit", "-q", "-m", "base")
    _git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert in_shell("linkkeeper scan -q --write-baseline links-baseline.toml posts", folder).returncode == 0
    assert in_shell("linkkeeper fix posts", folder).returncode == 0
    (folder / "posts" / "b.md").write_text(text)
    return folder


@pytest.fixture(scope="module")
def names(blog: Path, in_shell: Any, stage: Stage) -> dict[str, str]:
    """Return what stands in the examples -> what is there."""
    with open_state(blog / ".linkkeeper") as database:
        last = Runs(database).named_like("")[0]
    return {
        "20261120T094500Z-3fa9c1": in_shell("linkkeeper undo --list", blog).stdout.split()[0],
        "20261120T094500": last,
        "https://example.com/page": stage.web.url("gone", "/2016/second"),
    }


def test_there_are_examples_of_every_command() -> None:
    assert {line.split("linkkeeper ")[1].split()[0] for line in EXAMPLES} == {
        *("scan", "fix", "undo", "links", "clean", "report", "history", "init"),
    }


@pytest.mark.parametrize("line", EXAMPLES)
def test_the_example_does_what_it_says(
    line: str, blog: Path, in_shell: Any, names: dict[str, str], tmp_path: Path
) -> None:
    if "jq" in line and shutil.which("jq") is None:
        pytest.skip("no jq here")
    folder = tmp_path / "blog"
    shutil.copytree(blog, folder)
    named = functools.reduce(lambda text, name: text.replace(name, names[name]), names, line)
    done = in_shell(named, folder)
    assert done.returncode in EXPECTED.get(line, {0, 1}), done.stderr
    assert "Traceback" not in done.stderr
    for made in re.findall(r"(?:> |html=|sarif=)(\S+)", line):
        assert (folder / made).stat().st_size > 0
