"""Which living links have a copy, by what this machine knows: the local manifest and the queue. Asks nobody."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from linkkeeper.config.settings import Settings
from linkkeeper.errors import LinkkeeperError
from linkkeeper.models.saving import Coverage
from linkkeeper.models.verdict import Verdict
from linkkeeper.pipeline import options
from linkkeeper.pipeline.collect import Collection as Links
from linkkeeper.pipeline.outcome import Outcome
from linkkeeper.pipeline.state import State
from linkkeeper.urls import secrets

LOCAL, WAYBACK = "local", "wayback"
CREDENTIAL = "a credential stands in the URL"
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


def refusals(urls: Iterable[str], settings: Settings, state: State) -> dict[str, dict[str, str]]:
    """Return the URLs that some archive will have no copy of -> archive -> why, as far as this machine knows."""
    from linkkeeper.archive.saving import known, vetting

    found: dict[str, dict[str, str]] = {}
    here, bases = state.refusals.known(), options.archive_bases(settings)
    tickets = state.queue.tickets()
    for url in urls:
        ticket = tickets.get(url)
        at_wayback = known.why_never(ticket) if ticket is not None else ""
        at_wayback = at_wayback or vetting.why_not(url, bases)
        whys = {WAYBACK: at_wayback, LOCAL: here.get(url) or (CREDENTIAL if secrets.strip(url) != url else "")}
        if any(whys.values()):
            found[url] = {name: why for name, why in whys.items() if why}
    return found


def used(settings: Settings, state: State) -> set[str]:
    """Return the archives that copies were ever asked of; those of the settings if there were none."""
    here = bool(in_local_archive(settings)) or bool(state.refusals.known())
    found = {name for name, is_used in ((LOCAL, here), (WAYBACK, bool(state.queue.tickets()))) if is_used}
    return found or {str(name) for name in settings.archive.to}


def without_hope(refused: Mapping[str, Mapping[str, str]], archives: set[str]) -> set[str]:
    """Return the URLs that all archives refuse: nobody need be told that they lack a copy. Pure."""
    return {url for url, whys in refused.items() if archives <= whys.keys()}


def of_living(
    urls: Iterable[str],
    copies: Mapping[str, Mapping[str, datetime]],
    since: datetime | None,
    hopeless: Collection[str] = (),
) -> Coverage:
    """Return the coverage of these URLs. hopeless: what can have no copy. Pure."""
    living = covered = older = refused = 0
    archives = {WAYBACK: 0, LOCAL: 0}
    for url in urls:
        living += 1
        held = copies.get(url, {})
        recent = [name for name, moment in held.items() if is_recent(moment, since)]
        covered += bool(recent)
        older += bool(held) and not recent
        refused += not held and url in hopeless
        for name in recent:
            archives[name] += 1
    return Coverage(living, covered, older, living - covered - older - refused, archives, refused)


def of_run(copies: Copies, collection: Links, outcome: Outcome, settings: Settings, state: State) -> Coverage | None:
    """Return the coverage of what lived in this run; None where nothing was ever saved, or nothing lives.

    copies: what was `known` before the run, when nobody had to wait for the state to be written.
    """
    living = living_urls(collection, outcome, settings) if copies else []
    if not living:
        return None
    hopeless = without_hope(refusals(living, settings, state), used(settings, state))
    return of_living(living, copies, oldest(settings), hopeless)


def living_urls(collection: Links, outcome: Outcome, settings: Settings) -> list[str]:
    """Return the URLs that live and are no archive's own."""
    from linkkeeper.urls import archive_links

    bases = options.archive_bases(settings)
    return [
        entry.url
        for entry in collection.asked()
        if outcome.finding(entry).judgement.verdict in LIVING and not archive_links.points_into(entry.url, bases)
    ]
