"""Completion in real shells: installed as a user installs it, asked with the Tab key."""

import fcntl
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import termios
import time
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

START = {"bash": ("bash", "--noprofile", "-i"), "zsh": ("zsh", "-i"), "fish": ("fish", "-i")}
OWN = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/config.fish"}
QUIET = {
    "bash": "PS1='ready>'\n",
    "zsh": "PS1='ready>'\nunsetopt prompt_sp prompt_cr\n",
    "fish": "function fish_prompt; echo -n 'ready>'; end\nfunction fish_greeting; end\n",
}
_CODES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[()][A-Z0-9]|[=>])")
PATIENCE_S = 30.0


class Shell:
    """An interactive shell at a terminal."""

    def __init__(self, name: str, home: Path) -> None:
        self._process, self._terminal = _start(name, home)
        self._seen = ""

    def begun(self) -> None:
        """Wait for the first prompt."""
        self.wait("ready>")

    def type(self, keys: str) -> None:
        """Press keys; what was there before is forgotten."""
        self._seen = ""
        os.write(self._terminal, keys.encode())

    def wait(self, words: str) -> str:
        """Return what the shell shows as soon as these words are there."""
        end = time.monotonic() + PATIENCE_S
        while words not in self.text():
            ready, _, _ = select.select([self._terminal], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{words!r} never came: {self.text()!r}"
            self._seen += os.read(self._terminal, 65536).decode("utf-8", "replace")
        return self.text()

    def text(self) -> str:
        """Return what is shown, less colours and movements."""
        return _CODES.sub("", self._seen).replace("\x07", "")

    def close(self) -> None:
        """End the shell."""
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)


def _start(name: str, home: Path) -> "tuple[subprocess.Popen[bytes], int]":
    ours, theirs = pty.openpty()
    variables = {
        "HOME": str(home),
        "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
        "TERM": "xterm",
        "LANG": "C.UTF-8",
        "SHELL": shutil.which(name) or name,
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }
    process = subprocess.Popen(
        START[name],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=home,
        env=variables,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(theirs, termios.TIOCSCTTY, 0),  # fish wants a terminal of its own
    )
    os.close(theirs)
    return process, ours


@pytest.fixture(params=sorted(START))
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shell]:
    """A shell in which `linkkeeper --install-completion` was run, started anew."""
    name = request.param
    if shutil.which(name) is None:
        warnings.warn(f"no {name} here: its completion was NOT tried", pytest.PytestWarning, stacklevel=1)
        pytest.skip(f"no {name} here")
    _prepare(name, tmp_path)
    with closing(Shell(name, tmp_path)) as first:
        first.begun()
        first.type("linkkeeper --install-completion\r")
        first.wait(f"{name} completion installed")
    with closing(Shell(name, tmp_path)) as again:
        again.begun()
        yield again


def _prepare(name: str, home: Path) -> None:
    program = home / "bin" / "linkkeeper"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m linkkeeper "$@"\n')
    program.chmod(0o755)
    own = home / OWN[name]
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(QUIET[name])
    if name == "fish":  # else it reads every manual page of this machine, once
        (home / ".local/share/fish/generated_completions").mkdir(parents=True)
    (home / "posts").mkdir()


def test_tab_completes_commands_flags_values_and_files(shell: Shell) -> None:
    shell.type("linkkeeper sc\t")  # the very first Tab of this shell
    shell.wait("scan ")
    for keys, whole in (
        ("--write-b\t", "--write-baseline "),
        ("b.toml --format ma\t", "markdown "),
        ("-o ht\t", "html=report.html "),
        ("--fail-on dead,in\t", "dead,invalid "),
        ("po\t", "posts/"),
    ):
        shell.type(keys)
        shell.wait(whole.strip())


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_script_is_shown_for_those_who_keep_their_own_settings(name: str, tmp_path: Path) -> None:
    asked = os.environ | {"_LINKKEEPER_COMPLETE": f"source_{name}"}
    code = [sys.executable, "-m", "linkkeeper"]
    done = subprocess.run(code, capture_output=True, text=True, check=True, timeout=30, env=asked)
    assert "complete" in done.stdout
    if shutil.which(name):
        script = tmp_path / "script"
        script.write_text(done.stdout)
        subprocess.run([name, "-n", str(script)], check=True, timeout=30)
