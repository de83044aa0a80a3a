"""Progress on stderr (tqdm): what is done, how fast, how long yet. Nothing moves without a terminal."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from linkkeeper.cli import output
from linkkeeper.models.run import UrlRow

if TYPE_CHECKING:
    from tqdm import tqdm

UNITS = {
    "reading": "file",
    "checking": "link",
    "archive": "link",
    "writing": "file",
    "keeping": "page",
    "saving": "link",
}


class Bars:
    """Draws the stages of a run one after the other. Close it when the run is over, however it ends."""

    def __init__(self, row: Callable[[UrlRow], None] | None = None) -> None:
        """row: takes each URL as soon as its answer is final."""
        self._row = row
        self._bar: tqdm[NoReturn] | None = None
        self._name = ""

    def stage(self, name: str, total: int | None) -> None:
        """Begin a bar for the stage."""
        self.close()
        self._name = name
        if output.animated() and total != 0:
            from tqdm import tqdm

            self._bar = tqdm(
                total=total, desc=name, unit=UNITS.get(name, ""), leave=False, dynamic_ncols=True, mininterval=0.2
            )

    def advance(self, name: str, text: str = "", files: int = 1) -> None:
        """Move the bar by one (or so many files) and show the short state."""
        if name == self._name and self._bar is not None:
            self._bar.update(files)
            if text:
                self._bar.set_postfix_str(output.harmless(text), refresh=False)

    def waiting(self, name: str, text: str) -> None:
        """Show for whom the stage waits."""
        if name == self._name and self._bar is not None:
            self._bar.set_description_str(f"{name}, waiting for {output.harmless(text)}" if text else name)

    @property
    def wants_rows(self) -> bool:
        """True if somebody reads them."""
        return self._row is not None

    def row(self, row: UrlRow) -> None:
        """Hand it on."""
        if self._row is not None:
            self._row(row)

    def note(self, text: str) -> None:
        """Say it above the bar."""
        if self._bar is not None:
            self._bar.clear()
        output.note(text)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
        self._bar = None
