"""Which living links have a copy, by what this machine knows: the local manifest and the queue. Asks nobody."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from linkkeeper.config.settings import Settings
from linkkeeper.errors import LinkkeeperError
from linkkeeper.models.saving import Coverage
from linkkeeper.models.verdict import Verdict
from linkkeeper.pipeline import options
from linkkeeper.pipeline.collect import Collection
from linkkeeper.pipeline.outcome import Outcome
from linkkeeper.pipeline.state import State

LOCAL, WAYBACK = "local", "wayback"
LIVING = frozenset({Verdict.OK, Verdict.REDIRECTED})

Copies = dict[str, dict[str, datetime]]
"""URL → archive → UTC instant of the newest copy there."""


def known(settings: Settings, state: State) -> Copies:
    """Return every copy that this machine knows of; empty where nothing was ever saved."""
    found: Copies = {}
    for url, moment in in_local_archive(settings).items():
        found.setdefault(url, {})[LOCAL] = moment
    for url, moment in _at_wayback(settings, state).items():
        found.setdefault(url, {})[WAYBACK] = moment
    return found


def in_local_archive(settings: Settings) -> dict[str, datetime]:
    """Return the newest local copy of every URL. A manifest that cannot be read counts as none: `verify` says more."""
    directory = Path(settings.archive.dir)
    if not (directory / "manifest.jsonl").is_file():
        return {}
    from linkkeeper.archive.archive_urls import instant
    from linkkeeper.archive.local import manifest

    try:
        return {url: instant(page.ts) for url, page in manifest.newest(directory).items()}
    except LinkkeeperError:
        return {}


def _at_wayback(settings: Settings, state: State) -> dict[str, datetime]:
    tickets = state.queue.tickets()
    if not tickets:
        return {}
    from linkkeeper.archive.saving import known

    base = options.archive_bases(settings)[0]
    return {url: copy[0] for url, ticket in tickets.items() if (copy := known.copy_of(ticket, base)) is not None}


def oldest(settings: Settings) -> datetime | None:
    """Return the instant before which a copy is too old to count; None: none is."""
    age_s = options.older_than_s(settings)
    return None if age_s is None else datetime.now(UTC) - timedelta(seconds=age_s)


def is_recent(moment: datetime, since: datetime | None) -> bool:
    """Say whether a copy is young enough."""
    return since is None or moment >= since


def of_living(urls: Iterable[str], copies: Mapping[str, Mapping[str, datetime]], since: datetime | None) -> Coverage:
    """Return the coverage of these URLs. Pure."""
    living = covered = older = 0
    archives = {WAYBACK: 0, LOCAL: 0}
    for url in urls:
        living += 1
        held = copies.get(url, {})
        recent = [name for name, moment in held.items() if is_recent(moment, since)]
        covered += bool(recent)
        older += bool(held) and not recent
        for name in recent:
            archives[name] += 1
    return Coverage(living, covered, older, living - covered - older, archives)


def of_run(collection: Collection, outcome: Outcome, settings: Settings, state: State) -> Coverage | None:
    """Return the coverage of what lived in this run; None where nothing was ever saved, or nothing lives."""
    copies = known(settings, state)
    living = living_urls(collection, outcome, settings) if copies else []
    return of_living(living, copies, oldest(settings)) if living else None


def living_urls(collection: Collection, outcome: Outcome, settings: Settings) -> list[str]:
    """Return the URLs that live and are no archive's own."""
    from linkkeeper.urls import archive_links

    bases = options.archive_bases(settings)
    return [
        entry.url
        for entry in collection.asked()
        if outcome.finding(entry).judgement.verdict in LIVING and not archive_links.points_into(entry.url, bases)
    ]
