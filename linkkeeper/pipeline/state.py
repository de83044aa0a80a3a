"""What a run remembers and what it knows from earlier ones: the store's parts, opened together."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from linkkeeper.archive.base import Answers, Pace, Rescue
from linkkeeper.check import verdicts
from linkkeeper.check.base import Forgetful, Memory
from linkkeeper.config.settings import Settings
from linkkeeper.config.values import seconds
from linkkeeper.models.run import Run
from linkkeeper.models.verdict import Finding
from linkkeeper.report import safe
from linkkeeper.report.base import TrendPoint
from linkkeeper.report.history import RunPoint, comparable
from linkkeeper.store import answers, past
from linkkeeper.store.cache import Cache, CacheOptions
from linkkeeper.store.clock import Clock
from linkkeeper.store.database import Database, open_state
from linkkeeper.store.extractions import Extractions
from linkkeeper.store.history import History, HistoryOptions
from linkkeeper.store.keys import Keys
from linkkeeper.store.runs import Runs

if TYPE_CHECKING:
    from linkkeeper.store.queue import SaveQueue
    from linkkeeper.store.refusals import Refusals


class Unread:
    """A memory for questions that it is known to have no answer to: it only takes new ones in."""

    def __init__(self, memory: Memory) -> None:
        self.put = memory.put
        """Keeps a finding."""

    def get(self, url: str) -> Finding | None:  # noqa: ARG002 - the protocol's name
        """Know nothing."""
        return None


class State:
    """The state directory of one run. Losing it loses no post; `notes` says what went wrong with it."""

    def __init__(self, settings: Settings) -> None:
        self._database = open_state(settings.state)
        self._cache = Cache(self._database, _cache_options(settings)) if settings.cache else None
        self.memory: Memory = self._cache or Forgetful()
        self.unread = Unread(self.memory)
        self.history = History(self._database, HistoryOptions(settings.confirm, verdicts.CONFIRMABLE))
        self.answers: Answers | None = answers.Answers(self._database, Rescue) if settings.cache else None
        self.clock = Clock(self._database, "archive", Pace)
        self.extractions = Extractions(Path(settings.state)) if settings.cache else None
        if self.extractions:
            self._database.at_close(self.extractions.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    @property
    def queue(self) -> "SaveQueue":
        """What is to be saved at the Wayback Machine, and how far it has come."""
        from linkkeeper.store.queue import SaveQueue  # only `archive save` and its like ask

        return SaveQueue(self._database)

    @property
    def refusals(self) -> "Refusals":
        """Pages that their owners want no local copy of."""
        from linkkeeper.store.refusals import Refusals

        return Refusals(self._database)

    @property
    def knows_answers(self) -> bool:
        """True if something is known of some URL, be it too old."""
        return self._cache is not None and not self._cache.is_empty

    def last_verdicts(self) -> dict[str, str]:
        """Return the last verdict of everything that was ever asked about, by key (`key_of`)."""
        return past.last_verdicts(self._database)

    def key_of(self, url: str) -> str:
        """Return the name under which a URL is kept."""
        return Keys(self._database).of(url)

    @property
    def notes(self) -> list[str]:
        """Sentences about the state itself."""
        return self._database.notes

    def load(self, urls: Iterable[str]) -> None:
        """Fetch what is known of many URLs at once; `memory` then answers quickly."""
        if self._cache is not None:
            self._cache.load(urls)

    def trend(self) -> tuple[TrendPoint, ...]:
        """Return the figures of all runs over about the whole collection, oldest first."""
        return trend(self._database)

    def flush(self) -> list[str]:
        """Write what is waiting; return `notes`."""
        if self._cache is not None:
            self._cache.flush()
        self.history.flush()
        return list(self.notes)

    def write_later(self) -> None:
        """Have what is waiting written beside whatever comes next; `notes` may grow by that."""
        if self._cache is not None:
            self._cache.write_later()
        self.history.write_later()

    def save_run(self, run: Run) -> Run:
        """Keep a run for `report` and `history`, masked; return it with what went wrong with that."""
        Runs(self._database).save(run, safe.masked, safe.MARKS)
        late = [note for note in self.notes if note not in run.notes]
        return msgspec.structs.replace(run, notes=[*run.notes, *late]) if late else run


def points(database: Database) -> list[RunPoint]:
    """Return every run in figures, oldest first."""
    return [RunPoint(one.id, one.finished, one.links, one.verdicts, one.accepted) for one in Runs(database).figures()]


def trend(database: Database, until: Run | None = None) -> tuple[TrendPoint, ...]:
    """Return the figures of the runs over about the whole collection, oldest first; with until, as they were then."""
    found = [one for one in points(database) if until is None or one.at <= until.finished]
    return tuple(TrendPoint(one.at, one.verdicts) for one in comparable(found))


def amend(settings: Settings, run: Run) -> None:
    """Have `report` show this run as it was shown, less what a baseline accepts; losing that is no harm."""
    with open_state(settings.state) as database:
        Runs(database).amend(safe.masked(run))


def _cache_options(settings: Settings) -> CacheOptions:
    """Return how long findings are good for, and all settings that could change an answer."""
    asked = (settings.header, settings.proxy, settings.insecure, settings.cookies, settings.user_agent)
    where = (settings.ca_file, settings.client_cert, settings.remap)
    who = (settings.allow_host, settings.allow_private, settings.fragments, settings.host)
    variant = msgspec.json.encode((*asked, *where, *who), order="sorted").decode()
    return CacheOptions(max_age_s=seconds(settings.max_age) or None, options=variant)
