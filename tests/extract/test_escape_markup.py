"""Every context of every format: what is written there is read back, or refused."""

import itertools
import string
import unicodedata
from collections.abc import Mapping

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linkkeeper.extract import escape
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.extract.registry import extract
from linkkeeper.models.link import Link

OPTIONS = ExtractOptions()
DOCUMENTS = {
    "a.html": b"""<a href="http://a/1"><a href='http://a/2'><a href=http://a/3><img
srcset="http://a/4 1x, http://a/5 2x"><img srcset='http://a/6'><img srcset=http://a/7>
<a ping="http://a/8 http://a/9"><p style="background:url(http://a/10);
x:url('http://a/11');y:url(&quot;http://a/12&quot;)"><p style='x:url("http://a/13")'>
<meta http-equiv=refresh content="0;url=http://a/14"><meta http-equiv=refresh content="0;url='http://a/15'">
<meta http-equiv=refresh content='0;url="http://a/16"'><style>@import "http://a/17";@import 'http://a/18';
x{y:url(http://a/19)}</style><script type="application/ld+json">{"url":"http://a/20"}</script>
<meta property=og:url content="http://a/21"><iframe srcdoc="<a href='http://a/22'>"></iframe>""",
    "a.rst": b"""`x <http://a/1>`_ `x <http://a/2>`__ http://a/3 (http://a/4)

.. _t: http://a/5
.. __: http://a/6
__ http://a/7
.. image:: http://a/8
   :target: http://a/9
.. |s| image:: http://a/10
.. raw:: html

   <a href="http://a/11">
""",
    "a.adoc": b""":u: http://a/1

http://a/2[x] http://a/3 link:http://a/4[y] link:++http://a/5++[z] image:http://a/6[] image:http://a/7[link=http://a/8]
<http://a/9>

image::http://a/10[x,link="http://a/11"]
""",
    "a.org": b"[[http://a/1][x]] [[http://a/2]] <http://a/3> http://a/4 x\n",
    "a.ipynb": b'{"cells":[{"cell_type":"markdown","source":["[a](http://a/1) http://a/2 <http://a/3>\\n",'
    b'"\\n", "[x]: http://a/4\\n","<a href=\\"http://a/5\\">"]}]}',
    "a.xml": b"<rss><link>http://a/1</link><enclosure url=\"http://a/2\"/><enclosure url='http://a/3'/><description>&lt;a"
    b' href="http://a/4"&gt;</description><content:encoded><![CDATA[<a href="http://a/5">]]></content:encoded></rss>',
    "a.csv": b'http://a/1,"http://a/2","see http://a/3 x"\n',
    "a.json": b'{"a":"http://a/1","b":"see http://a/2 x"}',
    "a.yaml": b"a: http://a/1\nb: \"http://a/2\"\nc: 'http://a/3'\n",
    "a.toml": b"a = \"http://a/1\"\nb = 'http://a/2'\n",
    "a.md": """---
u: http://a/1
v: 'http://a/2'
w: "http://a/3"
x: [http://a/4, b]
y: 'see http://a/5.'
---

[a](http://a/6) ![a](http://a/7 'title') [a](<http://a/8> (title)) <http://a/9> 看http://a/10，好 (http://a/11)

> - [a](http://a/12) <a href='http://a/13'>b</a> <img src="http://a/14">

|a|b|c|d|
|-|-|-|-|
|[a](http://a/15)|<http://a/16>|http://a/17|<a href='http://a/18'>b</a>|

<div>
<a href="http://a/19">b</a>
</div>

[r1]: http://a/20
[r2]: <http://a/21>
[r3]: http://a/22 "title"
""".encode(),
    "toml.md": b"+++\nu = \"http://a/1\"\nv = 'http://a/2'\n+++\n\nhttp://a/3\n",
    "json.md": b'{"u": "http://a/1"}\n\n**http://a/2**\n',
    "a.mdx": b"""<a href={"http://a/1"}>b</a> <a href={'http://a/2'}>b</a> <a href={`http://a/3`}>b</a> [a](http://a/4)
![a](http://a/5 "t") [a](<http://a/6>) http://a/7 {/* x */} <a href="http://a/8">c</a>

|a|
|-|
|[a](http://a/9)|

[r1]: http://a/10
""",
    "a.txt": b"see http://a/1. (http://a/2)\n",
    "gbk.html": "<meta charset=gbk>中文<a href='http://a/1'><a href=http://a/2><style>x{y:url(http://a/3)}</style>".encode(
        "gbk"
    ),
}
PLACES = [
    (name, number) for name, data in DOCUMENTS.items() for number in range(len(extract(name, data, OPTIONS).links))
]
AWKWARD = (
    "https://web.archive.org/web/20200101000000/http://e.com/a?b=c&d=e&copy=1#frag", "http://x.y/(a)_b_/c_", "http://x.y/a'b\"c",
    "http://x.y/中文/é", "http://x.y/a,b,", "http://x.y/a<b>c", "http://x.y/a b", "http://x.y/a\\b", "http://x.y/*a*|b`c`",
    "http://x.y/a[b]", "http://x.y/~u/^x", "http://x.y/a--b...c", "http://x.y/{a}", "http://x.y/a&amp;b", "http://x.y/a;",
    "http://x.y/a]]>b", "http://x.y/a)", "http://x.y/a.", "http://x.y/%41%20", "http://x.y/</style></script>",
    "http://[::1]/x", "http://x.y/$a$", "http://x.y/\u3000z", "http://x.y/a++b", "http://x.y/__a__/'b'", "http://x.y/a(C)",
)  # fmt: skip
MARKS = string.punctuation + " aZ0é，\u3000"
PAIRS = ("".join(pair) for pair in itertools.product(MARKS, repeat=2))
CHARACTERS = [
    *string.printable.strip(),
    *(
        one
        for one in map(chr, range(0x80, 0x10000))
        if unicodedata.category(one) in {"Zs", "Zl", "Zp", "Pi", "Pf", "Cf"}
    ),
    *"\u0085\u00b4\u00d7\u0301\u0e33\u20dd\u3001\u3002\u3008\u3009\u300a\u300b\u300c\u3010\u3014\uac00中あ𠀀😀\U000e0001\U0010fffd",
    *map(chr, range(0xFF01, 0xFF65)),
]
TAILS = [tail for one in (*CHARACTERS, *PAIRS) for tail in (one, f"q{one}z")]
"""Characters (all white space and formatting of the BMP among them) and pairs of marks, at the end and inside."""
PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12)
PIECES = ("&amp;", "&lt", "&copy", "&#32;", "http://", "www.", "::", "%20", "]]", "--", "<!--", "*/", "//", "```",
          "\\3c ", "url(", "{{", "x}}", "&quot;", "<%", "%>", " ", "\u3000", "\\", "'", '"', "a")  # fmt: skip


def _links(name: str, data: bytes) -> tuple[Link, ...]:
    return extract(name, data, OPTIONS).links


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_documents_hold_what_they_show(name: str) -> None:
    links = _links(name, DOCUMENTS[name])
    assert [link.url for link in links] == [f"http://a/{number + 1}" for number in range(len(links))]
    assert all(escape.decode(link.written, link.context) == link.url for link in links)
    assert not any(link.skip or link.unwritable for link in links)


def _proved(name: str, links: tuple[Link, ...], urls: Mapping[int, str]) -> None:
    """Write URLs at these places and read the document again: they have changed, no others, and stand where they stood.

    What is refused is not written.
    """
    data, position, pieces, expected = DOCUMENTS[name], 0, [b""], []
    for number, link in enumerate(links):
        written = escape.encode(urls[number], link.context) if number in urls else None
        expected.append(link.url if written is None else urls[number])
        pieces += data[position : link.span.start], link.written if written is None else written
        position = link.span.end
    after = _links(name, b"".join((*pieces, data[position:])))
    assert [one.url for one in after] == expected
    assert [one.written for one in after] == pieces[2::2]
    assert after[0].span.start == links[0].span.start
    assert not any(one.skip or one.unwritable for one in after)


@pytest.mark.parametrize(("name", "number"), PLACES)
def test_awkward_urls_are_read_back_or_refused(name: str, number: int) -> None:
    links = _links(name, DOCUMENTS[name])
    for url in AWKWARD:
        _proved(name, links, {number: url})


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_ending_is_read_back_or_refused_everywhere(name: str) -> None:
    """Each place gets each of the tails, all places of a document at a time: one by one only to name the culprit."""
    links = _links(name, DOCUMENTS[name])
    for turn in range(len(TAILS)):
        urls = {number: f"http://x.y/{TAILS[(turn + 7 * number) % len(TAILS)]}" for number in range(len(links))}
        try:
            _proved(name, links, urls)
        except AssertionError:
            for number, url in urls.items():
                _proved(name, links, {number: url})
            raise


@settings(max_examples=150)
@example(("a.xml", 0), "http://x.y/", [" "])
@example(("a.html", 3), "http://x.y/", ["${"])
@example(("a.org", 0), "http://x.y/", ["\\"])
@example(("a.html", 16), "http://x.y/", [" "])
@example(("a.html", 16), "http://x.y/", ["<"])
@example(("a.html", 16), "http://x.y/", ["<", " ", "z"])
@example(("a.rst", 2), "http://x.y", ["_0"])
@example(("a.md", 9), "http://x.y/", ["[x](y)"])
@example(("a.csv", 1), "http://x.y/", [";;;"])
@example(("a.yaml", 1), "/q/", ["a"])
@example(("a.mdx", 1), "/q/", ["&lt%"])
@given(
    st.sampled_from(PLACES),
    st.sampled_from(["http://x.y/", "http://x.y", "/q/", "HTTPS://x.y/?", "http://a@[::1]:8/#"]),
    st.lists(PRINTABLE | st.sampled_from(PIECES), max_size=5),
)
def test_any_url_is_read_back_or_refused(place: tuple[str, int], begin: str, pieces: list[str]) -> None:
    name, number = place
    _proved(name, _links(name, DOCUMENTS[name]), {number: begin + "".join(pieces)})


@pytest.mark.parametrize(("name", "number"), PLACES)
def test_a_plain_archive_url_can_be_written_everywhere(name: str, number: int) -> None:
    link = _links(name, DOCUMENTS[name])[number]
    assert escape.encode("https://web.archive.org/web/20200101000000/http://e.com/a?b=c", link.context)


@pytest.mark.parametrize(("name", "number"), PLACES)
def test_control_characters_never_get_into_a_document(name: str, number: int) -> None:
    link = _links(name, DOCUMENTS[name])[number]
    assert [escape.encode(f"http://x.y/a{character}b", link.context) for character in "\n\r\0\x1b"] == [None] * 4
