"""What no input may do to any format: raise, take long, or yield spans that lie."""

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.extract import escape
from linkkeeper.extract.base import ExtractOptions, LinkSource
from linkkeeper.extract.registry import anchors, extract, source_for

NAMES = ("a.html", "a.rst", "a.adoc", "a.org", "a.ipynb", "a.xml", "a.csv", "a.json", "a.yaml", "a.toml")
BITS = st.sampled_from(
    [
        "<a",
        "href=",
        '"',
        "'",
        ">",
        "</a>",
        "<!--",
        "-->",
        "<script>",
        "</script>",
        "<svg>",
        "]]>",
        "&amp;",
        "http://e.com/a",
        "https://例.cn/路",
        "www.a.cn",
        "中",
        "。",
        "`",
        "`_",
        "`__",
        "<",
        ">`_",
        "::",
        "..",
        "|x|",
        "image::",
        "_t:",
        "\\",
        "**",
        "*",
        "==",
        "link:",
        "[",
        "]]",
        "[[",
        "][",
        "]]",
        "image::",
        "xref:",
        "<<",
        ">>",
        "++",
        "+++",
        "pass:[",
        "{u}",
        ":u:",
        "----",
        "....",
        "|===",
        "//",
        "#+BEGIN_SRC",
        "#+END_SRC",
        "#+LINK:",
        "=a=",
        "~",
        ":target:",
        "+--+",
        "====",
        '{"cells":',
        '[{"source":',
        '["',
        '"],',
        '"cell_type":',
        '"markdown"}]}',
        "<rss>",
        "<link>",
        "</link>",
        "<![CDATA[",
        "<description>",
        ",",
        '""',
        "{{x}}",
        "{%",
        "<base",
        'style="a:url(',
        'srcset="',
        'content="0;url=',
        "linkkeeper-ignore",
    ]
) | st.sampled_from([" ", "\n", "\n\n", "\n   ", "\r\n", "\0"])
TEXTS = st.lists(BITS, max_size=30).map("".join)
UNCLOSED = {
    "a.html": ["<", "<a ", '<a href="', "<!--", "<svg>", "<div>", "<script>", "<script type=importmap>\"\\",
               "<a href=x>", '<img srcset="a (', "<style>url(", '<a b="&amp;', "<p style='a:url(", "<math><mi>", "</b>",
               "<!-- linkkeeper-ignore --><p>"],
    "a.rst": ["`a ", "`a <", "*a ", "``a ", "|a ", "http://a.b", ".. _a: ", ".. a\n", ".. a::\n", "a::\n\n b\n", "- - ",
              "+-+\n| a |\n", "= =\na b\n", "中http://a.b", "`a <b>`_ ", "_`a "],
    "a.adoc": ["http://a.b[", '"http://a.b', "link:", "link:a[", "image:", "image:a[", "xref:", "<<a", "+a ", "++a",
               "pass:[", "{a}", ":a: {a}\n", "|===\n", "----\n", "[a]\n", "中http://a.b", "@a", "www.a", "link:++a"],
    "a.org": ["[[a", "[[a][", "<http://a.b", "=a ", "~a ", "#+BEGIN_SRC\n", "#+LINK: a b\n", "[[\\"],
    "a.ipynb": ['{"a":', "[", '"a",', '{"cells":[', '"\\u0041'],
    "a.xml": ["<rss>", "<rss><link>a", "<rss><description>&lt;a", "<rss><![CDATA[", '<rss a="', "<rss a='b", "<rss><?"],
    "a.csv": ['"', 'a://b,', '""'],
    "a.json": ['"', '["http://a",', '"http:\\/\\/a '],
    "a.yaml": ["a: http://b.c\n", '"http://a.b" ', "'", "#http://a "],
}  # fmt: skip


def _source(name: str) -> LinkSource:
    source = source_for(name)
    assert source is not None
    return source


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(NAMES), TEXTS, st.booleans())
def test_spans_are_in_order_apart_and_hold_what_was_written(name: str, text: str, include_verbatim: bool) -> None:
    data = text.encode()
    links = extract(name, data, ExtractOptions(include_verbatim=include_verbatim)).links
    assert all(data[link.span.start : link.span.end] == link.written for link in links)
    assert all(before.span.end <= after.span.start for before, after in pairwise(links))
    anchors(name, data)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(NAMES), TEXTS)
def test_every_context_is_known_and_reading_it_gives_the_url(name: str, text: str) -> None:
    for link in extract(name, text.encode(), ExtractOptions()).links:
        if link.context and not (link.skip or link.unwritable) and b"{" not in link.written:
            decoded = escape.decode(link.written, link.context)
            assert decoded in link.url or name == "a.org" or link.url.endswith(decoded)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(NAMES), st.binary(max_size=200))
def test_no_bytes_make_a_format_raise(name: str, data: bytes) -> None:
    source = _source(name)
    assert all(0 <= link.start <= link.end <= len(data) for link in source.links(data, ExtractOptions()))
    source.anchors(data)


@pytest.mark.parametrize(("name", "bit"), [(name, bit) for name, bits in UNCLOSED.items() for bit in bits])
def test_time_grows_with_the_size_alone(name: str, bit: str) -> None:
    """60 kB of one construct, never closed or closed only at the end, in far less than a quadratic pass would take."""
    source = _source(name)
    for end in ("", "]>\"'`*_)"):
        data = (bit * (60_000 // len(bit)) + end).encode()
        began = time.process_time()
        for _ in source.links(data, ExtractOptions()):
            pass
        source.anchors(data)
        assert time.process_time() - began < 2.5


@pytest.mark.parametrize(
    ("name", "bit"),
    [
        ("a.txt", "@"), ("a.rst", "@"), ("a.adoc", "@"), ("a.adoc", "<<"), ("a.adoc", "{a}"), ("a.adoc", "word "),
        ("a.org", "@"), ("a.org", "[["),
    ],
)  # fmt: skip
def test_marks_that_begin_nothing_cost_little(name: str, bit: str) -> None:
    data = ("https://a.example/ " + bit * (4_000_000 // len(bit))).encode()
    began = time.process_time()
    assert [link.url for link in _source(name).links(data, ExtractOptions())] == ["https://a.example/"]
    assert time.process_time() - began < 1.5
