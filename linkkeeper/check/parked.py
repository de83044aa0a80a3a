"""Domains that are parked or for sale: two signs prove it, one makes suspect (`data/parking.toml`). Pure."""

import re
from datetime import date
from functools import cache, lru_cache

from msgspec import Struct

from linkkeeper.check import page, tables
from linkkeeper.check.phrases import Phrases
from linkkeeper.check.rule import RuleDoc
from linkkeeper.models.verdict import Reply, Verdict
from linkkeeper.urls import parse

PARKED = RuleDoc(
    "parked", Verdict.DEAD, "The domain is parked or for sale: at least two signs.", "check/data/parking.toml"
)
PARKED_SIGN = RuleDoc(
    "parked-sign", Verdict.SUSPECT, "One sign that the domain is parked or for sale.", "check/data/parking.toml"
)
PROSE_LIMIT = 1200
"""Characters outside links: what has more to say is no parked page."""
_BLOCK_LIMIT = 200
_LOADED = re.compile(r"src\s{0,5}=\s{0,5}[\"']?(?:https?:)?//([\w.-]{1,253})", re.IGNORECASE)


class Parking(Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    hosts: frozenset[str]
    source: str
    date: date
    titles: tuple[str, ...]
    texts: tuple[str, ...]
    markup: tuple[str, ...]


def table() -> Parking:
    """Return the table."""
    return tables.load("parking.toml", Parking)


@cache
def _phrases() -> tuple[Phrases, Phrases]:
    """Return what stands in the markup of parked pages, and what they say."""
    return Phrases(table().markup), Phrases(table().texts)


def signs(reply: Reply) -> tuple[str, ...]:
    """Return each sign that the page is a parked domain's, as `name: what was seen`."""
    return page.view(reply).signs("parked", _signs)


def _signs(view: page.View) -> tuple[str, ...]:
    reply = view.reply
    final = view.parts.host.lower()
    asked = parse.split(reply.url).host.lower() if reply.redirects else final
    if _is_parking(asked):
        return ()  # a link to a seller of domains is no parked domain
    found = []
    if asked != final and _is_parking(final):
        found.append(f"parking-host: sent to {final}")
        if _names(reply.final_url or "", asked):
            found.append(f"parking-target: {final} offers {asked}")
    if view.html and reply.body:
        found += _said(view, asked)
    return tuple(found)


def _said(view: page.View, asked: str) -> list[str]:
    found = []
    markup, texts = _phrases()
    built = markup.first_in(view.lower) or _loads_from(view.lower)
    if built:
        found.append(f"parking-markup: {built}")
    if view.title and _offered(view.title.lower(), asked):
        found.append(f"parking-title: {view.title[:80]}")
    said = texts.first_in(view.lower)
    if said and view.page.prose_chars <= PROSE_LIMIT and any(said in block.lower() for block in _short(view.page)):
        found.append(f"parking-text: {said}")
    return found


def _short(seen: page.Page) -> list[str]:
    return [block for block in (*seen.headings, *seen.blocks) if len(block) <= _BLOCK_LIMIT]


def _offered(title: str, asked: str) -> bool:
    """Tell whether a title offers the site's own name for sale."""
    spoken = [name for name in {asked, asked.removeprefix("www.")} if name and name in title]
    if not spoken and "." in title:
        domain = parse.registrable_domain(asked)
        spoken = [domain] if domain in title else []
    return any(pattern in title.replace(name, "{domain}") for name in spoken for pattern in table().titles)


def _loads_from(markup: str) -> str:
    return next((host for host in _LOADED.findall(markup) if _is_parking(host)), "")


@lru_cache(maxsize=1 << 10)
def _is_parking(host: str) -> bool:
    labels = host.split(".")
    return any(".".join(labels[start:]) in table().hosts for start in range(len(labels) - 1))


def _names(url: str, host: str) -> bool:
    return parse.registrable_domain(host) in url.partition("://")[2].partition("/")[2].lower()
