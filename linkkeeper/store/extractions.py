"""What documents hold: an unchanged file is not read twice (the scan's `ExtractionCache`).

One file a job, outside the database: it is read and written as a whole, nobody waits for a lock, and losing it costs
only time. Values first, then the index, then where the index is. It is replaced by renaming; of two runs at the same
time the later one's stays.
"""

import hashlib
import logging
import mmap
import os
import re
import struct
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from linkkeeper.extract.remembered import Remembered, Stamp
from linkkeeper.store import folder

log = logging.getLogger(__name__)

_DAY_S = 86_400
_KEPT_DAYS = 30
_MAGIC = b"LKPRext1"
_TAIL = struct.Struct("<QQI8s")
"""Offset, length and CRC of the index; then `_MAGIC`, as at the beginning."""
_BUFFER_BYTES = 1 << 20
_BEGUN_BY = re.compile(r"\.(\d+)-[0-9a-f]+\.tmp$")
"""The process that writes an unfinished pack."""


class _Entry(Struct, frozen=True, gc=False, array_like=True):
    """Where the value of one file is, and which file that was."""

    stamp: Stamp | None
    digest: bytes
    start: int
    size: int
    crc: int
    used: int
    """The day (since 1970) of the last run that asked for it."""


class Extractions:
    """Remembers results by job and path, in a state directory. Losing entries only costs time."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "extractions"
        self._jobs: dict[str, _Pack] = {}

    def get(self, job: str, path: str) -> Remembered | None:
        """Return what was put for this job and file, or None."""
        return self._pack(job).get(path)

    def put(self, job: str, path: str, one: Remembered) -> None:
        """Remember one; the file is there after `close`."""
        self._pack(job).put(path, one)

    def close(self) -> None:
        """Write what is new; drop what nobody used for a month."""
        for pack in self._jobs.values():
            pack.close()
        self._jobs = {}

    def _pack(self, job: str) -> "_Pack":
        pack = self._jobs.get(job)
        if pack is None:
            name = hashlib.sha256(job.encode("utf-8", "replace")).hexdigest()[:32]
            pack = self._jobs[job] = _Pack(self._folder / f"{name}.pack")
        return pack


class _Pack:
    """The file of one job: the old one to read, and the next one, begun with the first new value."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._today = int(time.time()) // _DAY_S
        self._old, self._index = _opened(file)
        self._used: set[str] = set()
        self._next: BinaryIO | None = None
        self._size = 0
        """Bytes of the next one so far."""
        self._new: dict[str, _Entry] = {}
        self._failed = False

    def get(self, path: str) -> Remembered | None:
        entry = self._index.get(path)
        if entry is None:
            return None
        value = self._old[entry.start : entry.start + entry.size]
        if len(value) != entry.size or zlib.crc32(value) != entry.crc:
            return None
        self._used.add(path)
        return Remembered(entry.stamp, entry.digest, value)

    def put(self, path: str, one: Remembered) -> None:
        if self._failed:
            return
        try:
            file = self._next or self._begun()
            place = (self._size, len(one.value), zlib.crc32(one.value))
            self._size += file.write(one.value)
        except OSError as error:
            self._give_up(error)
        else:
            self._new[path] = _Entry(one.stamp, one.digest, *place, self._today)

    def close(self) -> None:
        try:
            if not self._failed and (self._new or self._is_stale()):
                self._finish(self._next or self._begun())
        except OSError as error:
            self._give_up(error)
        if isinstance(self._old, mmap.mmap):
            self._old.close()

    def _is_stale(self) -> bool:
        """Tell whether entries would soon count as unused although they are not."""
        return any(self._index[path].used < self._today - _KEPT_DAYS // 2 for path in self._used)

    def _begun(self) -> BinaryIO:
        folder.make(self._file.parent.parent)
        self._file.parent.mkdir(exist_ok=True)
        self._next = self._temporary.open("wb", _BUFFER_BYTES)
        self._size = self._next.write(_MAGIC)
        return self._next

    @property
    def _temporary(self) -> Path:
        return self._file.with_suffix(f".{os.getpid()}-{id(self):x}.tmp")

    def _finish(self, file: BinaryIO) -> None:
        for path, entry in self._index.items():
            used = self._today if path in self._used else entry.used
            if path not in self._new and used >= self._today - _KEPT_DAYS:
                self._new[path] = msgspec.structs.replace(entry, start=self._size, used=used)
                self._size += file.write(self._old[entry.start : entry.start + entry.size])
        index = msgspec.msgpack.encode(self._new)
        tail = _TAIL.pack(self._size, len(index), zlib.crc32(index), _MAGIC)
        file.write(index + tail)
        file.close()
        if isinstance(self._old, mmap.mmap):
            self._old.close()  # Windows replaces no file that is mapped
        self._temporary.replace(self._file)
        _tidy(self._file.parent)

    def _give_up(self, error: OSError) -> None:
        log.debug("%s: %s", self._file, error)
        self._failed = True
        with suppress(OSError):
            if self._next:
                self._next.close()
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)


def _opened(file: Path) -> tuple[mmap.mmap | bytes, dict[str, _Entry]]:
    """Return the bytes of a pack and its index; both empty if there is none, or it is damaged."""
    try:
        with file.open("rb") as opened:
            data = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):  # an empty file cannot be mapped
        return b"", {}
    with suppress(struct.error, msgspec.DecodeError):
        start, size, crc, magic = _TAIL.unpack(data[-_TAIL.size :])
        index = data[start : start + size]
        if magic == _MAGIC == data[: len(_MAGIC)] and zlib.crc32(index) == crc:
            return data, msgspec.msgpack.decode(index, type=dict[str, _Entry])
    log.debug("%s is damaged", file)
    data.close()
    return b"", {}


def _tidy(place: Path) -> None:
    """Delete what no run has written for a month: packs of other options and versions; and what killed runs left."""
    oldest = time.time() - _KEPT_DAYS * _DAY_S
    with suppress(OSError):
        for file in place.iterdir():
            if file.stat().st_mtime < oldest or _is_orphan(file):
                file.unlink(missing_ok=True)


def _is_orphan(file: Path) -> bool:
    """Say whether the process that began a file has ended. One on another machine does without its pack."""
    begun_by = _BEGUN_BY.search(file.name)
    if begun_by is None or os.name != "posix":
        return False
    try:
        os.kill(int(begun_by[1]), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        pass
    return False
