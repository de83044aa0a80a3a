"""One gzip member of a file, decompressed in small pieces: in a WARC each record is one, to be found by its offset."""

import zlib
from typing import BinaryIO

_FIRST, _STEP = 4 * 1024, 64 * 1024
_BOMB_BYTES, _BOMB_RATIO = 256 << 20, 200
"""A member that unpacks to more than this, and to so many times its size, is none that anybody wrote in earnest."""
MAGIC = b"\x1f\x8b\x08"


class DamageError(ValueError):
    """What lies there is no whole member, or no record. The message is one line."""


class TornError(DamageError):
    """The file ends before the member does."""


class Member:
    """Reads from the member that begins at offset. Raises DamageError where it is broken, OSError from the file."""

    def __init__(self, file: BinaryIO, offset: int) -> None:
        self._file, self._inflate = file, zlib.decompressobj(31)
        self._taken, self._buffer, self._at = 0, b"", 0
        self._given = 0
        self.offset = offset
        file.seek(offset)

    @property
    def end(self) -> int:
        """Offset of the byte after the member; known once everything was read."""
        return self.offset + self._taken - len(self._inflate.unused_data)

    @property
    def over(self) -> bool:
        """Say whether nothing more comes."""
        return self._at >= len(self._buffer) and not self._fill()

    def read(self, size: int) -> bytes:
        """Return at most size bytes; none at the end."""
        if self._at >= len(self._buffer) and not self._fill():
            return b""
        piece = self._buffer[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def readline(self, limit: int) -> bytes:
        """Return the bytes up to and with the next line feed. Raises DamageError if the line is longer than limit."""
        pieces: list[bytes] = []
        size = 0
        while not self.over:
            stop = self._buffer.find(b"\n", self._at) + 1 or len(self._buffer)
            pieces.append(self._buffer[self._at : stop])
            size, self._at = size + len(pieces[-1]), stop
            if size > limit:
                raise DamageError("a line without end")
            if pieces[-1].endswith(b"\n"):
                break
        return b"".join(pieces)

    def _fill(self) -> bool:
        while not self._inflate.eof:
            data = self._inflate.unconsumed_tail
            if not data:
                data = self._file.read(_STEP if self._taken else _FIRST)
                self._taken += len(data)
            if not data:
                raise TornError("the file ends within a record")
            try:
                self._buffer, self._at = self._inflate.decompress(data, _STEP), 0
            except zlib.error as error:
                raise DamageError(f"compressed data are damaged ({error})") from error
            self._given += len(self._buffer)
            if self._given > max(_BOMB_BYTES, _BOMB_RATIO * self._taken):
                raise DamageError("unpacked it is too large to be a record")
            if self._buffer:
                return True
        return False
