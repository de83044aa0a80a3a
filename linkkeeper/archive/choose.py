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


def candidates(rows: Iterable[CdxRow], near: Dated, asked: str) -> tuple[Candidate, ...]:
    """Return the captures that may be pages, best first."""
    kept = distinct(rows)
    statuses = status_by_digest(kept)
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


def status_by_digest(rows: Sequence[CdxRow]) -> dict[str, str]:
    """Return the status of each payload that a full (not revisit) row of the answer tells."""
    full = sorted((row for row in rows if row.statuscode.isdigit()), key=lambda row: row.timestamp)
    return {row.digest: row.statuscode for row in full if row.digest != NO_DIGEST}


def last_redirect(rows: Iterable[CdxRow]) -> CdxRow | None:
    """Return the newest archived redirect, if it is newer than every page: a sign that the page moved."""
    kept = distinct(rows)
    statuses = status_by_digest(kept)
    redirects = [row for row in kept if _status(row, statuses).startswith("3")]
    newest = max(redirects, key=lambda row: row.timestamp, default=None)
    if newest and all(row.timestamp < newest.timestamp for row in kept if _status(row, statuses) == "200"):
        return newest
    return None


def _candidate(row: CdxRow, asked: str, statuses: dict[str, str]) -> Candidate:
    certain = _status(row, statuses) == "200"
    captured = instant(row.timestamp)
    return Candidate(row.timestamp, row.original, row.digest, captured, grade(asked, row.original), certain)


def _may_be_a_page(row: CdxRow, statuses: dict[str, str]) -> bool:
    return _status(row, statuses) in ("200", "-", "") and row.digest != EMPTY_DIGEST


def _status(row: CdxRow, statuses: dict[str, str]) -> str:
    """A revisit has the status of what it revisits (same digest); else it stays `-`."""
    return row.statuscode if row.statuscode.isdigit() else statuses.get(row.digest, "-")
