"""URLs that are left whole: signed ones, archived ones, opaque short links, URLs around other URLs."""

import re

from linkkeeper.urls import parse
from linkkeeper.urls.index import HostRules
from linkkeeper.urls.tracking import parameters

_INNER = re.compile(r"https?:/|https?%3A", re.IGNORECASE)


def left_whole(parts: parse.UrlParts, rules: HostRules) -> str | None:
    """Return the rule that says that nothing of this URL may change, or None."""
    if rules.exempt:
        return "user-exempt"
    if parts.query is not None and _INNER.match(parts.query):
        return "url-around-url"
    if _INNER.search(parts.path):
        return "url-around-url"
    names: set[str] | None = None
    for entry, take in rules.untouched:
        if names is None:
            names = {piece.name.lower() for piece in parameters(parts.query or "")}
        if take.holds(parts.path, (), "") and all(_present(name.lower(), names) for name in entry.all_of):
            return entry.id
    return None


def _present(name: str, names: set[str]) -> bool:
    return any(other.startswith(name[:-1]) for other in names) if name.endswith("*") else name in names
