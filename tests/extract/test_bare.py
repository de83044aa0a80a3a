"""Where a bare URL ends: half of the cases are Chinese, Japanese or Korean."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkkeeper.extract import bare

ENDS = [
    # Full-width punctuation and CJK text follow without a space.
    ("详见https://example.com/a，谢谢", "https://example.com/a"),
    ("详见https://example.com/a。", "https://example.com/a"),
    ("详见（https://example.com/a）", "https://example.com/a"),
    ("《https://example.com/a》", "https://example.com/a"),
    ("「https://example.com/a」", "https://example.com/a"),
    ("【https://example.com/a】", "https://example.com/a"),
    ("https://example.com/a、https://example.com/b", "https://example.com/a https://example.com/b"),
    ("https://example.com/a；然后", "https://example.com/a"),
    ("https://example.com/a：说明", "https://example.com/a"),
    ("https://example.com/a！", "https://example.com/a"),
    ("https://example.com/a？", "https://example.com/a"),
    ("https://example.com/a…", "https://example.com/a"),
    ("https://example.com/a——说明", "https://example.com/a"),
    ("“https://example.com/a”", "https://example.com/a"),
    ("‘https://example.com/a’", "https://example.com/a"),
    ("https://start.example.io/的在线工具", "https://start.example.io/"),
    ("访问https://example.com即可", "https://example.com"),
    ("https://example.com/?a=1&b=2的参数", "https://example.com/?a=1&b=2"),
    ("https://example.com/a　全角空格", "https://example.com/a"),
    ("https://example.com/a\u00a0不换行", "https://example.com/a"),
    ("https://example.com/a\u200b零宽", "https://example.com/a"),
    ("https://example.com/を見る", "https://example.com/"),
    ("https://example.com/에서 확인", "https://example.com/"),
    ("(https://example.com/a)에서", "https://example.com/a"),
    ("官网：www.example.com，欢迎", "http://www.example.com"),
    ("大会官网www.example.com欢迎", "http://www.example.com"),
    ("网址www.example.com/a/b的页面", "http://www.example.com/a/b"),
    ("（www.example.com）", "http://www.example.com"),
    ("敬请登录：www.example.com\n\nQ", "http://www.example.com"),
    # Internationalised hosts: begin with CJK, end at full-width punctuation.
    ("http://例子.中国/路径，然后", "http://例子.中国/路径"),
    ("http://例子.中国。", "http://例子.中国"),
    ("http://www.例子.中国/a（b）", "http://www.例子.中国/a"),
    ("http://例え.jp/です ok", "http://例え.jp/です"),
    ("http://例子.中国的网站", "http://例子.中国"),
    ("www.例子.公司，欢迎", "http://www.例子.公司"),
    ("www.是什么", ""),
    # Letters of languages that put spaces between words go on.
    ("https://de.example.org/wiki/Köln ist", "https://de.example.org/wiki/Köln"),
    ("https://ru.example.org/wiki/Москва, да", "https://ru.example.org/wiki/Москва"),
    ("https://müller.example/a", "https://müller.example/a"),
    ("https://example.com/cafe\u0301 ok", "https://example.com/cafe\u0301"),
    # GFM 6.9: trailing punctuation, brackets without a partner, entities.
    ("https://example.com/a.", "https://example.com/a"),
    ("https://example.com/a, b", "https://example.com/a"),
    ("https://example.com/a; b", "https://example.com/a"),
    ("https://example.com/a: b", "https://example.com/a"),
    ("https://example.com/a! b", "https://example.com/a"),
    ("https://example.com/a? b", "https://example.com/a"),
    ("https://example.com/a?b=c", "https://example.com/a?b=c"),
    ("'https://example.com/a' b", "https://example.com/a"),
    ('"https://example.com/a" b', "https://example.com/a"),
    ("https://example.com/a... b", "https://example.com/a"),
    ("(https://example.com/a)", "https://example.com/a"),
    ("https://example.com/a_(b)", "https://example.com/a_(b)"),
    ("(https://example.com/a_(b))", "https://example.com/a_(b)"),
    ("https://example.com/a(b", "https://example.com/a(b"),
    ("[https://example.com/a]", "https://example.com/a"),
    ("{https://example.com/a}", "https://example.com/a"),
    ("https://example.com/?q=(business))+ok", "https://example.com/?q=(business))+ok"),
    ("https://example.com/?a=1&hl;", "https://example.com/?a=1"),
    ("<https://example.com/a>", "https://example.com/a"),
    ("https://example.com/a<b", "https://example.com/a"),
    ("`https://example.com/a`", "https://example.com/a"),
    ("*https://example.com/a*", "https://example.com/a"),
    ("**https://example.com/a**，", "https://example.com/a"),
    ("~~https://example.com/a~~", "https://example.com/a"),
    ("**https://example.com/a**,b", "https://example.com/a"),
    ("https://example.com/~a/b~c", "https://example.com/~a/b~c"),
    ("https://example.com/a*b", "https://example.com/a*b"),
    # What stands before.
    ("xhttps://example.com/a", ""),
    ("1https://example.com/a", ""),
    ("看https://example.com/a", "https://example.com/a"),
    ("_https://example.com/a_", "https://example.com/a"),
    ("url=https://example.com/a", "https://example.com/a"),
    ("awww.example.com", ""),
    ("//www.example.com", ""),
    ("x.www.example.com", ""),
    ("a@www.example.com", "mailto:a@www.example.com"),
    ("_www.example.com_", "http://www.example.com"),
    # Schemes and hosts.
    ("HTTPS://EXAMPLE.COM/A", "HTTPS://EXAMPLE.COM/A"),
    ("WWW.EXAMPLE.COM", "http://WWW.EXAMPLE.COM"),
    ("ftp://example.com/a", "ftp://example.com/a"),
    ("http://localhost:8000/a", "http://localhost:8000/a"),
    ("http://[2001:db8::1]:80/a", "http://[2001:db8::1]:80/a"),
    ("http://user:pass@example.com/", "http://user:pass@example.com/"),
    ("gopher://example.com", ""),
    ("http://", ""),
    ("https:// example.com", ""),
    ("https://-", ""),
    ("www.", ""),
    ("www.example", "http://www.example"),
    ("http://a_b.c_d.com/", ""),
    # Several at once.
    ("https://a.example/x,https://b.example/y", "https://a.example/x https://b.example/y"),
    ("https://a.example/?u=1,https://b.example/y", "https://a.example/?u=1,https://b.example/y"),
    ("https://web.example/2016/http://b.example/", "https://web.example/2016/http://b.example/"),
    ("'https://a.example','https://b.example'", "https://a.example https://b.example"),
    ("[[https://a.example/x|a title]]", "https://a.example/x"),
    ("C:\\www\\https://a.example\\b", "https://a.example"),
    # Mail is mail.
    ("投稿 editors@cn.example.com", "mailto:editors@cn.example.com"),
    ("咨询：arch@cn.example.com 官网：www.example.com", "mailto:arch@cn.example.com http://www.example.com"),
    ("a.b+c_d-e@example.com.", "mailto:a.b+c_d-e@example.com"),
    ("mailto:a@example.com", "mailto:a@example.com"),
    ("@Override a @b a@b", ""),
    ("a@example.com-", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "urls"), ENDS)
def test_a_bare_url_ends_where_a_reader_would_end_it(text: str, urls: str) -> None:
    data = text.encode()
    found = list(bare.find(data))
    assert [one.url for one in found] == urls.split()
    for one in found:
        written = data[one.start : one.end].decode()
        assert one.url in (written, f"http://{written}", f"mailto:{written}")


def test_template_code_makes_a_url_skipped() -> None:
    found = list(bare.find(b"https://a.example/${id} https://b.example/{{ x }} https://c.example/"))
    assert [(one.url, bool(one.skip)) for one in found] == [
        ("https://a.example/${id}", True),
        ("https://b.example/{{", True),
        ("https://c.example/", False),
    ]


def test_offsets_are_those_of_the_whole_text() -> None:
    data = b"https://a.example https://b.example https://c.example"
    assert [data[one.start : one.end] for one in bare.find(data, 10, 40)] == [b"https://b.example"]


@given(st.text(alphabet="htps:/w.@中，。()[]{}'\"<>*~_\\,;a1é\u3000 \n", max_size=80))
def test_whatever_is_written_spans_are_ascending_and_hold_their_url(text: str) -> None:
    data = text.encode()
    end = 0
    for one in bare.find(data):
        assert end <= one.start < one.end
        end = one.end
        assert one.url.endswith(data[one.start : one.end].decode())


@pytest.mark.parametrize(
    "text",
    [
        "by postgres://admin:SekretAbc123@db.example.com/x now",
        "amqp://u:p$ss@h.example.com/",
        "smtp://a@b.example:PASS@h.example.com",
        "https:u:p@h.example.com",
        "mailto:joe:PASS@h.example.com",
        "ssh://git@github.com/x",
    ],
)
def test_name_and_password_of_a_url_are_no_mail_address(text: str) -> None:
    assert list(bare.find(text.encode())) == []


@pytest.mark.parametrize("text", ["Email:{}", "邮箱:{}", "mailto:{}", "see http://x.example/a {}", "x://a {}", "a,{}"])
def test_other_words_before_a_mail_address_change_nothing(text: str) -> None:
    found = list(bare.find(text.format("joe@h.example.com").encode()))
    assert found[-1].url == "mailto:joe@h.example.com"


@pytest.mark.parametrize(
    "before", ["a" * 1000, "a." * 500, "http:" * 200 + "/", "a:" * 500, "://" * 300, "mailto:" * 140]
)
def test_what_stands_before_many_addresses_takes_linear_time(before: str) -> None:
    text = f"{before}joe@h.example.com ".encode() * 3000
    started = time.perf_counter()
    list(bare.find(text))
    assert time.perf_counter() - started < 2
