"""Which report formats there are, and how one reaches a file."""

import contextlib
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import cast

from linkkeeper.errors import LinkkeeperError, UsageError
from linkkeeper.models.run import Run
from linkkeeper.report.base import Extras, ReportFormat

_BEGINNING = re.compile(
    rb'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="generator" content="linkkeeper">'
    rb"|## \xf0\x9f(\x94\xb4|\x9f\xa2) linkkeeper: "
    rb'|\{\s*"schema":\s*"linkkeeper/'
    rb'|\{"url":"[^"]*","verdict":"'
    rb'|"verdict","file","line","column",'
    rb"|<\?xml [^>]*>\n<testsuites>\n<testsuite [^>]*package=\"linkkeeper\""
)
"""How our reports begin, in those formats that are documents as well."""
NAMES: tuple[str, ...] = ("terminal", "json", "jsonl", "markdown", "html", "junit", "sarif", "github", "csv")
"""Each is a module of this package, loaded when it is asked for."""


def named(name: str) -> ReportFormat:
    """Return the format of that name. Raises UsageError that names the nearest known one."""
    if name not in NAMES:
        raise UsageError(f"there is no report format {name!r}", f"the formats are {', '.join(NAMES)}{_nearest(name)}")
    return cast("ReportFormat", import_module(f"linkkeeper.report.{name}"))


def _nearest(name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name.lower(), NAMES, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def check_outputs(outputs: Iterable[tuple[str, Path]]) -> None:
    """Raise UsageError for what could not be written later: call it before the first request.

    An unknown format, two outputs to one file, a directory that is missing or not writable, a link.
    """
    taken: list[tuple[str, Path]] = []
    for name, path in outputs:
        named(name)
        _check_target(path)
        for other, place in taken:
            if same_file(place, path):
                raise UsageError(f"two outputs go to {path}: {other} and {name}", "give each format its own file")
        taken.append((name, path))
    for folder in {path.parent for _, path in taken}:
        _try(folder)


def is_report(path: Path) -> bool:
    """Return whether a file is a report of ours, which may be written over wherever it lies."""
    try:
        with path.open("rb") as file:
            return _BEGINNING.match(file.read(1000)) is not None
    except OSError:
        return False


def same_file(one: Path, other: Path) -> bool:
    """Return whether two paths lead to one file, here or where case and the form of accents do not count."""
    if _spelled(one) == _spelled(other):
        return True
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def _spelled(path: Path) -> str:
    return unicodedata.normalize("NFC", str(path.parent.resolve() / path.name)).casefold()


def _try(folder: Path) -> None:
    """Raise UsageError if no file can be made in folder: rights alone do not tell."""
    import tempfile

    try:
        handle, temporary = tempfile.mkstemp(prefix=".linkkeeper.", suffix=".tmp", dir=folder)
        os.close(handle)
        Path(temporary).unlink()
    except OSError as error:
        raise UsageError(
            f"the directory {folder} is not writable: {error.strerror}", "choose another --output"
        ) from error


def text(run: Run, name: str, extras: Extras | None = None) -> str:
    """Return run in the format called name; extras go to the format that can show them. Raises UsageError."""
    if name == "html":
        from linkkeeper.report import html

        return html.render(run, extras)
    return named(name).render(run)


def pieces(run: Run, name: str, extras: Extras | None = None) -> Iterator[str]:
    """Yield what `text` returns, in pieces where the format has them. Raises UsageError."""
    if name == "json":
        from linkkeeper.report import json

        yield from json.pieces(run)
    else:
        yield text(run, name, extras)


def write(run: Run, name: str, path: Path, extras: Extras | None = None) -> None:
    """Write run to path in the format called name: the whole file or none. Raises UsageError."""
    save(path, text(run, name, extras))


def save(path: Path, content: str) -> None:
    """Put content into path by a temporary file and a rename; no link is followed.

    Raises UsageError for what cannot be a report's place, LinkkeeperError if the system refuses to write: a full disk.
    """
    _check_target(path)
    try:
        _replace(path, content.encode("utf-8", "backslashreplace"))
    except OSError as error:
        told = (error.strerror or str(error)).lower()
        raise LinkkeeperError(f"cannot write {path}: {told}", "make room, or choose another --output") from error


def _check_target(path: Path) -> None:
    for part in _below_here(path):
        if part.is_symlink():
            raise UsageError(f"{part} is a symbolic link, and reports do not follow links", "name the real place")
    if path.is_dir() or (path.exists() and not path.is_file()):
        raise UsageError(f"{path} is not a regular file", "give --output the name of a file")
    if not path.parent.is_dir():
        raise UsageError(f"there is no directory {path.parent}", "create it first")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageError(f"the directory {path.parent} is not writable", "choose another --output")


def _below_here(path: Path) -> list[Path]:
    """Return path and its parents below the working directory: what a scanned repository could have made."""
    here = Path.cwd()
    whole = here / path
    parents = [parent for parent in whole.parents if here in parent.parents]
    return [whole, *parents]


def _replace(path: Path, data: bytes) -> None:
    import tempfile

    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, _mode(path))
            file.write(data)
            file.flush()
            os.fsync(handle)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def _mode(path: Path) -> int:
    """Return the mode of the file that is replaced, else what a new file gets here."""
    with contextlib.suppress(OSError):
        return path.lstat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
