"""A row per link for spreadsheets; no cell is ever a formula."""

import csv
import io
import re

from linkkeeper.models.run import Run
from linkkeeper.models.verdict import Verdict
from linkkeeper.report import places, safe

NAME = "csv"

COLUMNS = (
    *("verdict", "file", "line", "column", "url", "raw", "kind", "rule", "detail", "status", "final_url"),
    *("since", "checked", "date", "snapshot", "snapshot_state", "captured", "not_counted"),
)
_FORMULA = re.compile(r"(^\s*|;\s*)(?=[=+\-@＝＋－＠|%])")
"""What a spreadsheet would calculate (OWASP, CSV injection): at the start of a cell, and after `;`,
where a spreadsheet of another language begins a new cell."""


def render(run: Run) -> str:
    """Return a header and a row for every link, in order of file and position."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    run = safe.shown(run)
    for place in places.places(run, tuple(Verdict)):
        writer.writerow(map(cell, (*_values(place), "")))
    for place, one in places.accepted(run):
        writer.writerow(map(cell, (*_values(place), places.why_accepted(one))))
    return out.getvalue()


def cell(value: object) -> str:
    """Return value as text that no spreadsheet takes for a formula: an apostrophe stands before its sign."""
    text = "" if value is None else str(value)
    plain = not text or (text[0].isalnum() and ";" not in text)
    return text if plain else _FORMULA.sub(r"\1'", text)


def _values(place: places.Place) -> tuple[object, ...]:
    link, row, snapshot = place.link, place.row, place.link.snapshot
    times = [moment.isoformat().replace("+00:00", "Z") if moment else "" for moment in (row.since, row.checked)]
    where = (row.verdict.value, link.file, link.line, link.column, row.url, link.raw, link.kind)
    rescue = (snapshot.url, snapshot.state.value, places.day(snapshot.captured)) if snapshot else ("", "", "")
    return (*where, row.rule, row.detail, row.status, row.final_url, *times, link.date, *rescue)
