"""Requests and answers kept as they went over the wire, for an archive: the heads' bytes, the body still encoded."""

import asyncio
import re
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO

from aiohttp import ClientError
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader
from msgspec import Struct

from linkkeeper.errors import StateError

IN_MEMORY = 64 * 1024
"""Bytes of a body that are held in memory; a larger one goes into a file."""
REDIRECT_BODY = 64 * 1024
_HEAD = re.compile(rb"HTTP/[0-9.]{1,5}[ \t]+([0-9]{3})(?s:.*?)\n\r?\n", re.IGNORECASE)
_MAX_INTERIM = 32

Values = tuple[tuple[str, str], ...]


class Cut(StrEnum):
    """Why a body is not whole; the words of WARC/1.1, section 5.13."""

    LENGTH = "length"
    TIME = "time"
    DISCONNECT = "disconnect"


class Recorded(Struct, frozen=True):
    """One request and its answer."""

    url: str
    when: datetime
    """UTC; when the head of the answer was there."""
    request: bytes
    """Up to and with the empty line; without credentials, cookies and configured fields."""
    status: int
    head: bytes
    """Status line and header lines of the answer as received, up to and with the empty line."""
    values: Values
    """The header fields, read."""
    body: bytes | Path
    """Transfer coding undone, content coding kept."""
    size: int
    cut: Cut | None
    address: str
    """Of the server; empty behind a proxy."""


class Purse:
    """Bytes that several recordings may take together."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left


class Tape:
    """Set as `Trip.tape`: every hop of the trip is recorded here, whole bodies included."""

    __slots__ = ("_folder", "_limit", "_purse", "address", "fields", "hops", "request", "url")

    def __init__(
        self, fields: str, limit: Callable[[int, Values], int], folder: Path, purse: Purse | None = None
    ) -> None:
        """fields: the request's header lines, those of configuration and credentials apart.

        limit: says by status and header fields how many bytes of a body to take, as received; purse: what there is
        for all. folder: where large bodies go; whoever takes the hops deletes the files.
        """
        self.fields, self._limit, self._folder, self._purse = fields, limit, folder, purse or Purse(sys.maxsize)
        self.hops: list[Recorded] = []
        self.url = self.address = ""
        self.request = b""

    async def take(self, status: int, values: Values, raw: bytes, payload: StreamReader, until: float) -> bool:
        """Record one answer, of which raw came so far; say whether its body was cut off.

        Raises StateError if there is no room for it.
        """
        when = datetime.now(UTC)
        limit = REDIRECT_BODY if 300 <= status < 400 else self._limit(status, values)
        body, size, cut = await _Body(limit, self._purse, self._folder).read(payload, until)
        head = final_head(raw)
        self.hops.append(Recorded(self.url, when, self.request, status, head, values, body, size, cut, self.address))
        return cut is not None


class _Body:
    """A body on its way into memory or a file."""

    def __init__(self, limit: int, purse: Purse, folder: Path) -> None:
        self._limit, self._purse, self._folder = limit, purse, folder
        self._held = bytearray()
        self._file: IO[bytes] | None = None
        self._size = 0

    async def read(self, payload: StreamReader, until: float) -> tuple[bytes | Path, int, Cut | None]:
        try:
            cut = await self._fill(payload, until)
        except BaseException:
            self._drop()
            raise
        if self._file is None:
            return bytes(self._held), self._size, cut
        with self._file:
            return Path(self._file.name), self._size, cut

    async def _fill(self, payload: StreamReader, until: float) -> Cut | None:
        try:
            async with asyncio.timeout_at(until):
                while not payload.at_eof():
                    if self._take_in(await payload.readany()):
                        return Cut.LENGTH
        except TimeoutError:
            return Cut.TIME
        except (ClientError, HttpProcessingError, ConnectionError):
            return Cut.DISCONNECT
        return None

    def _take_in(self, piece: bytes) -> bool:
        try:
            return self._write(piece)
        except OSError as problem:
            where = f"a temporary file in {self._folder} cannot be written: {problem.strerror}"
            raise StateError(where, "make room, or name another place in TMPDIR") from problem

    def _write(self, piece: bytes) -> bool:
        """Take in what fits; say whether something did not."""
        fitting = piece[: max(0, min(self._limit - self._size, self._purse.left))]
        self._size += len(fitting)
        self._purse.left -= len(fitting)
        if self._file is None and len(self._held) + len(fitting) > IN_MEMORY:
            self._file = tempfile.NamedTemporaryFile(dir=self._folder, prefix="body-", delete=False)  # noqa: SIM115 - closed by `read`
            self._file.write(self._held)
            self._held.clear()
        if self._file is None:
            self._held += fitting
        else:
            self._file.write(fitting)
        return len(fitting) < len(piece)

    def _drop(self) -> None:
        if self._file is not None:
            self._file.close()
            with suppress(OSError):
                Path(self._file.name).unlink()


def final_head(raw: bytes) -> bytes:
    """Return the head of the first answer in raw that is not an interim one; empty if there is none."""
    position = 0
    for _ in range(_MAX_INTERIM):
        while raw[position : position + 1] in (b"\r", b"\n"):
            position += 1
        head = _HEAD.match(raw, position)
        if head is None:
            return b""
        if not 100 <= int(head[1]) < 200 or head[1] == b"101":
            return head[0]
        position = head.end()
    return b""
