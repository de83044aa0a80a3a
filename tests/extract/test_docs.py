"""The tables of docs/extraction.md are what they say."""

import re
from pathlib import Path

import pytest

from linkkeeper.extract import registry
from linkkeeper.extract.base import ExtractOptions

PAGE = Path(__file__).parents[2] / "docs" / "extraction.md"
ROW = re.compile(r"^\| (`+)( ?)(.+?)\2\1 \| (.+) \|$", re.MULTILINE)
ROWS = [(match[3], re.findall(r"`([^`]+)`", match[4])) for match in ROW.finditer(PAGE.read_text("utf-8"))]


def test_the_tables_are_read() -> None:
    assert len(ROWS) == 42


@pytest.mark.parametrize(("written", "expected"), ROWS)
def test_a_row_of_the_page_holds(written: str, expected: list[str]) -> None:
    links = registry.extract("a.md", written.encode(), ExtractOptions()).links
    assert [link.written.decode() for link in links if not link.skip] == expected
