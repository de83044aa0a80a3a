"""reStructuredText against docutils, and by hand where docutils does not reach."""

import io
import itertools
from typing import Any

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.extract import rst
from linkkeeper.extract.base import ExtractOptions, Found
from linkkeeper.extract.rst_blocks import blocks
from linkkeeper.extract.rst_lines import Lines

PIECES = (
    "`a <http://e/%d>`_ ", "`b <http://f/%d>`__ ", "http://g/%d ", "(http://h/%d) ", "``http://i/%d`` ", "*x* ",
    "text ", "\n", "\n\n", "\n\n- ", "\n\n  ", "::\n\n   http://j/%d\n\n", "\n\n.. _t%d: http://k/%d\n\n", "\n\n.. c http://l/%d\n\n",
    "\n\n.. image:: http://m/%d\n   :target: http://n/%d\n\n", "\n\n__ http://o/%d\n\n", "\n\n.. note:: http://p/%d\n\n",
    "\n\n.. code::\n\n   http://q/%d\n\n", "\\http://r/%d ", "**http://s/%d** ", "|x| ", ":role:`http://t/%d` ",
)  # fmt: skip
SETTINGS = {"report_level": 5, "halt_level": 6, "file_insertion_enabled": False, "warning_stream": io.StringIO()}


def _theirs(text: str) -> set[str]:
    tree: Any = publish_doctree(text, settings_overrides=SETTINGS)
    urls = {node["refuri"] for node in tree.findall() if isinstance(node, nodes.Element) and "refuri" in node}
    return urls | {node["uri"] for node in tree.findall(nodes.image)}


def _found(text: str, include_verbatim: bool = False) -> list[Found]:
    return list(rst.links(text.encode(), ExtractOptions(include_verbatim=include_verbatim)))


def _written(text: str) -> list[tuple[str, str]]:
    data = text.encode()
    return [(data[link.start : link.end].decode(), link.url) for link in rst.links(data, ExtractOptions())]


def _document(pieces: list[str]) -> str:
    return "Text\n\n" + "".join(piece.replace("%d", str(number)) for number, piece in enumerate(pieces))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map(_document))
def test_every_url_docutils_makes_is_found(text: str) -> None:
    assert _theirs(text) <= {link.url for link in _found(text)}


@pytest.mark.parametrize(
    ("text", "written", "url"),
    [
        ("`t <http://a/b>`_", "http://a/b", "http://a/b"),
        ("`multi\nline <http://a/\nb>`__", "http://a/\nb", "http://a/b"),
        ("`t <a\\_>`_", "a\\_", "a_"),
        ("`t <http://a/b_>`_", "http://a/b_", "http://a/b_"),
        ("`t <a\\ b>`_", "a\\ b", "a b"),
        (".. _t: http://a/\n   b\n   c", "http://a/\n   b\n   c", "http://a/bc"),
        (".. _`t: u`: http://a", "http://a", "http://a"),
        (".. __: http://a", "http://a", "http://a"),
        ("__ http://a", "http://a", "http://a"),
        (".. |s| image:: i.png", "i.png", "i.png"),
        (".. figure:: http://a/\n   b.png", "http://a/\n   b.png", "http://a/b.png"),
        ("(see http://a/b_c.)", "http://a/b_c", "http://a/b_c"),
        ("http://a/b\\_c", "http://a/b\\_c", "http://a/b_c"),
        ("<http://a/b.>", "http://a/b.", "http://a/b."),
        ("见http://a.cn/b。好", "http://a.cn/b", "http://a.cn/b"),
        ("https://例子.中国/x 好", "https://例子.中国/x", "https://例子.中国/x"),
        ("- .. image:: http://a", "http://a", "http://a"),
        (":field: `t <http://a>`_", "http://a", "http://a"),
        (".. toctree::\n\n   Title <http://a>", "http://a", "http://a"),
        (".. card:: T\n   :link: http://a", "http://a", "http://a"),
        (".. raw:: html\n\n   <a href='http://a'>", "http://a", "http://a"),
        ("=====  ======\na      b\n=====  ======\n1      `x\n       <a/b>`_\n=====  ======", "a/b", "a/b"),
        ("+------+---+\n| `x   | y |\n| <a>`_| z |\n+------+---+", "a", "a"),
        ("中文\r\n====\r\n\r\n`链接 <http://a/路>`_\r\n", "http://a/路", "http://a/路"),
    ],
)
def test_each_place_a_url_can_stand(text: str, written: str, url: str) -> None:
    assert _written(text) == [(written, url)]


@pytest.mark.parametrize(
    "text",
    [
        "``http://no.org``", "*http://no.org*", "\\http://no.org", "a::\n\n  http://no.org", "a::\n\n> http://no.org",
        ".. http://no.org\n   http://no.org", ".. code:: py\n\n   http://no.org", ">>> 'http://no.org'", "`t <name_>`_",
        ".. _a: b_", ".. _internal:", ".. image:: x\n   :alt: http://no.org".replace("image:: x", "code:: x"),
        "`title reference <http://no.org>`", ":doc:`t <http://no.org>`", ".. math::\n\n   http://no.org",
    ],
)  # fmt: skip
def test_what_is_no_link(text: str) -> None:
    assert _found(text) == []


def test_verbatim_text_counts_on_request() -> None:
    text = "``http://a.org/1``\n\nx::\n\n   http://a.org/2\n\n.. http://a.org/3\n"
    found = _found(text, include_verbatim=True)
    assert [link.url for link in found] == ["http://a.org/1", "http://a.org/2", "http://a.org/3"]


def test_cells_of_tables_are_not_rewritten() -> None:
    assert all(link.unwritable for link in _found("+------+\n|`a <b>`_|\n+------+"))


def test_the_last_column_of_a_simple_table_may_grow() -> None:
    found = _found("===  ==\na    b\n===  ==\nh    `c <d>`_\n===  ==\n")
    assert [(link.url, link.unwritable) for link in found] == [("d", "")]


def test_ignore_comments() -> None:
    text = ".. linkkeeper-ignore: old\n\n`a <b>`_\n\n`c <d>`_\n"
    assert [link.skip for link in _found(text)] == ["ignored: old", ""]


def test_anchors_are_docutils_ids() -> None:
    text = "A Title: 2nd & more\n===================\n\n.. _My Target:\n\nText _`inline one`.\n\n中文\n----\n"
    tree: Any = publish_doctree(text, settings_overrides=SETTINGS)
    ids = {name for node in tree.findall(nodes.Element) for name in node["ids"]}
    assert ids - {"problematic-1"} <= rst.anchors(text.encode())


def test_blocks_come_in_order_and_apart() -> None:
    lines = Lines(_document(list(PIECES) * 2).encode())
    spans = [(block.start, block.end) for block in blocks(lines)]
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
