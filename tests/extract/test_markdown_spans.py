"""A span counts only if its bytes say what the parser says."""

import pytest

from linkkeeper.extract import markdown_spans


@pytest.mark.parametrize(
    ("text", "url", "span"),
    [
        (b"[a](b)", "b", b"b"),
        (b"[a](b)", "c", None),
        (b"[a](b\\)c)", "b)c", b"b\\)c"),
        (b"[a](b\\)c)", "b\\)c", None),
        (b"[a ](x) b](c)", "c", b"c"),
        (b"[a](<b c> 't')", "b c", b"b c"),
        (b"[a](\n> b)", "b", b"b"),
        (b"[a](b(c(d)e)f)", "b(c(d)e)f", b"b(c(d)e)f"),
        (b"[a]()", "", b""),
        (b"[a][b]", "c", None),
    ],
)
def test_the_destination_of_an_inline_link_is_proved(text: bytes, url: str, span: bytes | None) -> None:
    found = markdown_spans.inline(text, 2, len(text), url, table=False)
    assert (text[slice(*found)] if found else None) == span


@pytest.mark.parametrize(
    ("text", "url", "span"),
    [
        (b"[a]: b", "b", b"b"),
        (b"[a]:b", "b", b"b"),
        (b"[a]: c", "b", None),
        (b"[a\\]b]:\n> <c d>", "c d", b"c d"),
        (b"text", "b", None),
    ],
)
def test_the_destination_of_a_definition_is_proved(text: bytes, url: str, span: bytes | None) -> None:
    found = markdown_spans.definition(text, 0, len(text), url)
    assert (text[slice(*found)] if found else None) == span


def test_a_pipe_in_a_table_needs_its_backslash() -> None:
    assert markdown_spans.means(b"b\\|c", (0, 4), "b|c", table=True)
    assert not markdown_spans.means(b"b\\_c", (0, 4), "b\\_c", table=True)
