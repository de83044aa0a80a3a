"""Phrases: one pass says what `in` says of each."""

from hypothesis import given
from hypothesis import strategies as st

from linkkeeper.check.phrases import Phrases

_TEXT = st.text("abé中 ", max_size=12)


@given(st.lists(_TEXT.filter(bool), max_size=8, unique=True), _TEXT)
def test_what_is_found_is_what_stands_in_the_text(phrases: list[str], text: str) -> None:
    made = Phrases(phrases)
    there = [phrase for phrase in phrases if phrase in text]
    assert made.all_in(text) == there
    assert made.first_in(text) == (there[0] if there else "")
    assert made.any_in(text) == bool(there)


def test_a_phrase_within_another_is_found_too() -> None:
    assert Phrases(["not found", "found", "page"]).all_in("the page was not found") == ["not found", "found", "page"]
