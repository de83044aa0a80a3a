"""The head of a post: where it ends, what it says, the URLs in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkkeeper.extract import front_matter, registry
from linkkeeper.extract.base import SKIP_TEMPLATE, ExtractOptions


def found(text: str, verbatim: bool = False) -> list[tuple[str, str]]:
    """Return the bytes and the URL of each link in the head of a post."""
    data = text.encode()
    links = registry.extract("a.md", data, ExtractOptions(include_verbatim=verbatim)).links
    assert all(link.kind == "frontmatter" for link in links)
    return [(data[link.span.start : link.span.end].decode(), link.url) for link in links]


@pytest.mark.parametrize(
    ("text", "kind", "fields", "body"),
    [
        ("---\ntitle: a\ndate: 2016-07-08 16:38:20\n---\nbody", "yaml", {"title", "date"}, "body"),
        ("---\r\ntitle: a\r\n---\r\nbody", "yaml", {"title"}, "body"),
        ("---\ntitle: a\n...\nbody", "yaml", {"title"}, "body"),
        ("---\n---\nbody", "yaml", set(), "body"),
        ("---\n# comment\ntitle: a\n---", "yaml", {"title"}, ""),
        ("+++\ntitle = 'a'\n+++\nbody", "toml", {"title"}, "body"),
        ('{\n"title": "a"\n}\nbody', "json", {"title"}, "\nbody"),
        ("title: a\ndate: 2016-07-08\n---\nbody", "yaml", {"title", "date"}, "body"),
        ("---\ntitle: {{ broken\ndate: 2016\n---\nbody", "yaml", {"title", "date"}, "body"),
        ("---\n\ntext with [a](b)\n\n---\n", "", set(), None),
        ("---\ntitle: a\nno end", "", set(), None),
        ("--- \n- a\n---\n", "", set(), None),
        ("{% include a %}\nbody", "", set(), None),
        ("text", "", set(), None),
    ],
)
def test_the_head_is_cut_off_where_it_ends(text: str, kind: str, fields: set[str], body: str | None) -> None:
    head = front_matter.read(text.encode())
    assert (head.kind, set(head.fields)) == (kind, fields)
    assert text.encode()[head.body_start :].decode() == (text if body is None else body)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("url: https://a.example/b", [("https://a.example/b", "https://a.example/b")]),
        ("url: https://a.example/图片.png", [("https://a.example/图片.png", "https://a.example/图片.png")]),
        ('url: "https://a.example/b"', [("https://a.example/b", "https://a.example/b")]),
        ("url: 'https://a.example/b''c'", [("https://a.example/b''c", "https://a.example/b'c")]),
        ('url: "https://a.example/\\u4e2d"', [("https://a.example/\\u4e2d", "https://a.example/中")]),
        ("- https://a.example/b", [("https://a.example/b", "https://a.example/b")]),
        ("urls: [https://a.example, https://b.example]", [("https://a.example",) * 2, ("https://b.example",) * 2]),
        ("text: see https://a.example/b，谢谢", [("https://a.example/b", "https://a.example/b")]),
        ("text: 'see https://a.example/b.'", [("https://a.example/b", "https://a.example/b")]),
        ("site: www.a.example", [("www.a.example", "http://www.a.example")]),
        ("url: https://a.example/b # https://c.example", [("https://a.example/b", "https://a.example/b")]),
        ("url: https://a.example/b#c", [("https://a.example/b#c", "https://a.example/b#c")]),
        ("# https://a.example", []),
        ("image: /img/a.png", []),
    ],
)
def test_urls_in_yaml_are_found_with_their_bytes(line: str, expected: list[tuple[str, str]]) -> None:
    assert found(f"---\nk: v\n{line}\n---\nbody") == expected


def test_urls_in_toml_and_json_are_found() -> None:
    assert found("+++\na = \"https://a.example/b\"\nc = 'https://c.example'\n+++\n") == [
        ("https://a.example/b", "https://a.example/b"),
        ("https://c.example", "https://c.example"),
    ]
    assert found('{"a": "https://a.example/b", "c": ["https://c.example"]}\n\n') == [
        ("https://a.example/b", "https://a.example/b"),
        ("https://c.example", "https://c.example"),
    ]


@pytest.mark.parametrize("frame", ['---\nurl: "{}"\n---\n', '+++\nurl = "{}"\n+++\n', '{"url": "{}"}\n\n'])
@pytest.mark.parametrize(
    ("written", "meant"),
    [(r"\uD83D\uDE00", "\U0001f600"), (r"\uD800", "\ufffd"), (r"\uDE00\uD83D", "\ufffd\ufffd"), (r"\u00e9", "\u00e9")],
)
def test_escapes_of_utf16_are_one_character_in_pairs_and_none_alone(frame: str, written: str, meant: str) -> None:
    [(_, url)] = found(frame.replace("{}", f"https://a.example/{written}b"))
    assert url == f"https://a.example/{meant}b"


def test_comments_count_when_asked_for() -> None:
    assert found("---\n# https://a.example\nk: v\n---\n", verbatim=True) == [("https://a.example",) * 2]


def test_template_code_in_a_value_is_skipped() -> None:
    [link] = registry.extract("a.md", b"---\nu: https://a.example/{{ x }}\n---\n", ExtractOptions()).links
    assert link.skip == SKIP_TEMPLATE


def test_offsets_of_the_body_count_from_the_start_of_the_file() -> None:
    data = "\ufeff---\ntitle: 标题\n---\n看 [a](https://b.example)".encode()
    [link] = registry.extract("a.md", data, ExtractOptions()).links
    assert data[link.span.start : link.span.end] == b"https://b.example"
    assert (link.line, link.column) == (4, 7)


@given(st.text(alphabet="-+{}\":'#[]\n a:&*\t", max_size=60))
def test_nothing_makes_it_raise(text: str) -> None:
    for data in (text.encode(), b"---\n" + text.encode() + b"\n---\n", b"+++\n" + text.encode() + b"\n+++\n"):
        front_matter.read(data)
        registry.extract("a.md", data, ExtractOptions())
