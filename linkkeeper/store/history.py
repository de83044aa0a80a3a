"""How links fared over time: strikes with dates, since when, and every change of verdict."""

from datetime import UTC, datetime

from msgspec import Struct, structs

from linkkeeper.models.verdict import Finding, Judgement, Verdict
from linkkeeper.store.batch import Batch, Seconds
from linkkeeper.store.database import Database, Work
from linkkeeper.store.keys import Keys

CONFIRMED = "failing-for-days"
_ALIVE = frozenset({Verdict.OK, Verdict.REDIRECTED})
_FAILING = frozenset({Verdict.DEAD, Verdict.SUSPECT})
_SAYING = _ALIVE | _FAILING | {Verdict.BLOCKED}
"""Verdicts that are noted."""


class HistoryOptions(Struct, frozen=True):
    """When failing counts as gone."""

    confirm: int = 3
    """Different days of failing, without a success in between, after which a suspect is dead; 0: never."""
    confirmable: frozenset[str] = frozenset()
    """Ids of the rules whose strikes add up (`check.verdicts.CONFIRMABLE`)."""


class Strike(Struct, frozen=True, gc=False):
    """A day on which a URL failed."""

    day: str
    """UTC, YYYY-MM-DD."""
    at: int
    """Unix time of the day's first failure."""
    rule: str
    counts: bool
    """By a rule whose strikes add up."""


class Event(Struct, frozen=True):
    """A verdict that differed from the one before."""

    url: str
    at: datetime
    verdict: str
    rule: str
    status: int | None = None


class History:
    """Knows how URLs fared before (the check's `History`)."""

    def __init__(self, database: Database, options: HistoryOptions | None = None) -> None:
        self._database, self._options = database, options or HistoryOptions()
        self._keys = Keys(database)
        self._strikes = self._all_strikes()
        self._new: dict[tuple[str, str], Strike] = {}
        self._cleared: set[str] = set()
        self._said: dict[str, Finding] = {}
        """Fresh verdicts to be noted, by URL: their rows are made together."""
        self._batch, self._seconds = Batch(), Seconds()
        database.at_close(self.flush)

    def settle(self, finding: Finding) -> Finding:
        """Record a fresh finding; return it with `since`, and as dead if it failed on enough days.

        Only alive and failing count: being refused, or not asked, says nothing about the page.
        """
        verdict = finding.judgement.verdict
        if verdict in _FAILING:
            finding = self._struck(self._keys.of(finding.url), finding)
        elif self._strikes and verdict in _ALIVE:
            self._clear(self._keys.of(finding.url))
        if verdict in _SAYING:
            self._said[finding.url] = finding
        if self._batch.full(len(self._said)):
            self.write_later()
        return finding

    def write_later(self) -> None:
        """Have what is waiting written beside whatever comes next."""
        if self._said or self._new or self._cleared:
            self._database.write_later(*self._changes())
            self._written()

    def since(self, url: str) -> datetime | None:
        """Return since when url has been failing without a success in between; None if it is not."""
        strikes = self._strikes.get(self._keys.of(url))
        return _instant(min(strike.at for strike in strikes.values())) if strikes else None

    def events(self, url: str) -> list[Event]:
        """Return every change of url's verdict, oldest first."""
        self.flush()
        statement = "SELECT at, verdict, rule, status FROM verdicts WHERE url = ? ORDER BY at"
        return [_event(url, row) for row in self._database.read(statement, (self._keys.of(url),))]

    def strikes(self, url: str) -> list[Strike]:
        """Return the days on which url has failed since it last answered, oldest first."""
        return sorted(self._strikes.get(self._keys.of(url), {}).values(), key=lambda strike: strike.day)

    def flush(self) -> None:
        """Write what is waiting."""
        if (self._said or self._new or self._cleared) and self._database.write(*self._changes()):
            self._written()

    def _struck(self, key: str, finding: Finding) -> Finding:
        at = int((finding.checked or datetime.now(UTC)).timestamp())
        day = _instant(at).date().isoformat()
        counts = finding.judgement.verdict is Verdict.DEAD or finding.judgement.rule in self._options.confirmable
        days = self._strikes.setdefault(key, {})
        known = days.get(day)
        if known is None or (counts and not known.counts):
            days[day] = self._new[key, day] = Strike(day, known.at if known else at, finding.judgement.rule, counts)
        since = _instant(min(strike.at for strike in days.values()))
        return structs.replace(finding, since=since, judgement=self._confirmed(finding.judgement, days))

    def _confirmed(self, judgement: Judgement, days: dict[str, Strike]) -> Judgement:
        counting = sorted(day for day, strike in days.items() if strike.counts)
        wanted = self._options.confirm
        if judgement.verdict is not Verdict.SUSPECT or not wanted or len(counting) < wanted:
            return judgement
        if judgement.rule not in self._options.confirmable:
            return judgement
        detail = f"{judgement.detail}; failed on {len(counting)} days since {counting[0]}"
        return Judgement(Verdict.DEAD, CONFIRMED, detail, judgement.signs)

    def _clear(self, key: str) -> None:
        if self._strikes.pop(key, None) is not None:
            self._cleared.add(key)
            self._new = {place: strike for place, strike in self._new.items() if place[0] != key}

    def _event_row(self, finding: Finding) -> tuple[object, ...]:
        judgement = finding.judgement
        at = int(self._seconds.of(finding.checked or datetime.now(UTC)))
        return self._keys.of(finding.url), at, str(judgement.verdict), judgement.rule, finding.status

    def _changes(self) -> Work:
        strikes = [(key, day, strike.at, strike.rule, int(strike.counts)) for (key, day), strike in self._new.items()]
        return (
            ("DELETE FROM strikes WHERE url = ?", [(key,) for key in self._cleared]),
            (_STRIKE, strikes),
            (_CHANGE, [self._event_row(finding) for finding in self._said.values()]),
        )

    def _written(self) -> None:
        self._said, self._new, self._cleared = {}, {}, set()

    def _all_strikes(self) -> dict[str, dict[str, Strike]]:
        found: dict[str, dict[str, Strike]] = {}
        for url, day, at, rule, counts in self._database.read("SELECT url, day, at, rule, counts FROM strikes"):
            if isinstance(at, int) and isinstance(day, str):
                found.setdefault(str(url), {})[day] = Strike(day, at, str(rule), bool(counts))
        return found


_STRIKE = (
    "INSERT INTO strikes VALUES (?, ?, ?, ?, ?) ON CONFLICT (url, day)"
    " DO UPDATE SET counts = max(counts, excluded.counts), at = min(at, excluded.at)"
)
# A row only where the last one differs: a link that stays as it is leaves one row, however often it is asked.
_CHANGE = (
    "INSERT OR REPLACE INTO verdicts SELECT * FROM (VALUES {rows}) AS new WHERE NOT EXISTS (SELECT 1 FROM"
    " (SELECT verdict, rule FROM verdicts WHERE url = new.column1 ORDER BY at DESC LIMIT 1)"
    " WHERE verdict = new.column3 AND rule = new.column4)"
)


def _instant(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _event(url: str, row: tuple[object, ...]) -> Event:
    at, verdict, rule, status = row
    return Event(
        url,
        _instant(at if isinstance(at, int) else 0),
        str(verdict),
        str(rule),
        status if isinstance(status, int) else None,
    )
