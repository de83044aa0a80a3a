"""When rows that wait to be written are written together."""

import time
from datetime import datetime

ROWS = 10_000
"""In the order of their keys, many rows touch few pages of a tree: 100,000 findings in batches of 1,000 took 37 µs of
CPU each, in batches of 8,000 and sorted 11 µs (2026-11)."""
_EACH = 16
"""Rows between looks at the clock."""
SECONDS = 2.0
"""What a run that is killed has to ask again."""


class Seconds:
    """Moments as Unix time; of many in a row that are one object, the first alone is converted."""

    def __init__(self) -> None:
        self._last: datetime | None = None
        self._at = 0.0

    def of(self, moment: datetime) -> float:
        """Return the Unix time of a moment, in seconds."""
        if moment is not self._last:
            self._last, self._at = moment, moment.timestamp()
        return self._at


class Batch:
    """Counts and times what waits."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def full(self, rows: int) -> bool:
        """Say whether so many rows have waited long enough; if so, the next ones begin to wait."""
        if rows < ROWS and rows % _EACH:
            return False
        now = time.monotonic()
        if rows < ROWS and now - self._since <= SECONDS:
            return False
        self._since = now
        return rows > 0
