"""Scan, then say what repairing the posts would change."""

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct, structs

from linkkeeper.check import verdicts
from linkkeeper.config.settings import Settings
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.fix import apply, diff
from linkkeeper.fix import plan as planning
from linkkeeper.fix import revert as back_again
from linkkeeper.fix.apply import FixResult, Prepared
from linkkeeper.fix.journal import shown
from linkkeeper.fix.plan import FixOptions, Style
from linkkeeper.models.edit import Plan
from linkkeeper.models.snapshot import SnapshotState
from linkkeeper.pipeline import options as rooms
from linkkeeper.pipeline import revert, scan, wants
from linkkeeper.pipeline.events import Events
from linkkeeper.pipeline.scan import Request
from linkkeeper.report.base import FileDiff

_NOT_ASKED = (SnapshotState.UNKNOWN, SnapshotState.UNVERIFIED)
"""The index, or the playback, could not be asked: the next run may know more."""
_PREVIEWED = 50


class Planned(Struct, frozen=True):
    """A scan, and what repairing its documents would change: only those with something to do or to refuse."""

    scanned: scan.Result
    plans: tuple[Plan, ...]


def options(
    settings: Settings,
    *,
    style: Style = "replace",
    only: Iterable[str] = ("archive", "clean"),
    apply_moved: bool = False,
    allow_unverified: bool = False,
    revert_any: bool = False,
) -> FixOptions:
    """Return what a fix may do."""
    return FixOptions(
        style=style,
        only=frozenset(only),
        apply_moved=apply_moved,
        allow_unverified=allow_unverified,
        revert_any=revert_any,
        archive_bases=(*rooms.archive_bases(settings), *rooms.local_base(settings)),
        include_verbatim=settings.include_verbatim,
    )


def extraction(settings: Settings) -> ExtractOptions:
    """Return what counts as a link, for the proof to read documents in the same way."""
    return rooms.extraction(settings)


def plan(request: Request, settings: Settings, wanted: FixOptions, events: Events) -> Planned:
    """Scan and plan; change no file. Without a network nothing is planned. Raises as `scan.scan` does."""
    if "archive" not in wanted.only:  # no archive need be asked for what it is not to repair
        settings = structs.replace(settings, rescue=False)
    back = revert.look(request, settings, wanted, events) if "revert" in wanted.only else None
    scanned = back.scanned if back and wanted.only == {"revert"} else scan.scan(request, settings, events)
    return Planned(scanned, _plans(scanned, wanted, back))


def _plans(scanned: scan.Result, wanted: FixOptions, back: revert.Back | None = None) -> tuple[Plan, ...]:
    """Return what repairing would change, by document; nothing where there was no network."""
    if not _has_network(scanned):
        return ()
    found = wants.wants(scanned.collection, scanned.outcome)
    for want in back.wants if back else ():
        found.setdefault(want.link.document, []).append(want)
    places = wants.documents(scanned.collection) if found else {}
    plans = (
        planning.plan(
            document,
            scanned.collection.digests[document],
            [place.link for place in places[document]],
            wishes,
            wanted,
            _bytes(document) if wanted.style != "replace" or "revert" in wanted.only else None,
        )
        for document, wishes in sorted(found.items())
    )
    return tuple(one for one in plans if one.edits or one.refusals or one.settled)


def _has_network(scanned: scan.Result) -> bool:
    """Say whether there was a network for some questions at least, with the web behind it and no portal.

    Some names fail on a machine whose own servers answer: what those said counts. What needs the network that is not
    there is unchecked, and asks for no repair.
    """
    findings = scanned.outcome.findings.values()
    if not scanned.outcome.network_at_fault:
        return True
    captive = any(finding.judgement.rule == "captive-portal" for finding in findings)
    return not captive and any(finding.status is not None and not finding.cached for finding in findings)


def held_back(planned: Planned) -> str:
    """Return why nothing is planned though earlier runs may know of repairs; empty where that is not so."""
    if _has_network(planned.scanned):
        return ""
    return "without a network nothing is written: what earlier runs know is repaired once it works again"


def preview(scanned: scan.Result, settings: Settings) -> tuple[tuple[FileDiff, ...], int]:
    """Return the diffs of what `fix` would write after this scan, proved as there, and how many more documents it has.

    A page is for looking, so it gets the first ones: `fix --diff` has everything.
    """
    return previewed(_plans(scanned, options(settings)), settings)


def previewed(plans: Iterable[Plan], settings: Settings) -> tuple[tuple[FileDiff, ...], int]:
    """Return the diffs of the first plans that change something, proved, and how many more there are."""
    plans = [one for one in plans if one.edits]
    found: list[FileDiff] = []

    def show(prepared: Prepared) -> None:
        if prepared.plan.edits and (text := diff.unified(prepared.plan, prepared.data)):
            found.append(FileDiff(prepared.plan.document, text))

    apply.apply(plans[:_PREVIEWED], None, extraction(settings), show=show)
    return tuple(found), max(0, len(plans) - _PREVIEWED)


def explained(made: FixResult) -> FixResult:
    """Return the result with what each of its rules means."""
    used = sorted({edit.rule for row in made.files for edit in row.edits})
    return structs.replace(made, rules={rule: _meaning(rule) for rule in used})


def _meaning(rule: str) -> str:
    own = back_again.MEANING if rule == back_again.RULE else verdicts.meaning(rule)
    return own or "a rule of cleaning: `linkkeeper clean --explain URL` shows what it takes"


class Left(Struct, frozen=True):
    """Dead links that stay as they are."""

    dead: int
    unknown: int = 0
    """Of them: no archive could be asked."""
    ready: int = 0
    """Of them: a copy was played back, and the repair was not made all the same (refused, declined, the file left
    alone), which the rows of the files tell."""


def left_over(planned: Planned, made: FixResult) -> Left:
    """Return how many dead links stay as they are, and why."""
    done = [(row.file, edit.start) for row in made.files if row.status in ("written", "planned") for edit in row.edits]
    done += [(shown(one.document), link.span.start) for one in planned.plans for link in one.settled]
    left = wants.unrepaired(planned.scanned.collection, planned.scanned.outcome, done)
    found = [rescue.snapshot for rescue in left if rescue is not None]
    unknown = sum(snapshot.state in _NOT_ASKED for snapshot in found)
    return Left(len(left), unknown, sum(bool(one.url) and one.state is SnapshotState.VERIFIED for one in found))


def _bytes(document: str) -> bytes | None:
    try:
        return Path(document).read_bytes()
    except OSError:
        return None
