"""Line and column of byte offsets."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from linkkeeper.extract.base import Found
from linkkeeper.extract.spans import Positions, placed


def _slowly(text: str, characters: int) -> tuple[int, int]:
    before = text[:characters]
    breaks = [match.end() for match in re.finditer(r"\r\n|\r|\n", text) if match.end() <= characters]
    return len(breaks) + 1, len(before) - (breaks[-1] if breaks else 0) + 1


@example("a\r\nb", [2, 3])
@example("\r\r\n中", [2, 3, 4])
@given(st.text(alphabet="a中é😀\r\n", max_size=40), st.lists(st.integers(0, 40)))
def test_lines_and_columns_count_characters(text: str, places: list[int]) -> None:
    positions = Positions(text.encode())
    for place in sorted({min(place, len(text)) for place in places}):
        assert positions.at(len(text[:place].encode())) == _slowly(text, place)


@example("a\r\nb\rc中d", [2, 3, 5, 8])
@given(st.text(alphabet="a中é😀\r\n", max_size=40), st.lists(st.integers(0, 40)))
def test_what_was_found_is_placed_by_lines_and_characters(text: str, places: list[int]) -> None:
    ascending = sorted({min(place, len(text)) for place in places})
    offsets = [len(text[:place].encode()) for place in ascending]
    found = placed(text.encode(), [(0, [Found(offset, offset, "", "bare") for offset in offsets])])
    assert [(line, column) for *_, line, column in found] == [_slowly(text, place) for place in ascending]
