"""What pages say, whatever they are made of."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.check import charset, fragments, page
from linkkeeper.models.verdict import Reply

URL = "https://example.org/a/b"


def of(body: str | bytes, kind: str = "text/html; charset=utf-8", **headers: str) -> Reply:
    """Return a reply with this body."""
    data = body.encode() if isinstance(body, str) else body
    return Reply(URL, status=200, final_url=URL, headers=(("content-type", kind), *headers.items()), body=data)


@pytest.mark.parametrize(
    ("value", "after_s", "url"),
    [
        ("0; url=/x", 0, "https://example.org/x"),
        ("5;URL='c'", 5, "https://example.org/a/c"),
        ('0; url="http://a.b/" trailing', 0, "http://a.b/"),
        ("1.5, //a.b/c", 1, "https://a.b/c"),
        (".5; url=x", 0, "https://example.org/a/x"),
        ("3", 3, ""),
        ("0;/x", 0, "https://example.org/x"),
        ("0;url = /y", 0, "https://example.org/y"),
    ],
)
def test_a_refresh_is_read_as_browsers_do(value: str, after_s: int, url: str) -> None:
    assert page.parse_refresh(value, URL) == page.Refresh(after_s, url)


@pytest.mark.parametrize("value", ["", "url=/x", "soon; url=/x", ";url=x", "-1;url=x"])
def test_what_is_no_refresh_is_ignored(value: str) -> None:
    assert page.parse_refresh(value, URL) is None


def test_a_meta_refresh_counts_where_browsers_see_it() -> None:
    base = '<base href="https://cdn.example.org/z/"><META HTTP-EQUIV=Refresh CONTENT="0;url=q">'
    assert page.refresh(of(base)) == page.Refresh(0, "https://cdn.example.org/z/q")
    assert page.refresh(of('<noscript><meta http-equiv="refresh" content="0;url=/nojs"></noscript>')) is None
    assert page.refresh(of('<!-- <meta http-equiv="refresh" content="0;url=/x"> -->')) is None
    assert page.refresh(of("<p>x", refresh="0;url=/h")) == page.Refresh(0, "https://example.org/h")
    assert page.refresh(of('{"http-equiv": "refresh"}', "application/json")) is None


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120))
def test_any_refresh_is_read_without_raising(value: str) -> None:
    page.parse_refresh(value, URL)


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("茶".encode(), "text/html; charset=utf-8", "茶"),
        ("茶".encode("gbk"), "text/html; charset=GB2312", "茶"),
        ('<meta charset="gbk">茶'.encode("gbk"), "text/html", "茶"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=big5">茶'.encode("big5"), "text/html", "茶"),
        ("<p>很好的茶叶".encode("gb18030"), "text/html", "很好的茶叶"),
        ("お茶".encode("shift_jis"), "text/html; charset=Shift_JIS", "お茶"),
        ("чай".encode("cp1251"), "text/html; charset=windows-1251", "чай"),
        ("thé".encode("latin-1"), 'text/html; charset="ISO-8859-1"', "thé"),
        (b"\xef\xbb\xbf" + "茶".encode(), "text/html; charset=gbk", "茶"),
        (b"\xff\xfe" + "茶".encode("utf-16-le"), "text/html", "茶"),
        ("茶".encode(), "text/html; charset=nonsense", "茶"),
        ("茶".encode(), "text/html; charset=unicode_escape", "茶"),
        ('<meta charset="utf-16">茶'.encode(), "text/html", "茶"),
        ("茶茶茶".encode()[:-1], "text/html", "茶茶"),
    ],
)
def test_pages_are_decoded_as_browsers_do(body: bytes, kind: str, text: str) -> None:
    assert text in charset.decode(body, kind, "example.org")


def test_an_undeclared_encoding_is_guessed_by_the_top_level_domain() -> None:
    assert charset.decode("чай".encode("cp1251"), "", "example.ru") == "чай"
    assert charset.decode("美味しいお茶".encode("cp932"), "", "example.jp") == "美味しいお茶"


def test_only_the_encodings_of_the_web_are_let_in() -> None:
    import codecs

    for codec in set(charset.CODECS.values()):
        codecs.lookup(codec)
    assert not {"idna", "punycode", "unicode_escape", "zip", "hex", "utf-7", "mbcs"} & set(charset.CODECS)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.text(max_size=60), st.text(max_size=20))
def test_any_bytes_are_decoded_without_raising(body: bytes, kind: str, host: str) -> None:
    charset.decode(body, kind, host)


def test_a_page_is_read_for_what_a_reader_sees() -> None:
    seen = page.read(
        of(
            "<title> The\n page </title><svg><title>logo</title></svg><nav>Home About</nav><h1>Tea <b>time</b></h1>"
            "<p>Some <a href=x>linked</a> words</p><script>var hidden</script><style>p{}</style><!-- no -->"
            "<footer>bye</footer><link rel=canonical href='/own'>"
        )
    )
    assert seen.title == "The page"
    assert seen.headings == ("Tea time",)
    assert "hidden" not in seen.text
    assert "Home About" in seen.text
    assert seen.blocks == ("Tea time", "Some linked words")
    assert seen.canonical == "https://example.org/own"
    assert seen.prose_chars == len("Tea") + len("time") + len("Some") + len("words")


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 12_000,
        b"<a " + b"x=1 " * 16_000,
        b"<title>" * 9_000,
        b"<!--" * 16_000,
        b"&" * 65_000,
        b"<meta http-equiv=refresh content='" + b"9" * 65_000,
        b"<table><tr><td>" * 4_500,
        b"\x00\xff" * 32_000,
        b"<p>" + b"<b>page not found</b> " * 2_900,
    ],
)
def test_hostile_markup_costs_little(body: bytes) -> None:
    from linkkeeper.check import soft404
    from linkkeeper.check.classify import classify, follow

    started = time.process_time()
    answer = of(body)
    classify(answer)
    follow(answer)
    soft404.wants_sibling(answer)
    page.read(answer)
    page.anchors(answer)
    assert time.process_time() - started < 3  # 64 KiB, as much as is received


def test_anchors_are_ids_and_names_and_githubs_without_their_prefix() -> None:
    known = page.anchors(of("<h2 id='user-content-tea'>x</h2><a name=old></a><input name=field><p id='中文'>"))
    assert {"tea", "user-content-tea", "old", "中文"} <= known
    assert "field" not in known
    assert page.has_anchor(known, "%E4%B8%AD%E6%96%87")
    assert page.has_anchor(known, "top")
    assert not page.has_anchor(known, "coffee")


BODY = (
    "<html><body><h2 id=tea>Tea</h2><p>Green tea grows on old bushes in the mountains of the south.</p></body>"
    + "<p>x</p>" * 80
)


@pytest.mark.parametrize(
    ("fragment", "rule"),
    [
        ("tea", ""),
        ("coffee", "fragment-missing"),
        ("L10-L20", ""),
        ("/route", ""),
        ("!page", ""),
        ("page=3", ""),
        ("issuecomment-123", ""),
        (":~:text=old%20bushes", ""),
        (":~:text=Green,mountains", ""),
        (":~:text=grows-,on%20old,-bushes", ""),
        (":~:text=black%20tea", "text-missing"),
        ("tea:~:text=black%20tea", "text-missing"),
    ],
)
def test_fragments_are_looked_for_in_the_page(fragment: str, rule: str) -> None:
    found = fragments.judge(of(BODY), fragment)
    assert (found.rule if found else "") == rule


def test_nobody_can_tell_of_a_page_that_scripts_make() -> None:
    assert fragments.judge(of("<div id=root></div><script src=x></script>"), "coffee") is None
    assert fragments.judge(of("x", "application/pdf"), "coffee") is None
