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


class Git:
    """Runs git. A folder outside any repository, and a machine without git, are asked no second time."""

    def __init__(self) -> None:
        self._is_missing = False
        self._outside: set[Path] = set()

    def __call__(self, folder: Path, *arguments: str | bytes, given: bytes = b"", most: int = -1) -> bytes:
        """Return what git prints, of that the first `most` bytes; nothing if it fails.

        What came in time is returned if `most` is given and git failed or was stopped: enough of it may be whole.
        """
        if self._is_missing or folder in self._outside:
            return b""
        try:
            code, output, errors = _run(folder, ["git", *_SAFE, *arguments], given, most)
        except FileNotFoundError:
            self._is_missing = True
            return b""
        except (OSError, ValueError) as error:
            log.info("git said nothing about %s: %s", folder, error)
            return b""
        if b"not a git repository" in errors:
            self._outside.add(folder)
        return output if code == 0 or most >= 0 else b""


def _run(folder: Path, command: list[str | bytes], given: bytes, most: int) -> tuple[int, bytes, bytes]:
    """Return the exit code, the output and the first errors. Files hold what goes in, so that no pipe can block."""
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stderr:
        stdin.write(given)
        stdin.seek(0)
        with subprocess.Popen(  # noqa: S603 - git, its arguments in a list
            command, cwd=folder, env=_environment(), stdin=stdin, stdout=subprocess.PIPE, stderr=stderr
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
        stderr.seek(0)
        return process.returncode, output, stderr.read(4096)


def _environment() -> dict[str, str]:
    """Plain English, no questions, no network (partial clones fetch blobs), no lock on the index."""
    return os.environ | {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_PAGER": "",
    }
