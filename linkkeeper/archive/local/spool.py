"""Files of a ZIP in which one may go back and forth at no cost: where they lie in it, or unpacked into one file."""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO, BinaryIO, cast

from linkkeeper.archive.local.layout import failure, write_all
from linkkeeper.errors import LinkkeeperError

_STEP = 1 << 20


class Spool:
    """What was unpacked, one behind the other in one file: a WACZ may hold more WARCs than files may be open."""

    def __init__(self, path: Path, exits: ExitStack) -> None:
        """path: of the WACZ; exits closes the file, which is made when it is needed."""
        self._path, self._exits = path, exits
        self._file: BinaryIO | None = None
        self.places: dict[str, tuple[int, int]] = {}
        """Name → start and size in bytes."""

    def take(self, name: str, source: IO[bytes]) -> None:
        """Unpack one file. Raises LinkkeeperError if there is no room, and what zipfile raises for damage."""
        file = self._opened()
        start = size = file.seek(0, os.SEEK_END)
        while piece := source.read(_STEP):
            try:
                write_all(file.fileno(), piece)
            except OSError as error:
                raise self._failure(error) from error
            size += len(piece)
        self.places[name] = (start, size - start)

    def window(self, name: str) -> BinaryIO:
        """Return a file that was taken, to be read."""
        return cast("BinaryIO", Window(self._opened(), *self.places[name]))

    def _opened(self) -> BinaryIO:
        if self._file is None:
            try:
                made = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # `exits` closes it
                self._file = cast("BinaryIO", self._exits.enter_context(made))
            except OSError as error:
                raise self._failure(error) from error
        return self._file

    def _failure(self, error: OSError) -> LinkkeeperError:
        return failure(error, f"cannot unpack {self._path} in {tempfile.gettempdir()}")


class Window:
    """Some bytes of a file as a file of their own; several may look into one file in turn."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        """start, size: in bytes."""
        self._file, self._start, self._size, self._at = file, start, size, 0

    def seek(self, offset: int) -> int:
        """Go to a byte, counted from the window's start; return it."""
        self._at = offset
        return offset

    def read(self, size: int) -> bytes:
        """Return at most size bytes; none at the end."""
        self._file.seek(self._start + self._at)
        data = self._file.read(max(0, min(size, self._size - self._at)))
        self._at += len(data)
        return data
