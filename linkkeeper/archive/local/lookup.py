"""Captures found in the index by URL, time and digest, each SURT once: a page may have been kept a thousand times."""

from functools import lru_cache
from pathlib import Path

from linkkeeper.archive.local import index
from linkkeeper.archive.local.cdxj import REVISIT, Line
from linkkeeper.archive.surt import surt_key

Capture = tuple[str, str, str]
"""URL, timestamp and digest."""
_KEYS = 256
"""SURTs that are remembered, the last ones."""


class Lookup:
    """For one call on an index that does not change meanwhile."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._found = lru_cache(_KEYS)(self._find)

    def lines(self, capture: Capture) -> list[Line]:
        """Return the lines of a capture; none if its URL is none. Raises OSError."""
        try:
            key = surt_key(capture[0])
        except ValueError:
            return []
        return self._found(key).get(capture, [])

    def responses(self, capture: Capture) -> list[Line]:
        """Return the lines of a capture that have the payload itself. Raises OSError."""
        return [line for line in self.lines(capture) if line.mime != REVISIT]

    def _find(self, key: str) -> dict[Capture, list[Line]]:
        found: dict[Capture, list[Line]] = {}
        for line in index.find(self._directory, key):
            found.setdefault(capture_of(line), []).append(line)
        return found


def capture_of(line: Line) -> Capture:
    """Return what a line of the index is about."""
    return line.url, line.ts, line.digest
