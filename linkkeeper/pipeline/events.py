"""What a run tells whoever watches it. The command line draws it; nobody has to."""

from typing import Protocol

from linkkeeper.models.run import UrlRow


class Events(Protocol):
    """Heard while a run goes on. Nothing here may raise or block."""

    @property
    def wants_rows(self) -> bool:
        """Whether anybody hears `row`: they cost time to make."""

    def stage(self, name: str, total: int | None) -> None:
        """A stage begins: `reading`, `checking`, `archive`, `writing`; total is None if unknown."""

    def advance(self, name: str, text: str = "") -> None:
        """One more of the stage's things is done; text is a short state such as `3 dead`."""

    def waiting(self, name: str, text: str) -> None:
        """The stage waits; text says for whom and how long. An empty text: no longer."""

    def row(self, row: UrlRow) -> None:
        """A URL's final answer is known."""

    def note(self, text: str) -> None:
        """One sentence for the user about the run as a whole."""


class Silent:
    """Events that nobody hears."""

    wants_rows = False

    def stage(self, name: str, total: int | None) -> None:
        """Hear nothing."""

    def advance(self, name: str, text: str = "") -> None:
        """Hear nothing."""

    def waiting(self, name: str, text: str) -> None:
        """Hear nothing."""

    def row(self, row: UrlRow) -> None:
        """Hear nothing."""

    def note(self, text: str) -> None:
        """Hear nothing."""
