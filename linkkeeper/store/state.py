"""What an interrupted job had already done: for jobs that go over many items, such as `archive save`.

A scan needs none of it: its findings are kept as they come (`store.cache`), so the next run asks only
what is still due.
"""

import time

from linkkeeper.store.database import Database


class Progress:
    """The items of one job, by name, that are done."""

    def __init__(self, database: Database, job: str) -> None:
        self._database, self._job = database, job
        rows = database.read("SELECT item, note FROM progress WHERE job = ?", (job,))
        self._done: dict[str, str] = {str(item): str(note) for item, note in rows}

    def note(self, item: str) -> str | None:
        """Return what was noted of an item that is done; None: it is not."""
        return self._done.get(item)

    def mark(self, item: str, note: str = "") -> None:
        """Note that an item is done. Written at once: a crash loses no finished item."""
        self._done[item] = note
        row = (self._job, item, int(time.time()), note)
        self._database.write(("INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?)", [row]))

    def finish(self) -> None:
        """Forget the job: all of it is done."""
        self._done = {}
        self._database.write(("DELETE FROM progress WHERE job = ?", [(self._job,)]))
