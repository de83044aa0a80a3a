"""What changed since a git revision: byte ranges of the files on disk, renames followed.

The repository may be somebody else's. Its own configuration is read by no command that compares content: blobs and
trees of what is on disk go to a repository of our own, made for the moment, which only borrows the other's objects.
So no filter, hook, monitor, text converter or diff program of theirs is ever run, and nothing of theirs is written.
"""

import hashlib
import os
import re
import subprocess
import tempfile
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from linkkeeper.errors import UsageError

_TIMEOUT_S = 120.0
_SAFE = (
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "protocol.allow=never"),
    "--no-pager",
    "--literal-pathspecs",
    "--no-replace-objects",
)
_PLACES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX", "GIT_OBJECT", "GIT_ALTERNATE", "GIT_NAMESPACE")
"""A hook's environment names the repository that it runs for; here the files do."""
_RENAMES = "1000"
"""More new files than this are only compared with lost ones of the same content (git's own default)."""
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")

Ranges = list[tuple[int, int]]
OUTSIDE = "in no git work tree, so --since cannot know what changed"


class Changes(Struct, frozen=True):
    """The changed byte ranges of every file that differs, by path as it was asked for."""

    since: str
    """As the user wrote it."""
    ranges: dict[str, Ranges]
    outside: tuple[str, ...] = ()
    """Paths that lie in no git work tree: nobody knows what changed in them."""

    def touch(self, path: str, start: int, end: int) -> bool:
        """Return whether any of these bytes stands on a changed line."""
        ranges = self.ranges.get(path)
        if not ranges:
            return False
        at = bisect_right(ranges, (max(start, end - 1), 1 << 63)) - 1
        return at >= 0 and ranges[at][1] > start


class _Lost(Struct, frozen=True):
    """A file of the revision that is on disk no more, or not as it was."""

    oid: str
    mode: str


def since(revision: str, paths: Sequence[str]) -> Changes:
    """Return what changed in the files called paths since this side left revision (their merge base).

    Uncommitted changes count, and a file that git does not know has changed as a whole. Raises UsageError if every
    path lies outside git, for a revision that is unknown there, and where git is missing.
    """
    if not revision or revision.startswith("-") or not revision.isprintable():
        raise UsageError(f"{revision!r} is no git revision", "write --since main, --since HEAD~1 or --since v1.2")
    ranges: dict[str, Ranges] = {}
    by_top, outside = _by_repository(paths)
    if outside and not by_top:
        raise UsageError(f"{outside[0]} is {OUTSIDE}", "leave --since out")
    for top, members in by_top.items():
        ranges |= _Repository(top, revision).changed(members)
    return Changes(revision, ranges, tuple(outside))


def _by_repository(paths: Iterable[str]) -> tuple[dict[Path, dict[str, Path]], list[str]]:
    """Return path -> place on disk, under the top of the work tree that holds it; and the paths that none holds."""
    tops: dict[Path, Path | None] = {}
    outside: list[str] = []
    found: dict[Path, dict[str, Path]] = {}
    for path in paths:
        real = Path(path).resolve()
        top = _top_of(real.parent, tops)
        if top is None:
            outside.append(path)
        else:
            found.setdefault(top, {})[path] = real
    return found, outside


def _top_of(folder: Path, known: dict[Path, Path | None]) -> Path | None:
    if folder not in known:
        is_top = (folder / ".git").exists()
        known[folder] = folder if is_top else None if folder.parent == folder else _top_of(folder.parent, known)
    return known[folder]


class _Repository:
    """One work tree, compared with one of its commits."""

    def __init__(self, top: Path, revision: str) -> None:
        self._top, self._revision = top, revision
        asked = self._git("rev-parse", "--show-object-format", "--git-path", "objects")
        self._format, objects = asked.decode("utf-8", "surrogateescape").split("\n")[:2]
        self._objects = (top / objects).resolve()
        self._commit = self._base(revision)

    def _base(self, revision: str) -> str:
        """Return the merge base of revision and HEAD, else revision; empty: HEAD has no commit yet."""
        if revision == "HEAD" and not self._git("rev-parse", "--verify", "--quiet", "HEAD", may_fail=True):
            return ""
        named = self._git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
        commit = named.decode("ascii", "replace").strip()
        base = self._git("merge-base", commit, "HEAD", may_fail=True).decode("ascii", "replace").split()
        return base[0] if base else commit

    def changed(self, members: dict[str, Path]) -> dict[str, Ranges]:
        """Return the changed ranges of members, those that have any."""
        before = dict(self._tree())
        now: dict[str, tuple[str, bytes]] = {}
        names = {path: os.fsencode(real.relative_to(self._top).as_posix()) for path, real in members.items()}
        for path, real in members.items():
            data = _read(real)
            oid = self._oid(data)
            known = before.get(names[path])
            if data is not None and (known is None or known.oid != oid):
                now[path] = (oid, data)
        if not now:
            return {}
        here = set(names.values())
        lost = {
            name: one
            for name, one in before.items()
            if name not in here and any(names[path] not in before for path in now) and not self._is_there(name)
        }
        old = lost | {names[path]: before[names[path]] for path in now if names[path] in before}
        new = {names[path]: now[path] for path in now}
        lines = self._compare(old, new)
        return {path: found for path in now if (found := _ranges(now[path][1], lines.get(names[path], [])))}

    def _tree(self) -> Iterator[tuple[bytes, _Lost]]:
        if not self._commit:
            return
        for row in self._git("ls-tree", "-r", "-z", "--full-tree", self._commit).split(b"\0"):
            fields, _, name = row.partition(b"\t")
            mode, _, rest = fields.partition(b" ")
            kind, _, oid = rest.partition(b" ")
            if kind == b"blob" and mode != b"120000":
                yield name, _Lost(oid.decode("ascii"), mode.decode("ascii"))

    def _is_there(self, name: bytes) -> bool:
        return os.path.lexists(os.path.join(os.fsencode(self._top), name))  # noqa: PTH118  # a name of any bytes

    def _oid(self, data: bytes | None) -> str:
        return self._hash(b"blob", data or b"").hexdigest()

    def _hash(self, kind: bytes, data: bytes) -> "hashlib._Hash":
        head = b"%s %d\0" % (kind, len(data))
        return hashlib.new(self._format, head + data, usedforsecurity=False)

    def _compare(self, old: dict[bytes, _Lost], new: dict[bytes, tuple[str, bytes]]) -> dict[bytes, list[range]]:
        """Return the changed lines (from 1) of every new file."""
        numbers = {name: b"%09d" % at for at, name in enumerate(sorted({*old, *new}))}
        by_number = {number: name for name, number in numbers.items()}
        with tempfile.TemporaryDirectory(prefix="linkkeeper-") as folder:
            self._make_repository(Path(folder))
            for oid, data in new.values():
                self._put(Path(folder), b"blob", data, oid)
            trees = [
                self._put(Path(folder), b"tree", _tree({numbers[name]: oid for name, oid in side.items()}))
                for side in (
                    {name: one.oid for name, one in old.items()},
                    {name: oid for name, (oid, _) in new.items()},
                )
            ]
            output = self._git(
                "diff-tree", "-r", "-p", "-U0", "-a", "--no-color", "--no-ext-diff", "--no-textconv",
                "--no-indent-heuristic", "--find-renames", f"-l{_RENAMES}", "--ignore-cr-at-eol",
                "--src-prefix=", "--dst-prefix=", *trees, within=Path(folder),
            )  # fmt: skip
        return {by_number[number]: lines for number, lines in _hunks(output).items() if number in by_number}

    def _make_repository(self, folder: Path) -> None:
        (folder / "objects" / "info").mkdir(parents=True)
        (folder / "refs").mkdir()
        (folder / "HEAD").write_bytes(b"ref: refs/heads/none\n")
        extension = f"[extensions]\n\tobjectFormat = {self._format}\n" if self._format != "sha1" else ""
        version = 1 if extension else 0
        (folder / "config").write_text(f"[core]\n\trepositoryFormatVersion = {version}\n\tbare = true\n{extension}")

    def _put(self, folder: Path, kind: bytes, data: bytes, oid: str = "") -> str:
        """Write a loose object (gitformat-loose, "zlib-deflated header and content"); return its name."""
        oid = oid or self._hash(kind, data).hexdigest()
        place = folder / "objects" / oid[:2] / oid[2:]
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(zlib.compress(b"%s %d\0%s" % (kind, len(data), data), 1))
        return oid

    def _git(self, *arguments: str, within: Path | None = None, may_fail: bool = False) -> bytes:
        place = (f"--git-dir={within}",) if within else ()
        command = ["git", *_SAFE, *place, *arguments]
        try:
            done = subprocess.run(  # noqa: S603 - git, its arguments in a list
                command, cwd=within or self._top, env=self._environment(within), capture_output=True,
                timeout=_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise UsageError(
                "--since needs git, and there is none here", "install git, or leave --since out"
            ) from error
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise UsageError(f"git could not say what changed since {self._revision!r}: {error}", _HINT) from error
        if done.returncode and not may_fail:
            raise self._refusal(done.stderr.decode("utf-8", "replace"))
        return b"" if done.returncode else done.stdout

    def _refusal(self, said: str) -> UsageError:
        line = next((line for line in said.splitlines() if line.startswith(("fatal:", "error:"))), "").strip()
        if "Needed a single revision" in line or "bad revision" in line or "unknown revision" in line:
            return UsageError(f"git knows no revision {self._revision!r} in {self._top}", _HINT)
        return UsageError(
            f"git could not say what changed since {self._revision!r}: {line or 'no reason given'}", _HINT
        )

    def _environment(self, within: Path | None) -> dict[str, str]:
        """Plain English, no questions, no network, no lock; where content is compared, nobody's settings."""
        dropped = (
            "GIT_" if within else ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX", "GIT_OBJECT", "GIT_ALTERNATE", "GIT_NAME")
        )
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        kept |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}
        if within:
            kept |= {
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_ATTR_NOSYSTEM": "1",
                "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self._objects),
            }
        return kept


_HINT = "name a commit, branch or tag that is here; in a shallow clone fetch more of it first (fetch-depth: 0)"


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _tree(entries: dict[bytes, str]) -> bytes:
    """Return a tree object of regular files (git's object format)."""
    return b"".join(b"100644 %s\0%s" % (name, bytes.fromhex(oid)) for name, oid in sorted(entries.items()))


def _hunks(output: bytes) -> dict[bytes, list[range]]:
    """Return file -> changed lines, of a patch without context. Content is counted over, never read."""
    found: dict[bytes, list[range]] = {}
    rows = iter(output.split(b"\n"))
    name = b""
    for row in rows:
        if row.startswith(b"+++ "):
            name = row[4:].rstrip()
        elif hunk := _HUNK.match(row):
            removed, start, added = int(hunk[1] or 1), int(hunk[2]), int(hunk[3] or 1)
            if added:
                found.setdefault(name, []).append(range(start, start + added))
            _skip(rows, removed + added)
    return found


def _skip(rows: Iterator[bytes], count: int) -> None:
    while count:
        row = next(rows, None)
        if row is None:
            return
        count -= not row.startswith(b"\\")  # "\ No newline at end of file" stands beside a line


def _ranges(data: bytes, lines: list[range]) -> Ranges:
    """Return the byte ranges of lines (from 1, as git counts them: LF ends one)."""
    if not lines:
        return []
    starts = [0, *(match.end() for match in re.finditer(rb"\n", data)), len(data)]
    last = len(starts) - 1
    return [(starts[min(one.start - 1, last)], starts[min(one.stop - 1, last)]) for one in lines]
