"""Backslash escapes and character references, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkkeeper.extract.commonmark import escape, unescape


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("a\\_b\\a", "a_b\\a"),
        ("&amp;&copy;&ngE;", "&©≧̸"),
        ("&copy &nosuch; &#xyz;", "&copy &nosuch; &#xyz;"),
        ("&#35;&#x22;&#X22;", '#""'),
        ("&#0;&#xD800;&#x110000;", "\ufffd\ufffd\ufffd"),
        ("&#12345678;", "&#12345678;"),
        ("\\&amp;", "&amp;"),
    ],
)
def test_escapes_are_resolved(written: str, text: str) -> None:
    assert unescape(written) == text


@given(st.text(alphabet="\\&;#xamp1()<>`ab", max_size=30))
def test_what_is_escaped_is_read_back(text: str) -> None:
    assert unescape(escape(text)) == text
