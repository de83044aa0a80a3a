"""Rule files read and checked: what is wrong in one is said with file, line and entry."""

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import tomli

from linkkeeper.errors import UsageError
from linkkeeper.urls import parse, patterns
from linkkeeper.urls.rule_set import CleanOptions, Entry, ParameterRule, RuleSet, UntouchedRule, WrapperRule

MAX_BYTES = 16_000_000
_TABLES: dict[str, type[Entry]] = {
    "global": ParameterRule,
    "site": ParameterRule,
    "wrapper": WrapperRule,
    "untouched": UntouchedRule,
}
_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*([\w-]+)[ \t]*\]\]", re.MULTILINE)
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?:\.\*)?")
_NO_NAME = re.compile(r"[\s&=#?]|\*(?!\Z)")
_HINT = "docs/cleaning.md shows how an entry is written"


def read_any(data: bytes, file: str) -> RuleSet:
    """Read a user's rule file: JSON in the form of ClearURLs, else our TOML. Raises UsageError."""
    if len(data) > MAX_BYTES:
        raise UsageError(f"{file}: the rule file is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: the rule file is not UTF-8 text (byte {error.start})") from error
    if text.lstrip().startswith("{"):
        from linkkeeper.urls import clearurls  # few have such a file

        return clearurls.read(text, file)
    return read(text, file)


def read(text: str, file: str, *, trusted: bool = False) -> RuleSet:
    """Read rules in TOML. Raises UsageError naming file, line and entry.

    trusted leaves out what a test proves of the files that come with linkkeeper (and takes 50 ms).
    """
    try:
        tables = tomli.loads(text.replace("\r\n", "\n"))
    except tomli.TOMLDecodeError as error:
        raise UsageError(f"{file}:{_broken_line(text, error)}: {error}", _HINT) from error
    except RecursionError as error:
        raise UsageError(f"{file}: is nested too deeply", _HINT) from error
    entries: dict[str, list[Any]] = {table: [] for table in _TABLES}
    ids: set[str] = set()
    for table, place, row in _rows(tables, file):
        where = functools.partial(_where, text, file, table, place, row)  # slow, and only for errors
        entry = _entry(table, row, where, trusted=trusted)
        if entry.id in ids:
            raise UsageError(f"{where()}: the id stands twice in this file", _HINT)
        ids.add(entry.id)
        entries[table].append(entry)
    return RuleSet(
        tuple(entries["global"]), tuple(entries["site"]), tuple(entries["wrapper"]), tuple(entries["untouched"])
    )


def _broken_line(text: str, error: tomli.TOMLDecodeError) -> int:
    """Return the line that tomli names in its message; else it came to the end of the text."""
    named = re.search(r"at line (\d+)", str(error))
    return int(named[1]) if named else text.rstrip("\n").count("\n") + 1


def _rows(tables: dict[str, Any], file: str) -> Iterator[tuple[str, int, Any]]:
    for table, rows in tables.items():
        if table not in _TABLES:
            known = ", ".join(f"[[{name}]]" for name in _TABLES)
            raise UsageError(f"{file}: there is no table {table!r}; known are {known}", _HINT)
        if not isinstance(rows, list):
            raise UsageError(f"{file}: write [[{table}]], with two brackets", _HINT)
        yield from ((table, place, row) for place, row in enumerate(rows))


def _where(text: str, file: str, table: str, place: int, row: Any) -> str:
    headers = [found for found in _HEADER.finditer(text) if found[1] == table]
    line = text.count("\n", 0, headers[place].start()) + 1 if place < len(headers) else 1
    name = row.get("id") if isinstance(row, dict) else None
    return f"{file}:{line}: {table} {name!r}" if isinstance(name, str) else f"{file}:{line}: {table} entry {place + 1}"


def _entry(table: str, row: Any, where: Callable[[], str], *, trusted: bool) -> Entry:
    try:
        entry = msgspec.convert(row, _TABLES[table])
    except msgspec.ValidationError as error:
        raise UsageError(f"{where()}: {error}", _HINT) from error
    if not trusted:
        for problem in problems(table, entry):
            raise UsageError(f"{where()}: {problem}", _HINT)
    return entry


def problems(table: str, entry: Entry) -> Iterator[str]:
    """Yield what is wrong with an entry, a sentence each."""
    if not _ID.fullmatch(entry.id):
        yield "the id must be lower-case words joined by hyphens"
    if not entry.why.strip() or not entry.source.strip():
        yield "why and source must say something"
    yield from _host_problems(table, entry.hosts)
    yield from _pattern_problems("path", [entry.path] if entry.path else [])
    match entry:
        case ParameterRule():
            yield from _parameter_problems(table, entry)
        case WrapperRule():
            if bool(entry.params) == entry.query:
                yield "a wrapper needs params, or query = true"
            yield from _name_problems("params", entry.params)
            yield from _name_problems("credentials", entry.credentials)
        case UntouchedRule():
            if not entry.hosts and not entry.all_of:
                yield "it would leave every URL alone: give hosts, or all_of"
            yield from _name_problems("all_of", entry.all_of)


def _host_problems(table: str, hosts: Sequence[str]) -> Iterator[str]:
    if table == "global" and hosts:
        yield "a global entry has no hosts; write [[site]]"
    if table in {"site", "wrapper"} and not hosts:
        yield "hosts is missing"
    for host in hosts:
        if not _HOST.fullmatch(host):
            yield f"{host!r} is no host: lower case, no scheme, no path; only `name.*` may hold a star"
        elif not host.endswith(".*") and parse.is_public_suffix(host):
            yield f"{host!r} is a public suffix: the rule would hold for strangers' sites"


def _parameter_problems(table: str, entry: ParameterRule) -> Iterator[str]:
    for key in ("strip", "credentials", "keep", "keep_only", "needs"):
        yield from _name_problems(key, getattr(entry, key))
    yield from _pattern_problems("patterns", entry.patterns)
    yield from _pattern_problems("fragments", entry.fragments)
    yield from _pattern_problems("value", [entry.value] if entry.value else [])
    acts = (entry.strip, entry.credentials, entry.patterns, entry.keep, entry.keep_only, entry.fragments)
    if not any(acts) and not entry.whole_query:
        yield "it does nothing: give strip, patterns, credentials, keep, keep_only, fragments or whole_query"
    if (entry.whole_query or entry.keep_only) and (table == "global" or not entry.path):
        yield "whole_query and keep_only would match everything: they need hosts and a path"


def _name_problems(key: str, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if name == "*":
            yield f"{key}: '*' matches everything"
        elif not name or _NO_NAME.search(name):
            yield f"{key}: {name!r} is no parameter name; a star may only end it"
        elif name.endswith("*") and len(name) < 3:
            yield f"{key}: {name!r} matches too much: two characters before the star at least"


def _pattern_problems(key: str, texts: Sequence[str]) -> Iterator[str]:
    for text in texts:
        try:
            pattern = patterns.compiled(text)
        except ValueError as error:
            yield f"{key}: {text[:80]!r} {error}"
        else:
            if patterns.matches_everything(pattern):
                yield f"{key}: {text[:80]!r} matches everything"


def check_options(options: CleanOptions) -> None:
    """Refuse names that would take or keep everything. Raises UsageError."""
    for setting, rules in (("clean.strip", options.strip), ("clean.keep_params", options.exempt_params)):
        for rule in rules:
            host, _, name = rule.rpartition(":")
            hosts = _host_problems("site", (host.lower(),)) if host else ()
            wrong = [*_name_problems(setting, (name,)), *(f"{setting}: {problem}" for problem in hosts)]
            if wrong:
                raise UsageError(wrong[0], "write `name`, `prefix*` or `host:name`")
    for host in options.exempt_hosts:
        if not _HOST.fullmatch(host.lower()) or host.endswith("*"):
            raise UsageError(f"clean.keep_hosts: {host!r} is no host", "write a host alone, such as example.com")
