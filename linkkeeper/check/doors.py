"""Where redirects end instead of at the page: log-in, consent, the front door (`data/doors.toml`). Pure."""

import re
from datetime import date
from functools import lru_cache
from urllib.parse import unquote

from msgspec import Struct

from linkkeeper.check import page, tables
from linkkeeper.check.rule import RuleDoc
from linkkeeper.models.verdict import Reply, Verdict
from linkkeeper.urls import parse

LOGIN_WALL = RuleDoc(
    "login-wall",
    Verdict.BLOCKED,
    "The server sends visitors without an account to a log-in page; what lies behind cannot be seen.",
    "check/data/doors.toml",
)
CONSENT_WALL = RuleDoc(
    "consent-wall",
    Verdict.BLOCKED,
    "The server shows a consent page first; what lies behind cannot be seen.",
    "check/data/doors.toml",
)


_PARTS = re.compile(r"\s[-–—]\s|\s?[|·•»_]\s?")
_FORM_PROSE = 800
"""Characters outside links: a page with more to say has more than a form."""


class Door(Struct, frozen=True, forbid_unknown_fields=True):
    """How the address of one kind of door looks."""

    source: str
    date: date
    hosts: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    titles: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()


class Doors(Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    login: Door
    consent: Door
    home: Door
    gate: Door
    wrappers: Door


def doors() -> Doors:
    """Return the table."""
    return tables.load("doors.toml", Doors)


def wall_at(asked: str, final: str) -> RuleDoc | None:
    """Return the rule of the log-in or consent page that a redirect ended at; None if it is no such page."""
    if not final or asked == final:
        return None
    for door, rule in ((doors().login, LOGIN_WALL), (doors().consent, CONSENT_WALL)):
        if _is_door(door, final) and not _is_door(door, asked):
            return rule
    return None


@lru_cache(maxsize=4096)
def _below(hosts: frozenset[str], host: str) -> bool:
    labels = host.split(".")
    return any(".".join(labels[start:]) in hosts for start in range(len(labels)))


def login_form(reply: Reply) -> bool:
    """Tell whether a log-in page stands at the address of another page: its title, a password field, few words."""
    if b"password" not in reply.body.lower() or _is_door(doors().login, reply.url):
        return False
    parts = (part.strip().lower() for part in _PARTS.split(page.title(reply)))
    if not any(part in doors().login.titles for part in parts):
        return False
    seen = page.read(reply)
    return seen.password and seen.prose_chars <= _FORM_PROSE


def is_gate(reply: Reply) -> bool:
    """Tell whether a page is one that visitors without a cookie are sent to, whatever they asked for."""
    lower = page.view(reply).lower
    return any(map(lower.__contains__, doors().gate.texts))


def _is_door(door: Door, url: str) -> bool:
    parts = parse.split(url)
    host = parts.host.lower().rstrip(".")
    if _below_or_first(door, host):
        return True
    return any(name in door.segments for name in _names(parts.path)[-3:])


def _below_or_first(door: Door, host: str) -> bool:
    first, dot, rest = host.partition(".")
    return _below(door.hosts, host) or (first in door.labels and "." in rest and bool(dot))


def _names(path: str) -> list[str]:
    """Return the segments of a path in lower case, the last without its suffix."""
    segments = [unquote(segment).lower().partition(";")[0] for segment in path.split("/") if segment]
    if segments:
        segments[-1] = segments[-1].partition(".")[0]
    return segments


def is_home(url: str) -> bool:
    """Tell whether url is the front door of its site: `/`, `/index.html`, `/en/`, `/zh-cn/home`."""
    parts = parse.split(url)
    names = [name for name in _names(parts.path) if name not in doors().home.names]
    if parts.query and _identifies(parts.query):
        return False
    return not names or (len(names) == 1 and _is_language(names[0]))


def _identifies(query: str) -> bool:
    """Tell whether a query may name a page of its own (`?p=12`) rather than where one came from (`?ref=404`)."""
    hints = (
        "ref",
        "from",
        "utm_",
        "source",
        "error",
        "err",
        "404",
        "notfound",
        "msg",
        "lang",
        "redirected",
        "aspxerrorpath",
    )
    return not all(part.lower().startswith(hints) for part in query.split("&") if part)


def _is_language(name: str) -> bool:
    language, _, region = name.replace("_", "-").partition("-")
    return len(language) == 2 and language.isascii() and language.isalpha() and (not region or 2 <= len(region) <= 4)


def sent_home(asked: str, final: str) -> bool:
    """Tell whether a deep link ended at a front door, and that is not what the link is for.

    Short links and `/go/…` counters may lead to any home page; a link that names its target in its
    query too; a site that moved as a whole may send its shallow pages to the new front door.
    """
    if not final or is_home(asked) or not is_home(final):
        return False
    old, new = parse.split(asked), parse.split(final)
    names = _names(old.path)
    wrappers = doors().wrappers
    if _below(wrappers.hosts, old.host.lower()) or (names and names[0] in wrappers.segments):
        return False
    if new.host.lower() in unquote(old.query or "").lower():
        return False
    if parse.registrable_domain(old.host) == parse.registrable_domain(new.host):
        return True
    return len(names) >= 2 or any(len(name) > 16 for name in names)
