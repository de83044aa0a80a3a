"""Line and column of byte offsets."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from linkkeeper.extract.spans import Positions


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
