"""PATHS -> the files to look for links in."""

# paths stay the strings that they came as
# ruff: noqa: PTH116, PTH118, PTH122

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from linkkeeper.errors import UsageError
from linkkeeper.extract.formats import DATA_SUFFIXES, SUFFIXES
from linkkeeper.extract.gitignore import Ignored
from linkkeeper.extract.remembered import Stamp, stamp_of
from linkkeeper.models.document import FileProblem

STDIN = "-"
_NEVER_WALKED = frozenset({".git", ".hg", ".svn", ".linkkeeper", "node_modules", "__pycache__", "site-packages"})
_VIRTUAL_ENVIRONMENT = "pyvenv.cfg"


class DiscoverOptions(Struct, frozen=True):
    """What a walk takes up."""

    max_file_bytes: int = 100_000_000
    """A larger file is a row in the report."""
    data_files: bool = False
    """CSV, JSON and YAML files count in a walk too; named ones always do."""


class SourceFile(Struct, frozen=True, gc=False):
    """One file to read: `path` as the user gave it, with forward slashes."""

    path: str
    size_bytes: int
    stamp: Stamp | None = None
    """What `stat` said of it, to know it again."""


class Discovery(Struct, frozen=True):
    """What PATHS stand for."""

    files: tuple[SourceFile, ...] = ()
    problems: tuple[FileProblem, ...] = ()
    skipped: int = 0
    """Files seen whose format is none of ours."""
    stdin: bool = False
    """`-` was among the paths."""


def discover(paths: Iterable[str], options: DiscoverOptions) -> Discovery:
    """Return the files that paths name, folders walked in order of names.

    Raises UsageError for a path (or an `@list` file) that does not exist.
    """
    return Walk(paths, options).discovery()


def _expanded(paths: Iterable[str]) -> Iterator[str]:
    """Replace each `@list.txt` by the paths in it, one a line."""
    for path in paths:
        if not path.startswith("@"):
            yield path
            continue
        try:
            lines = Path(path[1:]).read_bytes().splitlines()
        except OSError as error:
            raise UsageError(
                f"cannot read the list {path[1:]}: {error.strerror}", "name a file with a path a line"
            ) from error
        yield from (os.fsdecode(line.strip()) for line in lines if line.strip())


class Walk:
    """The files that paths name, found while one takes them: what reads them need not wait for the last folder.

    Raises UsageError for a path (or an `@list` file) that does not exist, before anything is walked.
    """

    def __init__(self, paths: Iterable[str], options: DiscoverOptions) -> None:
        self.options = options
        self.problems: list[FileProblem] = []
        """What could not be taken up so far."""
        self.skipped = 0
        """Files seen so far whose format is none of ours."""
        self.count = 0
        """Files taken up so far."""
        named = list(_expanded(paths))
        self.stdin = STDIN in named
        """`-` was among the paths."""
        self._named = [(path, _status(path)) for path in named if path != STDIN]
        self._found: list[SourceFile] = []
        self._seen: set[str] = set()
        self._real: dict[str, str] = {}
        self._suffixes = SUFFIXES if options.data_files else SUFFIXES - DATA_SUFFIXES

    def discovery(self) -> Discovery:
        """Walk to the end."""
        files = tuple(self.files())
        return Discovery(files, tuple(self.problems), self.skipped, self.stdin)

    def files(self) -> Iterator[SourceFile]:
        """Yield the files, folder by folder; a file named twice counts once."""
        for path, status in self._named:
            if stat.S_ISDIR(status.st_mode):
                yield from self._walk(path)
            else:
                self._take(path, status)
                yield from self._taken()

    def _taken(self) -> list[SourceFile]:
        """Return what was taken up since the last call."""
        found, self._found = self._found, []
        self.count += len(found)
        return found

    def _take(self, path: str, status: os.stat_result) -> None:
        """Take up a file as the user named it: what is named is not ignored."""
        if os.path.splitext(path)[1].lower() not in SUFFIXES:
            self._refuse(path, "not a format that linkkeeper reads")
            self.skipped += 1
        else:
            self._add(path.replace(os.sep, "/"), self._place(path), status)

    def _walk(self, top: str) -> Iterator[SourceFile]:
        real_top = os.path.realpath(top)
        shown = "" if os.path.normpath(top) == "." else top.replace(os.sep, "/").rstrip("/") + "/"
        pending: list[tuple[str, str, Ignored]] = [(real_top, shown, Ignored.above(real_top))]
        while pending:
            folder, shown, ignored = pending.pop()
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError as error:
                self._refuse(shown.rstrip("/") or ".", f"cannot be listed: {error.strerror}")
                continue
            names = {entry.name for entry in entries}
            if _VIRTUAL_ENVIRONMENT in names and folder != real_top:
                continue
            ignored = ignored.below(folder) if ".gitignore" in names else ignored
            folders = [self._safely(entry, shown, real_top, ignored) for entry in entries]
            pending += [(path, name, ignored) for path, name in reversed([found for found in folders if found])]
            yield from self._taken()

    def _safely(self, entry: os.DirEntry[str], shown: str, top: str, ignored: Ignored) -> tuple[str, str] | None:
        """Take up a file of a walk; what the system will not even look at (a loop of links) is a row."""
        try:
            return self._entry(entry, shown, top, ignored)
        except OSError as error:
            self._refuse(shown + entry.name, f"cannot be looked at: {error.strerror}")
            return None

    def _entry(self, entry: os.DirEntry[str], shown: str, top: str, ignored: Ignored) -> tuple[str, str] | None:
        """Take up a file of a walk; return a folder to walk."""
        if entry.name.startswith(".") or entry.name in _NEVER_WALKED:
            return None
        if entry.is_dir(follow_symlinks=False):
            return None if ignored.has(entry.path, folder=True) else (entry.path, f"{shown}{entry.name}/")
        if ignored.has(entry.path, folder=False):
            return None
        if _suffix(entry.name) not in self._suffixes:
            self.skipped += not entry.is_symlink() or not entry.is_dir()
            return None
        self._add_walked(entry, shown + entry.name, top)
        return None

    def _add_walked(self, entry: os.DirEntry[str], shown: str, top: str) -> None:
        if entry.is_symlink() and not _is_inside(os.path.realpath(entry.path), top):
            self._refuse(shown, "a symbolic link that leads out of the scanned folder: not opened")
            return
        try:
            self._add(shown, entry.path, entry.stat())  # the walk began at a real path and follows no links to folders
        except OSError as error:
            self._refuse(shown, f"cannot be read: {error.strerror}")

    def _add(self, shown: str, place: str, status: os.stat_result) -> None:
        if place in self._seen:
            return
        self._seen.add(place)
        problem = self._problem(shown, status)
        if problem:
            self._refuse(shown, problem)
        else:
            self._found.append(SourceFile(shown, status.st_size, stamp_of(status)))

    def _place(self, path: str) -> str:
        """Return what a file is known by, whatever way to its folder was named. A link to a file is another file."""
        folder, name = os.path.split(path)
        if folder not in self._real:
            self._real[folder] = os.path.realpath(folder or ".")
        return os.path.join(self._real[folder], name)

    def _problem(self, shown: str, status: os.stat_result) -> str:
        if not stat.S_ISREG(status.st_mode):
            return "not a regular file: not opened"
        if status.st_size > self.options.max_file_bytes:
            return f"larger than {self.options.max_file_bytes:,} bytes"
        return "" if shown.isascii() or _is_text(shown) else "its name is not valid Unicode"

    def _refuse(self, path: str, problem: str) -> None:
        self.problems.append(FileProblem(path.encode("utf-8", "backslashreplace").decode(), problem))


def _suffix(name: str) -> str:
    """Return what `os.path.splitext` says of a name that does not begin with a dot, in small letters."""
    before, dot, after = name.rpartition(".")
    return (dot + after).lower() if before else ""


def _status(path: str) -> os.stat_result:
    try:
        return os.stat(path)
    except (OSError, ValueError) as error:
        raise UsageError(f"no such file or folder: {path}", "check the path, or quote it") from error


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_inside(path: str, top: str) -> bool:
    return path == top or path.startswith(top.rstrip(os.sep) + os.sep)
