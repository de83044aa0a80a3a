"""A long text, read in pieces (by several processes), gives what it gives as a whole."""

import random
import subprocess
import sys

import pytest

from linkkeeper.extract import markdown_long, pieces, portions, registry
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.extract.lines import LinkLines, decode
from linkkeeper.models.document import Document

BITS = {
    "a.txt": (
        "https://a.example/b\n",
        "详见https://a.example/b，谢谢",
        "www.a.example ",
        "a@b.example,",
        "(https://a.example/b) ",
    ),
    "a.md": (
        "https://a.example/b\n",
        "- https://a.example/b\n",
        "[a](https://a.example/b) ",
        "> www.a.example\n\n",
        "```\nhttps://a.example\n\nhttps://b.example\n```\n\n",
        "文https://a.example/b文",
        "# a https://a.example\n",
    ),
    "a.mdx": (
        '<Card href="https://a.example/b" c={{d: "https://b.example"}}>\n\n',
        "</Card>\n\n",
        "[a](https://a.example/b)\n\n",
        "```\n{https://a.example\n\nhttps://b.example\n```\n\n",
        "文https://a.example/b文\n\n",
        "- a\n\n  <B c={'https://a.example'} />\n\n",
    ),
    "a.rst": (
        "https://a.example/b\n",
        "a::\n\n> https://a.example\n\n",
        "`a <https://a.example>`_ ",
        ".. _a: https://a.example\n\n",
        ".. https://a.example\n   https://b.example\n\n",
        "- https://a.example/b\n\n",
        "文https://a.example/b文",
        ">>> https://a.example\nhttps://b.example\n\n",
    ),
    "a.adoc": (
        "https://a.example/b\n",
        "[source]\n\nhttps://a.example\n\n",
        "https://a.example[x] ",
        " https://a.example\nhttps://b.example\n\n",
        ".Title https://a.example\n",
        "// https://a.example\n\n",
        "文https://a.example/b文",
        "----\nhttps://a.example\n\nhttps://b.example\n----\n\n",
        ":u: https://a.example/u\n\n",
        "{u}/v[x]\n\n",
    ),
    "a.org": (
        "https://a.example/b\n",
        "[[https://a.example][x]] ",
        "# https://a.example\n",
        ": https://a.example\n",
        "=https://a.example= ",
        "#+BEGIN_SRC\nhttps://a.example\n\nhttps://b.example\n#+END_SRC\n\n",
        "文https://a.example/b文",
        "* https://a.example\n\n",
    ),
}


@pytest.fixture
def short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE", 500)
    monkeypatch.setattr(pieces, "LONG", 1000)
    monkeypatch.setattr(markdown_long, "_PIECE", 500)
    monkeypatch.setattr(markdown_long, "_SHORT_PIECE", 200)
    monkeypatch.setattr(markdown_long, "LONG", 1000)


def _text(name: str, seed: int) -> bytes:
    """Return some kilobytes of a few kinds of text, many of each in a row."""
    choice = random.Random(seed)
    kinds = choice.sample(BITS[name], choice.randint(1, 3))
    text = "".join(choice.choice(kinds) * choice.randint(1, 60) for _ in range(12))
    return (text if len(text) > 3000 else text * 4).encode()


@pytest.mark.usefixtures("short_pieces")
@pytest.mark.parametrize("name", sorted(BITS))
def test_pieces_hold_what_the_whole_holds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    several = 0
    for seed in range(150):
        data = _text(name, seed)
        parts = list(registry.portions(name, data, ExtractOptions()))
        several += len(parts) > 1
        assert [part.start for part in parts[1:]] == [part.end for part in parts[:-1]]
        assert (parts[0].start, parts[-1].end) == (0, len(data))
        found = [
            (start + part.start, end + part.start, one.url, one.kind, one.context, one.skip)
            for part in parts
            for one, start, end, *_ in registry.portion(name, data, part, ExtractOptions()).placed()
        ]
        with monkeypatch.context() as whole:
            whole.setattr(pieces, "LONG", 1 << 30)
            whole.setattr(markdown_long, "LONG", 1 << 30)
            expected = [
                (start, end, one.url, one.kind, one.context, one.skip)
                for one, start, end, *_ in registry.read(name, data, ExtractOptions()).placed()
            ]
        assert found == expected, seed
    assert several > 40


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.rst", "a.adoc", "a.org"])
def test_a_large_file_is_read_by_several_processes_line_and_column_alike(name: str) -> None:
    line = "Words https://a.example/b and 文字 https://b.example/c?utm_source=x\r\n"
    data = ("---\ntitle: https://a.example/head\n---\n" + line * 100_000).encode()
    job = LinkLines(ExtractOptions())
    assert len(list(registry.portions(name, data, job.options))) >= portions.FEWEST
    parts = b"".join(decode(made.value).text for made in job.parts(Document(name), data))
    assert parts == job.lines(name, data).text


_DIES = """
import os
from linkkeeper.errors import DocumentError
from linkkeeper.extract import portions

where = portions.places(b"a" * 100, [portions.Portion(start, start + 10) for start in range(0, 100, 10)])
try:
    list(portions.run(lambda place: os._exit(9), where, 10, 2))
except DocumentError as error:
    print(error)
"""


def test_a_process_that_dies_is_an_error_of_the_document() -> None:
    """In a process of its own: here, where other threads run, nothing is forked."""
    told = subprocess.run([sys.executable, "-c", _DIES], capture_output=True, text=True, check=False)
    assert "died" in told.stdout, told


_ODD = """
import errno, os
from linkkeeper.errors import DocumentError
from linkkeeper.extract import portions
from linkkeeper.extract.job import Made

def where():
    return portions.places(b"a" * 100, [portions.Portion(start, start + 10) for start in range(0, 100, 10)])

def read(place):
    if place.portion.start == 40:
        raise LookupError("forty")
    return Made(b"%d" % place.portion.start)

came = []
try:
    came.extend(made.value for made in portions.run(read, where(), 10, 2))
except LookupError as error:
    print(error, len(came))

fork, here = os.fork, os.getpid()
def refused(first):
    if os.getpid() == here and not first:
        return fork()
    raise BlockingIOError(errno.EAGAIN, "no more")

for first in (True, False):
    os.fork = lambda: refused(first)
    print(b"".join(made.value for made in portions.run(lambda place: Made(b"%d" % os.getpid()), where(), 10, 2))
          .replace(b"%d" % here, b"h").count(b"h"))
"""


def test_faults_come_back_and_where_processes_are_refused_others_read() -> None:
    told = subprocess.run([sys.executable, "-c", _ODD], capture_output=True, text=True, check=False)
    assert told.stderr == ""
    assert told.stdout.split("\n") == ["forty 4", "10", "0", ""]
