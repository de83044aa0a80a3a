"""A span counts only if its bytes say what the parser says."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linkkeeper.extract import markdown_spans
from linkkeeper.extract.markdown_scan import PARSER

_NEVER = re.compile(rb"(?!)")


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


@example("[a]: b(c)\n")
@example("[a]: b&amp;c&d\n")
@example("[a]: b\\)c 'd'\n")
@example("> [a]:\n> b\n")
@example("[a]: <b>\n")
@given(
    st.lists(
        st.sampled_from(["[a]:", "[b\\]]:", "b", "中", "(", ")", "&amp;", "&", ";", "\\", "<", ">", " ", "\n", "'t'"])
    ).map("".join)
)
def test_what_is_seen_at_once_is_what_a_closer_look_says(text: str) -> None:
    source = text.encode()
    for known in PARSER.reference_definitions(text).values():
        place = (known["span"]["start"], known["span"]["end"])
        found = markdown_spans.definition(source, *place, known["dest"])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(markdown_spans, "_PLAIN_DEFINITION", _NEVER)
            assert markdown_spans.definition(source, *place, known["dest"]) == found
