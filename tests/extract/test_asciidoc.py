"""AsciiDoc, by Asciidoctor's rules (observed with 2.0.18; it is no Python package, so its answers stand here)."""

import pytest

from linkkeeper.extract import asciidoc
from linkkeeper.extract.base import ExtractOptions, Found


def _found(text: str, include_verbatim: bool = False) -> list[Found]:
    return list(asciidoc.links(text.encode(), ExtractOptions(include_verbatim=include_verbatim)))


def _written(text: str) -> list[tuple[str, str]]:
    data = text.encode()
    return [(data[link.start : link.end].decode(), link.url) for link in asciidoc.links(data, ExtractOptions())]


@pytest.mark.parametrize(
    ("text", "written", "url"),
    [
        ("https://a.b/c[label]", "https://a.b/c", "https://a.b/c"),
        ("see https://a.b/c_(d).", "https://a.b/c_(d", "https://a.b/c_(d"),
        ("(https://a.b/c);", "https://a.b/c", "https://a.b/c"),
        ("<https://a.b/c.>", "https://a.b/c.", "https://a.b/c."),
        ("`https://a.b/c`", "https://a.b/c", "https://a.b/c"),
        ("*https://a.b/c*", "https://a.b/c", "https://a.b/c"),
        ("link:c.html[x]", "c.html", "c.html"),
        ("link:++https://a.b/__c__++[x]", "https://a.b/__c__", "https://a.b/__c__"),
        ("link:pass:[https://a.b/c--d][x]", "https://a.b/c--d", "https://a.b/c--d"),
        ("https://a.b/c\\--d[x]", "https://a.b/c\\--d", "https://a.b/c--d"),
        ("https://a.b/路[x]", "https://a.b/路", "https://a.b/路"),
        ("见https://a.cn/b。好", "https://a.cn/b", "https://a.cn/b"),
        ("image:i.png[x]", "i.png", "i.png"),
        ("image::https://a.b/i--j.png[x]", "https://a.b/i--j.png", "https://a.b/i--j.png"),
        ("xref:other.adoc#part[x]", "other.adoc#part", "other.adoc#part"),
        ("<<part,text>>", "part", "#part"),
        ("* item https://a.b[x]", "https://a.b", "https://a.b"),
        ("term:: https://a.b", "https://a.b", "https://a.b"),
        ("== Title https://a.b", "https://a.b", "https://a.b"),
        ("|===\n|https://a.b|c\n|===", "https://a.b", "https://a.b"),
        ("====\nhttps://a.b\n====", "https://a.b", "https://a.b"),
        ("++++\n<a href='h'>\n++++", "h", "h"),
        ("+++<a href='h'>+++", "h", "h"),
        (":imagesdir: pics\n\nimage::i.png[]", "i.png", "pics/i.png"),
        ("video::v.mp4[]", "v.mp4", "v.mp4"),
    ],
)
def test_each_place_a_url_can_stand(text: str, written: str, url: str) -> None:
    assert _written(text) == [(written, url)]


@pytest.mark.parametrize(
    "text",
    [
        "----\nhttps://no.org\n----", "....\nhttps://no.org\n....", "```ruby\nhttps://no.org\n```", "// https://no.org",
        "////\nhttps://no.org\n////", "[source]\nhttps://no.org", "[listing]\n--\nhttps://no.org\n--", " https://no.org",
        "+https://no.org+", "`+https://no.org+`", "\\https://no.org", "\\link:no[x]", '"https://no.org"', "stem:[https://no.org]",
        "video::abc[youtube]", "include::no.adoc[]", "[[anchor]]",
    ],
)  # fmt: skip
def test_what_is_no_link(text: str) -> None:
    assert _found(text) == []


def test_attributes_of_the_document_are_resolved() -> None:
    text = ":repo: https://a.b/r\n:docs: {repo}/docs\n:site: https://s.t\n\n{repo}/issues[x] {docs}[y] {site}[z]\n"
    assert _written(text) == [
        ("{repo}/docs", "https://a.b/r/docs"),
        ("https://s.t", "https://s.t"),
        ("{repo}/issues", "https://a.b/r/issues"),
    ]


def test_an_attribute_the_document_does_not_define_is_template_code() -> None:
    assert [link.skip for link in _found("https://{host}/x[y]")] == ["template code"]


def test_both_urls_of_a_linked_picture_are_found() -> None:
    assert _written('image::i.png[Alt,link="https://a.b"]') == [("i.png", "i.png"), ("https://a.b", "https://a.b")]


def test_antora_resources_are_left_to_the_site() -> None:
    assert [bool(link.skip) for link in _found("xref:module:page.adoc[x]")] == [True]


def test_verbatim_text_counts_on_request() -> None:
    assert [link.url for link in _found("----\nhttps://a.b\n----\n// https://c.d\n", True)] == [
        "https://a.b",
        "https://c.d",
    ]


def test_ignore_comments() -> None:
    region = "// linkkeeper-ignore-start\n\nhttps://e.f\n\n// linkkeeper-ignore-end"
    text = f"// linkkeeper-ignore\nhttps://a.b\n\nhttps://c.d\n\n{region}"
    assert [link.skip for link in _found(text)] == ["ignored", "", "ignored"]


def test_anchors() -> None:
    anchors = asciidoc.anchors("= Doc\n\n[[one]]\n== Über `us` & them\n\n[#two]\n== Second\n\n== Second\n".encode())
    assert {"one", "two", "_über_us_them", "_second", "_second_2"} <= anchors


def test_attributes_cannot_blow_up() -> None:
    text = ":a: " + "x" * 1999 + "\n\n" + "{a}" * 100_000
    assert _found(text) == []


def test_a_target_between_double_plus_may_hold_spaces_and_brackets() -> None:
    text = "see link:++https://a.example/?q=[a b]++[label] and link:++b.html++[c]"
    found = _found(text)
    assert [one.url for one in found] == ["https://a.example/?q=[a b]", "b.html"]
    assert [text[one.start : one.end] for one in found] == [one.url for one in found]
