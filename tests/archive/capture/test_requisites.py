"""What pages and style sheets load."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.archive.capture.requisites import MOST, Use, read_css, read_html, read_script

BASE = "http://site.example/dir/page.html"


def loads(html: str, base: str = BASE) -> dict[str, Use]:
    return {reference.url: reference.use for reference in read_html(html.encode(), base).references}


@pytest.mark.parametrize(
    ("encoding", "query"),
    [
        ("utf-8", "?n=%C3%A9%E4%B8%80&a"),
        ("cp1252", "?n=%E9%26%2319968%3B&a"),
        ("gb18030", "?n=%A8%A6%D2%BB&a"),
        ("utf-16-le", "?n=%C3%A9%E4%B8%80&a"),
    ],
)
def test_a_query_is_written_in_the_encoding_of_its_page(encoding: str, query: str) -> None:
    found = read_html("<img src='/é?n=é一&amp;a#é'>".encode(), BASE, encoding).references
    assert [reference.url for reference in found] == [f"http://site.example/%C3%A9{query}"]


@pytest.mark.parametrize(
    ("html", "url", "use"),
    [
        ("<img src=a.png>", "http://site.example/dir/a.png", Use.IMAGE),
        ("<IMG SRC=' /a b.png '>", "http://site.example/a%20b.png", Use.IMAGE),
        ("<img src='a.png?x=1&amp;y=2#f'>", "http://site.example/dir/a.png?x=1&y=2", Use.IMAGE),
        ("<amp-img src=a.png>", "http://site.example/dir/a.png", Use.IMAGE),
        ("<img src=./x/../a.png>", "http://site.example/dir/a.png", Use.IMAGE),
        ("<img src=/图.png>", "http://site.example/%E5%9B%BE.png", Use.IMAGE),
        ("<img src=//cdn.example/a.png>", "http://cdn.example/a.png", Use.IMAGE),
        ("<picture><source srcset=a.webp><img></picture>", "http://site.example/dir/a.webp", Use.CANDIDATE),
        ("<img srcset='a.png 1x,b.png 2x'>", "http://site.example/dir/b.png", Use.CANDIDATE),
        ("<link rel=stylesheet href=a.css>", "http://site.example/dir/a.css", Use.SHEET),
        ("<link rel='alternate STYLESHEET' href=a.css>", "http://site.example/dir/a.css", Use.SHEET),
        ("<link rel='shortcut icon' href=a.ico>", "http://site.example/dir/a.ico", Use.ICON),
        ("<link rel=apple-touch-icon href=a.png>", "http://site.example/dir/a.png", Use.ICON),
        ("<link rel=preload as=font href=a.woff2>", "http://site.example/dir/a.woff2", Use.IMAGE),
        ("<link rel=preload as=image imagesrcset='a.png 2x'>", "http://site.example/dir/a.png", Use.CANDIDATE),
        ("<svg><script href=a.js /></svg>", "http://site.example/dir/a.js", Use.SCRIPT),
        ("<svg><style>p{background:url(a.png)}</style></svg>", "http://site.example/dir/a.png", Use.IMAGE),
        ("<svg><style><![CDATA[@import 'a.css';]]></style></svg>", "http://site.example/dir/a.css", Use.SHEET),
        ("<script type=module>import a from './a.js'</script>", "http://site.example/dir/a.js", Use.SCRIPT),
        ("<script>import('/a.js')</script>", "http://site.example/a.js", Use.SCRIPT),
        ("<script type=text/plain>import './a.js'</script>", None, None),
        ('<script type=importmap>{"imports":{"a":"./a.js"}}</script>', "http://site.example/dir/a.js", Use.SCRIPT),
        (
            '<script type=importmap>{"scopes":{"/s/":{"a":"/a.js","f/":"/f/"}}}</script>',
            "http://site.example/a.js",
            Use.SCRIPT,
        ),
        ("<script type=importmap>[{</script>", None, None),
        ('<script type=importmap>{"imports":{"a":7}}</script>', None, None),
        ("<iframe srcdoc='&lt;img src=/srcdoc.png&gt;'>", "http://site.example/srcdoc.png", Use.IMAGE),
        ("<link rel=modulepreload href=a.mjs>", "http://site.example/dir/a.mjs", Use.SCRIPT),
        ("<script src=a.js></script>", "http://site.example/dir/a.js", Use.SCRIPT),
        ("<style>@import 'a.css';</style>", "http://site.example/dir/a.css", Use.SHEET),
        ("<style>p{background:url(a.png)}</style>", "http://site.example/dir/a.png", Use.IMAGE),
        ("<p style='background:url(&quot;a.png&quot;)'>", "http://site.example/dir/a.png", Use.IMAGE),
        ("<video poster=a.png>", "http://site.example/dir/a.png", Use.IMAGE),
        ("<video src=a.mp4>", "http://site.example/dir/a.mp4", Use.MEDIA),
        ("<audio><source src=a.ogg></audio>", "http://site.example/dir/a.ogg", Use.MEDIA),
        ("<object data=a.swf>", "http://site.example/dir/a.swf", Use.MEDIA),
        ("<iframe src=a.html>", "http://site.example/dir/a.html", Use.DOCUMENT),
        ("<frameset><frame src=a.html></frameset>", "http://site.example/dir/a.html", Use.DOCUMENT),
        ("<iframe srcdoc='&lt;img src=a.png&gt;'>", "http://site.example/dir/a.png", Use.IMAGE),
        ("<body background=a.gif>", "http://site.example/dir/a.gif", Use.IMAGE),
        ("<input type=image src=a.png>", "http://site.example/dir/a.png", Use.IMAGE),
        ("<svg><image href=a.png /></svg>", "http://site.example/dir/a.png", Use.IMAGE),
        ("<svg><use xlink:href='a.svg#x' /></svg>", "http://site.example/dir/a.svg", Use.IMAGE),
        ("<noscript><img src=a.png></noscript>", "http://site.example/dir/a.png", Use.IMAGE),
        ("<img src='data:,' data-src=a.png>", "http://site.example/dir/a.png", Use.CANDIDATE),
        ("<img data-original=/a.png>", "http://site.example/a.png", Use.CANDIDATE),
        ("<img data-srcset='a.png 1x'>", "http://site.example/dir/a.png", Use.CANDIDATE),
        ("<img file=a.jpg>", "http://site.example/dir/a.jpg", Use.CANDIDATE),
        ("<div data-bg='url(a.png)'>", "http://site.example/dir/a.png", Use.CANDIDATE),
        ("<div data-background-image=a.png>", "http://site.example/dir/a.png", Use.CANDIDATE),
        ("<iframe data-src=a.html>", "http://site.example/dir/a.html", Use.DOCUMENT),
        ("<meta http-equiv=Refresh content='0;URL=a.html'>", "http://site.example/dir/a.html", Use.DOCUMENT),
        ("<base href=/b/><img src=a.png>", "http://site.example/b/a.png", Use.IMAGE),
        ("<img src=a.png><base href=http://o.example/b/>", "http://o.example/b/a.png", Use.IMAGE),
        ("<base href=/b/><base href=/c/><img src=a.png>", "http://site.example/b/a.png", Use.IMAGE),
        ("<base href=/b/><style>p{background:url(a.png)}</style>", "http://site.example/b/a.png", Use.IMAGE),
        ('<img src="a\n.png">', "http://site.example/dir/a.png", Use.IMAGE),
        ("<img src=a.png", None, None),
        ("<a href=a.html>", None, None),
        ("<link rel=canonical href=a.html>", None, None),
        ("<link rel=prefetch href=a.html>", None, None),
        ("<link rel=dns-prefetch href=//o.example>", None, None),
        ("<img src=data:image/png;base64,AAAA>", None, None),
        ("<img src='javascript:x'>", None, None),
        ("<img src='http://user:pw@site.example/a.png'>", None, None),
        ("<img src=''><img src='#x'><script src></script>", None, None),
        ("<img src='{{ image }}'>", None, None),
        ("<div data-src=a.png>", None, None),
        ('<img data-src=\'{"a": "b.png"}\'>', None, None),
        ("<meta http-equiv=refresh content='300'>", None, None),
        ("<meta http-equiv=refresh content='300;url=a.html'>", None, None),
        ("<svg><use href='#x' /></svg>", None, None),
        ("<!-- <img src=a.png> -->", None, None),
        ("<script>var x = '<img src=a.png>'</script>", None, None),
        ("<textarea><img src=a.png></textarea>", None, None),
    ],
)
def test_what_a_page_loads(html: str, url: str | None, use: Use | None) -> None:
    assert loads(html).get(url or "") == use
    if url is None:
        assert loads(html) == {}


def test_a_url_wanted_twice_is_fetched_in_its_first_use() -> None:
    assert loads("<img srcset=a.css><link rel=stylesheet href=a.css>") == {"http://site.example/dir/a.css": Use.SHEET}


def test_what_a_style_sheet_loads() -> None:
    sheet = b"""@charset "utf-8"; @import url("b.css") print; @import 'c.css' layer(x);
    @font-face { src: url(f.woff2) format('woff2'), url(f.woff) } /* url(no.png) */
    p { background: image-set("d.png" 1x, url(e.png) 2x); filter: url(#x); content: "url(no2.png)" }
    p { background: url( "sp ace.png" ); cursor: url(data:image/png;base64,AA) } @namespace url(http://no3/); """
    names = [
        reference.url.removeprefix("http://site.example/css/")
        for reference in read_css(sheet, "http://site.example/css/a.css")
    ]
    assert names == ["b.css", "c.css", "f.woff2", "f.woff", "d.png", "e.png", "sp%20ace.png"]


def test_what_stands_late_in_a_long_page_is_heard() -> None:
    html = "".join(f"<img src={number}.png>" for number in range(MOST + 10)) + "<meta name=robots content=noarchive>"
    contents = read_html(html.encode(), BASE)
    assert (len(contents.references), contents.noarchive) == (MOST, True)


def test_what_a_module_imports() -> None:
    script = b"""import a from './a.js'; import"../b.mjs";import {c} from "/c.js"; export * from 'https://cdn.example/d.js';
    const e = await import( './e.js' ); import bare from 'bare'; const f = './f.js'; import(name); from = "./g h.js" """
    names = [reference.url for reference in read_script(script, "http://site.example/js/main.js")]
    assert names == [
        "http://site.example/js/a.js",
        "http://site.example/b.mjs",
        "http://site.example/c.js",
        "https://cdn.example/d.js",
        "http://site.example/js/e.js",
    ]


def test_what_a_page_says_of_itself() -> None:
    contents = read_html(
        "<title>\n A &lt;b&gt;  页 </title><svg><title>no</title></svg><title>no</title>"
        "<meta name=Referrer content=No-Referrer><meta name=ROBOTS content='noindex,NOARCHIVE'>".encode(),
        BASE,
    )
    assert (contents.title, contents.referrer, contents.noarchive) == ("A <b> 页", "no-referrer", True)


def test_a_hostile_page_costs_little() -> None:
    started = time.process_time()
    for html in (
        "<img src=a" * 200_000,
        "<img data-src='" + "a/" * 500_000 + "'>",
        "<p style='" + "url(" * 200_000 + "'>",
        "<img srcset='" + "a," * 300_000 + "'>",
        "<iframe srcdoc='" + "<iframe srcdoc=" * 50_000 + "'>",
        "<base href=" + "x" * 100_000 + "><img src=a>" * 1000,
        "".join(f"<img src=/{number}>" for number in range(100_000)),
    ):
        read_script(html.encode(), BASE)
        assert len(read_html(html.encode(), BASE).references) <= MOST
    assert time.process_time() - started < 5


MARKUP = ("<img src=", "<link rel=stylesheet href=", "<base href=", "<style>", "</style>", "<svg>", "<iframe srcdoc='")
BITS = (
    "url(",
    ")",
    "'",
    '"',
    ">",
    "<meta http-equiv=refresh content=",
    "0;url=",
    "//",
    "http://",
    "[::",
    "@import ",
    "&#0;",
)
PIECES = st.sampled_from((*MARKUP, *BITS, "\\"))


@settings(max_examples=150)
@given(st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=20).map("".join))
def test_no_page_is_too_odd(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    found = (*read_html(data, BASE).references, *read_css(data, BASE), *read_script(data, BASE))
    for reference in found:
        assert reference.url.lower().startswith(("http://", "https://"))
        assert "#" not in reference.url
