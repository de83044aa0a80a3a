"""A user's file in the ClearURLs JSON format (`--rules FILE`): read, checked, applied.

The form: https://docs.clearurls.xyz, "rules". `completeProvider` (block the site) and
`referralMarketing` (the author's own affiliate tags) are not cleaning and are left out. Files of this
form are as hostile as anything from outside: each pattern is checked, and none meets a URL longer
than `MAX_URL`.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from linkkeeper.errors import UsageError
from linkkeeper.urls import parse, patterns
from linkkeeper.urls.index import HostRules
from linkkeeper.urls.rule_set import Provider, RuleSet
from linkkeeper.urls.tracking import Parameter, Step, parameters
from linkkeeper.urls.unwrap import absolute, decode_once

MAX_URL = 1000
"""Longer URLs are left to our own rules: a pattern may take time that grows with the cube of the length."""
_MAX_NAME = 100
_MAX_PATTERNS = 20_000
_MAX_RAW_PASSES = 8


class _Provider(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    url_pattern: str
    rules: list[str] = field(default_factory=list)
    raw_rules: list[str] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)
    redirections: list[str] = field(default_factory=list)
    complete_provider: bool = False
    referral_marketing: list[str] = field(default_factory=list)
    force_redirection: bool = False
    methods: list[str] = field(default_factory=list)


class _File(Struct, frozen=True):
    providers: dict[str, Any]


def read(text: str, file: str) -> RuleSet:
    """Read a ClearURLs file. Raises UsageError naming file, line and provider for what is refused."""
    try:
        found = msgspec.json.decode(text, type=_File)
    except msgspec.DecodeError as error:  # also what does not fit the form
        raise UsageError(f"{file}:{_broken_line(text)}: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{file}: is nested too deeply") from error
    providers = {name: _formed(name, given, text, file) for name, given in found.providers.items()}
    count = sum(1 for provider in providers.values() for _ in _patterns(provider))
    if count > _MAX_PATTERNS:
        raise UsageError(f"{file}: holds {count} patterns; {_MAX_PATTERNS} is the most")
    for name, provider in providers.items():
        _check(name, provider, text, file)
    return RuleSet(providers=tuple(_provider(name, provider) for name, provider in providers.items()))


def _formed(name: str, given: Any, text: str, file: str) -> _Provider:
    try:
        return msgspec.convert(given, _Provider)
    except msgspec.ValidationError as error:
        raise UsageError(f"{_where(text, file, name)}: {error}") from error


def _broken_line(text: str) -> int:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.lineno
    except RecursionError:
        return 1
    return 1


def _patterns(provider: _Provider) -> Iterator[tuple[str, str]]:
    yield "urlPattern", provider.url_pattern
    yield from (("rules", text) for text in provider.rules)
    yield from (("rawRules", text) for text in provider.raw_rules)
    yield from (("exceptions", text) for text in provider.exceptions)
    yield from (("redirections", text) for text in provider.redirections)


def _check(name: str, provider: _Provider, text: str, file: str) -> None:
    for key, pattern in _patterns(provider):
        try:
            found = patterns.compiled(pattern, any_case=True)
        except ValueError as error:
            raise UsageError(f"{_where(text, file, name, pattern)}: {key}: {pattern[:80]!r} {error}") from error
        if key == "rules" and patterns.matches_everything(found):
            raise UsageError(f"{_where(text, file, name, pattern)}: {key}: {pattern[:80]!r} matches everything")


def _where(text: str, file: str, name: str, pattern: str = "") -> str:
    start = max(text.find(json.dumps(name, ensure_ascii=False)), 0)
    place = text.find(json.dumps(pattern, ensure_ascii=False), start) if pattern else -1
    line = text.count("\n", 0, place if place >= 0 else start) + 1
    return f"{file}:{line}: provider {name[:80]!r}"


def _provider(name: str, found: _Provider) -> Provider:
    return Provider(
        name=name,
        url=found.url_pattern,
        rules=tuple(found.rules),
        raw_rules=tuple(found.raw_rules),
        exceptions=tuple(found.exceptions),
        redirections=tuple(found.redirections),
    )


class Compiled(Struct, frozen=True):
    """A provider ready to be applied."""

    name: str
    url: re.Pattern[str]
    rules: tuple[re.Pattern[str], ...]
    raw_rules: tuple[re.Pattern[str], ...]
    exceptions: tuple[re.Pattern[str], ...]
    redirections: tuple[re.Pattern[str], ...]


class Providers:
    """The providers of a run's files, ready to be applied."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        self._providers = tuple(map(_compiled, providers))

    def at(self, url: str) -> tuple[Compiled, ...]:
        """Return the providers that speak about url; none for one that is too long."""
        if len(url) > MAX_URL:
            return ()
        return tuple(
            provider
            for provider in self._providers
            if provider.url.search(url) and not any(pattern.search(url) for pattern in provider.exceptions)
        )


def _compiled(provider: Provider) -> Compiled:
    def several(texts: Sequence[str]) -> tuple[re.Pattern[str], ...]:
        return tuple(patterns.compiled(text, any_case=True) for text in texts)

    return Compiled(
        name="clearurls-" + provider.name,
        url=patterns.compiled(provider.url, any_case=True),
        rules=several(provider.rules),
        raw_rules=several(provider.raw_rules),
        exceptions=several(provider.exceptions),
        redirections=several(provider.redirections),
    )


def target(url: str, providers: Sequence[Compiled]) -> tuple[str, str] | None:
    """Return (rule, target) if a redirection of the providers matches: its first group, decoded once."""
    for provider in providers:
        for pattern in provider.redirections:
            found = pattern.search(url)
            inner = absolute(decode_once(found[1])) if found and pattern.groups and found[1] else None
            if inner is not None and len(inner) < len(url):
                return provider.name, inner
    return None


def strip(parts: parse.UrlParts, providers: Sequence[Compiled], rules: HostRules) -> list[tuple[int, Step]]:
    """Return which of the query's pieces go (by place): those whose whole name a rule matches, in any case."""
    if not parts.query:
        return []
    pieces = parameters(parts.query)
    names = {piece.name for piece in pieces}
    taken = ((place, piece, _taker(piece, providers)) for place, piece in enumerate(pieces))
    return [
        (place, Step(taker.name, piece.text))
        for place, piece, taker in taken
        if taker is not None and not rules.keeps(parts.path, names, piece.name, piece.value)
    ]


def _taker(piece: Parameter, providers: Sequence[Compiled]) -> Compiled | None:
    def matches(rule: re.Pattern[str]) -> bool:
        return rule.fullmatch(piece.name) is not None

    if len(piece.name) > _MAX_NAME:
        return None
    return next((one for one in providers if any(map(matches, one.rules))), None)


def strip_path(head: str, providers: Sequence[Compiled]) -> tuple[str, tuple[Step, ...]]:
    """Return head (all before `?`) after the raw rules, which cut out of the path and nowhere else."""
    start = len(head) - len(parse.split(head).path)
    path = head[start:]
    steps: tuple[Step, ...] = ()
    for _ in range(_MAX_RAW_PASSES):
        before = path
        for provider in providers:
            for pattern in provider.raw_rules:
                shorter = pattern.sub("", path)
                if shorter != path:
                    steps, path = (*steps, Step(provider.name, path, kind="path")), shorter
        if path == before:
            return head[:start] + path, steps
    return head, ()
