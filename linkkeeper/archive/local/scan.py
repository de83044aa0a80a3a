"""A WARC file from end to end: every record that is there, and every gap between them.

warcio's reader stops at the first damage and passes over records without digests and over revisits (observed of
1.8.1); here damage is named, and reading goes on with the next record that can be found.
"""

from collections.abc import Iterator
from typing import BinaryIO

from msgspec import Struct

from linkkeeper.archive.local import heads
from linkkeeper.archive.local.cdxj import REVISIT, Line
from linkkeeper.archive.local.member import MAGIC, DamageError, Member, TornError
from linkkeeper.archive.local.record import Fault, Record
from linkkeeper.archive.surt import surt_key

_STEP = 1 << 20


class Seen(Struct, frozen=True):
    """A record that could be read to its end."""

    offset: int
    length: int
    """Compressed, in bytes."""
    kind: str
    record_id: str
    url: str
    date: str
    line: Line | None
    """What the index must say; None for records that are not captures."""
    target: tuple[str, str]
    """Of a revisit: URL and date of what it revisits; empty if it doesn't say."""
    partner: str
    """`WARC-Concurrent-To`."""
    has_digest: bool
    faults: tuple[Fault, ...]


class Gap(Struct, frozen=True):
    """Bytes that are no record."""

    offset: int
    end: int
    """Where the next record begins, or the file ends."""
    detail: str
    torn: bool
    """The beginning of a record whose end is missing."""


def scan(file: BinaryIO, size: int, name: str, start: int = 0) -> Iterator[Seen | Gap]:
    """Yield what lies between start and size, in order. Raises OSError."""
    offset = start
    while offset < size:
        try:
            record = Record(file, offset).finish()
        except DamageError as damage:
            end = _next(file, offset + 1, size)
            yield Gap(offset, end, str(damage), isinstance(damage, TornError) and end == size)
            offset = end
        else:
            yield _seen(record, name)
            offset = record.end


def _seen(record: Record, name: str) -> Seen:
    needed = ("warc-record-id", "warc-type")
    missing = [Fault("record-header", f"{name} is missing") for name in needed if not record.headers.get(name)]
    faults = [*record.faults, *missing, *_http_faults(record)]
    if not record.ts:
        faults.append(Fault("record-header", f"WARC-Date is no date: {record.date[:40]!r}"))
    return Seen(
        offset=record.offset,
        length=record.end - record.offset,
        kind=record.kind,
        record_id=record.headers.get("warc-record-id", ""),
        url=record.url,
        date=record.date,
        line=line_of(record, name),
        target=(record.headers.get("warc-refers-to-target-uri", ""), record.headers.get("warc-refers-to-date", "")),
        partner=record.headers.get("warc-concurrent-to", ""),
        has_digest="warc-block-digest" in record.headers or "warc-payload-digest" in record.headers,
        faults=tuple(faults),
    )


def _http_faults(record: Record) -> Iterator[Fault]:
    """Yield what would mislead whoever replays a response: a length that is not its payload's."""
    told = heads.value_of(record.head, "content-length")
    if record.kind != "response" or not told or "warc-truncated" in record.headers or not record.payload_length:
        return
    if told != str(record.payload_length) and not heads.value_of(record.head, "transfer-encoding"):
        yield Fault("http-length", f"Content-Length says {told[:20]!r}, the payload has {record.payload_length} bytes")


def line_of(record: Record, name: str) -> Line | None:
    """Return what the index must say of a record that was read to its end; None if it is no capture."""
    if record.kind not in ("response", "revisit") or not record.url.startswith(("http://", "https://")):
        return None
    try:
        key = surt_key(record.url)
    except ValueError:
        return None
    return Line(
        key=key,
        ts=record.ts,
        url=record.url,
        mime=REVISIT if record.kind == "revisit" else heads.mime_of(record.head),
        status=heads.status_of(record.head),
        digest=record.digest,
        length=record.end - record.offset,
        offset=record.offset,
        filename=name,
    )


def _next(file: BinaryIO, start: int, size: int) -> int:
    """Return where the next readable record begins; size if there is none."""
    base, tail = start, b""
    file.seek(start)
    while piece := file.read(_STEP):
        window = tail + piece
        at = window.find(MAGIC)
        while at >= 0:
            if _begins(file, base + at):
                return base + at
            at = window.find(MAGIC, at + 1)
        tail = window[-(len(MAGIC) - 1) :]
        base += len(window) - len(tail)
        file.seek(base + len(tail))
    return size


def _begins(file: BinaryIO, offset: int) -> bool:
    """Say whether a gzip member at offset begins like a record."""
    try:
        return Member(file, offset).read(5) == b"WARC/"
    except DamageError:
        return False
