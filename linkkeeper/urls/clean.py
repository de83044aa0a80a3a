"""A URL without what only tells where its reader came from; every other byte as written."""

import re
from collections.abc import Sequence
from functools import cached_property

from msgspec import Struct

from linkkeeper.urls import clearurls, parse, signed, tracking, unwrap
from linkkeeper.urls.index import HostRules, Index
from linkkeeper.urls.patterns import needs
from linkkeeper.urls.rule_set import RuleSet
from linkkeeper.urls.shapes import BEHIND_SCHEME, Shapes, names_in
from linkkeeper.urls.tracking import Step

_MAX_DEPTH = 8
"""Wrappers within wrappers; what is deeper is somebody's trap and stays wrapped."""
_MAX_ROUNDS = 8
_WEB = ("http", "https", "")
_SITE = re.compile(r"https?://([a-z0-9.\-]+)(?::[0-9]+)?")
_SITES = 10_000
"""Of which is remembered what is said of them."""


class Cleaned(Struct, frozen=True):
    """A cleaned URL and what was done to it. `url` is the very text that came in if nothing was."""

    url: str
    steps: tuple[Step, ...] = ()
    without_credentials: str = ""
    """The URL as written, less only what may open somebody's account (unwrapped, if that lies within a wrapper)."""
    left_whole: str = ""
    """The rule by which nothing of this URL may change; empty if there is none."""
    target: str = ""
    """Where a wrapper led, less credentials, before its parameters were cleaned; empty if this is no wrapper."""

    @property
    def credentials_removed(self) -> bool:
        """Whether something went that may open somebody's account."""
        return any(step.credential for step in self.steps)


class Cleaner:
    """Cleans URLs by one set of rules. Remembers the rules of hosts it has met, up to a bound."""

    def __init__(self, rules: RuleSet) -> None:
        self._index = Index(rules)
        self._sites: dict[str, Shapes] = {}
        """By scheme and authority as written, for those that hold a plain host and maybe a port."""
        self._shapes: dict[HostRules, Shapes] = {}
        self._providers = clearurls.Providers(rules.providers) if rules.providers else None
        self._rules = rules

    @property
    def reads_paths(self) -> bool:
        """Tell whether a URL without query and fragment may change, too (ClearURLs rules)."""
        return self._providers is not None

    @cached_property
    def _sign(self) -> str:
        """What every fragment holds that a rule takes away."""
        entries = (*self._rules.everywhere, *self._rules.sites)
        return "=" if all(needs(pattern, "=") for entry in entries for pattern in entry.fragments) else ""

    def clean(self, url: str) -> Cleaned:
        """Return url cleaned: `clean(clean(u).url).url == clean(u).url`. Any text is fine; nothing is raised.

        Only absolute http(s) URLs, `//host` and `www.` hosts are cleaned. A URL whose parameters match
        no rule comes back as it is, byte for byte.
        """
        cleaned = self._once(url)
        return cleaned if self._providers is None else self._settled(cleaned, self._providers)

    def cleaned(self, url: str) -> str:
        """Return `clean(url).url`, in a fifth of the time where the URL's shape decides."""
        before, asked, after = url.partition("?")
        if self._providers is not None or not asked or "#" in before:
            return self.clean(url).url if self._providers or ("#" in url and self._sign in url) else url
        query, _, fragment = after.partition("#")
        shapes = self._shapes_at(before)
        if shapes is None or (fragment and self._sign in fragment):
            return self._looked_at(url).url
        names = names_in(query)
        if shapes.quiet.issuperset(names):
            return url
        decided = shapes.decided(before, query, names)
        if decided is None:
            return (shapes.has_wrappers and self._led(url)) or self._looked_at(url).url
        if not decided.taken:
            return url
        rest = tracking.only(query, decided.kept) if decided.kept else None
        after = url[len(before) + 1 + len(query) :]
        return before + after if rest is None else f"{before}?{rest}{after}"

    def _led(self, url: str) -> str:
        """Return the cleaned URL that a wrapper around no other wrapper leads to; empty if this is none."""
        parts = parse.split(url)
        rules = self._index.at(parts.host)
        found = None if signed.left_whole(parts, rules) else unwrap.target(parts, rules)
        if found is None:
            return ""
        inner = self._shapes_at(found[1].partition("?")[0])
        return self.cleaned(found[1]) if inner and not inner.has_wrappers else ""

    def _shapes_at(self, before: str) -> Shapes | None:
        """Return the shapes of the site that a URL begins with; None for one that takes a closer look."""
        end = before.find("/", BEHIND_SCHEME)
        site = before[:end] if end > 0 else before
        return self._sites.get(site) or self._found_at(site)

    def _found_at(self, site: str) -> Shapes | None:
        plain = _SITE.fullmatch(site)
        if plain is None:
            return None
        if len(self._sites) >= _SITES:
            self._sites.clear()
        rules = self._index.at(plain[1])
        shapes = self._shapes.get(rules)
        if shapes is None:
            shapes = self._shapes[rules] = Shapes(rules)
        self._sites[site] = shapes
        return shapes

    def _once(self, url: str) -> Cleaned:
        return self._by_shape(url) or self._looked_at(url)

    def _by_shape(self, url: str) -> Cleaned | None:
        """Return url cleaned if its shape decides how."""
        if "?" not in url and "#" not in url:
            shapes = self._shapes_at(url)
            return None if shapes is None or shapes.has_wrappers else Cleaned(url, (), url)
        head, mark, fragment = url.partition("#")
        before, asked, query = head.partition("?")
        shapes = self._shapes_at(before)
        if shapes is None or (fragment and self._sign in fragment):
            return None
        if not asked and shapes.is_loud:
            return None
        decided = shapes.decided(before, query, names_in(query) if asked else [])
        if decided is None or decided.is_by_value:
            return None
        if not decided.taken:
            return Cleaned(url, (), url, decided.left_whole)
        parts = parse.UrlParts(before, query, fragment if mark else None)
        pieces = query.split("&")
        found = [(place, Step(rule, pieces[place], credential=is_one)) for place, rule, is_one in decided.taken]
        return _taken(url, parts, found)

    def _looked_at(self, url: str) -> Cleaned:
        parts = parse.split(url)
        if not parts.host or parts.scheme not in _WEB:
            return Cleaned(url, (), url)
        rules = self._index.at(parts.host)
        if parts.query is None and parts.fragment is None and not rules.wrappers:
            return Cleaned(url, (), url)
        whole = signed.left_whole(parts, rules)
        if whole:
            return Cleaned(url, (), url, whole)
        outer = _stripped(url, parts, rules)
        inner = self._unwrapped(parts, rules) if parts.query and rules.wrappers else None
        if inner is None:
            return outer
        credentials = tuple(step for step in outer.steps if step.credential)
        safe = inner.without_credentials if inner.credentials_removed else outer.without_credentials
        return Cleaned(inner.url, credentials + inner.steps, safe, target=inner.target)

    def _unwrapped(self, parts: parse.UrlParts, rules: HostRules) -> Cleaned | None:
        """Return what the wrapper leads to, cleaned; None if it is no wrapper, or one of too many."""
        steps: list[Step] = []
        while (found := unwrap.target(parts, rules)) is not None:
            if len(steps) == _MAX_DEPTH:
                return None
            steps.append(Step(found[0], parse.join(parts), kind="unwrap"))
            parts = parse.split(found[1])
            rules = self._index.at(parts.host)
            if signed.left_whole(parts, rules):
                return Cleaned(found[1], tuple(steps), found[1], target=found[1])
        if not steps:
            return None
        inner = _stripped(parse.join(parts), parts, rules)
        safe = inner.without_credentials
        return Cleaned(inner.url, (*steps, *inner.steps), safe, target=safe)

    def _settled(self, first: Cleaned, providers: clearurls.Providers) -> Cleaned:
        """Apply a user's ClearURLs rules and ours in turn until neither changes anything."""
        steps, url, safe, target = first.steps, first.url, first.without_credentials, first.target
        for _ in range(_MAX_ROUNDS):
            parts = parse.split(url)
            if not parts.host or parts.scheme not in _WEB:
                break
            more = _by_providers(url, parts, self._index.at(parts.host), providers)
            if more is None:
                return Cleaned(url, steps, safe, target=target)
            again = self._once(more.url)
            steps, url = (*steps, *more.steps, *again.steps), again.url
            if again.credentials_removed:  # in what a provider led to
                safe = again.without_credentials
            if again.target or any(step.kind == "unwrap" for step in more.steps):
                target = again.target or again.without_credentials
        return first


def _by_providers(url: str, parts: parse.UrlParts, rules: HostRules, providers: clearurls.Providers) -> Cleaned | None:
    """Return url after one round of the providers' rules; None if they leave it as it is."""
    if signed.left_whole(parts, rules):
        return None
    found = providers.at(url)
    led = clearurls.target(url, found) if found else None
    if led is not None:
        return Cleaned(led[1], (Step(led[0], url, kind="unwrap"),))
    taken = clearurls.strip(parts, found, rules)
    head, cut = clearurls.strip_path(parts.head, found)
    if not taken and not cut:
        return None
    whole = parse.UrlParts(head, parts.query, parts.fragment)
    return Cleaned(_rebuilt(whole, {place for place, _ in taken}), (*(step for _, step in taken), *cut))


def _stripped(url: str, parts: parse.UrlParts, rules: HostRules) -> Cleaned:
    """Take the parameters and the fragment away that the rules name."""
    found = tracking.strip(parts.path, parts.query, rules) if parts.query else []
    gone = tracking.strip_fragment(parts.path, parts.fragment, rules) if parts.fragment else None
    return _taken(url, parts, found, gone) if found or gone is not None else Cleaned(url, (), url)


def _taken(url: str, parts: parse.UrlParts, found: Sequence[tuple[int, Step]], gone: Step | None = None) -> Cleaned:
    """Return url without the pieces of its query that were found, by place, and maybe without its fragment."""
    steps = [step for _, step in found] + ([gone] if gone else [])
    credentials = {place for place, step in found if step.credential}
    cleaned = _rebuilt(parts, {place for place, _ in found}, keep_fragment=gone is None)
    return Cleaned(cleaned, tuple(steps), _rebuilt(parts, credentials) if credentials else url)


def _rebuilt(parts: parse.UrlParts, places: set[int], *, keep_fragment: bool = True) -> str:
    """Return the URL without the pieces of its query at places."""
    query = tracking.without(parts.query, places) if parts.query and places else parts.query
    return parse.join(parse.UrlParts(parts.head, query, parts.fragment if keep_fragment else None))
