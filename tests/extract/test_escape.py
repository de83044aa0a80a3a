"""A replacement written into any context of ours is read back as it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.extract import escape, registry
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.models.link import Link

PLACES = [
    ("a.md", "[a](https://old.example)", "inline"),
    ("a.md", "![a](https://old.example 'title')", "image"),
    ("a.md", "[a](<https://old.example> (title))", "inline"),
    ("a.md", "[![b](c.png)](https://old.example)", "inline"),
    ("a.md", "> - [a](https://old.example)", "inline"),
    ("a.md", "a ` b [a](https://old.example)", "inline"),
    ("a.md", "a <b [a](https://old.example)", "inline"),
    ("a.md", "[a]: https://old.example\n", "reference"),
    ("a.md", "[a]: <https://old.example>\n", "reference"),
    ("a.md", "<https://old.example>", "autolink"),
    ("a.md", "看https://old.example，好", "bare"),
    ("a.md", "(https://old.example)", "bare"),
    ("a.md", "|a|b|\n|-|-|\n|[a](https://old.example)|c|", "inline"),
    ("a.md", "|a|b|\n|-|-|\n|<https://old.example>|c|", "autolink"),
    ("a.md", "|a|b|\n|-|-|\n|https://old.example|c|", "bare"),
    ("a.md", "<a href='https://old.example'>b</a>", "html"),
    ("a.md", '<div>\n<a href="https://old.example">b</a>\n</div>', "html"),
    ("a.md", "|a|b|\n|-|-|\n|<a href='https://old.example'>d</a>|c|", "html"),
    ("a.md", "---\nu: https://old.example\n---\n", "frontmatter"),
    ("a.md", "---\nu: 'https://old.example'\n---\n", "frontmatter"),
    ("a.md", '---\nu: "https://old.example"\n---\n', "frontmatter"),
    ("a.md", "---\nu: [https://old.example, b]\n---\n", "frontmatter"),
    ("a.md", "---\nu: 'see https://old.example.'\n---\n", "frontmatter"),
    ("a.md", '+++\nu = "https://old.example"\n+++\n', "frontmatter"),
    ("a.md", "+++\nu = 'https://old.example'\n+++\n", "frontmatter"),
    ("a.md", '{"u": "https://old.example"}\n\n', "frontmatter"),
    ("a.mdx", '<a href={"https://old.example"}>b</a>', "html"),
    ("a.mdx", "<a href={'https://old.example'}>b</a>", "html"),
    ("a.mdx", "<a href={`https://old.example`}>b</a>", "html"),
    ("a.txt", "see https://old.example.", "bare"),
]
URLS = st.text(alphabet="/?&=#%+-_.~!$'()*,;:@[]{}|\\^`\"<> abcXYZ019é中，&amp;copy", max_size=30).map(
    lambda tail: f"https://new.example/{tail}"
)


@pytest.mark.parametrize(("name", "text", "kind"), PLACES)
def test_the_new_url_can_be_written_everywhere(name: str, text: str, kind: str) -> None:
    _replaced(name, text, kind, "https://web.archive.org/web/20160708163820/http://a.example/b_(c)?d=1&e=2")


@pytest.mark.parametrize(("name", "text", "kind"), PLACES)
@settings(deadline=None)
@given(url=URLS)
def test_what_is_written_is_read_back_or_refused(name: str, text: str, kind: str, url: str) -> None:
    link = _old(name, text)
    if escape.encode(url, link.context) is not None:
        _replaced(name, text, kind, url)


CONTROLS = [chr(code) for code in (*range(0x20), 0x7F)]


@pytest.mark.parametrize(
    "layer", ["yaml-plain", "yaml-single", "yaml-double", "toml-basic", "toml-literal", "md-angle"]
)
def test_no_control_character_is_written_into_a_value(layer: str) -> None:
    assert escape.encode("https://a.example/b", (layer,)) == b"https://a.example/b"
    assert [escape.encode(f"https://a.example/{one}b", (layer,)) for one in CONTROLS] == [None] * len(CONTROLS)


@pytest.mark.parametrize("layer", ["yaml-plain", "yaml-single", "yaml-double", "toml-basic", "toml-literal"])
@pytest.mark.parametrize("space", [" ", "\u3000", "\u00a0", "\u2028"])
def test_a_url_in_front_matter_has_no_space(layer: str, space: str) -> None:
    assert escape.encode(f"https://a.example/{space}b", (layer,)) is None


def _old(name: str, text: str) -> Link:
    links = registry.extract(name, text.encode(), ExtractOptions()).links
    return next(link for link in links if link.url == "https://old.example")


def _replaced(name: str, text: str, kind: str, url: str) -> None:
    data, link = text.encode(), _old(name, text)
    written = escape.encode(url, link.context)
    assert written is not None
    assert link.kind == kind
    changed = data[: link.span.start] + written + data[link.span.end :]
    found = [one.url for one in registry.extract(name, changed, ExtractOptions()).links]
    before = [one.url for one in registry.extract(name, data, ExtractOptions()).links]
    assert found == [url if one == "https://old.example" else one for one in before]
