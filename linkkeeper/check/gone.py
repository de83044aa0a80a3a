"""Pages of known sites that say, with 200, that what was linked is gone (`data/gone.toml`)."""

from datetime import date
from functools import cache, lru_cache

from msgspec import Struct

from linkkeeper.check import page, tables
from linkkeeper.check.rule import RuleDoc
from linkkeeper.models.verdict import Judgement, Reply, Verdict

GONE_NOTICE = RuleDoc(
    "gone-notice",
    Verdict.DEAD,
    "The site's own page says, with status 200, that this was deleted or withdrawn.",
    "check/data/gone.toml, each site with its source",
)


TEXT_LIMIT = 3000
"""Characters a reader sees, navigation included: what shows more than a notice is not gone."""


class Notice(Struct, frozen=True, forbid_unknown_fields=True):
    """How one site says it. Texts are lower case."""

    hosts: tuple[str, ...]
    texts: tuple[str, ...]
    unless: tuple[str, ...]
    what: str
    source: str
    date: date


class Notices(Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    notice: tuple[Notice, ...]


def notices() -> tuple[Notice, ...]:
    """Return every known notice."""
    return tables.load("gone.toml", Notices).notice


def notice(reply: Reply) -> Judgement | None:
    """Judge a page by what its own site is known to say of what is gone; None if it says no such thing."""
    view = page.view(reply)
    for entry in _known(reply):
        said = next((text for text in entry.texts if text in view.lower), "")
        if said and not any(text in view.lower for text in entry.unless) and len(view.page.text) <= TEXT_LIMIT:
            return GONE_NOTICE.judge(f"{entry.hosts[0]}: {entry.what}", (f"text: {said}",))
    return None


def is_there(reply: Reply) -> bool:
    """Tell whether a page of a known site has what only its living pages have: then its words prove nothing."""
    return any(text in page.view(reply).lower for entry in _known(reply) for text in entry.unless)


def _known(reply: Reply) -> tuple[Notice, ...]:
    return _known_at(page.view(reply).parts.host) if reply.body else ()


@lru_cache(maxsize=1 << 10)
def _known_at(host: str) -> tuple[Notice, ...]:
    labels = host.lower().split(".")
    names = (".".join(labels[start:]) for start in range(len(labels) - 1))
    return tuple(entry for name in names for entry in _by_host().get(name, ()))


@cache
def _by_host() -> dict[str, list[Notice]]:
    found: dict[str, list[Notice]] = {}
    for entry in notices():
        for host in entry.hosts:
            found.setdefault(host, []).append(entry)
    return found
