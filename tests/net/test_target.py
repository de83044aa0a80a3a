import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkkeeper.net import target
from linkkeeper.urls.normalise import request_url


@pytest.mark.parametrize(
    ("url", "shown", "authority", "path"),
    [
        ("http://a.example", "http://a.example/", "a.example", "/"),
        ("HTTP://A.Example:80/X", "http://a.example/X", "a.example", "/X"),
        ("https://a.example:8443/x?y#z", "https://a.example:8443/x?y", "a.example:8443", "/x?y"),
        ("http://a.example?q", "http://a.example/?q", "a.example", "/?q"),
        ("http://2130706433/", "http://127.0.0.1/", "127.0.0.1", "/"),
        ("http://[::FFFF:1.2.3.4]:81/", "http://[::ffff:102:304]:81/", "[::ffff:102:304]:81", "/"),
        ("http://a.example/./b/../c", "http://a.example/c", "a.example", "/c"),
        ("http://a.example/%2e%2e/c", "http://a.example/c", "a.example", "/c"),
        (
            "http://\u4e2d\u6587.example/\u4e2d",
            "http://xn--fiq228c.example/%E4%B8%AD",
            "xn--fiq228c.example",
            "/%E4%B8%AD",
        ),
    ],
)
def test_a_url_is_taken_apart_for_sending(url: str, shown: str, authority: str, path: str) -> None:
    found = target.parse(url)
    assert (found.url, found.authority, found.path) == (shown, authority, path)


def test_userinfo_becomes_a_field_and_is_gone_from_the_url() -> None:
    found = target.parse("http://user:p%40ss@a.example/x")
    assert found.url == "http://a.example/x"
    assert found.authorization == "Basic dXNlcjpwQHNz"


@given(
    st.sampled_from(["http", "https"]),
    st.sampled_from(["a.example", "1.2.3.4", "a-b.example", "127.1"]),
    st.sampled_from(["", ":80", ":443", ":8080", ":0080"]),
    st.text("ab/.%2eE?=&~-_+:@,;()!$*", max_size=20),
)
def test_the_quick_way_sends_what_the_careful_one_would(scheme: str, host: str, port: str, rest: str) -> None:
    url = f"{scheme}://{host}{port}/{rest}"
    sent = request_url(url)
    assert target.parse(url).path == sent.partition("://")[2].partition("/")[2].join(["/", ""])


@given(st.text(max_size=60))
def test_any_text_is_a_target_or_a_value_error(text: str) -> None:
    try:
        found = target.parse("http://" + text)
    except ValueError:
        return
    assert found.path.startswith("/")
    assert found.path.isascii()
    assert " " not in found.path + found.host
