"""What archives answered: as long as the asker says, positive answers for good (the rescue's `Answers`)."""

import math
import time
from typing import Generic, TypeVar

import msgspec

from linkkeeper.models.document import Dated
from linkkeeper.store.database import Database
from linkkeeper.store.keys import Keys

T = TypeVar("T")


class Answers(Generic[T]):
    """Remembers one kind of answer by URL and date. Written at once: each one cost an archive's time."""

    def __init__(self, database: Database, kind: type[T]) -> None:
        self._database, self._keys = database, Keys(database)
        self._decoder = msgspec.msgpack.Decoder(kind)

    def get(self, url: str, near: Dated) -> T | None:
        """Return what `put` was given for the same url and `near.until`, if it is still fresh."""
        rows = self._database.read(
            "SELECT answer FROM answers WHERE url = ? AND near = ? AND (expires IS NULL OR expires > ?)",
            (self._keys.of(url), _second(near), int(time.time())),
        )
        if not rows or not isinstance(rows[0][0], bytes):
            return None
        try:
            return self._decoder.decode(rows[0][0])
        except (msgspec.MsgspecError, ValueError):  # written by another version
            return None

    def put(self, url: str, near: Dated, answer: T, lifetime_s: float) -> None:
        """Remember for so many seconds; infinite: for good."""
        expires = None if math.isinf(lifetime_s) else int(time.time() + lifetime_s)
        row = (self._keys.of(url), _second(near), expires, msgspec.msgpack.encode(answer))
        self._database.write(("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", [row]))


def _second(near: Dated) -> int:
    return int(near.until.timestamp())
