"""The name under which a URL is kept: without credentials, and one that differs by them stays apart."""

import hashlib
import re

from linkkeeper.store.database import Database
from linkkeeper.urls import secrets

_PLACES = re.compile(r"[@?;#%&=]")
"""Without any of these there is nowhere for a credential to be."""


class Keys:
    """Makes keys of URLs. A salt of the database keeps a key from giving away what was stripped."""

    def __init__(self, database: Database) -> None:
        rows = database.read("SELECT value FROM meta WHERE name = 'salt'")
        salt = rows[0][0] if rows else b""
        self._salt = salt if isinstance(salt, bytes) else b""

    def of(self, url: str) -> str:
        """Return the key of a URL: itself if it holds no credential."""
        if not _PLACES.search(url):
            return url
        stripped = secrets.strip(url)
        if stripped == url:
            return url
        return f"{stripped}#{self.told(url)}"

    def told(self, secret: str) -> str:
        """Return what tells one secret text from another without giving it away."""
        return hashlib.blake2b(secret.encode("utf-8", "replace"), key=self._salt, digest_size=8).hexdigest()
