"""Every context of every format: what is written there is read back, or refused."""

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
PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12)


def _links(name: str, data: bytes) -> tuple[Link, ...]:
    return extract(name, data, OPTIONS).links


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_documents_hold_what_they_show(name: str) -> None:
    links = _links(name, DOCUMENTS[name])
    assert [link.url for link in links] == [f"http://a/{number + 1}" for number in range(len(links))]
    assert all(escape.decode(link.written, link.context) == link.url for link in links)
    assert not any(link.skip or link.unwritable for link in links)


def _proved(name: str, number: int, url: str) -> None:
    """Write url there and read the document again: that link has changed, no other, and it stands where it stood."""
    data, before = DOCUMENTS[name], _links(name, DOCUMENTS[name])
    link = before[number]
    written = escape.encode(url, link.context)
    if written is None:
        return
    after = _links(name, data[: link.span.start] + written + data[link.span.end :])
    expected = [url if place == number else one.url for place, one in enumerate(before)]
    assert [one.url for one in after] == expected
    assert after[number].written == written
    assert after[number].span.start == link.span.start


@pytest.mark.parametrize(("name", "number"), PLACES)
def test_awkward_urls_are_read_back_or_refused(name: str, number: int) -> None:
    for url in AWKWARD:
        _proved(name, number, url)


@settings(max_examples=150, deadline=None)
@example(("a.xml", 0), " ")
@example(("a.html", 3), "${")
@example(("a.org", 0), "\\")
@given(st.sampled_from(PLACES), PRINTABLE)
def test_any_url_is_read_back_or_refused(place: tuple[str, int], tail: str) -> None:
    _proved(*place, f"http://x.y/{tail}")


@pytest.mark.parametrize(("name", "number"), PLACES)
def test_a_plain_archive_url_can_be_written_everywhere(name: str, number: int) -> None:
    link = _links(name, DOCUMENTS[name])[number]
    assert escape.encode("https://web.archive.org/web/20200101000000/http://e.com/a?b=c", link.context)


@pytest.mark.parametrize(("name", "number"), PLACES)
def test_control_characters_never_get_into_a_document(name: str, number: int) -> None:
    link = _links(name, DOCUMENTS[name])[number]
    assert [escape.encode(f"http://x.y/a{character}b", link.context) for character in "\n\r\0\x1b"] == [None] * 4
