"""Credentials never show and are never handed on."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.urls import secrets

HEX = "77421cf58af4a65394523938c341c823"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://user:pw@a.example/x", "https://***@a.example/x"),
        ("https://token@a.example/x", "https://***@a.example/x"),
        ("https://u:p@ss@a.example/", "https://***@a.example/"),
        ("https:\\\\u:p@a.example\\", "https:\\\\***@a.example\\"),
        ("https:@//u:p@a.example/", "https:***@//***@a.example/"),
        ("see //u:p@a.example/ now", "see //***@a.example/ now"),
        ("ftp://u:p@a.example/", "ftp://***@a.example/"),
        (f"https://mp.weixin.qq.com/s?__biz=M&key={HEX}&uin=MTM%3D&pass_ticket=lQ%2F&scene=1",
         "https://mp.weixin.qq.com/s?__biz=M&key=***&uin=***&pass_ticket=***&scene=1"),
        ("https://a.example/?access_token=a&b=c", "https://a.example/?access_token=***&b=c"),
        ("https://a.example/?b=c&API_KEY=x#y", "https://a.example/?b=c&API_KEY=***#y"),
        ("https://a.example/#access_token=a&state=b", "https://a.example/#access_token=***&state=b"),
        ("https://a.example/p;jsessionid=AB12?x", "https://a.example/p;jsessionid=***"),
        ("https://a.example/?password=it's&x", "https://a.example/?password=***&x"),
        ("https://a.example/?pass%77ord=x", "https://a.example/?pass%77ord=***"),
        ("https://s3.example/?X-Amz-Credential=A%2FB&X-Amz-Date=1&X-Amz-Signature=f",
         "https://s3.example/?X-Amz-Credential=***&X-Amz-Date=1&X-Amz-Signature=***"),
        ("https://l.example/?u=https%3A%2F%2Fu%3Ap%40a.example%2F%3Fpassword%3Dx%26y%3D1",
         "https://l.example/?u=https%3A%2F%2F***%40a.example%2F%3Fpassword%3D***%26y%3D1"),
        ("https://l.example/?u=https%253A%252F%252Fa.example%252F%253Fpwd%253Dx",
         "https://l.example/?u=https%253A%252F%252Fa.example%252F%253Fpwd%253D***"),
        ("https://mp.weixin.qq.com/s/abc?key=short&x=1", "https://mp.weixin.qq.com/s/abc?key=***&x=1"),
        ("a&amp;token=" + HEX, "a&amp;token=***"),
        ("['https://a.example/?secret=x', 2]", "['https://a.example/?secret=***', 2]"),
        ('{"url": "https://a.example/?sig=x"}', '{"url": "https://a.example/?sig=***"}'),
        ("two: https://a:b@c.example/ https://d.example/?pwd=e", "two: https://***@c.example/ https://d.example/?pwd=***"),
        ("https://web.archive.org/web/2020/https://u:p@a.example/", "https://web.archive.org/web/2020/https://***@a.example/"),
    ],
)  # fmt: skip
def test_credentials_are_masked(text: str, masked: str) -> None:
    assert secrets.mask(text) == masked
    assert secrets.mask(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "https://medium.com/@user/post",
        "https://www.google.com/maps/@31.2,121.4,15z",
        "https://unpkg.com/react@18/umd/react.js",
        "a@b.example and git@github.com:x/y.git",
        "https://a.example/?key=introduction-to-http2&code=404&token=abc&sign=leo&auth=basic",
        "https://a.example/?q=password&page=2",
        "https://a.example/?code=let%20x1234567890abc%20%3D%20y2&sk=0123456789abcdef0123456789abcdef",
        "https://a.example/?xsec_token=ABx%3D&monkey=1&passage=2&mypassword2=3",
        "https://mp.weixin.qq.com/s?__biz=MzA5OTAyNzQ2OA==&mid=2649690569&idx=1&sn=7e806888a44ffedd45af3a1126df9886",
        "https://mp.weixin.qq.com/cgi-bin/announce?action=getannouncement&key=1503979103",
        "https://a.example/?password=",
        "// a comment",
        "",
    ],
)
def test_what_is_no_credential_shows(text: str) -> None:
    assert secrets.mask(text) == text


@pytest.mark.parametrize(
    ("url", "stripped"),
    [
        ("https://user:pw@a.example/x?y#z", "https://a.example/x?y#z"),
        ("https://a.example/?access_token=a&b=c", "https://a.example/?b=c"),
        ("https://a.example/?access_token=a", "https://a.example/"),
        ("https://a.example/#access_token=a&state=b", "https://a.example/#state=b"),
        ("https://a.example/p;jsessionid=AB12/q?x", "https://a.example/p/q?x"),
        (f"https://a.example/?a==&&token={HEX}&B=%zz", "https://a.example/?a==&&B=%zz"),
        ("https://a.example/?a==&&B=%zz", "https://a.example/?a==&&B=%zz"),
        ("https://l.example/?u=https%3A%2F%2Fa%3Ab%40c.example", "https://l.example/?u=https%3A%2F%2F***%40c.example"),
        ("https://mp.weixin.qq.com/s/abc?key=short&x=1", "https://mp.weixin.qq.com/s/abc?x=1"),
        ("https:@//u:p@a.example/", "https:***@//***@a.example/"),
        ("https://a.example/b@c", "https://a.example/b@c"),
    ],
)
def test_credentials_are_stripped_and_nothing_else(url: str, stripped: str) -> None:
    assert secrets.strip(url) == stripped


URLISH = st.lists(
    st.sampled_from(
        ["https://", "u:p@", "@", "&", "?", "#", "password=", "key=", HEX, "%3D", "%26", "%40", "'", "a", "/", ";"]
    )
    | st.text(max_size=3)
).map("".join)


@settings(max_examples=300, deadline=None)
@given(URLISH)
def test_masking_and_stripping_twice_is_doing_it_once(text: str) -> None:
    assert secrets.mask(secrets.mask(text)) == secrets.mask(text)
    assert secrets.strip(secrets.strip(text)) == secrets.strip(text)


@settings(max_examples=300, deadline=None)
@given(URLISH)
def test_nothing_is_masked_where_no_sign_of_a_credential_stands(text: str) -> None:
    for sign in "@=%":
        text = text.replace(sign, "")
    assert secrets.mask(text) == text


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="&#\"<>`'@/\\?%;"), min_size=1))
def test_a_password_never_gets_through(password: str) -> None:
    secret = "S3cr3t" + password
    for url in (
        f"https://a.example/?x=1&password={secret}&y",
        f"https://u:{secret}@a.example/",
        f"https://a.example/#pwd={secret}",
    ):
        assert secret not in secrets.mask(f"error: GET {url} failed")
        assert secret not in secrets.strip(url)


@pytest.mark.parametrize(
    "piece",
    ["?a=", "%3F", "%25", "https:", "://", "&key='", "a@", "%3A%2F", "%2540", ";sid=", "&password=", "https://u:p@"],
)
def test_any_text_takes_linear_time(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    started = time.perf_counter()
    secrets.mask(text)
    secrets.strip("https://a.example/" + text)
    assert time.perf_counter() - started < 5
