"""What a run's findings ask for: verdicts and snapshots -> the repairs that posts want. Pure."""

from collections.abc import Iterator, Sequence

from linkkeeper.archive.base import Rescue
from linkkeeper.fix.journal import shown
from linkkeeper.fix.plan import Want
from linkkeeper.models.snapshot import Moved, SnapshotState
from linkkeeper.models.verdict import Finding, Verdict
from linkkeeper.pipeline.collect import Collection, Place
from linkkeeper.pipeline.outcome import Outcome
from linkkeeper.urls import archive_links

_PERMANENT = frozenset({301, 308})
_USABLE = (SnapshotState.VERIFIED, SnapshotState.UNVERIFIED)


def wants(collection: Collection, outcome: Outcome) -> dict[str, list[Want]]:
    """Return every repair that the findings ask for, by document."""
    found: dict[str, list[Want]] = {}
    for entry in collection.asked():
        finding = outcome.finding(entry)
        for place in entry.places:
            wanted = outcome.wanted.get((place.link.document, place.link.span.start))
            rescue = outcome.rescues.get(wanted) if wanted else None
            for want in of_place(place, finding, rescue, outcome.moved.get(entry.url)):
                found.setdefault(place.link.document, []).append(want)
    return found


def of_place(place: Place, finding: Finding, rescue: Rescue | None, moved: Moved | None) -> Iterator[Want]:
    """Yield every repair that the findings ask for in one place."""
    if finding.judgement.verdict is Verdict.DEAD:
        yield from _for_the_dead(place, finding, rescue, moved)
    if place.cleaned != place.link.url:
        yield from _cleaning(place, finding)
    if finding.judgement.verdict is Verdict.REDIRECTED and finding.final_url and _is_permanent(finding):
        yield Want(place.link, "redirect", finding.final_url, finding.judgement.rule, finding.judgement.detail)


def _for_the_dead(place: Place, finding: Finding, rescue: Rescue | None, moved: Moved | None) -> Iterator[Want]:
    if rescue is not None and rescue.snapshot.url and rescue.snapshot.state in _USABLE:
        yield archive(place, finding, rescue)
    if moved is not None:
        yield Want(place.link, "redirect", moved.url, finding.judgement.rule, moved.evidence, moved=True)


def archive(place: Place, finding: Finding, rescue: Rescue) -> Want:
    """Return the wish for the copy of a dead link; the rescue has one."""
    snapshot = rescue.snapshot
    url = snapshot.url or ""
    if finding.judgement.rule in archive_links.RULES:  # an image keeps its `im_`
        named = archive_links.parse(place.link.url)
        url = archive_links.flagged(url, named.flag if named else "")
    day = f"{snapshot.captured:%Y-%m-%d}" if snapshot.captured else None
    return Want(
        place.link,
        "archive",
        url,
        finding.judgement.rule,
        f"{finding.judgement.detail}; captured {day}" if day else finding.judgement.detail,
        date=day,
        original=snapshot.original or None,
        verified=snapshot.state is SnapshotState.VERIFIED,
    )


def _cleaning(place: Place, finding: Finding) -> Iterator[Want]:
    """Clean what was seen to work cleaned; take credentials out of whatever was asked at all."""
    verdict = finding.judgement.verdict
    if verdict in (Verdict.OK, Verdict.REDIRECTED) and not finding.wrong_rule:
        yield Want(place.link, "clean", place.cleaned, place.rule, place.removed, whole=True)
    elif place.harmless and place.harmless != place.link.url and verdict is not Verdict.UNCHECKED:
        yield Want(place.link, "clean", place.harmless, place.rule, "credentials removed", whole=True)


def _is_permanent(finding: Finding) -> bool:
    return all(hop.status in _PERMANENT for hop in finding.redirects)


def documents(collection: Collection) -> dict[str, list[Place]]:
    """Return every link of every document, in order of position."""
    found: dict[str, list[Place]] = {}
    for entry in collection.entries.values():
        for place in entry.places:
            found.setdefault(place.link.document, []).append(place)
    for places in found.values():
        places.sort(key=lambda place: place.link.span.start)
    return found


def unrepaired(collection: Collection, outcome: Outcome, repaired: Sequence[tuple[str, int]]) -> list[Rescue | None]:
    """Return, for every dead link of the web that is not repaired, what the archives said (None: not asked)."""
    done = set(repaired)
    left: list[Rescue | None] = []
    for entry in collection.entries.values():
        if outcome.finding(entry).judgement.verdict is not Verdict.DEAD:
            continue
        for place in entry.places:
            key = (place.link.document, place.link.span.start)
            if (shown(key[0]), key[1]) not in done:
                wanted = outcome.wanted.get(key)
                left.append(outcome.rescues.get(wanted) if wanted else None)
    return left
