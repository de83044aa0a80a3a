"""What a report format is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct, field

from linkkeeper.models.run import Run


class ReportFormat(Protocol):
    """One way to show a run. A plain module can be one."""

    @property
    def NAME(self) -> str: ...  # noqa: N802  # a module's constant

    def render(self, run: Run) -> str:
        """Return the whole report as text, newline at the end; the same run gives the same text."""


class TrendPoint(Struct, frozen=True):
    """One earlier run, as far as its figures go."""

    at: datetime
    """UTC."""
    verdicts: dict[str, int] = field(default_factory=dict)
    """URLs per verdict."""


class FileDiff(Struct, frozen=True):
    """What `fix` would change in one post."""

    file: str
    diff: str
    """Unified diff."""


class Extras(Struct, frozen=True):
    """What a report can show beside the run itself, where somebody knows it."""

    trend: tuple[TrendPoint, ...] = ()
    """Earlier runs and this one, oldest first."""
    diffs: tuple[FileDiff, ...] = ()
    diffs_more: int = 0
    """Posts that `fix` would change as well, and whose diff is not here."""
    diffs_stale: tuple[str, ...] = ()
    """Posts with something to repair that have changed since the run: nobody knows what `fix` would do to them now."""
    years: Mapping[str, str] = {}
    """The year of each post that gives itself a date, by file."""
