"""Files of nothing but one mark or one kind of link: time grows with the size, memory hardly.

Sizes are compared instead of seconds told: a busy machine is slow with both.
"""

import multiprocessing
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from linkkeeper.extract import forked
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.extract.lines import LinkLines
from linkkeeper.models.document import Document

SMALL = 60_000
"""Bytes; the large ones are four times as long."""
MOST = 9.0
"""Times as long as for a quarter of it: quadratic work takes sixteen times as long."""
FLOODS = {
    "a.md": (
        "<", "<a>", "<a ", "[", "]", "](", "![", "[a](", "*", "**a ", "_", "~~a ", "`", "`a ", "\\", "&amp;", ">", "> ",
        "|a", "- ", "- a\n", "# a\n", "a\n\n", "> a\n", "[a]: ", "[a]: http://a.example\n", "[^a]", "{{", "{{ a }} ",
        "{%", "${", "a@", "http://", "www.", "文https://a.example/文", "[a](http://a.example) ", "http://a.example,",
        "<!-- a -->\n", "<div>\n\n", "```\na\n```\n", "!!! note\n\n    a\n\n", "\n", "\r", "a\0",
    ),
    "a.rst": (
        "http://a.example,", "http://", "`a ", "*a ", "|a| ", "a::\n\n b\n\n", ".. _a: http://a.example\n", "- a\n",
        ".. a::\n", "===\n", "a\n=\n\n", "\n", "a\n\n", ":a: http://a.example\n", "= ", ".. csv-table::\n\n   \"a,\n\n",
    ),
    "a.adoc": (
        "http://a.b[", "http://a.example\n", "{a}", "<<a>> ", "<<<", ":a: {a}\n", "----\n", "a\n\n", "|a ", "[a]\n",
        "+a ", ",===\n\"a,b\n", "\n", "a@a.example ",
    ),
    "a.org": ("[[a][", "=a ", "=a= ", "* a\n", "#+BEGIN_SRC\n", "<http://a.b ", "#+LINK: a b\n", "\n", "a\n\n"),
    "a.html": (
        "<a a=1 ", "<a href=x>", "<svg>", "<svg><p>", "<!--", "<script>", "</b>", "&amp;", "<![CDATA[",
        "<!-- linkkeeper-ignore --><p><a href=x></a></p>",
    ),
    "a.ipynb": ("[", '{"a":', '"\\u0041', '{"cell_type":"markdown","source":["http://a.example"]},'),
    "a.json": ("[", '{"a":', '"http:\\/\\/a.example",'),
    "a.csv": ('""', '"a', "http://a.example,", ","),
    "a.xml": ("<rss>", "&amp;", "<![CDATA[a]]>"),
}  # fmt: skip


HEADS = {"a.ipynb": '{"cells":[', "a.json": "[", "a.csv": '"http://a.example ', "a.xml": "<rss><link>"}


def _seconds(name: str, bit: str, size_bytes: int) -> float:
    data = (HEADS.get(name, "") + bit * (size_bytes // len(bit)) + " http://z.example ").encode()
    began = time.process_time()
    for _ in LinkLines(ExtractOptions()).parts(Document(name), data):
        pass
    return time.process_time() - began


@pytest.mark.parametrize(("name", "bit"), [(name, bit) for name, bits in FLOODS.items() for bit in bits])
def test_four_times_as_much_takes_about_four_times_as_long(name: str, bit: str) -> None:
    _seconds(name, bit, 1000)
    small = max(_seconds(name, bit, SMALL), 0.01)
    assert any(_seconds(name, bit, 4 * SMALL) < MOST * small for _ in range(3))


def _read(name: str, data: bytes, answer: Connection) -> None:
    """Read a document, and send back by how many MB the memory of this process was larger at its peak."""
    status = Path("/proc/self/status")
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # forget the peak so far
    before = _megabytes(status.read_text("ascii"), "VmRSS")
    for _ in LinkLines(ExtractOptions()).parts(Document(name), data):
        pass
    answer.send(_megabytes(status.read_text("ascii"), "VmHWM") - before)


def _megabytes(status: str, name: str) -> int:
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(name)) // 1024


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="asks Linux for the peak of its memory")
@pytest.mark.parametrize(
    ("name", "bit"),
    [
        ("a.md", "<"), ("a.md", "x <a>"), ("a.md", "["), ("a.md", "|a|\n|-|\n\n"), ("a.md", "![a](b) "),
        ("a.rst", "\n"), ("a.rst", "a\n\n"), ("a.rst", "=== ===\n"), ("a.adoc", "\n"), ("a.org", "a\n\n"),
        ("a.json", "["), ("a.csv", '""'), ("a.html", "<svg>"), ("a.txt", "http://a.example\n"),
    ],
)  # fmt: skip
def test_a_flood_of_five_megabytes_takes_little_memory(name: str, bit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forked, "processors", lambda: 1)
    data = (('"' if name == "a.csv" else "") + bit * (5_000_000 // len(bit)) + " http://z.example ").encode()
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_read, args=(name, data, there))
    process.start()
    there.close()
    grown = here.recv()
    process.join()
    assert grown < 160
