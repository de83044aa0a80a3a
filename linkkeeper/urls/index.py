"""The rules that hold for one host, laid out so that a parameter is one look-up."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from msgspec import Struct

from linkkeeper.urls import parse
from linkkeeper.urls.patterns import proven
from linkkeeper.urls.rule_set import CleanOptions, Entry, ParameterRule, RuleSet, UntouchedRule, WrapperRule

_MAX_HOST = 253
"""Longer is no name of the DNS (RFC 1035, 2.3.4): no site's rules hold there."""
_MEMO = 2048


class Take(Struct, frozen=True, gc=False):
    """One reason to remove a parameter, and when it holds."""

    rule: str
    credential: bool = False
    path: re.Pattern[str] | None = None
    needs: frozenset[str] = frozenset()
    value: re.Pattern[str] | None = None

    def holds(self, path: str, names: Iterable[str], value: str) -> bool:
        """Tell whether the conditions are met in a URL with this path and these parameter names."""
        return (
            (self.path is None or self.path.fullmatch(path) is not None)
            and (not self.needs or self.needs.issubset(names))
            and (self.value is None or self.value.fullmatch(value) is not None)
        )


class Names:
    """Names and patterns of names, each with its takes: those of a base first."""

    def __init__(self, base: "Names | None" = None) -> None:
        self._base = base
        self._exact: dict[str, list[Take]] = {}
        self._lower: dict[str, list[Take]] = {}
        self._patterns: list[tuple[re.Pattern[str], Take]] = []
        self._memo: dict[str, tuple[Take, ...]] = {}

    def add(self, names: Iterable[str], take: Take, *, any_case: bool = False) -> None:
        """Add names, of which those with a final `*` are prefixes."""
        for name in names:
            if name.endswith("*"):
                self.add_pattern(re.escape(name[:-1]) + r"[\s\S]+", take, any_case=any_case)
            elif any_case:
                self._lower.setdefault(name.lower(), []).append(take)
            else:
                self._exact.setdefault(name, []).append(take)

    def add_pattern(self, pattern: str, take: Take, *, any_case: bool = False) -> None:
        """Add a regular expression that the whole name must match."""
        self._patterns.append((proven(pattern, any_case=any_case), take))

    def takes(self, name: str) -> tuple[Take, ...]:
        """Return all takes of name, in the order of the rules' kind: names before patterns."""
        found = self._memo.get(name)
        if found is None:
            found = tuple(self._look_up(name))
            if len(self._memo) >= _MEMO:
                self._memo.clear()
            if len(name) <= 64:
                self._memo[name] = found
        return found

    def all(self) -> Iterator[Take]:
        """Yield the takes of all names, some more than once."""
        if self._base is not None:
            yield from self._base.all()
        yield from chain.from_iterable(chain(self._exact.values(), self._lower.values()))
        yield from (take for _, take in self._patterns)

    def _look_up(self, name: str) -> Iterator[Take]:
        if self._base is not None:
            yield from self._base.takes(name)
        yield from self._exact.get(name, ())
        yield from self._lower.get(name.lower(), ())
        yield from (take for pattern, take in self._patterns if pattern.fullmatch(name))


class KeepOnly(Struct, frozen=True):
    """An allow-list: where it holds, every other parameter goes."""

    take: Take
    names: frozenset[str]


class HostRules:
    """What holds on one host."""

    def __init__(self, entries: Iterable[Entry], base: "HostRules | None" = None) -> None:
        self.strip: Names = Names(base.strip if base else None)
        self.keep: Names = Names(base.keep if base else None)
        self.keep_only: list[KeepOnly] = []
        self.whole_query: list[Take] = []
        self.fragments: list[tuple[re.Pattern[str], Take]] = [*base.fragments] if base else []
        self.wrappers: list[tuple[WrapperRule, Take]] = []
        self.untouched_places: list[Take] = []
        self.untouched_parameters: list[tuple[tuple[str, ...], Take]] = [*base.untouched_parameters] if base else []
        self.exempt = False
        for entry in entries:
            self._add(entry)
        same = base is not None and len(base.untouched_parameters) == len(self.untouched_parameters)
        self.untouched_hint: re.Pattern[str] | None = base.untouched_hint if base and same else self._hint()

    def _hint(self) -> re.Pattern[str] | None:
        """Return what a query must hold for a signature to be in it: one search, not a look at each parameter.

        A name with escapes in it may be any name.
        """
        names = sorted({re.escape(wanted[0].removesuffix("*")) for wanted, _ in self.untouched_parameters})
        return re.compile(rf"(?:\A|[&;])(?:{'|'.join(names)}|[^=&;%]*%)", re.IGNORECASE) if names else None

    def heed(self, host: str, options: CleanOptions) -> None:
        """Add what the user says about host."""
        self.strip.add((name for scope, name in map(scoped, options.strip) if within(host, scope)), Take("user-strip"))
        kept = (name for scope, name in map(scoped, options.exempt_params) if within(host, scope))
        self.keep.add(kept, Take("user-exempt"))
        self.exempt = any(within(host, scope) for scope in map(str.lower, options.exempt_hosts))

    def keeps(self, path: str, names: Iterable[str], name: str, value: str) -> bool:
        """Tell whether the parameter must stay, whatever else says that it goes."""
        return any(take.holds(path, names, value) for take in self.keep.takes(name))

    def path_patterns(self) -> list[re.Pattern[str]]:
        """Return the patterns of paths that some rule asks for: what goes from a query depends on no more of a path."""
        conditional = ((take for _, take in some) for some in (self.wrappers, self.untouched_parameters))
        kept_only = (only.take for only in self.keep_only)
        takes = chain(
            self.strip.all(), self.keep.all(), kept_only, self.whole_query, self.untouched_places, *conditional
        )
        return list(dict.fromkeys(take.path for take in takes if take.path is not None))

    def _add(self, entry: Entry) -> None:
        take = Take(entry.id, path=proven(entry.path) if entry.path else None)
        match entry:
            case ParameterRule():
                self._add_parameters(entry, take)
            case WrapperRule():
                self.wrappers.append((entry, take))
                self.strip.add(entry.credentials, Take(entry.id, credential=True, path=take.path))
            case UntouchedRule():
                self._add_untouched(entry, take)

    def _add_untouched(self, entry: UntouchedRule, take: Take) -> None:
        if entry.all_of:
            self.untouched_parameters.append((tuple(name.lower() for name in entry.all_of), take))
        else:
            self.untouched_places.append(take)

    def _add_parameters(self, entry: ParameterRule, on_path: Take) -> None:
        value = proven(entry.value) if entry.value else None
        take = Take(entry.id, path=on_path.path, needs=frozenset(entry.needs), value=value)
        self.strip.add(entry.credentials, Take(entry.id, credential=True, path=on_path.path), any_case=entry.any_case)
        self.strip.add(entry.strip, take, any_case=entry.any_case)
        for pattern in entry.patterns:
            self.strip.add_pattern(pattern, take, any_case=entry.any_case)
        self.keep.add(entry.keep, on_path)
        if entry.keep_only:
            self.keep_only.append(KeepOnly(take, frozenset(entry.keep_only)))
        if entry.whole_query:
            self.whole_query.append(take)
        for pattern in entry.fragments:
            self.fragments.append((proven(pattern, any_case=entry.any_case), take))


class Index:
    """All rules of a set, by host; their patterns have been looked at (`rule_files`).

    Resolving a host is done once for as long as it is remembered. Hosts of which the same is said share their rules.
    """

    def __init__(self, rules: RuleSet) -> None:
        self._options = rules.options
        self._spoken_of = tuple(
            scope
            for scope, _ in (*map(scoped, rules.options.strip), *map(scoped, rules.options.exempt_params))
            if scope
        ) + tuple(map(str.lower, rules.options.exempt_hosts))
        everywhere = (*rules.everywhere, *(entry for entry in rules.untouched if not entry.hosts))
        self._anywhere = HostRules(everywhere)
        self._anywhere.heed("", rules.options)
        self._by_host: dict[str, list[Entry]] = {}
        self._by_name: dict[str, list[tuple[str, Entry]]] = {}
        for entry in (*rules.sites, *rules.wrappers, *rules.untouched):
            for host in entry.hosts:
                self._enter(host, entry)
        self._labels = self._spoken_labels()
        self._resolved: dict[str, HostRules] = {}
        self._alike: dict[tuple[object, ...], HostRules] = {}
        """By what is said of a host: the same for `www.` and all other hosts of a site."""

    def _spoken_labels(self) -> frozenset[str]:
        """Return labels of which every host that is spoken of has one: few others have one so long."""
        scopes = (scope.split(".") for scope in (*self._by_host, *self._spoken_of))
        return frozenset(max(labels[-2::-1] or labels, key=len) for labels in scopes).union(self._by_name)

    def _enter(self, host: str, entry: Entry) -> None:
        if host.endswith(".*"):
            below, _, name = host[:-2].rpartition(".")
            self._by_name.setdefault(name, []).append((below, entry))
        else:
            self._by_host.setdefault(host, []).append(entry)

    def at(self, host: str) -> HostRules:
        """Return what holds on host (lower case)."""
        if self._labels.isdisjoint(host.split(".")):
            return self._anywhere  # as on most: not worth remembering
        found = self._resolved.get(host)
        if found is None:
            if len(self._resolved) >= _MEMO:
                self._resolved.clear()
            found = self._resolved[host] = self._resolve(host.rstrip("."))
        return found

    def _resolve(self, host: str) -> HostRules:
        entries = self._entries(host)
        scopes = [scope for scope in self._spoken_of if within(host, scope)]
        if not entries and not scopes:
            return self._anywhere
        said = (*map(id, entries), *scopes)
        found = self._alike.get(said)
        if found is None:
            found = self._alike[said] = HostRules(entries, self._anywhere)
            found.heed(host, self._options)
        return found

    def _entries(self, host: str) -> list[Entry]:
        found: list[Entry] = []
        if len(host) > _MAX_HOST:
            return found
        start = 0
        while start >= 0:
            found += self._by_host.get(host[start:], ())
            start = host.find(".", start) + 1 or -1
        if not self._by_name.keys().isdisjoint(host.split(".")):
            domain = parse.registry_domain(host)
            for below, entry in self._by_name.get(domain.partition(".")[0], ()):
                if within(host, f"{below}.{domain}" if below else domain):
                    found.append(entry)
        return found


def scoped(rule: str) -> tuple[str, str]:
    """Split `host:name` of an option; the host is empty for a plain name."""
    host, _, name = rule.rpartition(":")
    return host.lower(), name


def within(host: str, scope: str) -> bool:
    """Tell whether host is scope or below it; everything is within the empty scope."""
    return not scope or host == scope or host.endswith("." + scope)
