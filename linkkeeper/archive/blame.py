"""When each line of a file came in, by `git blame`: asked once per file, and only when it is needed."""

import logging
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

log = logging.getLogger(__name__)

_TIMEOUT_S = 30.0
_HEADER = re.compile(rb"([0-9a-f]{40,64}) \d+ (\d+)(?: (\d+))?\Z")
_NOT_COMMITTED = re.compile(rb"0+\Z")
_SAFE = (
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "blame.ignoreRevsFile="),
    "--literal-pathspecs",
)
"""A repository that is scanned must not get to run programs."""


class GitBlame:
    """Answers for (path, line). A file outside git, or a machine without git, has no answers."""

    def __init__(self) -> None:
        self._files: dict[str, dict[int, datetime]] = {}
        self._git_is_missing = False
        self._outside: set[Path] = set()

    def __call__(self, path: str, line: int) -> datetime | None:
        """Return when the commit that brought the line (from 1) was written, in its author's zone."""
        if path not in self._files:
            self._files[path] = parse_porcelain(self._run(path))
        return self._files[path].get(line)

    def _run(self, path: str) -> bytes:
        file = Path(path)
        if self._git_is_missing or file.parent in self._outside or not file.is_file():
            return b""
        command = ["git", *_SAFE, "blame", "--porcelain", "--no-textconv", "-w", "--", os.path.join(".", file.name)]  # noqa: PTH118 - a string for git
        try:
            done = subprocess.run(  # noqa: S603 - git, its arguments in a list
                command, cwd=file.parent, env=_environment(), capture_output=True, timeout=_TIMEOUT_S,
                check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except FileNotFoundError:
            self._git_is_missing = True
            return b""
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            log.info("git blame said nothing about %s: %s", path, error)
            return b""
        if b"not a git repository" in done.stderr:
            self._outside.add(file.parent)
        return done.stdout if done.returncode == 0 else b""


def parse_porcelain(output: bytes) -> dict[int, datetime]:
    """Return line number → time of its commit's author (git-blame(1), the porcelain format)."""
    lines: dict[int, bytes] = {}
    seconds: dict[bytes, int] = {}
    zones: dict[bytes, bytes] = {}
    commit = b""
    for row in output.split(b"\n"):
        if row.startswith(b"\t"):
            continue
        if match := _HEADER.match(row):
            commit = match[1]
            lines[int(match[2])] = commit
        elif row.startswith(b"author-time "):
            seconds[commit] = _number(row[12:])
        elif row.startswith(b"author-tz "):
            zones[commit] = row[10:]
    times = {commit: _time(when, zones.get(commit, b"")) for commit, when in seconds.items()}
    return {
        line: moment
        for line, commit in lines.items()
        if not _NOT_COMMITTED.match(commit) and (moment := times.get(commit)) is not None
    }


def _time(seconds: int, zone: bytes) -> datetime | None:
    try:
        minutes = int(zone[1:3]) * 60 + int(zone[3:5])
        offset = timezone(timedelta(minutes=-minutes if zone[:1] == b"-" else minutes))
    except ValueError:
        offset = UTC
    try:
        return datetime.fromtimestamp(seconds, offset) if seconds >= 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _number(text: bytes) -> int:
    try:
        return int(text)
    except ValueError:
        return -1


def _environment() -> dict[str, str]:
    """Plain English, no questions, no network (partial clones fetch blobs), no lock on the index."""
    return os.environ | {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_PAGER": "",
    }
