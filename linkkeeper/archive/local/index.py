"""The index of the local archive: one sorted file on disk, and during a run the lines that are not in it yet."""

import contextlib
import heapq
import os
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from linkkeeper.archive.local import cdxj
from linkkeeper.archive.local.cdxj import Line
from linkkeeper.archive.local.layout import INDEX, PENDING, WARCS, replacing, write_all

LINE_LIMIT = 1 << 20
"""Bytes of a line; what is longer is damage."""
OPENED = b"!open "
"""Begins a line of the pending file that names the WARC which is written to from there on."""
_WRITE = 1 << 20
_NAMES = b'"filename": "'


def texts(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file, each with its end; none if it is missing. The last may be torn. Raises OSError."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        while text := file.readline(LINE_LIMIT):
            yield text


def lines(directory: Path) -> Iterator[Line]:
    """Yield every line that can be read, of the index first, then what a run has not merged yet."""
    for name in (INDEX, PENDING):
        for text in texts(directory / name):
            if not text.startswith(b"!"):
                with contextlib.suppress(ValueError):
                    yield cdxj.parse(text)


def opened(directory: Path) -> set[str]:
    """Return the names of the WARCs that a run which has not ended (or was killed) was writing to."""
    found = (text[len(OPENED) :].strip() for text in texts(directory / PENDING) if text.startswith(OPENED))
    return {name.decode("utf-8", "replace") for name in found}


def missing(directory: Path) -> set[str]:
    """Return the WARCs that lines name and that are not there; a link to nothing is there: its disk may come back."""
    names = {name for name in (INDEX, PENDING) for name in map(_named, texts(directory / name)) if name}
    return {name for name in names if not os.path.lexists(directory / WARCS / Path(name).name)}


def _named(text: bytes) -> str:
    """Return the WARC that a line names, without reading all of a line that we wrote; empty if it names none."""
    _, found, rest = text.rpartition(_NAMES)
    name, closed, end = rest.partition(b'"')
    if found and closed and end == b"}\n" and b"\\" not in name:
        return name.decode("utf-8", "replace")
    try:
        return "" if text.startswith(b"!") else cdxj.parse(text).filename
    except ValueError:
        return ""


def find(directory: Path, key: str) -> list[Line]:
    """Return the lines of a SURT, oldest first. Raises OSError."""
    begin = f"{key} ".encode()
    found = list(_search(directory / INDEX, begin))
    found += [text for text in texts(directory / PENDING) if text.startswith(begin)]
    parsed: list[Line] = []
    for text in dict.fromkeys(found):
        with contextlib.suppress(ValueError):
            parsed.append(cdxj.parse(text))
    return sorted(parsed, key=lambda line: line.ts)


def _search(path: Path, begin: bytes) -> Iterator[bytes]:
    """Yield the lines of a sorted file that begin so: by halving, so that a large index is not read."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        _seek_line(file, begin)
        for text in file:
            if text.startswith(begin):
                yield text
            elif text > begin:
                return


def _seek_line(file: BinaryIO, begin: bytes) -> None:
    """Go to the start of some line shortly before the first that is not less than begin."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while high - low > LINE_LIMIT // 256:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline(LINE_LIMIT)
        start = file.tell()
        text = file.readline(LINE_LIMIT)
        if text and text < begin and start < high:
            low = start
        else:
            high = middle
    file.seek(low)


def merge(directory: Path, added: Iterable[bytes]) -> None:
    """Put sorted lines into the index, each once; readers see the old index or the new one. Raises OSError."""
    path = directory / INDEX
    old = (text if text.endswith(b"\n") else text + b"\n" for text in texts(path))
    write(path, (text for text, _ in groupby(heapq.merge(old, added))))


def write(path: Path, ordered: Iterable[bytes]) -> None:
    """Replace a file by these lines. Raises OSError."""
    with replacing(path) as fd:
        batch: list[bytes] = []
        size = 0
        for text in ordered:
            batch.append(text)
            size += len(text)
            if size > _WRITE:
                write_all(fd, b"".join(batch))
                batch, size = [], 0
        write_all(fd, b"".join(batch))
