"""Exchanges -> WARC/1.1 records through warcio, each a gzip member of its own.

warcio would write HTTP heads as it understood them (percent-encoded where they are not ASCII, observed of 1.8.1); here
they go in as the bytes that came. Digests are computed before, in one pass over the payload, since they decide whether
a record is a revisit; payloads in files are read in pieces and need not fit into memory.
"""

import hashlib
import io
import ipaddress
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import Struct
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from linkkeeper.archive.local import heads
from linkkeeper.archive.local.base import Exchange
from linkkeeper.archive.local.record import sha1_text
from linkkeeper.models.about import USER_AGENT

_LEVEL = 6
_PIECE = 64 * 1024
_STANDARD = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
Sink = Callable[[bytes], None]


class Original(Struct, frozen=True):
    """The record that holds a payload."""

    url: str
    date: str
    """Its `WARC-Date`."""


class Prepared(Struct, frozen=True):
    """An exchange that is ready to be written: digests known, heads as they will stand."""

    exchange: Exchange
    head: bytes
    request: bytes
    length: int
    """Of the payload, in bytes."""
    digest: str
    """SHA-1 of the payload, as records and indexes write it."""
    block_digest: str
    """SHA-1 of head and payload, in the same form."""
    date: str


def prepare(exchange: Exchange) -> Prepared:
    """Read the payload once. Raises OSError if it is a file that cannot be read."""
    payload = exchange.payload
    length = payload.stat().st_size if isinstance(payload, Path) else len(payload)
    head = heads.response_head(exchange.response, length)
    digest, block = hashlib.sha1(usedforsecurity=False), hashlib.sha1(head, usedforsecurity=False)
    for piece in _pieces(payload):
        digest.update(piece)
        block.update(piece)
    request = heads.request_head(exchange.request)
    digests = sha1_text(digest.digest()), sha1_text(block.digest())
    return Prepared(exchange, head, request, length, *digests, warc_date(exchange.when))


def warc_date(moment: datetime) -> str:
    """Return a `WARC-Date` in UTC, with microseconds where there are any (WARC/1.1, section 5.4)."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


class RecordWriter:
    """Makes records and hands their compressed bytes to a sink."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._made = WARCWriter(None, gzip=False, warc_version="1.1")

    def warcinfo(self, filename: str, part_of: str) -> None:
        """Write what stands once at the beginning of a file."""
        told = {"software": USER_AGENT, "format": "WARC File Format 1.1", "conformsTo": _STANDARD, "isPartOf": part_of}
        self._write(self._made.create_warcinfo_record(filename, told))

    def response(self, one: Prepared) -> str:
        """Write a response whole; return its record id."""
        told = self._headers(one)
        told["WARC-Payload-Digest"] = one.digest
        told["WARC-Block-Digest"] = one.block_digest
        head = _Head(one.head)
        with _opened(one.exchange.payload) as stream:
            record = self._made.create_warc_record(
                one.exchange.url,
                "response",
                payload=stream,
                length=one.length,
                http_headers=head,
                warc_headers_dict=told,
            )
            self._write(record)
            if stream.tell() != one.length:
                raise OSError(0, f"the payload of {one.exchange.url} was changed while it was kept")
        return _id(record)

    def revisit(self, one: Prepared, original: Original) -> str:
        """Write a response whose payload lies in another record; return its record id."""
        record = self._made.create_revisit_record(
            one.exchange.url,
            one.digest,
            original.url,
            original.date,
            http_headers=_Head(one.head),
            warc_headers_dict=self._headers(one),
        )
        self._write(record)
        return _id(record)

    def request(self, one: Prepared, response_id: str) -> None:
        """Write the request that a response answered."""
        told = {"WARC-Date": one.date, "WARC-Concurrent-To": response_id}
        head = _Head(one.request)
        self._write(
            self._made.create_warc_record(one.exchange.url, "request", http_headers=head, warc_headers_dict=told)
        )

    def _headers(self, one: Prepared) -> dict[str, str]:
        told = {"WARC-Date": one.date}
        if address := _address(one.exchange.address):
            told["WARC-IP-Address"] = address
        if one.exchange.truncated is not None:
            told["WARC-Truncated"] = one.exchange.truncated.value
        return told

    def _write(self, record: Any) -> None:  # warcio has no types
        self._made.out = member = _GzipMember(self._sink)
        self._made.write_record(record)
        member.end()


class _Head(StatusAndHeaders):  # type: ignore[misc]  # warcio has no types
    """A head that is written as the bytes it is."""

    def __init__(self, raw: bytes) -> None:
        super().__init__("", [])
        self._raw = raw

    def __bool__(self) -> bool:
        return True

    def compute_headers_buffer(self, header_filter: object = None) -> None:  # noqa: ARG002  # warcio's signature
        """Be asked by warcio for the bytes."""
        self.headers_buff = self._raw


class _GzipMember:
    """What warcio writes a record to."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self._deflate = sink, zlib.compressobj(_LEVEL, zlib.DEFLATED, 31)

    def write(self, data: bytes) -> None:
        if packed := self._deflate.compress(data):
            self._sink(packed)

    def flush(self) -> None:
        """A record's end is no reason to write: pages are written whole."""

    def end(self) -> None:
        self._sink(self._deflate.flush())


def _id(record: Any) -> str:  # warcio has no types
    return str(record.rec_headers.get_header("WARC-Record-ID"))


def _opened(payload: bytes | Path) -> BinaryIO:
    return payload.open("rb") if isinstance(payload, Path) else io.BytesIO(payload)


def _pieces(payload: bytes | Path) -> Iterator[bytes]:
    if isinstance(payload, bytes):
        yield payload
        return
    with payload.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _address(text: str) -> str:
    """Return an IP address in its usual form; empty for what is none."""
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return ""
