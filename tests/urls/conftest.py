"""What the tests of this room share."""

from pathlib import Path

import pytest

from linkkeeper.urls import rules
from linkkeeper.urls.clean import Cleaner


@pytest.fixture(scope="session")
def cleaner() -> Cleaner:
    """Clean by the built-in rules."""
    return Cleaner(rules.load())


@pytest.fixture(scope="session")
def urls() -> list[str]:
    """Every URL of the cases, as written: seeds for properties."""
    folder = Path(__file__).parent / "cases"
    lines = [line for file in sorted(folder.glob("*.txt")) for line in file.read_text("utf-8").splitlines()]
    return [line.partition(" ")[0] for line in lines if line and not line.startswith("#")]
