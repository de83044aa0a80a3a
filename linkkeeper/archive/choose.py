"""Which capture suits the day a link was written: the last up to then, else the first after. Pure.

A capture of what may be another page (a path that differs in case, arguments that differ) comes after all
captures of the page that was asked for.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from msgspec import Struct

from linkkeeper.archive.archive_urls import instant
from linkkeeper.archive.grade import Grade, grade
from linkkeeper.models.document import Dated

EMPTY_DIGEST = "3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"
"""SHA-1 of nothing, as the index writes it: a capture without a body."""
NO_DIGEST = "-"
_SAME_TIME_S = 86_400.0
"""Indexes may order by the day."""


class CdxRow(Struct, frozen=True):
    """One record of the index, with the index's own field names."""

    urlkey: str
    timestamp: str
    original: str
    mimetype: str
    statuscode: str
    digest: str


class Candidate(Struct, frozen=True):
    """A capture worth playing."""

    timestamp: str
    original: str
    digest: str
    captured: datetime
    grade: Grade
    certain: bool
    """The index says 200. False: a revisit of something that is not in the answer; playing decides."""
    revisit: bool = False


def candidates(rows: Iterable[CdxRow], near: Dated, asked: str) -> tuple[Candidate, ...]:
    """Return the captures that may be pages, best first."""
    kept = distinct(rows)
    statuses = statuses_by_digest(kept)
    found = [_candidate(row, asked, statuses) for row in kept if _may_be_a_page(row, statuses)]
    return tuple(sorted(found, key=lambda c: rank(c, near.until)))


def rank(candidate: Candidate, until: datetime) -> tuple[bool, bool, float, Grade]:
    """Return a sort key: same page first, then before the date, then near it, then the more alike URL."""
    after = candidate.captured > until
    distance = abs((candidate.captured - until).total_seconds())
    return candidate.grade is Grade.DIFFERENT, after, distance, candidate.grade


def distinct(rows: Iterable[CdxRow]) -> tuple[CdxRow, ...]:
    """Return rows without repetitions: the index repeats identical rows (observed 2022 and 2026)."""
    return tuple({(row.timestamp, row.original, row.digest): row for row in rows}.values())


def nearest_first(rows: Iterable[CdxRow], near: Dated) -> bool:
    """Say whether rows come in the order of their distance from the date, as asked for."""
    distances = [abs((instant(row.timestamp) - near.until).total_seconds()) for row in rows]
    return all(one <= other + _SAME_TIME_S for one, other in pairwise(distances))


Statuses = dict[str, list[tuple[str, str]]]
"""Payload → when it was captured in full, and with which status, in the order of time."""


def statuses_by_digest(rows: Sequence[CdxRow]) -> Statuses:
    """Return what the full (not revisit) rows of the answer tell of each payload."""
    found: Statuses = {}
    for row in sorted(rows, key=lambda row: row.timestamp):
        if row.statuscode.isdigit() and row.digest != NO_DIGEST:
            found.setdefault(row.digest, []).append((row.timestamp, row.statuscode))
    return found


def last_redirect(rows: Iterable[CdxRow]) -> CdxRow | None:
    """Return the newest archived redirect, if it is newer than every page: a sign that the page moved."""
    kept = distinct(rows)
    statuses = statuses_by_digest(kept)
    redirects = [row for row in kept if _status(row, statuses).startswith("3")]
    newest = max(redirects, key=lambda row: row.timestamp, default=None)
    if newest and all(row.timestamp < newest.timestamp for row in kept if _status(row, statuses) == "200"):
        return newest
    return None


def _candidate(row: CdxRow, asked: str, statuses: Statuses) -> Candidate:
    certain = _status(row, statuses) == "200"
    captured = instant(row.timestamp)
    alike, revisit = grade(asked, row.original), not row.statuscode.isdigit()
    return Candidate(row.timestamp, row.original, row.digest, captured, alike, certain, revisit)


def _may_be_a_page(row: CdxRow, statuses: Statuses) -> bool:
    return _status(row, statuses) in ("200", "-", "") and row.digest != EMPTY_DIGEST


def _status(row: CdxRow, statuses: Statuses) -> str:
    """A revisit has the status of what it revisits, the newest capture before it with its digest; else it stays `-`.

    The same payload may have come with 200 once and with 404 later (a page about maintenance).
    """
    if row.statuscode.isdigit():
        return row.statuscode
    return next((status for when, status in reversed(statuses.get(row.digest, [])) if when <= row.timestamp), "-")
