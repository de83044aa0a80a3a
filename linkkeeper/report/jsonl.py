"""A line of JSON per URL, for programs that read while the run goes on: memory stays flat."""

from linkkeeper.models.run import Run, UrlRow
from linkkeeper.report import safe

NAME = "jsonl"


def line(row: UrlRow) -> str:
    """Return one URL as one line of JSON, newline at the end: the objects that `urls` of the JSON report holds."""
    return safe.json_text(safe.json_line(row).decode("utf-8"))


def render(run: Run) -> str:
    """Return a line for every URL of run."""
    return safe.json_text(safe.json_lines(run.urls).decode("utf-8"))
