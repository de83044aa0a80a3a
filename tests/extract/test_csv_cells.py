"""Tables written as CSV in AsciiDoc and reStructuredText: a comma ends a cell, unless the cell is quoted."""

import pytest

from linkkeeper.extract import csv_cells
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.extract.registry import extract

CELLS = """{0}a,b
{0}https://a.example/x,https://b.example/y
{0}"https://c.example/a,b","text, https://d.example/z"
"""
IN_CELLS = ["https://a.example/x", "https://b.example/y", "https://c.example/a,b", "https://d.example/z"]
AFTER = "\nAfter: https://e.example/a,b\n"


def _urls(name: str, text: str) -> list[str]:
    data = text.encode()
    links = extract(name, data, ExtractOptions()).links
    assert all(data[link.span.start : link.span.end] == link.written for link in links)
    return [link.url for link in links]


@pytest.mark.parametrize("style", [",===", "[%header,format=csv]\n|===", '[format="csv"]\n|==='])
def test_a_comma_ends_a_cell_of_asciidoc(style: str) -> None:
    text = f"{style}\n{CELLS.format('')}{style[-4:]}\n{AFTER}"
    assert _urls("a.adoc", text) == [*IN_CELLS, "https://e.example/a,b"]


def test_only_the_table_behind_the_style_is_csv() -> None:
    table = "|===\n|https://a.example/x,y |b\n|===\n"
    assert _urls("a.adoc", f"[format=csv]\nText https://b.example/x,y\n\n{table}") == [
        "https://b.example/x,y",
        "https://a.example/x,y",
    ]


@pytest.mark.parametrize("options", ["", '   :header: "a", "b"\n'])
def test_a_comma_ends_a_cell_of_restructuredtext(options: str) -> None:
    text = f".. csv-table:: Title\n{options}\n{CELLS.format('   ')}{AFTER}"
    assert _urls("a.rst", text) == [*IN_CELLS, "https://e.example/a,b"]


def test_the_delimiter_that_a_table_names_ends_its_cells() -> None:
    text = ".. csv-table::\n   :delim: ;\n\n   https://a.example/x,y;https://b.example/z\n"
    assert _urls("a.rst", text) == ["https://a.example/x,y", "https://b.example/z"]


@pytest.mark.parametrize("text", [b'"a,b",c', b'a,"b ""c"" d"', b'"a', b'a "b, c" d', b'\n "a", b', b""])
def test_no_offset_moves(text: bytes) -> None:
    assert len(csv_cells.apart(text)) == len(text)
