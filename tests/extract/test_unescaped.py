import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.extract import entities, json_ld


@pytest.mark.parametrize(
    ("written", "in_attribute", "in_text"),
    [
        (b"&copy=2", "&copy=2", "©=2"),
        (b"&copy2", "&copy2", "©2"),
        (b"&copy ", "© ", "© "),
        (b"&copy;=", "©=", "©="),
        (b"&notit;", "&notit;", "¬it;"),
        (b"&notin;", "∉", "∉"),
        (b"&amp;amp;", "&amp;", "&amp;"),
        (b"&#128;&#x41&#65x", "€AAx", "€AAx"),
        (b"&#0;&#xD800;&#1114112;", "\ufffd" * 3, "\ufffd" * 3),
        (b"&unknown; &; &#; &#x;", "&unknown; &; &#; &#x;", "&unknown; &; &#; &#x;"),
    ],
)
def test_character_references(written: bytes, in_attribute: str, in_text: str) -> None:
    assert entities.attribute(written).data.decode() == in_attribute
    assert entities.text(written).data.decode() == in_text


@settings(max_examples=100)
@given(st.lists(st.sampled_from(["a", "&amp;", "&#20013;", "中", "&lt", " "]), max_size=12), st.data())
def test_every_stretch_of_decoded_bytes_knows_its_source(pieces: list[str], data: st.DataObject) -> None:
    raw = "".join(pieces).encode()
    text = entities.text(raw)
    start = data.draw(st.integers(0, len(text.data)))
    end = data.draw(st.integers(start, len(text.data)))
    source = text.source(start, end)
    if source is not None:
        assert entities.text(raw[slice(*source)]).data == text.data[start:end]


def test_half_an_escape_has_no_source() -> None:
    text = entities.text(b"&#20013;")
    assert text.source(0, 1) is None
    assert text.source(0, 3) == (0, 8)


def test_json_surrogates_are_joined_or_replaced() -> None:
    assert json_ld.decode(rb"\ud83d\ude00 \ud83d \u00e9 \/").data.decode() == "\U0001f600 \ufffd é /"
