"""What is remembered of one URL, or of which URLs there is anything: read only."""

from datetime import UTC, datetime

from msgspec import Struct

from linkkeeper.store.database import Database
from linkkeeper.store.history import Event, History, Strike
from linkkeeper.store.keys import Keys


class Past(Struct, frozen=True):
    """What was seen of a URL over time."""

    url: str
    """The key under which it is kept: without credentials."""
    events: tuple[Event, ...]
    """Every change of verdict, oldest first."""
    strikes: tuple[Strike, ...]
    """The days on which it has failed since it last answered."""
    since: datetime | None
    last_asked: datetime | None
    """When a server was last asked, as far as the answer is kept."""


def of(database: Database, url: str) -> Past | None:
    """Return what is remembered of a URL (without fragment); None: nothing."""
    history = History(database)
    events, strikes = history.events(url), history.strikes(url)
    key = Keys(database).of(url)
    asked = database.read("SELECT max(checked) FROM replies WHERE url = ?", (key,))
    at = asked[0][0] if asked else None
    if not events and not strikes and not isinstance(at, int):
        return None
    last = datetime.fromtimestamp(at, UTC) if isinstance(at, int) else None
    return Past(key.partition("#")[0], tuple(events), tuple(strikes), history.since(url), last)


def like(database: Database, part: str, most: int = 5) -> list[str]:
    """Return URLs that hold part and of which something is remembered, in order; for a hint."""
    escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    statement = "SELECT DISTINCT url FROM verdicts WHERE url LIKE ? ESCAPE '\\' ORDER BY url LIMIT ?"
    return [str(row[0]).partition("#")[0] for row in database.read(statement, (f"%{escaped}%", most))]


def last_verdicts(database: Database) -> dict[str, str]:
    """Return the last verdict of every URL that was ever asked about, by its key."""
    statement = "SELECT url, verdict, max(at) FROM verdicts GROUP BY url"  # the bare column is of the row with the max
    return {str(url): str(verdict) for url, verdict, _ in database.read(statement)}
