"""What shells offer, asked as each of them asks."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def offered(run: Run, line: str, shell: str = "bash") -> str:
    words = line.split(" ")
    asked = {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }
    return run(_LINKKEEPER_COMPLETE=f"complete_{shell}", **asked[shell]).stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_completes_commands_flags_and_values(shell: str, run: Run) -> None:
    assert "history" in offered(run, "linkkeeper hi", shell)
    assert "--write-baseline" in offered(run, "linkkeeper scan --write", shell)
    assert "markdown" in offered(run, "linkkeeper scan --format ma", shell)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("linkkeeper report --format j", ["json", "jsonl", "junit"]),
        ("linkkeeper history --format j", ["json"]),
        ("linkkeeper fix --only arc", ["archive"]),
        ("linkkeeper fix --only archive,", ["archive,clean", "archive,redirect", "archive,revert"]),
        ("linkkeeper fix --style r", ["replace", "robust"]),
        ("linkkeeper scan --fail-on dead,s", ["dead,suspect", "dead,skipped"]),
        ("linkkeeper scan --output ht", ["html=report.html"]),
        ("linkkeeper scan --output html=li", []),
        ("linkkeeper scan -o m", ["markdown=report.md"]),
        ("linkkeeper report 2", []),
    ],
)
def test_values_are_those_that_the_flag_takes(line: str, words: list[str], run: Run) -> None:
    assert offered(run, line).split() == words
    assert not Path(".linkkeeper").exists(), "asking leaves nothing behind"


def test_the_kept_runs_are_offered(run: Run) -> None:
    Path("a.md").write_text("[a](#)")
    run("scan", "a.md")
    [name] = offered(run, "linkkeeper report ").split()
    assert run("report", name).returncode == 0


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_bash_itself_completes(run: Run, tmp_path: Path) -> None:
    import sys

    program = tmp_path / "linkkeeper"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m linkkeeper "$@"\n')
    program.chmod(0o755)
    script = run(_LINKKEEPER_COMPLETE="source_bash").stdout
    ask = f"COMP_WORDS=(linkkeeper report --format h); COMP_CWORD=3; _linkkeeper_completion {program}; echo $COMPREPLY"
    done = subprocess.run(["bash", "-c", f"{script}\n{ask}"], capture_output=True, text=True, check=True)
    assert done.stdout == "html\n"
