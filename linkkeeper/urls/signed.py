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
    if _INNER.search(parts.path) or _is_url(parts, rules):
        return "url-around-url"
    for take in rules.untouched_places:
        if take.holds(parts.path, (), ""):
            return take.rule
    if parts.query and rules.untouched_hint is not None and rules.untouched_hint.search(parts.query):
        return _by_parameters(parts.path, parts.query, rules)
    return None


def _is_url(parts: parse.UrlParts, rules: HostRules) -> bool:
    """Tell whether the query is one URL, and not the target of a wrapper."""
    if not parts.query or not _INNER.match(parts.query):
        return False
    return not any(wrapper.query and take.holds(parts.path, (), "") for wrapper, take in rules.wrappers)


def _by_parameters(path: str, query: str, rules: HostRules) -> str | None:
    names = {piece.name.lower() for piece in parameters(query)}
    for wanted, take in rules.untouched_parameters:
        if wanted[0] not in names and wanted[0][-1] != "*":
            continue  # as of nearly all
        if all(_present(name, names) for name in wanted) and take.holds(path, (), ""):
            return take.rule
    return None


def _present(name: str, names: set[str]) -> bool:
    return any(other.startswith(name[:-1]) for other in names) if name.endswith("*") else name in names
