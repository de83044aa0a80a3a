"""Links of Markdown, kind by kind, with the exact bytes of each destination."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkkeeper.extract import markdown
from linkkeeper.extract.base import SKIP_MAIL, SKIP_TEMPLATE, ExtractOptions, Found

OPTIONS = ExtractOptions()


def links(text: str, verbatim: bool = False) -> list[Found]:
    """Return what is found; every span must hold bytes of the text."""
    found = list(markdown.links(text.encode(), ExtractOptions(include_verbatim=verbatim)))
    assert all(0 <= one.start <= one.end <= len(text.encode()) for one in found)
    return found


def written(text: str, verbatim: bool = False) -> list[tuple[str, str]]:
    """Return kind and bytes of each destination."""
    data = text.encode()
    return [(one.kind, data[one.start : one.end].decode()) for one in links(text, verbatim)]


CASES = [
    # Inline links: titles, angle brackets, escapes, line ends.
    ("[a](b)", [("inline", "b")]),
    ('[a](b "t")', [("inline", "b")]),
    ("[a](b 't')", [("inline", "b")]),
    ("[a](<b c> (t))", [("inline", "b c")]),
    ("[a](<>)", [("inline", "")]),
    ("[a]()", [("inline", "")]),
    ("[a](#)", [("inline", "#")]),
    ("[a](  b  )", [("inline", "b")]),
    ("[a](\nb\n't')", [("inline", "b")]),
    ("[a \\](b](c)", [("inline", "c")]),
    ("[a](b\\)c)", [("inline", "b\\)c")]),
    ("[a](b(c)d)", [("inline", "b(c)d")]),
    ("[a](b&amp;c)", [("inline", "b&amp;c")]),
    ("[a `](b)` c](d)", [("inline", "d")]),
    ("[a <b title='](x)'> c](d)", [("inline", "d")]),
    ("[a](https://example.com/文)", [("inline", "https://example.com/文")]),
    ("[Docker](https://example.com/a) [PDF](/b.pdf)", [("inline", "https://example.com/a"), ("inline", "/b.pdf")]),
    ("## [a](b)\n", [("inline", "b")]),
    ("[a](b)\r\n[c](d)\r[e](f)", [("inline", "b"), ("inline", "d"), ("inline", "f")]),
    ("[📈](http://a.example/📈)", [("inline", "http://a.example/📈")]),
    ("[a\nb](c)", [("inline", "c")]),
    ("> [a\n> b](\n> c)", [("inline", "c")]),
    ("> [a](<c d>\n> 't')", [("inline", "c d")]),
    ("- [a](b)\n  1. [c](d)", [("inline", "b"), ("inline", "d")]),
    ("~~[a](b)~~ **[c](d)**", [("inline", "b"), ("inline", "d")]),
    # Images, nested.
    ("![a](b)", [("image", "b")]),
    ("[![a](b)](c)", [("image", "b"), ("inline", "c")]),
    ("![a [b](c)](d)", [("image", "d")]),
    ("![a <a href='c'>b</a>](d)", [("image", "d")]),
    ("![a https://x.example](d)", [("image", "d")]),
    # Reference definitions: used, unused, repeated, without a space.
    ("[a][b]\n\n[b]: c", [("reference", "c")]),
    ("[b]: c", [("reference", "c")]),
    ("[b]:c", [("reference", "c")]),
    ("[b]: <c d> 't'", [("reference", "c d")]),
    ("[b]:\n  c\n  't'", [("reference", "c")]),
    ("[b]: c\n[b]: d\n[B]: e", [("reference", "c"), ("reference", "d"), ("reference", "e")]),
    ("> [b]: c\n\n> [b]: d", [("reference", "c"), ("reference", "d")]),
    ("- [b]:\n  c", [("reference", "c")]),
    ("text\n[b]: c", []),
    ("```\n[b]: c\n```", []),
    ("[b]: c\n\n```\n[b]: d\n```\n\ntext\n[b]: e", [("reference", "c")]),
    ("[a\\]b]: c", [("reference", "c")]),
    # In a title or in the text of a list item nothing is defined again.
    ("[a]: b\n\n[a]: c\n'd\n[a]: https://e.example\nf'", [("reference", "b"), ("reference", "c")]),
    ("[a]: b\n\n- c\n[a]: https://d.example", [("reference", "b"), ("bare", "https://d.example")]),
    ("[中]: b\n> [中]: c\n\n[\\]]: e\n\n[\\]]: f\n\n[ ]: d", [("reference", one) for one in "bcef"]),
    # Autolinks, bare URLs, mail.
    ("<https://a.example/b>", [("autolink", "https://a.example/b")]),
    ("原文链接：<http://a.example/b>。", [("autolink", "http://a.example/b")]),
    ("<https://例子.中国/x>", [("autolink", "https://例子.中国/x")]),
    ("<a@b.example>", [("autolink", "a@b.example")]),
    ("看https://a.example/b，好", [("bare", "https://a.example/b")]),
    ("~~https://a.example~~", [("bare", "https://a.example")]),
    ("**https://a.example**。", [("bare", "https://a.example")]),
    ("# https://a.example", [("bare", "https://a.example")]),
    ("https://a.example/b\\_c", [("bare", "https://a.example/b\\_c")]),
    ("https://a.example/b\\\nc", [("bare", "https://a.example/b")]),
    ("https://a.example/b/\\<编号\\>", [("bare", "https://a.example/b/")]),
    ("[https://a.example](b)", [("inline", "b")]),
    ("[see https://a.example]", [("bare", "https://a.example")]),
    ("[a](http://b.example c)", [("bare", "http://b.example")]),
    # Tables, footnotes, task lists.
    ("|a|b|\n|-|-|\n|[c](d)|https://e.example|", [("inline", "d"), ("bare", "https://e.example")]),
    ("|a|\n|-|\n|[c](d\\|e)|", [("inline", "d\\|e")]),
    ("|a|\n|-|\n|https://e.example/a\\|b|", [("bare", "https://e.example/a\\|b")]),
    ("a[^1]\n\n[^1]: https://e.example", [("bare", "https://e.example")]),
    ("- [x] [a](b)", [("inline", "b")]),
    # HTML inside.
    ("<a href='b'>c</a>", [("html", "b")]),
    ("<a\nhref=b>c</a>", [("html", "b")]),
    ("<div>\n<img src=\"b\">\n</div>", [("html", "b")]),
    ("> <a\n> href='b'>c</a>", [("html", "b")]),
    ("> <div>\n> <a href='b'>c</a>\n> </div>", [("html", "b")]),
    ("- <div>\n  <a href='b'>\n  </div>", [("html", "b")]),
    ("<a href='b'>https://c.example</a> https://d.example", [("html", "b"), ("bare", "https://d.example")]),
    ("<b>https://c.example</b>", [("bare", "https://c.example")]),
    ("<code>https://c.example</code>", []),
    ("[<img src='b'>](c)", [("html", "b"), ("inline", "c")]),
    ("<pre>\n<a href='b'>c</a>\n</pre>", [("html", "b")]),
    # Code and comments are no links.
    ("`[a](b) https://c.example`", []),
    ("```\n[a](b) https://c.example\n```", []),
    ("    [a](b) https://c.example", []),
    ("<!-- [a](b) https://c.example <a href='d'> -->", []),
    ("\\[a](b)", []),
    ("$http://a.example/$", [("bare", "http://a.example/$")]),
    ("---\n\na [b](c)\n\n---\n", [("inline", "c")]),
    ("[[a]] [b][c]", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_the_destination_is_found_byte_for_byte(text: str, expected: list[tuple[str, str]]) -> None:
    assert written(text) == expected
    assert not [one for one in links(text) if one.unwritable]


URLS = [
    ("[a](b\\)c)", "b)c"),
    ("[a](b&amp;c&copy;)", "b&c©"),
    ("[a](b&copy=2)", "b&copy=2"),
    ("[a](<b\\>c>)", "b>c"),
    ("[a](b&#0;)", "b\ufffd"),
    ("[a](/b%20c)", "/b%20c"),
    ("[a](//b.example/c)", "//b.example/c"),
    ("|a|\n|-|\n|[c](d\\|e)|", "d|e"),
    ("https://a.example/b\\_c", "https://a.example/b_c"),
    ("https://a.example/?b=1&amp;c=2", "https://a.example/?b=1&c=2"),
    ("<https://a.example/b&amp;c\\_>", "https://a.example/b&amp;c\\_"),
    ("www.a.example/b", "http://www.a.example/b"),
    ("<a@b.example>", "mailto:a@b.example"),
    ("a@b.example", "mailto:a@b.example"),
]


@pytest.mark.parametrize(("text", "url"), URLS)
def test_the_url_is_what_a_browser_would_request(text: str, url: str) -> None:
    assert [one.url for one in links(text)] == [url]


def test_mail_is_marked() -> None:
    assert [one.skip for one in links("<a@b.example> a@b.example [a](mailto:a@b.example)")] == [SKIP_MAIL] * 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`https://a.example`", "https://a.example"),
        ("```\ncurl https://a.example/b\n```", "https://a.example/b"),
        ("    https://a.example/c", "https://a.example/c"),
        ("<!-- see https://a.example/d -->", "https://a.example/d"),
    ],
)
def test_code_and_comments_count_when_asked_for(text: str, expected: str) -> None:
    assert written(text, verbatim=True) == [("bare", expected)]


@pytest.mark.parametrize(
    "text",
    [
        "[a]({{ site.url }}/b)",
        "[a]({{site.url}}/b)",
        '[a]({{< ref "b.md" >}})',
        "![a]({% post_url 2016-01-01-b %})",
        '<a href="{{ site.url }}/b">c</a>',
        "https://a.example/{{ b }}/c",
        "[a](https://a.example/${b})",
        "[a]: {{ b }}/c",
        "[a](<%= b %>)",
    ],
)
def test_a_destination_with_template_code_is_skipped(text: str) -> None:
    assert [one.skip for one in links(text)] == [SKIP_TEMPLATE]


def test_template_code_behind_what_looks_like_a_fence_is_no_address_either() -> None:
    text = "Three ``` of them.\n\n[a](<{{% b %}}>) [c]\n\n[c]: <{{% d %}}>\n"
    assert [one.skip for one in links(text)] == [SKIP_TEMPLATE] * 2


def test_literal_urls_in_shortcodes_are_found() -> None:
    text = "{{< figure src=\"https://a.example/b.png\" link='https://c.example' >}}\n{% img https://d.example/e %}"
    assert [one.url for one in links(text)] == ["https://a.example/b.png", "https://c.example", "https://d.example/e"]


def test_what_template_blocks_show_as_code_is_code() -> None:
    text = "{% highlight sh %}\n[a](b)\n{% endhighlight %}\n{% comment %}[c](d){% endcomment %}\n[e](f)"
    assert written(text) == [("inline", "f")]


def test_template_code_in_code_hides_nothing() -> None:
    assert written("`{% comment %}` and [a](b) and `{% endcomment %}` and `{{` [c](d) `}}`") == [
        ("inline", "b"),
        ("inline", "d"),
    ]


def test_content_of_admonitions_and_tabs_is_no_code() -> None:
    text = '!!! note\n\n    [a](b)\n\n        [no](code)\n\n=== "Tab"\n\n    ![c](d)\n\nx\n\n    [no](code)\n'
    assert written(text) == [("inline", "b"), ("image", "d")]


def test_damaged_bytes_move_nothing() -> None:
    data = b"\xff\xfe [a](b) \xe4\xb8 https://c.example \xff"
    assert [data[one.start : one.end] for one in markdown.links(data, OPTIONS)] == [b"b", b"https://c.example"]


PIECES = (
    "[ ] ( ) ! < > \\ ` * ~ | { } % # - : = ' \" & ; a 中 é www. http://a.b/ ]( ]: <!-- --> {{ }} {% %} <a href= "
    "``` + 1. &amp; a@b.c [^1] |- ~~ ** \ufeff <div> </a> \\|"
)
MARKUP = st.lists(
    st.sampled_from([*PIECES.split(" "), " ", "\n", "\r", "\t", "\0", "\n> ", "\n    "]), max_size=40
).map("".join)


@given(MARKUP)
def test_any_markup_gives_spans_in_order_that_decode_to_their_url(text: str) -> None:
    data = text.encode()
    for include in (False, True):
        found = list(markdown.links(data, ExtractOptions(include_verbatim=include)))
        assert [one.start for one in found] == sorted(one.start for one in found)
        assert all(0 <= one.start <= one.end <= len(data) for one in found)


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    list(markdown.links(data, OPTIONS))
    markdown.anchors(data)
