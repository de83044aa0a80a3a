"""One WARC record: its headers, the head of its HTTP message, its payload in pieces, and whether all of it is true."""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct

from linkkeeper.archive.archive_urls import stamp
from linkkeeper.archive.local import heads
from linkkeeper.archive.local.member import DamageError, Member

if TYPE_CHECKING:
    from hashlib import _Hash

_LINE, _HEAD = 1 << 20, 4 << 20
_PIECE = 64 * 1024
_ALGORITHMS = frozenset({"sha1", "sha256", "sha512", "md5"})
_HTTP = "application/http"
_END = b"\r\n\r\n"


class Fault(Struct, frozen=True):
    """Something about a record that is not true."""

    kind: str
    detail: str


class Record:
    """The record in the gzip member at offset. Raises DamageError if there is none, or where it breaks off."""

    def __init__(self, file: BinaryIO, offset: int) -> None:
        self._member = Member(file, offset)
        self.offset = offset
        self.headers = _headers(self._member)
        self.faults: list[Fault] = []
        self._left = self._length()
        self._block, self._payload = self._digester("warc-block-digest"), self._digester("warc-payload-digest")
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self.head = self._http_head()
        self.payload_length = 0

    @property
    def kind(self) -> str:
        """The type: `response`, `revisit`, `request`, `warcinfo`, …"""
        return self.headers.get("warc-type", "")

    @property
    def url(self) -> str:
        """What was asked for; empty for records about the file."""
        told = self.headers.get("warc-target-uri", "")
        return told[1:-1] if told.startswith("<") and told.endswith(">") else told  # as WARC/1.0 had it

    @property
    def date(self) -> str:
        """`WARC-Date` as it is written."""
        return self.headers.get("warc-date", "")

    @property
    def ts(self) -> str:
        """The date as 14 digits; empty if it is none."""
        return timestamp(self.date)

    @property
    def digest(self) -> str:
        """Of the payload: as the record says, else as computed (once `pieces` is through)."""
        return self.headers.get("warc-payload-digest", "") or sha1_text(self._sha1.digest())

    @property
    def end(self) -> int:
        """Offset of the byte after the record; known once `pieces` is through."""
        return self._member.end

    def pieces(self) -> Iterator[bytes]:
        """Yield the payload as it was stored, content coding and all; at the end `faults` is complete."""
        while self._left:
            piece = self._member.read(min(self._left, _PIECE))
            if not piece:
                self.faults.append(Fault("record-length", f"{self._left} bytes less than Content-Length says"))
                break
            self._left -= len(piece)
            self.payload_length += len(piece)
            self._hash(piece)
            yield piece
        self._compare()
        self._read_end()

    def finish(self) -> "Record":
        """Read what is left, for its faults and end."""
        for _ in self.pieces():
            pass
        return self

    def _length(self) -> int:
        text = self.headers.get("content-length", "")
        if not (text.isascii() and text.isdecimal() and len(text) < 20):
            raise DamageError("a record without Content-Length")
        return int(text)

    def _digester(self, name: str) -> "_Hash | None":
        told = self.headers.get(name)
        if not told or (name == "warc-payload-digest" and self.kind == "revisit"):
            return None
        algorithm = told.partition(":")[0].lower()
        if algorithm not in _ALGORITHMS:
            self.faults.append(Fault("digest-form", f"{name}: no digest that can be computed: {told[:80]}"))
            return None
        return hashlib.new(algorithm, usedforsecurity=False)

    def _http_head(self) -> bytes:
        """Read up to the empty line; what is no HTTP message has no head."""
        if not self.headers.get("content-type", "").lower().startswith(_HTTP):
            return b""
        lines: list[bytes] = []
        size = 0
        while self._left:
            line = self._member.readline(min(self._left, _LINE))
            if not line:
                raise DamageError("the record ends within the head of its message")
            self._left -= len(line)
            size += len(line)
            if size > _HEAD:
                raise DamageError("a head without end")
            if self._block:
                self._block.update(line)
            lines.append(line)
            if heads.is_blank(line):
                break
        return b"".join(lines)

    def _hash(self, piece: bytes) -> None:
        for digester in (self._block, self._payload):
            if digester:
                digester.update(piece)
        if not self._payload:
            self._sha1.update(piece)

    def _compare(self) -> None:
        for name, digester in (("warc-block-digest", self._block), ("warc-payload-digest", self._payload)):
            told = self.headers.get(name, "")
            if digester and digester.digest() != _digest_bytes(told):
                self.faults.append(Fault(name.removeprefix("warc-"), f"{name} is not what the bytes give: {told[:80]}"))

    def _read_end(self) -> None:
        """A record ends with two line ends, and with it its gzip member."""
        if self._left == 0:
            end = b""
            while len(end) < len(_END) and (piece := self._member.read(len(_END) - len(end))):
                end += piece
            if end != _END:
                self.faults.append(Fault("record-length", "more bytes than Content-Length says"))
        if not self._member.over:
            kind = "gzip-single-member" if self._member.read(5) == b"WARC/" else "record-length"
            self.faults.append(Fault(kind, "the gzip member goes on after the record"))
            while self._member.read(_PIECE):
                pass


def _headers(member: Member) -> dict[str, str]:
    """Return the WARC headers by lower-case name. Raises DamageError."""
    first = member.readline(_LINE)
    if not first.startswith(b"WARC/"):
        raise DamageError("no WARC record")
    found: dict[str, str] = {}
    last, size = "", 0
    while (line := member.readline(_LINE)).strip():
        size += len(line)
        if size > _HEAD:
            raise DamageError("headers without end")
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text[:1] in (" ", "\t") and last:
            found[last] += text
            continue
        name, colon, value = text.partition(":")
        last = name.strip().lower()
        if not colon or last in found:
            raise DamageError(f"a header that is none, or comes twice: {name[:40]!r}")
        found[last] = value.strip()
    return found


def timestamp(date: str) -> str:
    """Return the 14 digits of a `WARC-Date`; empty if it is none."""
    try:
        moment = datetime.fromisoformat(date)
        return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):  # `0001-01-01T00:00:00+14:00` lies before all time in UTC
        return ""


def sha1_text(digest: bytes) -> str:
    """Return a SHA-1 as WARC records and indexes write it."""
    return "sha1:" + base64.b32encode(digest).decode()


def _digest_bytes(text: str) -> bytes:
    """Return the bytes of a digest in hex, base32 or base64; empty if it is none of them."""
    algorithm, _, value = text.partition(":")
    try:
        size = hashlib.new(algorithm.lower(), usedforsecurity=False).digest_size
        if len(value) == size * 2:
            return bytes.fromhex(value)
        if len(value.rstrip("=")) == -(-size * 8 // 5):
            return base64.b32decode(value + "=" * (-len(value) % 8), casefold=True)
        return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return b""
