"""Accepted breakage: a sorted file, an entry for each broken link of each post, with a reason and an expiry day."""

import os
import posixpath
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import tomli
from msgspec import Struct
from msgspec.structs import replace

from linkkeeper.errors import UsageError
from linkkeeper.models.run import Accepted, LinkRow, Run, UrlRow
from linkkeeper.models.verdict import Verdict
from linkkeeper.report import places, registry, safe
from linkkeeper.urls.secrets import mask

SCHEMA = "linkkeeper/baseline/1"
LIFETIME_DAYS = 180
"""How long a new entry holds, unless somebody writes another day into the file."""
_LIMIT_BYTES = 50_000_000
_NAMED = 10
"""So many expired entries are named, the others counted."""
_WELL = frozenset({Verdict.OK, Verdict.REDIRECTED, Verdict.PLACEHOLDER})
_NO_BREAKAGE = frozenset({"ok", "redirected", "skipped", "unchecked"})
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


def read(path: Path) -> Baseline:
    """Return the baseline in a file. Raises UsageError for one that cannot be read, or of another version."""
    try:
        with path.open("rb") as file:
            data = file.read(_LIMIT_BYTES + 1)
        fields = tomli.loads(data[:_LIMIT_BYTES].decode("utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read the baseline {path}: {error.strerror}", "--write-baseline makes one") from error
    except (UnicodeDecodeError, tomli.TOMLDecodeError, RecursionError) as error:
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


def read_known(path: Path) -> Baseline:
    """Return the baseline in a file that is to be written anew; an empty one where there is none. Raises UsageError."""
    registry.check_outputs([("json", path)])
    return read(path) if path.exists() else Baseline()


def write(path: Path, baseline: Baseline) -> None:
    """Put a baseline into a file, whole or not at all; no link is followed. Raises UsageError."""
    registry.save(path, render(baseline))


def render(baseline: Baseline) -> str:
    """Return a baseline as TOML: one block per entry, sorted, so that a diff shows what changed."""
    return _HEAD + "".join(map(_block, sorted(baseline.entries)))


def _block(entry: Entry) -> str:
    where = f"file = {safe.toml_text(entry.file)}\nurl = {safe.toml_text(entry.url)}\n"
    what = f"verdict = {safe.toml_text(entry.verdict)}\nexpires = {entry.expires.isoformat()}\n"
    return f"\n[[accept]]\n{where}{what}reason = {safe.toml_text(entry.reason)}\n"


def judged(fail_on: Collection[str]) -> frozenset[str]:
    """Return the verdicts that a baseline is about: what fails, by default or by `--fail-on`."""
    return frozenset({*map(str, places.FAILS), *map(str, fail_on)}) - _NO_BREAKAGE


def updated(
    run: Run,
    old: Baseline,
    today: date,
    verdicts: Collection[str] = places.FAILS,
    unread: Callable[[str], bool] = lambda _: False,
) -> Baseline:
    """Return a baseline that accepts every link of run with one of these verdicts.

    Reasons stay, and days that are not over. An entry is left out once its link is gone or well: not if it could not
    be asked this time, nor if its file is unread.
    """
    known = {(entry.file, entry.url): entry for entry in old.entries}
    until = today + timedelta(days=LIFETIME_DAYS)
    open_ = _open(run)
    found = {key: entry for key, entry in known.items() if key in open_ or unread(entry.file)}
    for row, link in _broken(run, verdicts):
        key = _key(row, link)
        before = known.get(key)
        expires = before.expires if before and before.expires >= today else until
        found[key] = Entry(*key, row.verdict.value, expires, before.reason if before else "")
    return Baseline(tuple(sorted(found.values())))


def apply(
    run: Run,
    baseline: Baseline,
    today: date,
    verdicts: Collection[str] = places.FAILS,
    *,
    expired_too: bool = False,
    unread: Callable[[str], bool] = lambda _: False,
) -> Run:
    """Return run with the broken links that baseline accepts today set aside; notes name what expired or can go.

    expired_too: entries after their last day hold as well, although they are named.
    """
    known = {(entry.file, entry.url): entry for entry in baseline.entries}
    valid = {key for key, entry in known.items() if expired_too or entry.expires >= today}

    def accept(row: UrlRow, link: LinkRow) -> Accepted | None:
        key = _key(row, link)
        if key not in valid:
            return None
        return _accepted(row, link, "baseline", known[key].reason, known[key].expires)

    broken = {_key(row, link) for row, link in _broken(run, verdicts)}
    over = sorted(known[key] for key in broken & known.keys() if known[key].expires < today)
    mended = known.keys() - broken - _open(run)
    idle = {key for key in mended if not unread(key[0])} if run.complete else set()
    moved = _moved(run, idle, broken - known.keys())
    idle = {key for key in idle if key[0] not in moved}
    more = [*_of_expired(over), *_of_moved(moved), *_of_idle(len(idle))]
    return _noted(_set_aside(run, verdicts, accept), "accepted by the baseline", more)


def new_only(run: Run, is_new: Callable[[str, int, int], bool], verdicts: Collection[str] = places.FAILS) -> Run:
    """Return run with the broken links set aside that are not new; is_new takes a link's file, start and end."""

    def accept(row: UrlRow, link: LinkRow) -> Accepted | None:
        return None if is_new(link.file, link.start, link.end) else _accepted(row, link, "unchanged")

    return _noted(_set_aside(run, verdicts, accept), "not new, so not counted", [], before=len(run.accepted))


def restored(run: Run) -> Run:
    """Return run with what was set aside among its rows again: what the whole collection is like."""
    rows = [UrlRow(one.url, one.verdict, one.rule, one.detail, links=[one.link]) for one in run.accepted]
    return replace(run, urls=[*run.urls, *rows], accepted=[]) if rows else run


def _accepted(row: UrlRow, link: LinkRow, by: str, reason: str = "", expires: date | None = None) -> Accepted:
    return Accepted(row.url, row.verdict, row.rule, row.detail, link, by, reason, expires)


def _set_aside(run: Run, verdicts: Collection[str], accept: Callable[[UrlRow, LinkRow], Accepted | None]) -> Run:
    """Return run without the links that accept takes, these under `accepted`, and figures that say so."""
    rows: list[UrlRow] = []
    accepted = list(run.accepted)
    for row in run.urls:
        if row.verdict not in verdicts:
            rows.append(row)
            continue
        asked = [(link, accept(row, link)) for link in row.links]
        accepted += [one for _, one in asked if one is not None]
        left = [link for link, one in asked if one is None]
        if left or not row.links:
            rows.append(replace(row, links=left))
    if len(accepted) == len(run.accepted):
        return run
    counts = Counter(row.verdict.value for row in rows)
    verdict_counts = {name: counts[name] for name in run.summary.verdicts}
    accepted.sort(key=lambda one: (one.link.file, one.link.start, one.url))
    return replace(run, urls=rows, accepted=accepted, summary=replace(run.summary, verdicts=verdict_counts))


def _noted(run: Run, words: str, more: list[str], before: int = 0) -> Run:
    count = len(run.accepted) - before
    notes = [f"{places.plural(count, 'broken link')} {words}"] if count else []
    return replace(run, notes=[*run.notes, *notes, *more]) if notes or more else run


def _of_expired(over: list[Entry]) -> Iterator[str]:
    for entry in over[:_NAMED]:
        yield f"the baseline's entry for {entry.url} in {entry.file} expired on {entry.expires.isoformat()}"
    if len(over) > _NAMED:
        yield f"{len(over) - _NAMED} more entries of the baseline have expired"


def _moved(run: Run, idle: set[tuple[str, str]], new: set[tuple[str, str]]) -> dict[str, str]:
    """Return the files of idle entries that are gone, each with the one file that has all their broken links now."""
    if not idle or not new:
        return {}
    there = {file_key(link.file) for row in run.urls for link in row.links}
    wanted, holders = defaultdict[str, list[str]](list), defaultdict[str, set[str]](set)
    for file, url in sorted(idle):
        if file not in there:
            wanted[file].append(url)
    for file, url in new:
        holders[url].add(file)
    found: dict[str, str] = {}
    for gone, urls in wanted.items():
        names = set.intersection(*(holders[url] for url in urls))
        if len(names) == 1:
            found[gone] = names.pop()
    return found


def _of_moved(moved: dict[str, str]) -> Iterator[str]:
    for old, now in list(moved.items())[:_NAMED]:
        yield f"{old} is gone, and {now} has its broken links: if that is its new name, write it into the baseline"


def _of_idle(count: int) -> Iterator[str]:
    if count:
        entries = "1 entry of the baseline is" if count == 1 else f"{count} entries of the baseline are"
        yield f"{entries} about links that are well or gone: --write-baseline drops them"


def _broken(run: Run, verdicts: Collection[str]) -> Iterable[tuple[UrlRow, LinkRow]]:
    return ((row, link) for row in run.urls if row.verdict in verdicts for link in row.links)


def _open(run: Run) -> set[tuple[str, str]]:
    """Return the links that are there and were not seen to be well."""
    return {_key(row, link) for row in run.urls if row.verdict not in _WELL for link in row.links}


def _key(row: UrlRow, link: LinkRow) -> tuple[str, str]:
    return file_key(link.file), safe.without_surrogates(mask(row.url or link.raw))


def file_key(file: str) -> str:
    """Return a file's name in a baseline: the same from wherever below here, and however, it was named."""
    here = os.path.join(os.getcwd(), "")  # noqa: PTH109, PTH118  # text, as paths are here
    plain = posixpath.normpath(file.removeprefix(here).replace(os.sep, "/"))
    return safe.without_surrogates(mask(plain))
