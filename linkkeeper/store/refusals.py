"""Pages that their owners want no copy of on this disk, as the last run that asked was told: they are not missing."""

import time
from collections.abc import Iterable, Mapping

from linkkeeper.store.database import Database
from linkkeeper.urls import secrets

_JOB = "no local copy"
"""Rows of the table `progress`."""
_IN = "INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?)"
_OUT = "DELETE FROM progress WHERE job = ? AND item = ?"


class Refusals:
    """By URL, in words. A URL with a credential is left out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self) -> dict[str, str]:
        """Return every page and why it has no copy."""
        rows = self._database.read("SELECT item, note FROM progress WHERE job = ?", (_JOB,))
        return {str(url): str(why) for url, why in rows}

    def put(self, refused: Mapping[str, str], others: Iterable[str]) -> None:
        """Note what a run was told: these want none, of the others that is not known any more."""
        now = int(time.time())
        came = [(_JOB, url, now, why) for url, why in refused.items() if secrets.strip(url) == url]
        went = [(_JOB, url) for url in others]
        if came or went:
            self._database.write((_IN, came), (_OUT, went))
