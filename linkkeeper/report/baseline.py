"""Accepted breakage: a sorted file, an entry for each broken link of each post, with a reason and an expiry day."""

import tomllib
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from linkkeeper.errors import UsageError
from linkkeeper.models.run import LinkRow, Run, UrlRow
from linkkeeper.report import places, registry, safe
from linkkeeper.urls.secrets import mask

SCHEMA = "linkkeeper/baseline/1"
LIFETIME_DAYS = 180
"""How long a new entry holds, unless somebody writes another day into the file."""
_LIMIT_BYTES = 50_000_000
_HEAD = f"""\
# Broken links that are accepted for now: `linkkeeper scan --baseline FILE` does not fail because of them.
# Give each a reason; after its last day it counts again. `--write-baseline` keeps what you wrote.
schema = "{SCHEMA}"
"""


class Entry(Struct, frozen=True, order=True):
    """One broken link of one post that is accepted up to a day."""

    file: str
    url: str
    """Credentials as `***`."""
    verdict: str
    """When it was accepted; shown only."""
    expires: date
    """The last day on which it is accepted."""
    reason: str = ""


class Baseline(Struct, frozen=True):
    """What is accepted, in order of file and URL."""

    entries: tuple[Entry, ...] = ()


class Applied(Struct, frozen=True):
    """A run without what its baseline accepts."""

    run: Run
    accepted: int
    """Links."""
    expired: tuple[Entry, ...]
    """Entries of links that are still broken, after their last day."""
    unused: tuple[Entry, ...]
    """Entries whose link is not broken (any more): they can go."""


def read(path: Path) -> Baseline:
    """Return the baseline in a file. Raises UsageError for one that cannot be read, or of another version."""
    try:
        with path.open("rb") as file:
            data = file.read(_LIMIT_BYTES + 1)
        fields = tomllib.loads(data[:_LIMIT_BYTES].decode("utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read the baseline {path}: {error.strerror}", "--write-baseline makes one") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"the baseline {path} is not TOML: {error}", "repair it, or write it anew") from error
    return _checked(path, fields)


def _checked(path: Path, fields: dict[str, Any]) -> Baseline:
    found = fields.get("schema")
    if found != SCHEMA:
        raise UsageError(f"the baseline {path} has schema {found!r}, not {SCHEMA!r}", "write it anew")
    try:
        entries = msgspec.convert(fields.get("accept", []), list[Entry])
    except msgspec.ValidationError as error:
        raise UsageError(f"the baseline {path} has a wrong entry: {error}", "repair it, or write it anew") from error
    return Baseline(tuple(sorted(entries)))


def write(path: Path, baseline: Baseline) -> None:
    """Put a baseline into a file, whole or not at all; no link is followed. Raises UsageError."""
    registry.save(path, render(baseline))


def render(baseline: Baseline) -> str:
    """Return a baseline as TOML: one block per entry, sorted, so that a diff shows what changed."""
    blocks = [
        f"\n[[accept]]\nfile = {_quoted(entry.file)}\nurl = {_quoted(entry.url)}\nverdict = {_quoted(entry.verdict)}\n"
        f"expires = {entry.expires.isoformat()}\nreason = {_quoted(entry.reason)}\n"
        for entry in sorted(baseline.entries)
    ]
    return _HEAD + "".join(blocks)


def _quoted(text: str) -> str:
    """Return text as a TOML basic string (TOML 1.0): what cannot be seen is escaped."""
    escaped = "".join(_toml(char) for char in safe.without_surrogates(text))
    return f'"{escaped}"'


def _toml(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable() or char == "\u3000":
        return char
    code = ord(char)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def updated(run: Run, old: Baseline, today: date, verdicts: Collection[str] = places.FAILS) -> Baseline:
    """Return a baseline that accepts every link of run with one of these verdicts.

    Reasons stay, and days that are not over; links that are no longer broken are left out.
    """
    known = {(entry.file, entry.url): entry for entry in old.entries}
    until = today + timedelta(days=LIFETIME_DAYS)
    found: dict[tuple[str, str], Entry] = {}
    for row, link in _broken(run, verdicts):
        key = _key(row, link)
        before = known.get(key)
        expires = before.expires if before and before.expires >= today else until
        found[key] = Entry(*key, row.verdict.value, expires, before.reason if before else "")
    return Baseline(tuple(sorted(found.values())))


def apply(run: Run, baseline: Baseline, today: date, verdicts: Collection[str] = places.FAILS) -> Applied:
    """Return run without the broken links that baseline accepts today, and a note that says how many."""
    known = {(entry.file, entry.url): entry for entry in baseline.entries}
    broken = {_key(row, link) for row, link in _broken(run, verdicts)}
    valid = {key for key, entry in known.items() if entry.expires >= today}
    rows = [_without(row, valid) if row.verdict in verdicts else row for row in run.urls]
    accepted = sum(len(row.links) for row in run.urls) - sum(len(row.links) for row in rows)
    left = [after for after, before in zip(rows, run.urls, strict=True) if after.links or not before.links]
    return Applied(
        _counted(run, left, accepted),
        accepted,
        tuple(sorted(known[key] for key in broken & known.keys() - valid)),
        tuple(sorted(known[key] for key in known.keys() - broken)),
    )


def _without(row: UrlRow, accepted: Collection[tuple[str, str]]) -> UrlRow:
    return replace(row, links=[link for link in row.links if _key(row, link) not in accepted])


def _counted(run: Run, rows: list[UrlRow], accepted: int) -> Run:
    if not accepted:
        return run
    counts = Counter(row.verdict.value for row in rows)
    verdicts = {name: counts[name] for name in run.summary.verdicts}
    note = f"{places.plural(accepted, 'broken link')} accepted by the baseline"
    return replace(run, urls=rows, summary=replace(run.summary, verdicts=verdicts), notes=[*run.notes, note])


def _broken(run: Run, verdicts: Collection[str]) -> Iterable[tuple[UrlRow, LinkRow]]:
    return ((row, link) for row in run.urls if row.verdict in verdicts for link in row.links)


def _key(row: UrlRow, link: LinkRow) -> tuple[str, str]:
    return safe.without_surrogates(mask(link.file)), safe.without_surrogates(mask(row.url or link.raw))
