"""The examples of the archive commands' help run as they stand, beside an archive like the one they speak of."""

import importlib.util
import inspect
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from linkkeeper.cli.app import app
from linkkeeper.demo.story import Stage

FOREVER = "linkkeeper archive serve"
"""Ends by Ctrl-C; it is started and ended in test_archive_local."""


def _examples() -> list[str]:
    found = []
    program: Any = get_command(app)
    for command in program.commands["archive"].commands.values():
        lines = inspect.cleandoc(command.help).partition("Examples:\n")[2].partition("\n\n")[0].splitlines()
        found += [re.split(r"\s{3,}", line.strip())[0] for line in lines]
    return found


def test_every_command_has_examples_of_itself() -> None:
    assert {line.split()[2] for line in _examples()} == {"save", "status", "verify", "show", "export", "serve"}


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory, in_shell: Any, stage: Stage) -> Path:
    """A blog whose links are kept, with an archive of another name and a WACZ beside it."""
    folder = tmp_path_factory.mktemp("blog")
    (folder / "posts").mkdir()
    (folder / "public" / "archive").mkdir(parents=True)
    (folder / "posts" / "a.md").write_text(f"[a]({stage.web.url('living', '/a')})\n")
    assert in_shell("linkkeeper archive save -q --to local posts", folder).returncode == 0
    assert in_shell("linkkeeper archive export -q --wacz blog.wacz", folder).returncode == 0
    shutil.copytree(folder / "archive", folder / "copies")
    return folder


@pytest.mark.parametrize("line", [line for line in _examples() if not line.startswith(FOREVER)])
def test_the_example_does_what_it_says(line: str, blog: Path, in_shell: Any, stage: Stage, tmp_path: Path) -> None:
    if ("jq" in line and shutil.which("jq") is None) or (
        "--browser" in line and importlib.util.find_spec("playwright") is None
    ):
        pytest.skip("the example needs a program that is not here")
    folder = tmp_path / "blog"
    shutil.copytree(blog, folder)
    done = in_shell(line.replace("https://example.com/page", stage.web.url("living", "/a")), folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for made in re.findall(r"(?:--wacz|--extract) (\S+)", line):
        assert (folder / made).stat().st_size > 0
