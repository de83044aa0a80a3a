"""The journal of one run as a file: records that are only ever appended.

Each record is a line `<CRC-32 of the rest, hex> <JSON>` and, for a file, its old bytes and the notes on its edits,
both compressed. A record that a crash cut short fails its sum or its length and ends the journal there: nothing was
done on its account, since the journal is on the disk before the first file is touched.
"""

import json
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from linkkeeper.errors import StateError
from linkkeeper.fix import disk

VERSION = 1
_LONGEST_LINE = 1 << 20


class Note(Struct, frozen=True):
    """One edit, remembered for `revert` and for the run's list."""

    repair: str
    rule: str
    url: str
    """What the link pointed at before."""
    url_after: str
    old: str
    """The link's bytes before, as Latin-1."""
    new: str
    """The bytes that replaced them, as Latin-1."""


class Entry(Struct, frozen=True):
    """A file that a run set out to replace."""

    path: str
    """Below the state directory's parent if it lies there, else absolute. Names that are not UTF-8 as by PEP 383."""
    old: str
    """SHA-256 hex of the bytes before."""
    new: str
    """SHA-256 hex of the bytes after."""
    temporary: str
    """Name of the new file beside the old one, until it takes its place."""
    at: int
    """Where in the journal its old bytes stand, compressed."""
    size: int
    notes_size: int

    @property
    def end(self) -> int:
        """Where in the journal the next record begins."""
        return self.at + self.size + self.notes_size + 1


class Record(Struct, frozen=True):
    """A line of the journal: `run`, `file`, `undo` (with the numbers of files) or `end` (with the states of all)."""

    kind: str
    fields: dict[str, Any]
    entry: Entry | None = None


def frame(kind: str, fields: dict[str, Any], payload: bytes = b"") -> bytes:
    """Return a record as bytes."""
    text = json.dumps({"kind": kind, **fields}, separators=(",", ":")).encode("ascii")
    return b"%08x %s\n%s" % (zlib.crc32(text), text, payload + b"\n" if payload else b"")


def file_frame(fields: dict[str, str], old: bytes, notes: Sequence[Note]) -> bytes:
    """Return the record of a file: fields are those of `Entry` that are text."""
    packed = zlib.compress(old, 1)
    packed_notes = zlib.compress(json.dumps([_plain(note) for note in notes]).encode("ascii"), 1)
    sizes = {"size": len(packed), "notes_size": len(packed_notes)}
    return frame("file", {**fields, **sizes}, packed + packed_notes)


def entry_of(record: bytes, at: int) -> Entry:
    """Return the entry of a record made by `file_frame` that will stand at a byte of the journal."""
    line = record[: record.index(b"\n") + 1]
    fields = _fields(line)
    entry = None if fields is None else _record(fields, at + len(line))
    if entry is None or entry.entry is None:
        raise ValueError("not the record of a file")
    return entry.entry


def _plain(note: Note) -> dict[str, str]:
    return {field: getattr(note, field) for field in note.__struct_fields__}


class Contents(Struct, frozen=True):
    """What a journal holds."""

    records: tuple[Record, ...]
    sound_until: int
    """Bytes of the file to keep; what follows is a record that was never finished."""
    damaged: bool
    """A line in the middle cannot be read: its record is lost, those after it are not."""


def read(path: Path) -> Contents:
    """Return the records of a journal. Raises OSError."""
    records: list[Record] = []
    damaged = False
    with path.open("rb") as file:
        length = os.fstat(file.fileno()).st_size
        start = 0
        while line := file.readline(_LONGEST_LINE):
            fields = _fields(line)
            record = None if fields is None else _record(fields, file.tell())
            end = file.tell() if record is None or record.entry is None else record.entry.end
            if end > length or (fields is None and end == length):
                return Contents(tuple(records), start, damaged)
            damaged |= record is None
            if record is not None:
                records.append(record)
            file.seek(end)
            start = end
    return Contents(tuple(records), length, damaged)


def _record(fields: dict[str, Any], at: int) -> Record | None:
    kind = fields.pop("kind", "")
    if kind != "file":
        return Record(kind, fields)
    try:
        return Record(kind, {}, Entry(at=at, **fields))
    except TypeError:
        return None


def _fields(line: bytes) -> dict[str, Any] | None:
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text):
        return None
    fields: dict[str, Any] = json.loads(text)
    return fields


def old_bytes(path: Path, entry: Entry) -> bytes:
    """Return what a file held before the run. Raises StateError if the journal is damaged there, or OSError."""
    try:
        data = zlib.decompress(_slice(path, entry.at, entry.size))
    except zlib.error as error:
        raise StateError(f"the journal {path.name} is damaged") from error
    if disk.digest(data) != entry.old:
        raise StateError(f"the journal {path.name} is damaged")
    return data


def notes(path: Path, entry: Entry) -> list[Note]:
    """Return what the run did in a file; nothing if the journal is damaged there. Raises OSError."""
    try:
        text = zlib.decompress(_slice(path, entry.at + entry.size, entry.notes_size))
        return [Note(**fields) for fields in json.loads(text)]
    except (zlib.error, ValueError, TypeError):
        return []


def _slice(path: Path, at: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(at)
        return file.read(size)
