from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.report.widths import padded, width, wrapped


def test_chinese_takes_two_columns_and_marks_take_none() -> None:
    assert width("周刊 a") == 6
    assert width("e\u0301") == 1
    assert width("（全角）") == 8


def test_text_is_padded_by_columns() -> None:
    assert padded("周", 4) == "周  "
    assert padded("long", 2) == "long"


def test_lines_break_at_spaces_and_between_ideographs() -> None:
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("一二三四五", 4) == ["一二", "三四", "五"]


def test_punctuation_does_not_begin_a_line() -> None:
    assert wrapped("一二，三", 4) == ["一", "二，", "三"]


def test_a_url_is_never_broken() -> None:
    url = "https://example.com/a/rather/long/path"
    assert wrapped(f"see {url} there", 10) == ["see", url, "there"]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab 周，（（.\u0301", max_size=40), st.integers(4, 20))
def test_wrapping_loses_no_character(text: str, columns: int) -> None:
    assert "".join(wrapped(text, columns)).replace(" ", "") == text.replace(" ", "")


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab 周，.", max_size=20), st.text(alphabet="ab 周.", max_size=20), st.integers(4, 20))
def test_what_is_to_be_copied_stays_whole(before: str, after: str, columns: int) -> None:
    place = "周刊/一二三.md:1:2"
    lines = wrapped(before + place + after, columns, place)
    assert any(place in line for line in lines)
    assert "".join(lines).replace(" ", "") == (before + place + after).replace(" ", "")


def test_nothing_is_set_apart_from_what_is_to_be_copied() -> None:
    assert wrapped("see (周刊.md) now", 80, "周刊.md") == ["see (周刊.md) now"]
