"""Where things lie in the directory of the local archive."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from linkkeeper.errors import LinkkeeperError

WARCS = "warc"
INDEX = "index.cdxj"
MANIFEST = "manifest.jsonl"
PENDING = ".pending.cdxj"
"""Index lines of a run that has not ended; it is there only meanwhile, or after a kill."""
LOCK = ".lock"
TORN = "torn"
"""What was cut off from WARCs that another program shortened: kept, in case somebody wants it."""
SUFFIX = ".warc.gz"
TEMPORARY = ".tmp"

_NAME = re.compile(r"(\d{4,}-\d\d)(?:-([1-9]\d{0,5}))?\.warc\.gz")


def warc_name(month: str, number: int) -> str:
    """Return the name of a month's WARC: `2026-11.warc.gz`, then `2026-11-2.warc.gz` and so on."""
    return f"{month}{SUFFIX}" if number == 1 else f"{month}-{number}{SUFFIX}"


def month_and_number(name: str) -> tuple[str, int] | None:
    """Return what a name of ours says; None for other names."""
    match = _NAME.fullmatch(name)
    return (match[1], int(match[2] or 1)) if match else None


def warc_files(directory: Path) -> dict[str, int]:
    """Return the names and sizes in bytes of the WARCs, sorted by name. Raises LinkkeeperError.

    What only has the name of one (a folder, a link to nothing) is none.
    """
    folder = directory / WARCS
    try:
        with os.scandir(folder) as entries:
            found = {entry.name: entry.stat().st_size for entry in entries if _is_warc(entry)}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise unreadable(error, str(folder)) from error
    return dict(sorted(found.items()))


def _is_warc(entry: "os.DirEntry[str]") -> bool:
    return entry.name.endswith(SUFFIX) and entry.is_file()


def is_archive(directory: Path) -> bool:
    """Say whether anything was ever kept here."""
    return any((directory / name).exists() for name in (INDEX, MANIFEST, PENDING, WARCS))


def require(directory: Path) -> None:
    """Raise LinkkeeperError if nothing was ever kept here."""
    if not is_archive(directory):
        raise LinkkeeperError(
            f"{directory} holds no local archive",
            "`linkkeeper archive save --to local` makes one; --archive DIR names it",
        )


def require_index(directory: Path) -> None:
    """Raise LinkkeeperError if there are captures, but nothing says where they lie."""
    if not any((directory / name).exists() for name in (INDEX, PENDING)) and any(warc_files(directory).values()):
        raise LinkkeeperError(
            f"{directory / INDEX} is missing", "`linkkeeper archive verify --rebuild` makes it again from the WARCs"
        )


def failure(error: OSError, what: str) -> LinkkeeperError:
    """Return the error to raise for a call that the system refused."""
    return LinkkeeperError(f"{what}: {(error.strerror or str(error)).lower()}", "is there room, and may it be written?")


def unreadable(error: OSError, what: str) -> LinkkeeperError:
    """Return the error to raise for what the system refused to read."""
    return LinkkeeperError(f"cannot read {what}: {(error.strerror or str(error)).lower()}", "may it be read?")


def temporary_of(path: Path) -> Path:
    """Return where a file is written before it replaces another."""
    return path.with_name(f".{path.name}{TEMPORARY}")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[int]:
    """Give a descriptor to write to; afterwards path is what was written, or on any error what it was before.

    Raises OSError.
    """
    temporary = temporary_of(path)
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    try:
        try:
            yield fd
            os.fsync(fd)
        finally:
            os.close(fd)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring new names in a folder down to the disk, where the file system can do that."""
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def write_all(fd: int, data: bytes) -> None:
    """Write every byte of data, however many calls the system takes for it. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
