from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkkeeper.net import cookies, headers

NOW = datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        ("Fri, 20 Nov 2026 10:00:30 GMT", 30.0),
        ("Friday, 20-Nov-26 10:00:30 GMT", 30.0),
        ("Fri Nov 20 10:00:30 2026", 30.0),
        ("Fri, 20 Nov 2026 09:00:00 GMT", 0.0),
        ("Fri, 20 Nov 2026 11:00:30 +0100", 30.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("1e9", None),
        ("9" * 5000, None),
    ],
)
def test_retry_after_is_read_in_every_form(value: str, wanted: float | None) -> None:
    assert headers.retry_after_s(value, NOW) == wanted


@given(st.text(max_size=60))
def test_no_retry_after_raises(value: str) -> None:
    seconds = headers.retry_after_s(value, NOW)
    assert seconds is None or seconds >= 0


@given(st.text(max_size=200))
def test_what_a_reply_holds_of_a_header_can_be_shown(value: str) -> None:
    assert headers.harmless(value).isprintable()


@given(st.text(max_size=60))
def test_a_charset_is_a_short_word(value: str) -> None:
    assert len(headers.charset("text/html; charset=" + value)) <= 40


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\0b"])
def test_a_configured_header_cannot_smuggle_another(value: str) -> None:
    with pytest.raises(ValueError):
        headers.lines((("X-Own", value),))


@given(st.text(max_size=120))
def test_any_set_cookie_is_a_pair_or_nothing(field: str) -> None:
    pair = cookies.read(field)
    assert pair is None or (pair[0] and ";" not in pair[0] + pair[1] and (pair[0] + pair[1]).isprintable())


def test_a_cookie_that_is_taken_back_is_not_kept() -> None:
    assert cookies.read("a=b; Path=/; HttpOnly") == ("a", "b")
    assert cookies.read("a=b; Max-Age=0") is None
    assert cookies.read("a=b; Max-Age=-1") is None
    assert cookies.read("flag") is None
