"""The journal of one run as a file: records that are only ever appended.

Each record is a line `<CRC-32 of the rest, hex> <JSON>` and, for a file, its old bytes and the notes on its edits,
both compressed. A record that a crash cut short fails its sum or its length and ends the journal there: nothing was
done on its account, since the journal is on the disk before the first file is touched.
"""

import json
import os
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, convert, structs, to_builtins

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


Size = Annotated[int, Meta(ge=0)]


class Head(Struct, frozen=True, tag_field="kind", tag="run"):
    """What a journal says of its run."""

    version: int = VERSION
    number: Size = 0
    """Later runs have higher ones, whatever the clock did between them."""
    started: str = ""
    """UTC, ISO 8601."""


class Entry(Struct, frozen=True, tag_field="kind", tag="file"):
    """A file that a run set out to replace."""

    path: Annotated[str, Meta(pattern=r"\A[^\0]+\Z")]
    """Below the state directory's parent if it lies there, else absolute. Names that are not UTF-8 as by PEP 383."""
    old: str
    """SHA-256 hex of the bytes before."""
    new: str
    """SHA-256 hex of the bytes after."""
    temporary: Annotated[str, Meta(pattern=rf"\A{re.escape(disk.TEMPORARY_PREFIX)}[\w.-]+\.tmp\Z")]
    """Name of the new file beside the old one, until it takes its place. It may be removed: no other name is let in."""
    modified: int = 0
    """When the file was last changed before, in nanoseconds since 1970; 0 in journals that do not tell."""
    size: Size = 0
    """Of the old bytes, compressed; they follow the line."""
    notes_size: Size = 0
    """Of the notes, compressed; they follow the old bytes."""
    at: Size = 0
    """Where in the journal the old bytes begin: not written, but known from reading."""

    @property
    def end(self) -> int:
        """Where in the journal the next record begins."""
        return self.at + self.size + self.notes_size + 1


class End(Struct, frozen=True, tag_field="kind", tag="end"):
    """What became of every file so far: a letter each (`runlog`)."""

    states: str = ""


class Undo(Struct, frozen=True, tag_field="kind", tag="undo"):
    """An undo is about to begin. What it does is told by the files themselves and by the next `End`."""


Record = Head | Entry | End | Undo


def frame(record: Record, payload: bytes = b"") -> bytes:
    """Return a record as bytes."""
    fields = to_builtins(record)
    text = json.dumps(fields, separators=(",", ":")).encode("ascii")  # msgspec's JSON has no lone surrogates
    return b"%08x %s\n%s" % (zlib.crc32(text), text, payload + b"\n" if payload else b"")


def file_frame(entry: Entry, old: bytes, notes: Sequence[Note]) -> tuple[bytes, Entry]:
    """Return the record of a file with its old bytes and notes, and the entry as it is read from a journal of that."""
    packed = zlib.compress(old, 1)
    packed_notes = zlib.compress(json.dumps(to_builtins(notes)).encode("ascii"), 1)
    sized = structs.replace(entry, size=len(packed), notes_size=len(packed_notes))
    made = frame(sized, packed + packed_notes)
    return made, structs.replace(sized, at=len(made) - len(packed) - len(packed_notes) - 1)


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
            record, end = _record(line), file.tell()
            if isinstance(record, Entry):
                record = structs.replace(record, at=end)
                end = record.end
            if end > length or (record is None and end == length):
                return Contents(tuple(records), start, damaged)
            damaged |= record is None
            if record is not None:
                records.append(record)
            file.seek(end)
            start = end
    return Contents(tuple(records), length, damaged)


def _record(line: bytes) -> Record | None:
    """Return the record of a line, or None if it is damaged, unfinished, or none that a fix would write."""
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text):
        return None
    try:
        record: Record = convert(json.loads(text), Record)
    except (ValueError, RecursionError):
        return None
    return record


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
        return convert(json.loads(text), list[Note])
    except (zlib.error, ValueError, RecursionError):
        return []


def _slice(path: Path, at: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(at)
        return file.read(size)
