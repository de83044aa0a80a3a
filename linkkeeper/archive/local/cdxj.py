"""Lines of a CDXJ index: `key timestamp {"url", "mime", "status", "digest", "length", "offset", "filename"}`. Pure.

The fields, their order and their text form are those of `cdxj-indexer` 1.5.0, which made the index of WACZ files
that were looked at (2026-11); pywb 2.10 reads them.
"""

import json

import msgspec
from msgspec import Struct

REVISIT = "warc/revisit"
_COLUMNS = 3


class Line(Struct, frozen=True):
    """Where the record of one capture lies."""

    key: str
    """SURT of the URL."""
    ts: str
    """14 digits, UTC."""
    url: str
    mime: str
    """Media type without parameters; `warc/revisit` for a revisit."""
    status: str
    """Of HTTP; `-` if there is none."""
    digest: str
    """Of the payload, with its algorithm: `sha1:…`."""
    length: int
    """Compressed, in bytes."""
    offset: int
    filename: str

    @property
    def end(self) -> int:
        """Offset of the byte after the record."""
        return self.offset + self.length


class _Fields(Struct, frozen=True):
    url: str
    length: str | int
    offset: str | int
    filename: str
    mime: str = "unk"
    status: str | int = "-"
    digest: str = "-"


_decode = msgspec.json.Decoder(_Fields).decode


def encode(line: Line) -> bytes:
    """Return the line with its end."""
    fields = {
        "url": line.url,
        "mime": line.mime,
        "status": line.status,
        "digest": line.digest,
        "length": str(line.length),
        "offset": str(line.offset),
        "filename": line.filename,
    }
    return f"{line.key} {line.ts} {json.dumps(fields)}\n".encode()


_FILE_LIMIT = 1 << 48
"""Bytes; no file is that large, and sums of two still fit where the system counts."""


def parse(text: bytes) -> Line:
    """Read one line. Raises ValueError for what is none."""
    columns = text.strip().split(b" ", 2)
    if len(columns) != _COLUMNS:
        raise ValueError("not three columns")
    try:
        fields = _decode(columns[2])
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error
    key, ts = columns[0].decode(), columns[1].decode()
    if not ts.isdecimal() or not ts.isascii():
        raise ValueError("a timestamp that is none")
    length, offset = int(fields.length), int(fields.offset)
    if not (0 <= length < _FILE_LIMIT and 0 <= offset < _FILE_LIMIT):
        raise ValueError("a place that is none")
    return Line(key, ts, fields.url, fields.mime, str(fields.status), fields.digest, length, offset, fields.filename)
