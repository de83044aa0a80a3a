"""What documents hold, by digest: an unchanged file is not read twice (the scan's `ExtractionCache`)."""

import re
import time

from linkkeeper.store.database import Database
from linkkeeper.urls import secrets

_DAY_S = 86_400
_KEPT_DAYS = 30
_BATCH = 200
_BATCH_BYTES = 8_000_000
_PLACES = re.compile(rb"[@=]|%(?:25)*(?:40|3D)", re.IGNORECASE)
"""Without any of these nothing in a text can be a credential: looking costs a tenth of masking."""


class Extractions:
    """Remembers results by key. Losing entries only costs time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._today = int(time.time()) // _DAY_S
        self._waiting: dict[str, bytes] = {}
        self._bytes = 0
        self._used: set[str] = set()
        database.at_close(self.close)

    def get(self, key: str) -> bytes | None:
        """Return what was put under key, or None."""
        if key in self._waiting:
            return self._waiting[key]
        rows = self._database.read("SELECT links, used FROM extractions WHERE key = ?", (key,))
        if not rows or not isinstance(rows[0][0], bytes):
            return None
        if rows[0][1] != self._today:
            self._used.add(key)
        return rows[0][0]

    def put(self, key: str, value: bytes) -> None:
        """Remember value; written with others. What holds credentials is read anew each time instead."""
        if _PLACES.search(value) and secrets.mask(text := value.decode("latin-1")) != text:
            return
        self._waiting[key] = value
        self._bytes += len(value)
        if len(self._waiting) >= _BATCH or self._bytes > _BATCH_BYTES:
            self._flush(patient=False)

    def close(self) -> None:
        """Write what is waiting; drop what nobody used for a month."""
        self._flush(patient=True)
        if self._used:
            touched = [(self._today, key) for key in self._used]
            old = [(self._today - _KEPT_DAYS,)]
            self._database.write(
                ("UPDATE extractions SET used = ? WHERE key = ?", touched),
                ("DELETE FROM extractions WHERE used < ?", old),
                patient=False,
            )
            self._used = set()

    def _flush(self, *, patient: bool) -> None:
        rows = [(key, self._today, value) for key, value in self._waiting.items()]
        if rows and self._database.write(
            ("INSERT OR REPLACE INTO extractions VALUES (?, ?, ?)", rows), patient=patient
        ):
            self._waiting, self._bytes = {}, 0
