"""Bot walls: pages by which a server refuses us instead of showing what was asked (`data/challenges.toml`)."""

from datetime import date
from functools import lru_cache

from msgspec import Struct, field

from linkkeeper.check import page, tables
from linkkeeper.check.phrases import Phrases
from linkkeeper.check.rule import RuleDoc
from linkkeeper.models.verdict import Reply, Verdict

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
    index = _index(reply.status or 0)
    found = [row for key in seen.keys(index) for row in index.rows.get(key, ())]
    if not found:
        return ""
    return next((name for _, name, signal in sorted(found, key=lambda row: row[0]) if seen.shows(signal)), "")


_Row = tuple[int, str, Signal]


class _Index(Struct, frozen=True):
    """The signals that can hold at one status, each under one thing that must be seen first."""

    rows: dict[str, list[_Row]]
    bodies: Phrases
    titles: Phrases
    paths: tuple[str, ...]


@lru_cache(maxsize=64)
def _index(status: int) -> _Index:
    rows: dict[str, list[_Row]] = {}
    able = [(entry.name, signal) for entry in walls() for signal in entry.signals if _able(signal, status)]
    for place, (name, signal) in enumerate(able):
        for key in _first_keys(signal):
            rows.setdefault(key, []).append((place, name, signal))
    bodies, titles, paths = (tuple(key[2:] for key in rows if key.startswith(kind)) for kind in ("b:", "t:", "p:"))
    return _Index(rows, Phrases(bodies), Phrases(titles), paths)


def _able(signal: Signal, status: int) -> bool:
    return not signal.status or status in signal.status


def _first_keys(signal: Signal) -> list[str]:
    """Return what must be seen (one of it) before a signal is worth a look."""
    if signal.body:
        return [f"b:{signal.body[0]}"]
    if signal.title:
        return [f"t:{text}" for text in signal.title]
    if signal.host:
        return [f"h:{signal.host}"]
    if signal.headers:
        return [f"n:{next(iter(signal.headers))}"]
    return [f"p:{signal.path}"]


class _Seen:
    """One reply, taken apart once for all signals."""

    def __init__(self, reply: Reply) -> None:
        view = page.view(reply)
        self.size = len(reply.body)
        self.text, self.title = view.lower, view.title.lower()
        self.host, self.path = view.parts.host.lower(), view.parts.path.lower()
        self.headers: dict[str, str] = {}
        for name, value in reply.headers:
            before = self.headers.get(name)
            self.headers[name] = value.lower() if before is None else f"{before} {value.lower()}"

    def keys(self, index: _Index) -> list[str]:
        """Return the keys of the index that this reply shows."""
        found = [f"n:{name}" for name in self.headers]
        labels = self.host.split(".")
        found += [f"h:{'.'.join(labels[start:])}" for start in range(len(labels) - 1)]
        found += [f"p:{path}" for path in index.paths if self.path.startswith(path)]
        if self.text:
            found += [f"b:{text}" for text in index.bodies.all_in(self.text)]
        if self.title:
            found += [f"t:{text}" for text in index.titles.all_in(self.title)]
        return found

    def shows(self, signal: Signal) -> bool:
        """Tell whether every condition of signal holds, the status aside."""
        if 0 <= signal.max_bytes < self.size:
            return False
        if signal.title and not any(text in self.title for text in signal.title):
            return False
        if any(name not in self.headers or value not in self.headers[name] for name, value in signal.headers.items()):
            return False
        return self._at(signal) and all(text in self.text for text in signal.body)

    def _at(self, signal: Signal) -> bool:
        if signal.host and self.host != signal.host and not self.host.endswith("." + signal.host):
            return False
        return self.path.startswith(signal.path)
