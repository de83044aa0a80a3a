"""CONTRIBUTING names places; they must exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_place_that_contributing_names_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = set(re.findall(r"`((?:linkkeeper|tests|benchmarks|\.ci)/[^`]*)`", text))
    assert len(named) > 15
    assert [place for place in sorted(named) if not (ROOT / place).exists()] == []
