"""When each line of a file came in, by `git blame`: asked once per file, and only when it is needed.

Commits that only changed where a line's links lead (a fix) did not bring its other links: they are passed over. For
that, one more process says what the blamed commits of a file removed.
"""

import os
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from msgspec import Struct

from linkkeeper.archive import line_history
from linkkeeper.archive.git import Git
from linkkeeper.archive.hunks import parse_diffs, unquoted

_DEEPEST = 20
"""Commits that only changed links and are passed over, for one line."""
_MOST_BLAMES = 100
"""Older versions of one file that are blamed: beyond, the day that git names counts."""
_MOST_DIFFS = 64 * 2**20
"""Bytes read of what the commits of a file changed."""
_MOST_KEPT = 128 * 2**20
"""Bytes kept of all changed lines."""
_MOST_RANGES = 1000
_DIFF = (
    *("-p", "-U0", "-w", "-M", "--text", "--no-color", "--no-ext-diff", "--no-textconv", "--no-relative"),
    *("--inter-hunk-context=0", "--diff-algorithm=myers", "--src-prefix=a/", "--dst-prefix=b/"),
)
"""Compared as blame does, whatever the settings of the repository."""
_HEADER = re.compile(rb"([0-9a-f]{40,64}) (\d{1,9}) (\d{1,9})(?: \d+)?\Z")
_PREVIOUS = re.compile(rb"([0-9a-f]{40,64}) (.+)\Z", re.DOTALL)
_NOT_COMMITTED = re.compile(r"0+\Z")

Then = tuple[int, bytes, bytes]
"""The number (from 1) of a line before a commit, its text after and its text before."""


class Origin(Struct, frozen=True, gc=False):
    """The commit that git names for a line."""

    commit: str
    """Zeros for what is not committed yet."""
    name: bytes
    """What the file was called in that commit."""
    when: datetime | None
    """When it was written, in its author's zone; None for what is not committed yet."""
    previous: tuple[str, bytes] | None
    """The commit before, and what the file was called there."""
    line: int
    """The line's number (from 1) in that commit."""


class GitBlame:
    """Answers for (path, line). A file outside git, or a machine without git, has no answers."""

    def __init__(self) -> None:
        self._git = Git()
        self._files: dict[Path, dict[int, Origin]] = {}
        self._older: dict[Path, dict[str, dict[int, Origin]]] = {}
        self._changes: dict[Path, dict[str, dict[int, Then]]] = {}
        self._kept = 0
        self._tops: dict[Path, Path | None] = {}

    def __call__(self, path: str, line: int, written: bytes = b"") -> datetime | None:
        """Return when the commit that brought the line (from 1) was written, in its author's zone.

        With the bytes of a link in that line, commits that only changed where the line's links lead are passed over.
        """
        file = Path(path)
        if file not in self._files:
            self._files[file] = self._blamed(file.parent, os.fsencode(file.name)) if file.is_file() else {}
        origin = self._files[file].get(line)
        if origin is not None and origin.previous is not None and written:
            origin = self._earlier(file, origin, written)
        return origin.when if origin else None

    def _earlier(self, file: Path, origin: Origin, written: bytes) -> Origin:
        """Return the commit that brought the link, not only its line."""
        blamed = self._files[file]
        for _ in range(_DEEPEST):
            change = self._change(file, origin, blamed)
            if origin.line not in change:
                break
            number, now, then = change[origin.line]
            link = line_history.before(now, then, written)
            if link is None:
                break
            blamed = self._blamed_before(file, origin, change)
            if number not in blamed:
                break
            origin, written = blamed[number], link
        return origin

    def _blamed(self, folder: Path, name: bytes, *asked: str) -> dict[int, Origin]:
        """Return the origin of the lines of a file, in a commit or on the disk."""
        command = ["blame", "--porcelain", "--no-textconv", "-w", *asked]
        return parse_porcelain(self._git(folder, *command, "--", os.path.join(b".", name)))  # noqa: PTH118 - bytes for git

    def _blamed_before(self, file: Path, origin: Origin, change: dict[int, Then]) -> dict[int, Origin]:
        """Return the origins of the lines that a commit changed, as they were before it."""
        older = self._older.setdefault(file, {})
        top = self._top(file.parent)
        if origin.commit not in older:
            if origin.previous is None or top is None or len(older) >= _MOST_BLAMES:
                return {}
            numbers = sorted(number for number, _, _ in change.values())
            lines = [f"-L{number},{number}" for number in numbers] if len(numbers) <= _MOST_RANGES else []
            older[origin.commit] = self._blamed(top, origin.previous[1], *lines, origin.previous[0])
        return older[origin.commit]

    def _change(self, file: Path, origin: Origin, blamed: dict[int, Origin]) -> dict[int, Then]:
        """Return the lines that a commit only led elsewhere, by their number in it. One process for all blamed."""
        known = self._changes.setdefault(file, {})
        if origin.commit not in known:
            if _NOT_COMMITTED.match(origin.commit):
                wanted, diffs = {"": origin}, self._uncommitted(file, origin)
            else:
                wanted = {one.commit: one for one in blamed.values() if one.previous and one.commit not in known}
                diffs = self._diffs(file, wanted)
            known |= {one.commit: {} for one in (origin, *wanted.values())}
            self._keep(known, wanted, diffs)
        return known[origin.commit]

    def _keep(self, known: dict[str, dict[int, Then]], wanted: dict[str, Origin], diffs: bytes) -> None:
        for hunk in parse_diffs(diffs):
            one = wanted.get(hunk.commit)
            if (
                one is None
                or not one.previous
                or (hunk.commit and (hunk.before, hunk.after) != (one.previous[1], one.name))
            ):
                continue
            for new, old in line_history.pairs(hunk.removed, hunk.added):
                now, then = hunk.added[new], hunk.removed[old]
                self._kept += len(now) + len(then)
                if self._kept > _MOST_KEPT:
                    return
                known[one.commit][hunk.new + new] = hunk.old + old, now, then

    def _diffs(self, file: Path, wanted: dict[str, Origin]) -> bytes:
        """Return what commits changed in the file, whatever its name was: one process for all of them."""
        top = self._top(file.parent)
        both = [(one, one.previous) for one in wanted.values() if one.previous]
        if top is None or not both:
            return b""
        names = sorted({name for one, previous in both for name in (one.name, previous[1])})
        commits = "".join(f"{one.commit} {previous[0]}\n" for one, previous in both).encode("ascii")
        return self._git(top, "diff-tree", "--stdin", "-r", *_DIFF, "--", *names, given=commits, most=_MOST_DIFFS)

    def _uncommitted(self, file: Path, origin: Origin) -> bytes:
        """Return what changed in the file since the last commit."""
        if origin.previous is None:
            return b""
        older = origin.previous[0].encode("ascii") + b":" + origin.previous[1]
        name = os.path.join(b".", os.fsencode(file.name))  # noqa: PTH118 - bytes for git
        return self._git(file.parent, "diff", *_DIFF, older, "--", name, most=_MOST_DIFFS)

    def _top(self, folder: Path) -> Path | None:
        """Return the top of the work tree that holds a folder: names in commits start there."""
        if folder not in self._tops:
            up = self._git(folder, "rev-parse", "--show-cdup")
            self._tops[folder] = folder / os.fsdecode(up.removesuffix(b"\n")) if up else None
        return self._tops[folder]


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
    found = {commit: _told(commit.decode("ascii"), head) for commit, head in heads.items()}
    return {line: Origin(*found[commit], at) for line, (commit, at) in lines.items() if commit in found}


def _told(commit: str, head: dict[bytes, bytes]) -> tuple[str, bytes, datetime | None, tuple[str, bytes] | None]:
    return commit, unquoted(head.get(b"filename", b"")), _when(commit, head), _previous(head)


def _when(commit: str, head: dict[bytes, bytes]) -> datetime | None:
    if _NOT_COMMITTED.match(commit):
        return None
    return _time(_number(head.get(b"author-time", b"")), head.get(b"author-tz", b""))


def _previous(head: dict[bytes, bytes]) -> tuple[str, bytes] | None:
    """Return the commit before and the file's name there, if there is one."""
    match = _PREVIOUS.match(head.get(b"previous", b""))
    return (match[1].decode("ascii"), unquoted(match[2])) if match else None


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
