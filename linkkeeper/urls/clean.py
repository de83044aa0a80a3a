"""A URL without what only tells where its reader came from; every other byte as written."""

from msgspec import Struct

from linkkeeper.urls import parse, signed, tracking, unwrap
from linkkeeper.urls.index import HostRules, Index
from linkkeeper.urls.rules import RuleSet
from linkkeeper.urls.tracking import Step

_MAX_DEPTH = 8
"""Wrappers within wrappers; what is deeper is somebody's trap and stays wrapped."""
_WEB = ("http", "https", "")


class Cleaned(Struct, frozen=True):
    """A cleaned URL and what was done to it. `url` is the very text that came in if nothing was."""

    url: str
    steps: tuple[Step, ...] = ()
    without_credentials: str = ""
    """The URL as written, less only what may open somebody's account."""

    @property
    def credentials_removed(self) -> bool:
        """Whether something went that may open somebody's account."""
        return any(step.credential for step in self.steps)


class Cleaner:
    """Cleans URLs by one set of rules. Keeps an index of hosts it has met, of bounded size."""

    def __init__(self, rules: RuleSet) -> None:
        self._index = Index(rules)

    def clean(self, url: str) -> Cleaned:
        """Return url cleaned: `clean(clean(u).url).url == clean(u).url`. Any text is fine; nothing is raised.

        Only absolute http(s) URLs, `//host` and `www.` hosts are cleaned. A URL whose parameters match
        no rule comes back as it is, byte for byte.
        """
        parts = parse.split(url)
        if not parts.host or parts.scheme not in _WEB:
            return Cleaned(url, (), url)
        rules = self._index.at(parts.host)
        if parts.query is None and parts.fragment is None and not rules.wrappers:
            return Cleaned(url, (), url)
        return self._cleaned(url, parts, rules)

    def _cleaned(self, url: str, parts: parse.UrlParts, rules: HostRules) -> Cleaned:
        first = _pass(url, parts, rules)
        safe = first.without_credentials
        unwrapped = self._unwrapped(parts, rules)
        if unwrapped is None:
            return first
        inner, steps = unwrapped
        credentials = tuple(step for step in first.steps if step.credential)
        return Cleaned(inner, (*credentials, *steps), safe)

    def _unwrapped(self, parts: parse.UrlParts, rules: HostRules) -> tuple[str, tuple[Step, ...]] | None:
        """Return what the wrapper leads to, cleaned, and the steps; None if it is none, or too deep."""
        steps: tuple[Step, ...] = ()
        url = ""
        for _ in range(_MAX_DEPTH):
            found = None if signed.left_whole(parts, rules) else unwrap.target(parts, rules)
            if found is None:
                break
            rule, url = found
            steps = (*steps, Step(rule, parse.join(parts), kind="unwrap"))
            parts = parse.split(url)
            rules = self._index.at(parts.host)
        else:
            return None
        if not steps:
            return None
        inner = _pass(url, parts, rules)
        return inner.url, (*steps, *inner.steps)


def _pass(url: str, parts: parse.UrlParts, rules: HostRules) -> Cleaned:
    """Strip one URL that is not unwrapped."""
    if signed.left_whole(parts, rules):
        return Cleaned(url, (), url)
    found = tracking.strip(parts.path, parts.query, rules) if parts.query else []
    gone = tracking.strip_fragment(parts.path, parts.fragment, rules) if parts.fragment else None
    if not found and gone is None:
        return Cleaned(url, (), url)
    credentials = {place for place, step in found if step.credential}
    steps = [step for _, step in found] + ([gone] if gone else [])
    cleaned = _rebuilt(parts, {place for place, _ in found}, keep_fragment=gone is None)
    return Cleaned(cleaned, tuple(steps), _rebuilt(parts, credentials, keep_fragment=True) if credentials else url)


def _rebuilt(parts: parse.UrlParts, places: set[int], *, keep_fragment: bool) -> str:
    url = parts.head
    query = tracking.without(parts.query, places) if parts.query and places else parts.query
    if query is not None:
        url += "?" + query
    if keep_fragment and parts.fragment is not None:
        url += "#" + parts.fragment
    return url
