"""When each line of a file came in, by `git blame`: asked once per file, and only when it is needed.

Commits that only changed where a line's links lead (a fix) did not bring its other links: they are passed over.
"""

import logging
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from msgspec import Struct

from linkkeeper.archive import line_history

log = logging.getLogger(__name__)

_TIMEOUT_S = 30.0
_DEEPEST = 20
"""Commits that only changed links and are passed over, for one line."""
_MOST_TEXTS = 64
_HEADER = re.compile(rb"([0-9a-f]{40,64}) (\d{1,9}) (\d{1,9})(?: \d+)?\Z")
_PREVIOUS = re.compile(rb"([0-9a-f]{40,64}) ([^\"].*)\Z", re.DOTALL)
_NOT_COMMITTED = re.compile(rb"0+\Z")
_SAFE = (
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "blame.ignoreRevsFile="),
    *("-c", "core.quotePath=false"),
    "--literal-pathspecs",
)
"""A repository that is scanned must not get to run programs."""


class Origin(Struct, frozen=True, gc=False):
    """The commit that git names for a line."""

    when: datetime | None
    """When it was written, in its author's zone; None for what is not committed yet."""
    line: int
    """The line's number (from 1) in that commit."""
    previous: tuple[str, bytes] | None = None
    """The commit before, and what the file was called there."""


class GitBlame:
    """Answers for (path, line). A file outside git, or a machine without git, has no answers."""

    def __init__(self) -> None:
        self._files: dict[tuple[Path, str, bytes], dict[int, Origin]] = {}
        self._texts: dict[tuple[Path, str, bytes], list[bytes]] = {}
        self._tops: dict[Path, Path | None] = {}
        self._git_is_missing = False
        self._outside: set[Path] = set()

    def __call__(self, path: str, line: int, written: bytes = b"") -> datetime | None:
        """Return when the commit that brought the line (from 1) was written, in its author's zone.

        With the bytes of a link in that line, commits that only changed where the line's links lead are passed over.
        """
        file = Path(path)
        origin = self._blamed(file.parent, "", os.fsencode(file.name)).get(line) if file.is_file() else None
        if origin is not None and origin.previous is not None and written:
            text = _lines(_read(file))
            if line <= len(text):
                origin = self._earlier(file.parent, origin, text[line - 1], written)
        return origin.when if origin else None

    def _earlier(self, folder: Path, origin: Origin, text: bytes, written: bytes) -> Origin:
        """Return the commit that brought the link, not only its line."""
        for _ in range(_DEEPEST):
            top = self._top(folder)
            if top is None or origin.previous is None:
                break
            older = self._text(top, *origin.previous)
            found = line_history.before(text, older, written, origin.line - 1)
            if found is None:
                break
            number, written = found
            then = self._blamed(top, *origin.previous).get(number + 1)
            if then is None:
                break
            origin, text = then, older[number]
        return origin

    def _blamed(self, folder: Path, commit: str, name: bytes) -> dict[int, Origin]:
        """Return the origin of every line of a file, in a commit or (empty) on the disk."""
        key = folder, commit, name
        if key not in self._files:
            asked = ["blame", "--porcelain", "--no-textconv", "-w", *([commit] if commit else [])]
            self._files[key] = parse_porcelain(self._git(folder, *asked, "--", os.path.join(b".", name)))  # noqa: PTH118 - bytes for git
        return self._files[key]

    def _text(self, top: Path, commit: str, name: bytes) -> list[bytes]:
        key = top, commit, name
        if key not in self._texts:
            if len(self._texts) >= _MOST_TEXTS:
                self._texts.pop(next(iter(self._texts)))
            self._texts[key] = _lines(self._git(top, "cat-file", "blob", commit.encode("ascii") + b":" + name))
        return self._texts[key]

    def _top(self, folder: Path) -> Path | None:
        """Return the top of the work tree that holds a folder: names in commits start there."""
        if folder not in self._tops:
            up = self._git(folder, "rev-parse", "--show-cdup")
            self._tops[folder] = folder / os.fsdecode(up.rstrip(b"\n")) if up else None
        return self._tops[folder]

    def _git(self, folder: Path, *arguments: str | bytes) -> bytes:
        if self._git_is_missing or folder in self._outside:
            return b""
        command = ["git", *_SAFE, *arguments]
        try:
            done = subprocess.run(  # noqa: S603 - git, its arguments in a list
                command, cwd=folder, env=_environment(), capture_output=True, timeout=_TIMEOUT_S,
                check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except FileNotFoundError:
            self._git_is_missing = True
            return b""
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            log.info("git said nothing about %s: %s", folder, error)
            return b""
        if b"not a git repository" in done.stderr:
            self._outside.add(folder)
        return done.stdout if done.returncode == 0 else b""


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _lines(text: bytes) -> list[bytes]:
    """Split as git does."""
    return text.split(b"\n")


def parse_porcelain(output: bytes) -> dict[int, Origin]:
    """Return line number → what git says of it (git-blame(1), the porcelain format)."""
    lines: dict[int, tuple[bytes, int]] = {}
    heads: dict[bytes, dict[bytes, bytes]] = {}
    commit = b""
    for row in output.split(b"\n"):
        if row.startswith(b"\t"):
            continue
        if match := _HEADER.match(row):
            commit = match[1]
            lines[int(match[3])] = commit, int(match[2])
        else:
            name, _, value = row.partition(b" ")
            heads.setdefault(commit, {}).setdefault(name, value)
    found = {commit: (_when(commit, head), _previous(head)) for commit, head in heads.items()}
    return {
        line: Origin(found[commit][0], at, found[commit][1]) for line, (commit, at) in lines.items() if commit in found
    }


def _when(commit: bytes, head: dict[bytes, bytes]) -> datetime | None:
    if _NOT_COMMITTED.match(commit):
        return None
    return _time(_number(head.get(b"author-time", b"")), head.get(b"author-tz", b""))


def _previous(head: dict[bytes, bytes]) -> tuple[str, bytes] | None:
    """Return the commit before and the file's name there; None where there is none, or a name that git quotes."""
    match = _PREVIOUS.match(head.get(b"previous", b""))
    return (match[1].decode("ascii"), match[2]) if match else None


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
