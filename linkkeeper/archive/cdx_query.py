"""What can be asked of a CDX index: the words of the Wayback CDX Server."""

from msgspec import Struct

FIELDS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
NOT_ERRORS = "!statuscode:[45].."
"""Captured errors are no use; redirects and revisits (status `-`) stay in."""
PAGES = "!statuscode:[345].."
"""Pages, and revisits, which may be revisits of pages. Said in the negative: an index that does not read expressions
(pywb looks for the text itself) then leaves nothing out, instead of everything."""


class CdxQuery(Struct, frozen=True):
    """One question to the index."""

    url: str
    limit: int = 25
    """Negative: the last so many rows."""
    closest: str = ""
    """14 digits: rows come nearest first (only together with sort=closest, which is then set)."""
    until: str = ""
    match_type: str = ""
    filters: tuple[str, ...] = (NOT_ERRORS,)
