"""Small values that parallel and later runs share, changed by one process at a time (the limiter's `Clock`)."""

import sqlite3
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from linkkeeper.store.database import Database

T = TypeVar("T")


class Clock(Generic[T]):
    """One value by name. Without a usable database it is this process's own."""

    def __init__(self, database: Database, name: str, kind: type[T]) -> None:
        self._database, self._name, self._kind = database, name, kind
        self._own: T = kind()

    def update(self, change: Callable[[T], T]) -> T:
        """Replace the kept value by change(value) in one transaction and return the new one.

        change is pure and may be called again. Where the database cannot be written, what this
        process knows is changed all the same.
        """
        changed: list[T] = []

        def work(connection: sqlite3.Connection) -> None:
            row = connection.execute("SELECT value FROM clocks WHERE name = ?", (self._name,)).fetchone()
            new = change(self._decoded(row[0] if row else b""))
            connection.execute("INSERT OR REPLACE INTO clocks VALUES (?, ?)", (self._name, msgspec.msgpack.encode(new)))
            changed.append(new)

        done = self._database.exclusively(work)
        self._own = changed[-1] if done and changed else change(self._own)
        return self._own

    def _decoded(self, blob: bytes) -> T:
        if not blob:
            return self._own
        try:
            return msgspec.msgpack.decode(blob, type=self._kind)
        except (msgspec.MsgspecError, ValueError):
            return self._own
