"""`fix --only revert`: which archive links of the posts lead to pages that live again."""

from datetime import UTC, datetime

from msgspec import Struct

from linkkeeper.config.settings import Settings
from linkkeeper.fix import revert
from linkkeeper.fix.journal import Journal
from linkkeeper.fix.plan import FixOptions, Want
from linkkeeper.models.verdict import Verdict
from linkkeeper.pipeline import result, scan, wants
from linkkeeper.pipeline.collect import Collection, Entry
from linkkeeper.pipeline.events import Events
from linkkeeper.pipeline.outcome import Outcome

_ASKED_TWICE = 2


class Back(Struct, frozen=True):
    """What may be taken back, and the reading of the posts that says so. Nothing else was asked."""

    scanned: scan.Result
    wants: tuple[Want, ...]


def look(request: scan.Request, settings: Settings, wanted: FixOptions, events: Events) -> Back:
    """Ask the originals of archive links afresh, twice; return those that answered both times."""
    started = datetime.now(UTC)
    collection, seen, problems = scan.read(request, settings, events)
    links = [place.link for places in wants.documents(collection).values() for place in places]
    notes = [note for _, note in Journal(settings.state).notes()]
    found = revert.candidates(links, notes, wanted.revert_any, wanted.archive_bases)
    alive = {candidate.original for candidate in found}
    outcome = Outcome()
    for _ in range(_ASKED_TWICE):
        alive = _living(sorted(alive), settings, events, outcome)
    answered = tuple(one.want("it answers again, asked twice") for one in found if one.original in alive)
    _forget_what_was_not_asked(collection)
    run = result.build(collection, seen, problems, outcome, started)
    return Back(scan.Result(run, outcome.interrupted, collection, outcome), answered)


def _living(urls: list[str], settings: Settings, events: Events, outcome: Outcome) -> set[str]:
    if not urls:
        return set()
    from linkkeeper.pipeline import online

    findings = online.ask_afresh(urls, settings, events)
    outcome.network_at_fault |= any(finding.judgement.verdict is Verdict.UNCHECKED for finding in findings.values())
    return {url for url in urls if findings[url.partition("#")[0]].judgement.verdict is Verdict.OK}


def _forget_what_was_not_asked(collection: Collection) -> None:
    """Leave every place known to the plan, with nothing left to ask or to say about it."""

    def settled(entry: Entry) -> Entry:
        entry.judgement = entry.judgement or scan.NOT_ASKED
        return entry

    collection.entries = {key: settled(entry) for key, entry in collection.entries.items()}
