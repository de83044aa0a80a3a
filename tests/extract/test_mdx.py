"""MDX: JSX attributes, expressions, strings in expressions."""

from linkkeeper.extract import escape, registry
from linkkeeper.extract.base import SKIP_TEMPLATE, ExtractOptions


def found(text: str) -> list[tuple[str, str, str]]:
    """Return kind, URL and skip of each link."""
    return [(one.kind, one.url, one.skip) for one in registry.extract("a.mdx", text.encode(), ExtractOptions()).links]


def test_a_component_with_expressions_keeps_its_links() -> None:
    text = '<Card href="https://a.example" icon={<Icon name="x" />} onClick={() => { go({}) }}>\n'
    assert found(text) == [("html", "https://a.example", "")]


def test_a_string_in_an_expression_is_a_literal() -> None:
    assert found('<a href={"https://a.example/?b&amp;c"}>') == [("html", "https://a.example/?b&amp;c", "")]
    assert found("<a href={'/b'}>x</a>") == [("html", "/b", "")]
    assert found("<a href={`https://a.example`}>x</a>") == [("html", "https://a.example", "")]


def test_a_literal_is_rewritten_by_the_rules_of_its_string() -> None:
    data = b"<a href={'https://a.example'}>x</a>"
    [link] = registry.extract("a.mdx", data, ExtractOptions()).links
    new = escape.encode("https://b.example/it's&amp;", link.context)
    assert new == b"https://b.example/it\\'s&amp;"
    changed = data[: link.span.start] + new + data[link.span.end :]
    assert [one.url for one in registry.extract("a.mdx", changed, ExtractOptions()).links] == [
        "https://b.example/it's&amp;"
    ]


def test_an_expression_is_template_code() -> None:
    assert [skip for _, _, skip in found("<a href={url}>x</a> <a href={`https://a.example/${b}`}>y</a>")] == [
        SKIP_TEMPLATE,
        SKIP_TEMPLATE,
    ]
    assert found("https://a.example/{id} https://b.example") == [
        ("bare", "https://a.example/{id}", SKIP_TEMPLATE),
        ("bare", "https://b.example", ""),
    ]


def test_comments_are_no_links() -> None:
    assert found("{/* https://a.example */} [b](c)") == [("inline", "c", "")]


def test_nothing_is_indented_code() -> None:
    assert found("<Tabs>\n\n    [a](b)\n\n</Tabs>") == [("inline", "b", "")]


def test_ignore_comments_hold() -> None:
    assert found("{/* linkkeeper-ignore */}\n\n[a](b)\n\n[c](d)") == [("inline", "b", "ignored"), ("inline", "d", "")]
