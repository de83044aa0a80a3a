"""What a report format is."""

from typing import Protocol

from linkkeeper.models.run import Run


class ReportFormat(Protocol):
    """One way to show a run. A plain module can be one."""

    @property
    def NAME(self) -> str: ...  # noqa: N802  # a module's constant

    def render(self, run: Run) -> str:
        """Return the whole report as text, newline at the end; the same run gives the same text."""
