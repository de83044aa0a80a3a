"""What the shell offers for the values of flags. Runs at every press of a key: light, and silent about trouble."""

from collections.abc import Callable, Iterable
from pathlib import Path

Words = Callable[[str], list[str]]


def one_of(*words: str) -> Words:
    """Return a completion of one word."""
    return lambda incomplete: [word for word in words if word.startswith(incomplete)]


def list_of(*words: str) -> Words:
    """Return a completion of words with commas between them; none twice."""

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        taken = set(before.split(","))
        return [before + comma + word for word in words if word.startswith(last) and word not in taken]

    return complete


def formats(incomplete: str) -> list[str]:
    """Return the report formats."""
    return one_of(*_formats())(incomplete)


def outputs(incomplete: str) -> list[str]:
    """Return the report formats as `--output` takes them; nothing once there is a file to complete."""
    return [] if "=" in incomplete else [f"{name}=" for name in _formats() if name.startswith(incomplete)]


def _formats() -> Iterable[str]:
    from linkkeeper.report.registry import NAMES

    return NAMES


def runs(incomplete: str) -> list[tuple[str, str]]:
    """Return the runs whose report is kept, newest first, each with what it found."""
    if not Path(".linkkeeper", "state.db").is_file():
        return []
    from linkkeeper.store.database import open_state
    from linkkeeper.store.runs import Runs

    with open_state(".linkkeeper", wait_s=0.1) as database:
        kept = [one for one in Runs(database).figures() if one.report and one.id.startswith(incomplete)]
    return [(one.id, f"{one.verdicts.get('dead', 0)} dead of {one.links} links") for one in reversed(kept)]
