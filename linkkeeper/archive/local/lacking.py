"""Captures that the index lists and nobody can replay: their WARC is gone, or that with the payload they stand for."""

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from linkkeeper.archive.local import index
from linkkeeper.archive.local.cdxj import REVISIT, Line
from linkkeeper.archive.local.layout import WARCS
from linkkeeper.archive.local.lookup import Capture, Lookup, capture_of
from linkkeeper.archive.local.member import DamageError
from linkkeeper.archive.local.record import Record, timestamp
from linkkeeper.archive.surt import surt_key


def gone(directory: Path) -> set[Capture]:
    """Return the captures that lie in missing WARCs and nowhere else, and the revisits of such. Raises OSError."""
    if not (absent := index.missing(directory)):
        return set()
    lost = [line for line in index.lines(directory) if line.filename in absent]
    digests = {line.digest for line in lost}
    held: set[Capture] = set()
    there: list[Line] = []
    for line in index.lines(directory):
        if line.filename not in absent:
            held.add(capture_of(line))
            there += [line] if line.digest in digests else []
    broken = without_payload(directory, lost, there)
    return ({capture_of(line) for line in lost} - held) | broken


def without_payload(directory: Path, before: Iterable[Line], kept: Collection[Line]) -> set[Capture]:
    """Return the captures among the kept that are revisits of what is no longer among them. Raises OSError."""
    responses = {capture_of(line) for line in kept if line.mime != REVISIT}
    digests = {line.digest for line in before if line.mime != REVISIT and capture_of(line) not in responses}
    revisits = [line for line in kept if line.mime == REVISIT and line.digest in digests]
    broken = {capture_of(line) for line in revisits if (target := _target(directory, line)) and target not in responses}
    return broken - responses


class Replayable:
    """Says whether captures can be replayed. Remembers what it saw: one is made for each call."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lookup = Lookup(directory)
        self._there: dict[str, bool] = {}

    def has(self, line: Line) -> bool:
        """Say whether the WARC of a capture is there, and that with the payload that a revisit stands for.

        What cannot be read just now (a disk that is not there, a damaged record) counts as there. Raises OSError.
        """
        if not self._is_there(line):
            return False
        target = _target(self._directory, line) if line.mime == REVISIT else None
        return target is None or any(map(self._is_there, self._lookup.responses(target)))

    def _is_there(self, line: Line) -> bool:
        name = Path(line.filename).name
        if name not in self._there:
            self._there[name] = os.path.lexists(self._directory / WARCS / name)
        return self._there[name]


def _target(directory: Path, line: Line) -> Capture | None:
    """Return what a revisit stands for; None if its record cannot be read, or does not say."""
    try:
        with (directory / WARCS / Path(line.filename).name).open("rb") as file:
            headers = Record(file, line.offset).headers
        url, date = (headers.get(f"warc-refers-to-{name}", "") for name in ("target-uri", "date"))
        surt_key(url)
    except (DamageError, OSError, ValueError):
        return None
    return (url, timestamp(date), line.digest) if url and date else None
