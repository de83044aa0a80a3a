"""What a glance misses, a closer look would not find either."""

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linkkeeper.urls import secret_signs, secrets

_NAMES = sorted(secrets.suspicious_names()) + [f"{start}x" for start in secrets.known_names().prefixes]
_PIECES = [
    "https://",
    "http:",
    "//",
    "/",
    "\\",
    "?",
    "&",
    ";",
    "#",
    "=",
    "%3D",
    "%253d",
    "%26",
    "%2526",
    "%3f",
    "@",
    "%40",
]
_PIECES += [
    "%2540",
    ":",
    "%3A",
    "%3a%2F%2f",
    "'",
    '"',
    " ",
    "\t",
    "\x01",
    "\u3000",
    "u",
    "p",
    "a.b",
    "1",
    "abcdefgh12345678",
]
_PIECES += [
    "中",
    "%E4%B8%AD",
    "utm_source",
    "[",
    "]",
    "-",
    "%5B",
    "%2D",
    ".",
    "%",
    "\u0130",
    "\u0131",
    "\u017f",
    "\u212a",
]
_PIECES += ["%E2%84%AAey", "%6Bey"]


_WRITTEN = [name for one in _NAMES for name in (one, one.upper(), one.title(), one.replace("k", "\u212a"))]


def _may_hold_one(url: str) -> bool:
    return secret_signs.may_hold_one(msgspec.json.encode({"raw": url, "url": "https://a.example/"}))


@settings(max_examples=400)
@example("", "http:/@a")
@example("https://a.b/", "?api_%6Bey=1")
@example("https://a.b/", "?api_%E2%84%AAey=1")
@example("https://a.b/", "?api_\u212aey=1")
@example("https://a.b/", "?u=https%3Aa%40b")
@example("https://a.b/", "c?u=https%3A%2F%2Fa@b")
@example("https://a.b/", "c?u=https:u@b")
@example("", "https://mp.weixin.qq.com/s?%6Bey=1")
@example("", "https://a.example/?u=https%3A%2F%2Fu%3Ap%40b.example%2F")
@example("", "https://u\x01:p@a.example/")
@given(
    st.sampled_from(["", "https://a.b/", "https://mp.weixin.qq.com/s", "https://u"]),
    st.lists(st.sampled_from(_PIECES) | st.sampled_from(_WRITTEN), max_size=10).map("".join),
)
def test_what_would_be_masked_is_seen_at_a_glance(start: str, rest: str) -> None:
    if secrets.mask(start + rest) != start + rest:
        assert _may_hold_one(start + rest)


@pytest.mark.parametrize("equals", ["=", "%3D", "%25253D"])
def test_the_names_of_credentials_are_seen(equals: str) -> None:
    assert [name for name in _NAMES if not _may_hold_one(f"https://a.example/?{name.upper()}{equals}1")] == []


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/b",
        "https://a.example/?id=5&utm_source=b#c=d",
        "https://medium.com/@writer/post?page=2",
        "https://zh.wikipedia.org/wiki/%E4%B8%AD%20%E6%96%87",
        "/path/a@2x.png",
    ],
)
def test_most_urls_need_no_closer_look(url: str) -> None:
    assert not _may_hold_one(url)


def test_texts_full_of_addresses_are_left_to_the_closer_look() -> None:
    assert _may_hold_one("https://a.example/" + "b@" * 10)
    assert not _may_hold_one("https://a.example/" + "b@" * 5)


@pytest.mark.parametrize("text", ["@" * 1_000_000, "a@" * 500_000, '"@' * 500_000, "https://" + "a" * 1_000_000 + "@"])
def test_floods_are_left_to_the_closer_look(text: str) -> None:
    assert _may_hold_one(text)
