"""What is held of the living: the coverage of a collection, and one URL's copies. Asks nobody."""

import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from linkkeeper.config.settings import Settings
from linkkeeper.errors import UsageError
from linkkeeper.models.saving import Status
from linkkeeper.models.ticket import SaveState
from linkkeeper.net import gate, target
from linkkeeper.net.options import NetOptions
from linkkeeper.pipeline import coverage, options, saved, scan
from linkkeeper.pipeline.collect import absolute
from linkkeeper.pipeline.events import Events
from linkkeeper.pipeline.state import State
from linkkeeper.report import safe
from linkkeeper.urls import archive_links, rules, secrets
from linkkeeper.urls.clean import Cleaner

if TYPE_CHECKING:
    from linkkeeper.archive.local.base import Held
    from linkkeeper.models.ticket import Ticket

_NAMED = re.compile(r"(?:[\w-]{1,63}\.){1,10}[a-z]{2,63}(?:[/?#:]|$)", re.IGNORECASE)
"""What looks like a URL without its scheme."""
_USERINFO, _LONGEST_SHOWN = re.compile(r"^[^@/?#]*@"), 200
_NO_COPY_WANTED = (SaveState.REFUSED, SaveState.GIVEN_UP)


def status(request: scan.Request, settings: Settings, events: Events) -> Status:
    """Return how many of the links that lived when they were last asked have a copy, and where.

    Raises UsageError for paths that cannot be meant.
    """
    with State(settings) as state:
        collection, _, _ = scan.read(request, settings, events, state.extractions)
        verdicts = state.last_verdicts()
        living, unchecked = [], 0
        here, copies = state.refusals.known(), coverage.known(settings, state)
        allowed = NetOptions(allow_hosts=tuple(settings.allow_host), allow_private=settings.allow_private)
        bases = options.archive_bases(settings)
        for entry in collection.asked():
            if archive_links.points_into(entry.url, bases):
                continue
            verdict = verdicts.get(state.key_of(entry.url))
            unchecked += verdict is None and entry.url not in here and not gate.why_barred(entry.url, allowed)
            if verdict in coverage.LIVING or (verdict is None and entry.url in here and entry.url in copies):
                living.append(entry.url)  # or saved elsewhere, since it answered HEAD
        refused = coverage.refusals([*living, *here], settings, state)
        hopeless = coverage.without_hope(refused, coverage.used(settings, state))
        tickets = state.queue.tickets()
        notes = list(state.notes)
    asked = [entry.url for entry in collection.asked()]
    known = _Known(living, unchecked, copies, tickets, refused, hopeless)
    return _status(settings, known, frozenset(asked), notes)


class _Known(Struct, frozen=True):
    """What this machine knows of the links of a collection."""

    living: list[str]
    unchecked: int
    copies: coverage.Copies
    tickets: "dict[str, Ticket]"
    refused: dict[str, dict[str, str]]
    """URL → archive → why."""
    hopeless: set[str]


def _status(settings: Settings, known: _Known, asked: frozenset[str], notes: list[str]) -> Status:
    queue = {state.value: 0 for state in SaveState}
    for ticket in known.tickets.values():
        queue[ticket.state.value] += 1
    directory = Path(settings.archive.dir)
    pages = len(coverage.in_local_archive(settings))
    total = saved.bytes_in(directory) if pages else 0
    return Status(
        coverage=coverage.of_living(known.living, known.copies, coverage.oldest(settings), known.hopeless),
        unchecked=known.unchecked,
        queue=queue,
        refused=sorted(_refused(known, asked)),
        missing=sorted(url for url in known.living if url not in known.copies and url not in known.hopeless),
        directory=settings.archive.dir if pages else "",
        pages=pages,
        bytes_total=total,
        notes=[*notes, *saved.budget_notes(total, settings.archive.budget)],
    )


def _refused(known: _Known, asked: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield each URL without any copy, and why an archive has none: only those that were used say so."""
    for url, whys in known.refused.items():
        if url in asked and url not in known.copies and url in known.hopeless:
            yield url, "refused: " + "; ".join(f"{name}: {why}" for name, why in whys.items())
    for url, ticket in known.tickets.items():
        if url in asked and url not in known.refused and ticket.state in _NO_COPY_WANTED:
            yield url, f"{ticket.state.value}: {coverage.WAYBACK}: {ticket.detail or ticket.code}"


class Holding(Struct, frozen=True):
    """What is known of one URL's copies."""

    url: str
    """The form of it that was found; as asked for where none was."""
    local: "tuple[Held, ...]" = ()
    """Oldest first."""
    wayback: str | None = None
    captured: datetime | None = None
    """Of the copy at the Wayback Machine, UTC."""
    wayback_state: str = ""
    """How far it has come there; empty: nothing is known."""
    lost: tuple[str, ...] = ()
    """WARCs that held it here and are missing."""

    @property
    def any(self) -> bool:
        """Say whether there is a copy anywhere."""
        return bool(self.local) or self.wayback is not None


def of_url(url: str, settings: Settings) -> Holding:
    """Return what is held of a URL, as it is given or cleaned.

    Raises UsageError for what is no URL of the web, LinkkeeperError if the archive cannot be read.
    """
    _check_url(url)
    forms = list(dict.fromkeys((without_fragment(url), without_fragment(cleaned(url, settings)))))
    local, lost = _here(Path(settings.archive.dir), forms)
    with State(settings) as state:
        tickets = state.queue.tickets(forms)
    ticket = next((tickets[form] for form in forms if form in tickets), None)
    if ticket is None:
        return Holding(forms[0], local, lost=lost)
    from linkkeeper.archive.saving import known

    copy = known.copy_of(ticket, options.archive_bases(settings)[0])
    moment, where = copy or (None, None)
    return Holding(forms[0], local, where, moment, ticket.state.value, lost)


def _here(directory: Path, forms: list[str]) -> "tuple[tuple[Held, ...], tuple[str, ...]]":
    """Return what the local archive holds of the first form that it holds, and the missing WARCs where it did."""
    if not directory.is_dir():
        return (), ()
    from linkkeeper.archive.local import show

    local: tuple[Held, ...] = next((found for form in forms if (found := show.held(directory, form))), ())
    return local, tuple(sorted({name for form in forms for name in show.lost(directory, form)}))


def _check_url(url: str) -> None:
    try:
        target.parse(absolute(url))
    except ValueError as problem:
        told = secrets.mask(url) if "//" in url else _USERINFO.sub("***@", url)
        shown = safe.visible(safe.without_surrogates(told))[:_LONGEST_SHOWN]
        guess = f"did you mean https://{shown}?" if _NAMED.match(url) else "write it as in the post: https://…"
        raise UsageError(f"{shown!r} is no URL of the web: {problem}", guess) from problem


def cleaned(url: str, settings: Settings) -> str:
    """Return a URL as posts have it once it is cleaned."""
    return absolute(Cleaner(rules.load(options.cleaning(settings))).clean(url).url)


def without_fragment(url: str) -> str:
    """Return a URL up to its `#`."""
    return url.partition("#")[0]


def check_place(place: str, *, must_exist: bool) -> None:
    """Raise UsageError for what cannot be a local archive; one that is not there yet may be made by the next save."""
    path = Path(place)
    if os.path.lexists(path) and not path.is_dir():
        raise UsageError(f"{place} is no folder, so no local archive", "--archive DIR names one")
    if must_exist and not path.is_dir():
        raise UsageError(f"there is no folder {place}", "linkkeeper archive save --to local makes a local archive")


def existing(place: str) -> Path:
    """Return the path of a local archive or a WACZ. Raises UsageError if there is nothing."""
    from linkkeeper.archive.local import layout

    path = Path(place)
    if not path.exists() or (path.is_dir() and not layout.is_archive(path)):
        raise UsageError(f"there is no archive at {place}", "linkkeeper archive save --to local makes one")
    return path
