"""Asking `git` about a folder that is not trusted: no shell, none of its programs, no questions, bounded time."""

import logging
import os
import subprocess
import tempfile
from pathlib import Path
from threading import Timer

log = logging.getLogger(__name__)

_TIMEOUT_S = 30.0
_SAFE = (
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "blame.ignoreRevsFile="),
    *("-c", "core.quotePath=false"),
    "--literal-pathspecs",
)
"""A repository that is scanned must not get to run programs."""
_FILTERS = (
    "config",
    "--show-scope",
    "--includes",
    "--name-only",
    "-z",
    "--get-regexp",
    r"^filter\..*\.(clean|process)$",
)
_OF_REPOSITORY = (b"local", b"worktree")


class Git:
    """Runs git. A folder outside any repository, and a machine without git, are asked no second time."""

    def __init__(self) -> None:
        self._is_missing = False
        self._outside: set[Path] = set()
        self._filters: dict[Path, dict[str, str]] = {}

    def __call__(self, folder: Path, *arguments: str | bytes, given: bytes = b"", most: int = -1) -> bytes:
        """Return what git prints, of that the first `most` bytes; nothing if it fails.

        What came in time is returned if `most` is given and git failed or was stopped: enough of it may be whole.
        """
        if folder not in self._filters:
            self._filters[folder] = {}
            self._filters[folder] = _without_filters(self._ask(folder, [*_FILTERS], b"", -1))
        return self._ask(folder, [*arguments], given, most)

    def _ask(self, folder: Path, arguments: list[str | bytes], given: bytes, most: int) -> bytes:
        if self._is_missing or folder in self._outside:
            return b""
        try:
            code, output, errors = _run(folder, ["git", *_SAFE, *arguments], self._filters[folder], given, most)
        except FileNotFoundError:
            self._is_missing = True
            return b""
        except (OSError, ValueError) as error:
            log.info("git said nothing about %s: %s", folder, error)
            return b""
        if b"not a git repository" in errors:
            self._outside.add(folder)
        return output if code == 0 or most >= 0 else b""


def _run(
    folder: Path, command: list[str | bytes], more: dict[str, str], given: bytes, most: int
) -> tuple[int, bytes, bytes]:
    """Return the exit code, the output and the first errors. Files hold what goes in, so that no pipe can block."""
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stderr:
        stdin.write(given)
        stdin.seek(0)
        with subprocess.Popen(  # noqa: S603 - git, its arguments in a list
            command, cwd=folder, env=_environment() | more, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr
        ) as process:
            timer = Timer(_TIMEOUT_S, process.kill)
            timer.start()
            try:
                output = process.stdout.read(most) if process.stdout else b""
            finally:
                if most >= 0:
                    process.kill()
                process.wait()
                timer.cancel()
        if process.returncode < 0 and most < 0:
            log.info("git took more than %g s in %s", _TIMEOUT_S, folder)
        stderr.seek(0)
        return process.returncode, output, stderr.read(4096)


def _without_filters(listed: bytes) -> dict[str, str]:
    """Return settings, as variables, by which the filters that a repository itself brings run nothing.

    `git blame` and `git diff` would put a file of the work tree through them. Those of the user and the machine stay.
    """
    words = listed.split(b"\0")
    keys = [os.fsdecode(key) for scope, key in zip(words[::2], words[1::2], strict=False) if scope in _OF_REPOSITORY]
    required = {f"{key.rpartition('.')[0]}.required": "false" for key in keys}
    settings = list((dict.fromkeys(keys, "") | required).items())
    given = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(given) if given.isdecimal() else 0
    variables = {"GIT_CONFIG_COUNT": str(first + len(settings))} if settings else {}
    for number, (key, value) in enumerate(settings, first):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _environment() -> dict[str, str]:
    """Plain English, no questions, no network (partial clones fetch blobs), no lock on the index."""
    return os.environ | {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",  # the same for git before 2.45
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_PAGER": "",
    }
