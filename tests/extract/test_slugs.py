"""Anchors as the usual renderers make them."""

import pytest

from linkkeeper.extract import registry, slugs


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Hello World!", "hello-world"),  # GitHub
        ("Hello World!", "Hello-World"),  # Hexo
        ("1. 概述", "1-概述"),  # GitHub
        ("1. 概述", "_1-概述"),  # VuePress
        ("你好，世界", "你好世界"),  # GitHub
        ("你好，世界", "你好，世界"),  # Hexo
        ("你好，世界", "_1"),  # MkDocs
        ("你好，世界", "section"),  # Kramdown
        ("`code` & more", "code--more"),  # GitHub
        ("`code` & more", "code-more"),  # MkDocs
        ("What's new in 1.2?", "whats-new-in-12"),  # GitHub, Kramdown
        ("What's new in 1.2?", "whats-new-in-1.2"),  # Pandoc
        ("What's new in 1.2?", "what-s-new-in-1-2"),  # docutils
        ("Ünïcode", "ünïcode"),  # GitHub
        ("Ünïcode", "unicode"),  # MkDocs
        ("[Link](http://a.example) text", "link-text"),  # GitHub
        ("[Link](http://a.example) text", "linkhttpaexample-text"),  # Kramdown
        ("Title {#own}", "own"),
        ("Title {: #own}", "own"),
        ("Title {#own}", "title"),
        ("snake_case", "snake_case"),
    ],
)
def test_a_heading_has_the_anchor(heading: str, anchor: str) -> None:
    assert anchor in registry.anchors("a.md", f"# {heading}\n\ntext".encode())


def test_repeated_headings_are_numbered() -> None:
    found = registry.anchors("a.md", "# A b\n# A b\n# A b\n# 中\n# 文\n".encode())
    assert {"a-b", "a-b-1", "a-b-2", "a-b_1", "_1", "_2"} <= found


def test_html_and_footnotes_have_anchors() -> None:
    found = slugs.anchors(b"<a name='x'></a>\n\n<div id=y>\n\nz[^n]\n\n[^n]: note\n")
    assert {"x", "y", "fn:n", "fn:1", "fnref:n", "user-content-fn-n"} <= found


def test_what_is_nowhere_is_no_anchor() -> None:
    assert "missing" not in registry.anchors("a.md", b"# Here\n")
