"""Links of HTML, against lexbor's tree and by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from linkkeeper.extract import html
from linkkeeper.extract.base import ExtractOptions, Found
from linkkeeper.extract.html_values import is_template, url_of

PIECES = [
    "<a href=u%d>",
    '<a href="u%d">',
    "</a>",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<title>",
    "</title>",
    "<textarea>",
    "</textarea>",
    "<!--",
    "-->",
    "<svg>",
    "</svg>",
    "<math>",
    "</math>",
    "<mi>",
    "</mi>",
    "<desc>",
    "</desc>",
    "<foreignObject>",
    "</foreignObject>",
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<g>",
    "</g>",
    "<path href=u%d />",
    "<![CDATA[",
    "]]>",
    "x",
    "&amp;",
    "<img src=u%d>",
    "<br>",
    "<script/>",
    "<title/>",
    "<style/>",
]


def _found(markup: str | bytes, in_markdown: bool = False) -> list[Found]:
    data = markup.encode() if isinstance(markup, str) else markup
    return list(html.find(data, in_markdown=in_markdown))


def _urls(markup: str, in_markdown: bool = False) -> list[str]:
    return [link.url for link in _found(markup, in_markdown) if not link.skip]


def _written(markup: str) -> list[tuple[str, str]]:
    data = markup.encode()
    return [(data[link.start : link.end].decode(), link.url) for link in html.find(data) if not link.skip]


def _numbered(pieces: list[str]) -> str:
    return "<body>" + "".join(
        piece.replace("%d", str(number)) for number, piece in enumerate(pieces)
    )  # each URL once, so that a set tells the whole story


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map(_numbered))
def test_every_url_of_lexbors_tree_is_found(markup: str) -> None:
    root = LexborHTMLParser(markup).root
    assert root is not None
    expected = {value for node in root.traverse() for value in node.attributes.values() if value}
    assert expected <= set(_urls(markup)) or "</" in markup  # an end tag in SVG may close HTML around it


@pytest.mark.parametrize(
    ("markup", "written", "url"),
    [
        ('<a href="a?b=1&amp;c=2">', "a?b=1&amp;c=2", "a?b=1&c=2"),
        ("<a href='?copy=1&copy=2&copy;'>", "?copy=1&copy=2&copy;", "?copy=1&copy=2©"),
        ("<a href=a/b>", "a/b", "a/b"),
        ("<a href=A href=B>", "A", "A"),
        ('<a href=" \n a b\t ">', "a b", "a b"),
        ('<a href="a\n b">', "a\n b", "a b"),
        ("<A HREF='x'>", "x", "x"),
        ('<a href="&#104;ttp://x&#x2F;">', "&#104;ttp://x&#x2F;", "http://x/"),
        ('<a href="//h/p">', "//h/p", "//h/p"),
        ('<img longdesc="l">', "l", "l"),
        ('<blockquote cite="c">', "c", "c"),
        ('<video poster="p">', "p", "p"),
        ('<form action="f">', "f", "f"),
        ('<button formaction="b">', "b", "b"),
        ('<object data="o">', "o", "o"),
        ('<body background="b">', "b", "b"),
        ('<html manifest="m">', "m", "m"),
        ('<svg><a xlink:href="x">', "x", "x"),
        ('<svg><image href="i"/>', "i", "i"),
        ('<param name=movie value="v">', "v", "v"),
        ('<meta http-equiv="Refresh" content="5; URL=\'r\'">', "r", "r"),
        ('<meta http-equiv=refresh content="0;r">', "r", "r"),
        ('<meta property="og:image" content="/i.png">', "/i.png", "/i.png"),
        ('<meta name="twitter:image" content="https://t/i">', "https://t/i", "https://t/i"),
        ('<div style="a:url( u )">', "u", "u"),
        ('<div style=\'a:url("u\\"v")\'>', 'u\\"v', 'u"v'),
        ('<div style="a:url(&quot;u&quot;)">', "u", "u"),
        ("<style>@import 'i.css';</style>", "i.css", "i.css"),
        ("<style>a{b:url(\\75 rl)}</style>", "\\75 rl", "url"),
        ('<script type="application/ld+json">{"url": "https:\\/\\/j"}</script>', "https:\\/\\/j", "https://j"),
        ("<template><a href=t></template>", "t", "t"),
        ("<noscript><a href=n></noscript>", "n", "n"),
        ("<pre><code><a href=p></code></pre>", "p", "p"),
        ("<a rel=nofollow href=f>", "f", "f"),
        ('<iframe srcdoc="<a href=&quot;s&quot;>">', "s", "s"),
        ("<a href=''>", "", ""),
    ],
)
def test_each_place_a_url_can_stand(markup: str, written: str, url: str) -> None:
    assert _written(markup) == [(written, url)]


@pytest.mark.parametrize(
    "markup",
    [
        "<!-- <a href=no> -->",
        "<script>'<a href=no>'</script>",
        "</a href=no>",
        "<a data-href=no data-src=no>",
        "<a href=no",
        "<style>/* url(no) */ a{fill:url(#no)} @namespace url(no);</style>",
        '<meta name="description" content="see https://no">',
        '<meta http-equiv="refresh" content="30">',
        '<form action="">',
        '<div action="no">',
        '<script type="application/ld+json">{"https://no": 1}</script>',
        "<plaintext><a href=no>",
    ],
)
def test_what_is_no_link(markup: str) -> None:
    assert _found(markup) == []


@pytest.mark.parametrize(
    ("value", "urls"),
    [
        ("a, b 2x", ["a", "b"]),
        ("a 1x,b 2x", ["a", "b"]),
        ("a,b 2x", ["a,b"]),
        ("data:,x 1x, b", ["data:,x", "b"]),
        (" , a 100w (x,y), b,", ["a", "b"]),
        ("", []),
    ],
)
def test_srcset_candidates_as_the_standard_splits_them(value: str, urls: list[str]) -> None:
    assert _urls(f'<img srcset="{value}">') == urls


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ('<a href="{{ page.url }}">', "template code"),
        ('<a href="/{% link x %}">', "template code"),
        ('<a href="<?php echo $u ?>">', "template code"),
        ('<a :href="url">', "template code"),
        ('<img [src]="url">', "template code"),
        ('<a href="mailto:a@b.c">', "mail address"),
        ('<link rel="preconnect" href="//h">', "names a host to connect to, not a page"),
        ('<svg><use href="#x"/>', "points into the drawing itself"),
        ('<script type="application/ld+json">{"@context": "https://schema.org"}</script>', "names a term, not a page"),
    ],
)
def test_what_nobody_asks_about_says_why(markup: str, reason: str) -> None:
    assert [link.skip for link in _found(markup)] == [reason]


def test_an_expression_in_mdx_is_template_code() -> None:
    assert [link.skip for link in _found("<a href={url}>", in_markdown=True)] == ["template code"]


def test_relative_links_start_at_the_base_wherever_it_stands() -> None:
    markup = (
        '<a href="x">1</a><base href="https://e.com/d/"><base href="no"><a href="#f">2</a><a href="https://o/?">3</a>'
    )
    assert _urls(markup) == ["https://e.com/d/x", "https://e.com/d/#f", "https://o/?"]


def test_a_valueless_href_is_reported_but_not_rewritten() -> None:
    assert [(link.url, link.unwritable) for link in _found("<a href>")] == [("", "the attribute has no value")]


def test_ids_and_names_are_anchors() -> None:
    assert html.anchors(b'<p id="a&amp;b"><a name=n><input name=no><!-- <i id=no> -->') == {"a&b", "n"}


def test_links_in_comments_count_only_on_request() -> None:
    data = b"<!-- <a href=x><!-- <a href=y> -->"
    assert [link.url for link in html.links(data, ExtractOptions(include_verbatim=True))] == ["x"]


@pytest.mark.parametrize(
    ("markup", "exempt"),
    [
        ("<p><a href=a></a></p><!-- linkkeeper-ignore --><ul><li><a href=b><a href=c></ul><a href=d>", {"b", "c"}),
        ("<!-- linkkeeper-ignore-start --><a href=a><p><!-- linkkeeper-ignore-end --><a href=b>", {"a"}),
        ("<!-- linkkeeper-ignore: paywall --><img src=a><img src=b>", {"a"}),
        ("<!-- linkkeeper-ignore until 2020-01-01 --><img src=a>", set()),
    ],
)
def test_ignore_comments_exempt_an_element_or_a_range(markup: str, exempt: set[str]) -> None:
    found = html.links(markup.encode(), ExtractOptions(today="2026-01-01"))
    assert {link.url for link in found if link.skip.startswith("ignored")} == exempt


@pytest.mark.parametrize("url", ["a{%b", "a%}", "}}", "{{a}}", "${a}", "a<%b", "%>", "{#a", "<?a", "#{a}"])
def test_every_mark_of_template_code_is_seen(url: str) -> None:
    assert is_template(url)
    assert not is_template("https://a.example/%7B%7D")


@given(st.text(st.sampled_from("ab \t\n\r\x00\x1f\x7f\x85\xa0\u3000\u200b\ud7ff\U0001f600"), max_size=6))
def test_a_url_is_trimmed_as_browsers_do(text: str) -> None:
    inner = text.replace("\0", "\ufffd").strip("".join(map(chr, range(0x21))))
    assert url_of(text.encode()) == inner.replace("\t", "").replace("\n", "").replace("\r", "")
