"""What is written to stderr: words for people, whatever they are made of."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from linkkeeper.cli import output

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize(
    "text", ["##[error]x", "##vso[task.setvariable variable=a]b", "a ##teamcity[x]", "::error::x", "a\n  ::add-mask::b"]
)
def test_no_line_for_people_is_a_command_to_a_ci_runner(text: str) -> None:
    shown = output.harmless(text)
    assert "##" not in shown
    assert not any(line.lstrip().startswith("::") for line in shown.split("\n"))
    assert (
        output.harmless("## a heading, std::vector, https://a.example/##")
        == "## a heading, std::vector, https://a.example/##"
    )


def test_settings_of_a_scanned_folder_give_no_command_to_a_ci_runner(run: Run) -> None:
    Path("a.md").write_text("text\n")
    Path("linkkeeper.toml").write_text('"##vso[task.setvariable variable=a]b" = 1\n')
    done = run("scan", "a.md")
    assert (done.returncode, "##" in done.stderr, "task.setvariable" in done.stderr) == (2, False, True)
