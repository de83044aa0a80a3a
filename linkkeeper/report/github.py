"""Annotations on the changed lines and the job summary, as GitHub Actions (and Forgejo) read them.

Escaping after the runner's own parser (actions/toolkit, command.ts; observed 2026-11): `%`, CR and LF
in a message, `:` and `,` as well in a property.
"""

import os
from pathlib import Path

from linkkeeper.models.run import Run
from linkkeeper.models.verdict import Verdict
from linkkeeper.report import markdown, places, safe

NAME = "github"

SUMMARY_CHARS = 250_000
"""GitHub refuses a step's summary above 1 MiB; a character takes at most 4 bytes."""
_LEVELS = {Verdict.DEAD: "error", Verdict.INVALID: "error", Verdict.SUSPECT: "warning"}


def render(run: Run) -> str:
    """Return one annotation per link that fails or warns; errors first, since only the first ten are shown.

    Files that could not be read warn as well, and a run that is not complete says why.
    """
    run = safe.shown(places.noteworthy(run))
    found = sorted(places.places(run, tuple(_LEVELS)), key=lambda place: _LEVELS[place.row.verdict])
    notes = [] if run.complete else [_about_the_run(note) for note in run.notes or ["This run is not complete."]]
    problems = [f"::warning file={_value(item.file)}::{_data(item.problem)}\n" for item in run.files]
    return "".join([*(_annotation(place, run) for place in found), *problems, *notes])


def _about_the_run(note: str) -> str:
    return f"::warning title=linkkeeper::{_data(note)}\n"


def _annotation(place: places.Place, run: Run) -> str:
    link, row = place.link, place.row
    level = _LEVELS[row.verdict]
    where = f"file={_value(link.file)},line={link.line},col={link.column}"
    if end := places.end_column(link):
        where += f",endColumn={end}"
    return f"::{level} {where},title={_value(f'{row.verdict} link')}::{_data(message(place, run))}\n"


def message(place: places.Place, run: Run) -> str:
    """Return what to know about one link, in one or two lines."""
    row, snapshot = place.row, place.link.snapshot
    since = f" since {day}" if (day := places.since(row, run)) else ""
    lines = [
        f"{row.url or place.link.raw or 'empty destination'} is {row.verdict}{since}: {places.seen(row, run.rules)}"
    ]
    if places.rescued(snapshot) and snapshot:
        lines.append(f"Archived {places.day(snapshot.captured)}: {snapshot.url}")
    elif words := places.rescue(snapshot):
        lines.append(f"Rescue: {words}")
    return "\n".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def summary(run: Run) -> str:
    """Return the job summary: the Markdown report, within what GitHub takes."""
    return markdown.render(run, max_chars=SUMMARY_CHARS)


def append_summary(run: Run) -> None:
    """Add the summary to the file that `GITHUB_STEP_SUMMARY` names; do nothing where it names none.

    A summary that cannot be written is no reason to fail: the annotations say the same.
    """
    name = os.environ.get("GITHUB_STEP_SUMMARY", "")
    if not name or Path(name).is_symlink():
        return
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(name, flags, 0o644), "a", encoding="utf-8") as file:
            file.write(summary(run))
    except OSError as error:
        import logging

        logging.getLogger(__name__).warning("the job summary could not be written: %s", error.strerror)
