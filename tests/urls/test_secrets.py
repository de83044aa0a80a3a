"""Credentials never show and are never handed on."""

import re
import time

import pytest
from hypothesis import example, given, settings
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
        ("http:/u:p@a.example http:u:p@b.example/", "http:/***@a.example http:***@b.example/"),
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


_PIECES = (
    "https: http: HTTPS: http\u017f: : / // \\ @ @ u:p@ a b.example ? & # ; = = ' \" < > ` ( [ . - _ %3A%2F %5C %40 "
    "%3a%2f%2f %3F %26 %2526 %23 %3B %3D %253d %25 % %41 %E4%BD%A0 \u0130 \u0131 \u017f \u212a \u03a3 s\u0131d= "
    "amp; *** jsessionid=x ;sid= weixin.qq.com maps.googleapis.com key= token tok%65n= to\u212aen= client "
    "access_token=a ASPSESSIONIDX/y=1 aspsess%69onid/ https%3A%2F%2Fu%3Ap%40 %3Fpassword%3Dx &password= ?key="
)
TEXTS = st.lists(
    st.sampled_from([*_PIECES.split(" "), HEX, " ", "\t", "x" * 64, "x" * 65, "?key=" + HEX]) | st.text(max_size=2),
    max_size=14,
).map("".join)
_AT_ONCE = re.compile(
    r"""(https?:[/\\]*|://|(?<![^\s"'(<=\[@])//)([^\s/?#\\"'<>`]*)@""", re.IGNORECASE
)  # fmt: skip
"""Userinfo by one pattern, which reads a run again and again."""


@settings(max_examples=1500, deadline=None)
@given(TEXTS | URLISH)
@example("http:/u:p@a.example HTTP:\\u:p@a.example http\u017f:/u@a.example")
@example("http:u:p@a.example xhttp:u:p@a.example")
@example(" \\/u:p@a.example /\\u:p@a.example x//u:p@a.example ///u:p@a.example")
@example("https://a.example/?aspsessionid\u0130=x")
@example("https://a.example/?ASPSESSIONIDX=y")
@example("https://a.example/?aspsessionid/x=1")
@example("https://a.example/?aspsess%69onid/x=1")
@example("https://a.example/x;s\u0131d=1")
@example("https://a.example/x;P\u0127psessid=1;php\u017fessid=2")
@example("https%253A%252Fu%2540a.example")
@example("https%3A%5Cu%40a.example")
@example("https://a.example/?" + "x" * 65 + "=1&" + "password" * 9 + "=1&%70wd=1")
def test_what_is_passed_over_at_a_glance_holds_no_credential(text: str) -> None:
    masked, stripped = secrets.mask(text), secrets.strip(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "_speaks", lambda *_: True)
        patch.setattr(secrets, "_may_escape_userinfo", lambda _: True)
        patch.setattr(secrets, "_is_plain", lambda _: False)
        patch.setattr(secrets, "_without_userinfo", lambda text: _AT_ONCE.sub(r"\1***@", text))
        patch.setattr(secrets, "_harmless", frozenset())
        assert masked == secrets.mask(text)
        assert stripped == secrets.strip(text)


@settings(max_examples=500, deadline=None)
@given(st.lists(TEXTS | URLISH, max_size=6))
@example(["https://a.example/?aspsessionid\u0130=x"])
@example(["https%253A%252Fu%2540a.example", "https://a.example/?id=1", "//u@a.example"])
def test_of_several_urls_those_are_found_that_hold_a_credential(texts: list[str]) -> None:
    assert list(secrets.holders(texts)) == [text for text in texts if secrets.mask(text) != text]


def test_lower_case_hides_no_name() -> None:
    letters = [chr(code) for code in range(128, 0x110000)]
    assert [letter for letter in letters if any(one.isascii() for one in letter.lower())] == ["\u0130", "\u212a"]
    word = re.compile(r"\w")
    lost = [letter for letter in letters if word.match(letter) and not all(map(word.match, letter.lower()))]
    assert lost == ["\u0130"]


def test_names_are_remembered_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_HARMLESS", 2)
    for number in range(20):
        assert secrets.mask(f"https://a.example/?n{number}=1&m=2&{'x' * 80}=3") == secrets.mask(
            secrets.mask(f"https://a.example/?n{number}=1&m=2&{'x' * 80}=3")
        )
        assert secrets.mask(f"https://a.example/?n{number}=1&pwd=2") == f"https://a.example/?n{number}=1&pwd=***"
    assert len(secrets._harmless) <= 2
    assert all(len(name) <= 64 for name in secrets._harmless)


@pytest.mark.parametrize(
    "piece",
    ["?a=", "%3F", "%25", "https:", "://", "&key='", "a@", "%3A%2F", "%2540", ";sid=", "&password=", "https://u:p@"],
)
def test_any_text_takes_linear_time(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    started = time.perf_counter()
    for one in (text, "@ " + text, text + "=", "a=; " + text):
        secrets.mask(one)
        secrets.strip("https://a.example/" + one)
        list(secrets.holders([one]))
    assert time.perf_counter() - started < 5
