"""What was asked and found -> the `Run` that reports show. Pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from operator import attrgetter

from msgspec import structs

from linkkeeper.archive.base import Rescue
from linkkeeper.check import verdicts
from linkkeeper.extract.discover import Discovery
from linkkeeper.models.about import VERSION
from linkkeeper.models.document import FileProblem
from linkkeeper.models.link import Link
from linkkeeper.models.run import LinkRow, LinkSnapshot, Run, Summary, UrlRow
from linkkeeper.models.saving import Coverage
from linkkeeper.models.snapshot import SnapshotState
from linkkeeper.models.verdict import Finding, Verdict
from linkkeeper.pipeline.collect import Collection, Entry, Place
from linkkeeper.pipeline.outcome import Outcome


def build(
    collection: Collection,
    seen: Discovery,
    problems: Iterable[FileProblem],
    outcome: Outcome,
    started: datetime,
    paths: Sequence[str] = (),
    coverage: Coverage | None = None,
    *,
    spend: bool = False,
) -> Run:
    """Return the run, URLs and files in sorted order.

    spend: nobody needs the collection any more, so its entries go as their rows come (half the memory of a large run).
    """
    entries = collection.spent() if spend else collection.entries.values()
    rows = [row for entry in entries for row in url_rows(entry, outcome)]
    _sort(rows)
    counts = {str(verdict): 0 for verdict in Verdict}
    for row in rows:
        counts[row.verdict] += 1
    return Run(
        version=VERSION,
        started=started,
        finished=datetime.now(UTC),
        complete=not (outcome.interrupted or outcome.network_at_fault or counts[Verdict.UNCHECKED]),
        summary=Summary(
            collection.files, collection.links, len(rows), outcome.requests, counts, seen.skipped, coverage
        ),
        urls=rows,
        files=sorted(problems, key=lambda problem: (problem.file, problem.problem)),
        rules={rule: verdicts.meaning(rule) for rule in sorted({row.rule for row in rows})},
        id=started.strftime("%Y%m%dT%H%M%S.%fZ"),
        notes=list(outcome.notes),
        paths=list(paths),
    )


def _sort(rows: list[UrlRow]) -> None:
    by_url = attrgetter("url")
    if len(set(map(by_url, rows))) == len(rows):
        rows.sort(key=by_url)  # a third of the time
    else:
        rows.sort(key=lambda row: (row.url, row.rule, row.links[0].file if row.links else "", row.detail))


def url_rows(entry: Entry, outcome: Outcome) -> list[UrlRow]:
    """Return one URL with every place it stands in; places whose fragment the page lacks have rows of their own."""
    finding = outcome.finding(entry)
    if not finding.missing_fragments:
        return [_url_row(finding, entry.places, outcome)] if entry.places else []
    missing = dict(finding.missing_fragments)
    rows = []
    for fragment, judgement in missing.items():
        places = [place for place in entry.places if _fragment(place) == fragment]
        one = structs.replace(finding, url=f"{entry.url}#{fragment}", judgement=judgement)
        rows += [_url_row(one, places, outcome)] if places else []
    rest = [place for place in entry.places if _fragment(place) not in missing]
    return [*rows, _url_row(finding, rest, outcome)] if rest else rows


def _url_row(finding: Finding, places: list[Place], outcome: Outcome) -> UrlRow:
    return UrlRow(
        url=finding.url,
        verdict=finding.judgement.verdict,
        rule=finding.judgement.rule,
        detail=finding.judgement.detail,
        status=finding.status,
        final_url=finding.final_url if finding.final_url != finding.url else None,
        redirects=finding.redirects,
        checked=finding.checked,
        cached=finding.cached,
        attempts=finding.attempts,
        elapsed_ms=finding.elapsed_ms,
        since=finding.since,
        signs=finding.judgement.signs,
        wrong_rule=finding.wrong_rule or None,
        moved=outcome.moved.get(finding.url),
        links=[_link_row(place, finding, outcome) for place in places],
    )


def written(link: Link) -> str:
    """Return the written bytes as text: the URL itself where it is the same, for a run may hold very many."""
    text = link.written.decode("utf-8", "backslashreplace")
    return link.url if text == link.url else text


def _fragment(place: Place) -> str:
    return place.cleaned.partition("#")[2]


def _link_row(place: Place, finding: Finding, outcome: Outcome) -> LinkRow:
    link = place.link
    row = LinkRow(
        file=link.document,
        line=link.line,
        column=link.column,
        start=link.span.start,
        end=link.span.end,
        kind=link.kind,
        raw=written(link),
        fragment=_fragment(place) or None,
    )
    if not outcome.wanted:
        return row
    wanted = outcome.wanted.get((link.document, link.span.start))
    if wanted is None:
        return row
    rescue = outcome.rescues.get(wanted)
    return structs.replace(
        row, date=wanted.near.text or wanted.near.until.isoformat(), date_from=wanted.near.source,
        snapshot=_snapshot(rescue) if rescue else None, replacement=_replacement(place, finding, rescue),
    )  # fmt: skip


def _replacement(place: Place, finding: Finding, rescue: Rescue | None) -> str | None:
    """Return what `fix` would write here by itself, in the style `replace`; None: nothing."""
    if rescue is None or not rescue.snapshot.url or rescue.snapshot.state is not SnapshotState.VERIFIED:
        return None
    if finding.judgement.verdict is not Verdict.DEAD:
        return None
    from linkkeeper.fix import plan  # with `wants`: only where something is dead
    from linkkeeper.pipeline import wants

    link = place.link
    made = plan.plan(link.document, "", [link], [wants.archive(place, finding, rescue)], plan.FixOptions())
    try:
        return made.edits[0].new.decode("utf-8") if made.edits else None
    except UnicodeDecodeError:  # a document in another encoding
        return None


def _snapshot(rescue: Rescue) -> LinkSnapshot:
    one = rescue.snapshot
    return LinkSnapshot(one.url, one.captured, one.archive, one.state, one.detail)
