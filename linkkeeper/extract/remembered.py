"""What is remembered of a file between runs, and when its looks are enough to know it again."""

import os
from typing import Protocol

from msgspec import Struct

_RACY_NS = 2_000_000_000
"""The coarsest clock of a file system in use (FAT)."""


class Stamp(Struct, frozen=True, gc=False, array_like=True):
    """What `stat` says of a file. A change of its bytes changes one of these, but for the case of `settled`."""

    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int


def stamp_of(status: os.stat_result) -> Stamp:
    """Return the looks of a file."""
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


class Remembered(Struct, frozen=True, gc=False):
    """One file as it was, and what a job made of it."""

    stamp: Stamp | None
    """None: its bytes must be looked at."""
    digest: bytes
    """SHA-256 of its bytes; empty: it is known by its looks alone, and the value is for `Job.whole`."""
    value: bytes


class ExtractionCache(Protocol):
    """Something that remembers results between runs. Losing entries only costs time."""

    def get(self, job: str, path: str) -> Remembered | None:
        """Return what was put last for this job and file, or None."""

    def put(self, job: str, path: str, one: Remembered) -> None:
        """Remember one. Must not raise; may wait with writing."""


def settled(stamp: Stamp | None, read_ns: int) -> Stamp | None:
    """Return the stamp if a change after read_ns, when the bytes were read or earlier, is sure to show in it.

    A file changed twice within one tick of the file system's clock looks the same after both, so a stamp
    about as young as the reading proves nothing (git's "racy" index entries).
    """
    return stamp if stamp and max(stamp.mtime_ns, stamp.ctime_ns) + _RACY_NS <= read_ns else None
