"""When posts were written, by their heads and names as they are on this disk: for figures over years."""

from pathlib import Path

from linkkeeper.archive import dates
from linkkeeper.config.settings import Settings
from linkkeeper.models.document import Dated
from linkkeeper.models.run import Run

_HEAD_BYTES = 65_536


def of_file(file: str, wanted: dates.DateOptions) -> Dated | None:
    """Return the date that a post gives itself; None: it gives none. A post that is gone still has its name."""
    try:
        with Path(file).open("rb") as opened:
            data = opened.read(_HEAD_BYTES)
    except (OSError, ValueError):
        data = b""
    return dates.document_date(file, data, wanted)


def years(run: Run, settings: Settings) -> dict[str, str]:
    """Return the year (four digits) of every post of a run that gives itself a date, by file."""
    wanted = dates.DateOptions(settings.timezone)
    files = {link.file for row in run.urls for link in row.links}
    dated = ((file, of_file(file, wanted)) for file in files)
    return {file: (one.text or one.until.isoformat())[:4] for file, one in dated if one is not None}
