"""What the state directory knows about a URL, or about the whole collection, over time."""

from datetime import datetime
from pathlib import Path

from linkkeeper.archive import dates
from linkkeeper.check import verdicts
from linkkeeper.config.settings import Settings
from linkkeeper.errors import UsageError
from linkkeeper.models.run import Run
from linkkeeper.models.verdict import Verdict
from linkkeeper.pipeline import options, post_dates, state
from linkkeeper.report import baseline, figures, history
from linkkeeper.report.advice import is_web
from linkkeeper.store import past
from linkkeeper.store.database import Database, open_state
from linkkeeper.store.runs import Runs
from linkkeeper.urls import archive_links, rules
from linkkeeper.urls.clean import Cleaner
from linkkeeper.urls.secrets import mask


def of_collection(settings: Settings) -> history.Collection:
    """Return how all runs went, the half-life of links, and the worst hosts. Raises UsageError: there was no run."""
    with _opened(settings) as database:
        runs = Runs(database)
        points = state.points(database)
        run = _largest_recent(runs, points)
    if not points:
        raise UsageError("there is no run to tell about yet", "linkkeeper scan makes one")
    if run is None:
        return history.Collection(points, None, [])
    return history.Collection(points, half_life(run, settings), history.hosts(figures.figures(run).hosts))


def _largest_recent(runs: Runs, points: list[history.RunPoint]) -> Run | None:
    """Return the last report that is about the whole collection."""
    for point in reversed(history.comparable(points)):
        if (run := runs.load(point.id)) is not None:
            return baseline.restored(run)
    return None


def half_life(run: Run, settings: Settings) -> history.HalfLife | None:
    """Return the half-life of a report's links, from the dates of their posts as they are on this disk.

    A link into an archive counts as dead, because its original was given up. None: too little is known.
    """
    wanted, bases = dates.DateOptions(settings.timezone), options.archive_bases(settings)
    known: dict[str, datetime | None] = {}
    ages: dict[bool, list[float]] = {True: [], False: []}
    for row in run.urls:
        living = row.verdict in history.ALIVE
        if not is_web(row) or not (living or row.verdict is Verdict.DEAD):
            continue
        alive = living and not archive_links.points_into(row.url, bases)
        for link in row.links:
            if link.file not in known:
                dated = post_dates.of_file(link.file, wanted)
                known[link.file] = dated.until if dated else None
            then = known[link.file]
            if then is not None:
                ages[alive].append(history.years_between(then, run.finished))
    return history.half_life(ages[True], ages[False])


def of_url(url: str, settings: Settings) -> history.Url | None:
    """Return what was seen of a URL, as written or cleaned; None: nothing is remembered."""
    with _opened(settings) as database:
        for candidate in _spellings(url, settings):
            found = past.of(database, candidate)
            if found is not None:
                return _shown(candidate, found, Runs(database).load())
    return None


def known_like(url: str, settings: Settings) -> list[str]:
    """Return remembered URLs of the same host, or with the same text, for a hint."""
    with _opened(settings) as database:
        host = url.partition("//")[2].partition("/")[0].partition("?")[0].rpartition("@")[2]
        return past.like(database, f"//{host}" if host else url)


def _opened(settings: Settings) -> Database:
    if not Path(settings.state).is_dir():
        raise UsageError(f"there is no state in {settings.state}", "linkkeeper scan makes one; --state names another")
    return open_state(settings.state)


def _spellings(url: str, settings: Settings) -> list[str]:
    """Return the URLs that url may mean: as written, and as it is asked; with a scheme where it has none."""
    cleaner = Cleaner(rules.load(options.cleaning(settings)))
    whole = [url] if "://" in url else [url, f"https://{url}", f"http://{url}"]
    written = [one.partition("#")[0] for one in whole]
    cleaned = [cleaner.clean(one).url.partition("#")[0] for one in whole]
    return list(dict.fromkeys([*cleaned, *written]))


def _shown(url: str, found: past.Past, run: Run | None) -> history.Url:
    kept = mask(url)  # as reports are kept
    rows = [row for row in run.urls if row.url == kept] if run else []
    events = [
        history.Seen(one.at, one.verdict, one.rule, one.status, verdicts.meaning(one.rule)) for one in found.events
    ]
    links = [history.Where(link.file, link.line, link.column) for row in rows for link in row.links]
    days = [strike.day for strike in found.strikes]
    return history.Url(found.url, events, found.since, days, found.last_asked, links)
