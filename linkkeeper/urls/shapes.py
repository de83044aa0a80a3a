"""What goes from a URL as its site, its path and the names of its parameters alone decide it.

Millions of URLs have few shapes. Each is decided once, in the one way that there is (`signed`, `tracking`), and only
where no value has a say.
"""

import re
from typing import TypeVar

from msgspec import Struct

from linkkeeper.urls import parse, signed, tracking
from linkkeeper.urls.index import HostRules

_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
"""Names that are what they look like: no escapes, and no URL."""
BEHIND_SCHEME = len("https://")
"""Before here no path begins."""
_QUIET = 4096
_SHAPES = 256
_LONGEST = 512
"""Characters of a shape that is remembered."""
_CLASSES = 512
_LONGEST_PATH = 64
_T = TypeVar("_T")


class Decided(Struct, frozen=True, gc=False):
    """What becomes of all URLs of one shape."""

    kept: tuple[int, ...] = ()
    """Places of the parameters that stay, if any goes."""
    taken: tuple[tuple[int, str, bool], ...] = ()
    """Of each that goes: its place, the rule, and whether it is a credential."""
    left_whole: str = ""
    """The rule by which nothing may change."""
    is_by_value: bool = False
    """Values have a say in which rule it is that takes them."""
    unless: tuple[tuple[int, re.Pattern[str]], ...] = ()
    """Places and what a value there would have to match for this not to hold."""

    def holds(self, query: str) -> bool:
        """Tell whether the values of a query leave it at this."""
        pieces = query.split("&")
        return not any(pattern.fullmatch(pieces[place].partition("=")[2]) for place, pattern in self.unless)


STAYS = Decided()


def names_in(query: str) -> list[str]:
    """Return the names of the parameters of a query, as written."""
    return [piece.partition("=")[0] for piece in query.split("&")] if "&" in query else [query.partition("=")[0]]


def _path_of(before: str) -> str:
    """Return the path of what stands before a query."""
    end = before.find("/", BEHIND_SCHEME)
    return before[end:] if end > 0 else ""


class Shapes:
    """The shapes of the URLs of one site, or of all sites of which nothing else is said."""

    def __init__(self, rules: HostRules) -> None:
        self.quiet: set[str] = set()
        """Names of which no rule speaks: a URL that has no others stays as it is."""
        self.has_wrappers = bool(rules.wrappers)
        self.is_loud = bool(
            rules.exempt or rules.keep_only or rules.whole_query or rules.wrappers or rules.untouched_places
        )
        """Something is said of URLs whatever their parameters are called."""
        self._rules = rules
        signs = [wanted[0] for wanted, _ in rules.untouched_parameters]
        self._signs = frozenset(sign for sign in signs if not sign.endswith("*"))
        self._sign_starts = tuple(sign[:-1] for sign in signs if sign.endswith("*"))
        self._paths = [pattern.fullmatch for pattern in rules.path_patterns()]
        self._classes: dict[str, str] = {}
        self._decided: dict[str, Decided | None] = {}

    def decided(self, before: str, query: str, names: list[str]) -> Decided | None:
        """Return what becomes of a URL with this query and these, its names as written. None: look closer.

        before: scheme, authority and path.
        """
        if "?" in query or "%3" in before or before.find(":/", BEHIND_SCHEME) > 0:
            return None  # maybe a URL within the URL
        if self.quiet.issuperset(names):
            return STAYS
        shape = (self._class(_path_of(before)) if self._paths else "") + "&".join(names)
        try:
            decided = self._decided[shape]
        except KeyError:
            decided = self._learnt(shape, _path_of(before), names)
        return None if decided is None or (decided.unless and not decided.holds(query)) else decided

    def _class(self, path: str) -> str:
        """Return which patterns of paths hold: no rule asks for more of a path."""
        known = self._classes.get(path)
        if known is None:
            known = "".join(["1" if matches(path) else "0" for matches in self._paths])
            if len(path) <= _LONGEST_PATH:
                _remember(self._classes, path, known, _CLASSES)
        return known

    def _learnt(self, shape: str, path: str, names: list[str]) -> Decided | None:
        if all(self._is_quiet(name) for name in names):
            return STAYS
        decided = self._looked_at(path, names)
        if len(shape) <= _LONGEST:
            _remember(self._decided, shape, decided, _SHAPES)
        return decided

    def _is_quiet(self, name: str) -> bool:
        """Tell whether no rule speaks of a name, and remember that."""
        if self.is_loud or (name and not _NAME.fullmatch(name)) or self._rules.strip.takes(name):
            return False
        lower = name.lower()
        if lower in self._signs or lower.startswith(self._sign_starts):
            return False
        if len(self.quiet) >= _QUIET:
            self.quiet.clear()
        self.quiet.add(name)
        return True

    def _looked_at(self, path: str, names: list[str]) -> Decided | None:
        """Decide of a query that holds nothing but names. (One without a name may be nothing at all.)"""
        rules, query = self._rules, "&".join(names)
        if not all(names) or any(take.holds(path, (), "") for _, take in rules.wrappers):
            return None
        whole = signed.left_whole(parse.UrlParts("", query, None, path=path), rules)
        if whole:
            return Decided(left_whole=whole)
        found = dict(tracking.strip(path, query, rules))
        values = [self._values(piece.name) for piece in tracking.parameters(query)]
        if any(value.fullmatch("") for asked in values for value in asked):
            return None
        return Decided(
            kept=tuple([place for place in range(len(names)) if place not in found]),
            taken=tuple([(place, step.rule, step.credential) for place, step in found.items()]),
            is_by_value=any(values[place] for place in found),
            unless=tuple(
                [(place, value) for place, asked in enumerate(values) if place not in found for value in asked]
            ),
        )

    def _values(self, name: str) -> list[re.Pattern[str]]:
        """Return what rules ask of the values of a parameter that goes. No rule that keeps one asks for a value."""
        return [take.value for take in self._rules.strip.takes(name) if take.value is not None]


def _remember(memory: dict[str, _T], key: str, value: _T, most: int) -> None:
    if len(memory) >= most:
        memory.clear()
    memory[key] = value
