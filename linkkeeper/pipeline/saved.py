"""What became of the living -> the report of `archive save`. Pure, but for the size of a folder."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from linkkeeper.models.about import VERSION
from linkkeeper.models.document import FileProblem
from linkkeeper.models.saving import HAS_COPY, SETTLED, Copy, CopyState, Saved, SavedRow, SaveSummary
from linkkeeper.models.verdict import Verdict
from linkkeeper.pipeline import coverage
from linkkeeper.pipeline.collect import Collection, Entry
from linkkeeper.pipeline.outcome import Outcome
from linkkeeper.report.advice import quoted
from linkkeeper.report.saving import size

_UNSURE = (Verdict.BLOCKED, Verdict.SUSPECT)
_MB = 1_000_000
_HOSTS = 3
"""Named in a note."""
PRIVATE = "private-address"
"""The rule of links that lead to addresses which are not public."""


class Living(Struct, frozen=True):
    """A link that lives: what is saved of it, and who cites it."""

    entry: Entry
    url: str
    """As it works: cleaned, or as written where cleaning breaks it. Without fragment."""
    posts: tuple[str, ...]


class Made(Struct, frozen=True):
    """All that a run did."""

    started: datetime
    to: list[str]
    """Archives, as asked for."""
    living: list[Living]
    copies: Mapping[str, Mapping[str, Copy]]
    """Saved URL → archive → how it stands."""
    outcome: Outcome
    dry_run: bool = False
    interrupted: bool = False
    bytes_added: int = 0
    bytes_total: int = 0


def build(made: Made, collection: Collection, problems: Iterable[FileProblem]) -> Saved:
    """Return the run as it is reported, URLs and files in sorted order."""
    rows = sorted((_row(one, made) for one in made.living), key=lambda row: row.url)
    summary = _summary(made, collection, rows)
    unknown = any(copy.state not in SETTLED | {CopyState.FAILED} for row in rows for copy in row.copies)
    at_fault = made.outcome.network_at_fault or made.interrupted
    return Saved(
        version=VERSION,
        started=made.started,
        finished=datetime.now(UTC),
        complete=not (unknown or at_fault or summary.unchecked or _is_silent(made, summary)),
        to=made.to,
        dry_run=made.dry_run,
        summary=summary,
        urls=rows,
        files=sorted(problems, key=lambda problem: (problem.file, problem.problem)),
        notes=[*_private(made, collection), *_notes(made, collection, summary)],
        interrupted=made.interrupted,
    )


def _row(one: Living, made: Made) -> SavedRow:
    copies = made.copies.get(one.url, {})
    why = "the network is at fault" if made.outcome.network_at_fault else "the run ended before"
    verdict = made.outcome.finding(one.entry).judgement.verdict
    found = [copies.get(name) or Copy(name, CopyState.QUEUED, why) for name in made.to]
    return SavedRow(one.url, verdict, list(one.posts), found)


def _summary(made: Made, collection: Collection, rows: list[SavedRow]) -> SaveSummary:
    verdicts = Counter(made.outcome.finding(entry).judgement.verdict for entry in collection.asked())
    states: dict[str, Counter[str]] = {name: Counter() for name in made.to}
    for row in rows:
        for copy in row.copies:
            states[copy.archive][copy.state.value] += 1
    return SaveSummary(
        files=collection.files,
        links=collection.links,
        living=sum(row.verdict in coverage.LIVING for row in rows),
        dead=verdicts[Verdict.DEAD],
        blocked=sum(verdicts[one] for one in _UNSURE),
        unchecked=verdicts[Verdict.UNCHECKED],
        covered=sum(any(copy.state in HAS_COPY for copy in row.copies) for row in rows),
        states={name: dict(counts) for name, counts in states.items()},
        bytes_added=made.bytes_added,
        bytes_total=made.bytes_total,
    )


def _is_silent(made: Made, summary: SaveSummary) -> bool:
    """Say whether no link was seen to live though some may: then nobody knows what should have been saved."""
    return not made.dry_run and not summary.living and bool(summary.blocked)


def _private(made: Made, collection: Collection) -> list[str]:
    """Say which links lead to addresses that are not public, and what allows them."""
    judged = ((entry.url, made.outcome.finding(entry).judgement) for entry in collection.entries.values())
    hosts = [urlsplit(url).netloc.rpartition("@")[2] for url, judgement in judged if judgement.rule == PRIVATE]
    if not hosts:
        return []
    many = f"{len(hosts):,} links lead" if len(hosts) > 1 else "1 link leads"
    named = ", ".join(list(dict.fromkeys(hosts))[:_HOSTS])
    flag = f"--allow-host {quoted(hosts[0])}"
    how = (
        f"{flag} allows one by name"
        if coverage.LOCAL in made.to
        else f"the Wayback Machine gets none of them, --to local {flag} keeps a copy on this disk"
    )
    return [f"{many} to private addresses ({named}) and {'were' if len(hosts) > 1 else 'was'} left out: {how}."]


def _notes(made: Made, collection: Collection, summary: SaveSummary) -> list[str]:
    """Say why links were not asked, or did not answer, if that is what they should have done."""
    if _is_silent(made, summary):
        many = f"None of the {summary.blocked:,} links" if summary.blocked > 1 else "The only link"
        tell = f"{many} that may live could be seen to live, so nothing was saved"
        return [f"{tell}: linkkeeper scan says what they answer; run again later."]
    unchecked = summary.unchecked
    if not unchecked or made.dry_run:
        return []
    judgements = (made.outcome.finding(entry).judgement for entry in collection.asked())
    first = next(one.detail for one in judgements if one.verdict is Verdict.UNCHECKED)
    return [f"{unchecked:,} {'link' if unchecked == 1 else 'links'} could not be asked ({first}); run again later."]


def duration(amount_s: float) -> str:
    """Return so many seconds as people say it, rounded up."""
    if amount_s < 90:
        return f"{amount_s:.0f} s"
    if amount_s < 90 * 60:
        return f"{amount_s / 60:.0f} min"
    return f"{amount_s / 3600:.1f} h"


def bytes_in(directory: Path) -> int:
    """Return the size of all files of a local archive."""
    total = 0
    for file in (*directory.glob("*"), *directory.glob("warc/*")):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except OSError:  # gone in between
            continue
    return total


def budget_notes(total: int, budget: float) -> list[str]:
    """Return a warning where the local archive has outgrown its budget (megabytes)."""
    if total <= budget * _MB:
        return []
    held = f"The local archive holds {size(total)}, more than archive.budget"
    return [f"{held}: keep it out of git, or in Git LFS (docs/archiving.md)."]
