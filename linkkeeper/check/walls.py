"""Bot walls: pages by which a server refuses us instead of showing what was asked (`data/challenges.toml`)."""

from datetime import date
from functools import lru_cache

from msgspec import Struct, field

from linkkeeper.check import page, tables
from linkkeeper.check.rule import RuleDoc
from linkkeeper.models.verdict import Reply, Verdict
from linkkeeper.urls import parse

BOT_WALL = RuleDoc(
    "bot-wall",
    Verdict.BLOCKED,
    "A bot wall, captcha or firewall answered in place of the page; the detail names it.",
    "check/data/challenges.toml, each product with its source",
)


class Signal(Struct, frozen=True, forbid_unknown_fields=True):
    """Conditions that together give a wall away. Texts are lower case; an empty condition always holds."""

    status: frozenset[int] = frozenset()
    headers: dict[str, str] = field(default_factory=dict)
    host: str = ""
    path: str = ""
    title: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    max_bytes: int = -1


class Wall(Struct, frozen=True, forbid_unknown_fields=True):
    """One product and how it shows."""

    name: str
    source: str
    date: date
    signals: tuple[Signal, ...]


class Challenges(Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    wall: tuple[Wall, ...]


def walls() -> tuple[Wall, ...]:
    """Return every known wall."""
    return tables.load("challenges.toml", Challenges).wall


def wall(reply: Reply) -> str:
    """Return the name of the wall that answered, or the empty string."""
    seen = _Seen(reply)
    bare, spoken = _signals(reply.status or 0)
    candidates = bare if not reply.body else (*bare, *spoken)
    return next((name for name, signal in candidates if seen.shows(signal)), "")


_Named = tuple[tuple[str, Signal], ...]


@lru_cache(maxsize=64)
def _signals(status: int) -> tuple[_Named, _Named]:
    """Return the signals that can hold at a status: those without and those with a word about the body."""
    able = [
        (entry.name, signal)
        for entry in walls()
        for signal in entry.signals
        if not signal.status or status in signal.status
    ]
    return (
        tuple(row for row in able if not (row[1].body or row[1].title)),
        tuple(row for row in able if row[1].body or row[1].title),
    )


class _Seen:
    """One reply, taken apart once for all signals; what costs is read when a signal asks for it."""

    def __init__(self, reply: Reply) -> None:
        self.size = len(reply.body)
        self.headers: dict[str, str] = {}
        for name, value in reply.headers:
            before = self.headers.get(name)
            self.headers[name] = value.lower() if before is None else f"{before} {value.lower()}"
        parts = parse.split(reply.final_url or reply.url)
        self.host, self.path = parts.host.lower(), parts.path.lower()
        self.text = page.source(reply).lower() if reply.body else ""
        self.title = page.title(reply).lower() if reply.body else ""

    def shows(self, signal: Signal) -> bool:
        """Tell whether every condition of signal holds, the status aside."""
        if signal.body and signal.body[0] not in self.text:
            return False
        if signal.title and not (self.title and any(text in self.title for text in signal.title)):
            return False
        if 0 <= signal.max_bytes < self.size:
            return False
        for name, value in signal.headers.items():
            if name not in self.headers or value not in self.headers[name]:
                return False
        return self._at(signal) and all(text in self.text for text in signal.body)

    def _at(self, signal: Signal) -> bool:
        if signal.host and self.host != signal.host and not self.host.endswith("." + signal.host):
            return False
        return self.path.startswith(signal.path)
