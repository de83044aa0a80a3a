"""The state directory."""

from contextlib import suppress
from pathlib import Path


def make(folder: Path) -> None:
    """Make the state directory where it is missing; git leaves it alone. Raises OSError."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):
        (folder / ".gitignore").write_text("*\n", "ascii")
