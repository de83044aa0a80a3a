import pytest

from linkkeeper.extract import escape
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.extract.html_encoding import declared_encoding
from linkkeeper.extract.registry import extract


@pytest.mark.parametrize(
    ("head", "codec"),
    [
        (b"\xef\xbb\xbf<meta charset=gbk>", "utf-8"),
        (b"\xff\xfe<\0", "utf-16-le"),
        (b"\xfe\xff\0<", "utf-16-be"),
        (b"<meta charset=gb2312>", "gb18030"),
        (b"<META CHARSET=' GBK '>", "gb18030"),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=Big5">', "big5hkscs"),
        (b'<meta content="text/html; charset=big5">', None),
        (b"<meta charset=iso-8859-1>", "cp1252"),
        (b"<meta charset=utf-16>", "utf-8"),
        (b"<!-- <meta charset=gbk> --><meta charset=utf-8>", "utf-8"),
        (b"<script></script><meta charset=shift_jis>", "cp932"),
        (b"<meta charset=nonsense><meta charset=euc-kr>", "cp949"),
        (b'<?xml version="1.0" encoding="GBK"?><rss>', "gb18030"),
        (b"<p>" + b" " * 1024 + b"<meta charset=gbk>", None),
        (b"", None),
    ],
)
def test_the_encoding_is_sniffed_as_browsers_do(head: bytes, codec: str | None) -> None:
    assert declared_encoding(head) == codec
    assert codec is None or "x".encode(codec)


@pytest.mark.parametrize(("label", "codec"), [("gbk", "gb18030"), ("big5", "big5hkscs"), ("shift_jis", "cp932")])
def test_links_of_a_page_in_another_encoding_have_its_offsets(label: str, codec: str) -> None:
    data = f'<meta charset={label}><p>中文</p><a href="http://e.com/中?a&amp;b">文</a><img src=中.png>'.encode(codec)
    links = extract("a.html", data, ExtractOptions()).links
    assert [link.url for link in links] == ["http://e.com/中?a&b", "中.png"]
    assert [data[link.span.start : link.span.end].decode(codec) for link in links] == [
        "http://e.com/中?a&amp;b",
        "中.png",
    ]
    assert escape.encode("http://e.com/文", links[0].context) == "http://e.com/文".encode(codec)
