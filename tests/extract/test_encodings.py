"""Documents in other encodings: links found, offsets those of the file."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkkeeper.extract import encodings, escape, registry
from linkkeeper.extract.base import ExtractOptions

SIMPLIFIED = "# 标题\r\n\r\n我们看 [链接](http://例子.中国/路径) 和 https://a.example/x，然后谢谢大家。\n"
TRADITIONAL = "# 標題\r\n\r\n我們看 [鏈結](http://例子.中國/路徑) 和 https://a.example/x，然後謝謝大家。\n"
JAPANESE = "# 見出し\r\n\r\nこれは [リンク](http://例え.jp/です) と https://a.example/x、そしてありがとう。\n"


@pytest.mark.parametrize(
    ("encoding", "text", "name"),
    [
        ("utf-8", SIMPLIFIED, "utf-8"),
        ("utf-8-sig", SIMPLIFIED, "utf-8"),
        ("gb18030", SIMPLIFIED, "gb18030"),
        ("big5", TRADITIONAL, "big5hkscs"),
        ("cp932", JAPANESE, "cp932"),
        ("euc_jp", JAPANESE, "euc_jp"),
        ("utf-16", SIMPLIFIED, "utf-16-le"),
        ("utf-16-le", SIMPLIFIED, "utf-16-le"),
        ("utf-16-be", SIMPLIFIED, "utf-16-be"),
        ("utf-32", SIMPLIFIED, "utf-32-le"),
    ],
)
def test_offsets_are_those_of_the_file(encoding: str, text: str, name: str) -> None:
    data = text.encode(encoding)
    read = encodings.read(data)
    assert read is not None
    assert read.encoding == name
    links = registry.extract("a.md", data, ExtractOptions()).links
    assert [data[link.span.start : link.span.end] for link in links] == [link.written for link in links]
    assert [escape.decode(link.written, link.context) for link in links] == [link.url for link in links]
    assert [(link.line, link.url) for link in links][1:] == [(3, "https://a.example/x")]


def test_a_replacement_is_written_in_the_encoding_of_the_document() -> None:
    [link, _] = registry.extract("a.md", SIMPLIFIED.encode("gb18030"), ExtractOptions()).links
    assert escape.encode("http://a.example/中", link.context) == "http://a.example/中".encode("gb18030")
    assert not link.unwritable


def test_utf_16_is_reported_and_not_rewritten() -> None:
    links = registry.extract("a.md", SIMPLIFIED.encode("utf-16"), ExtractOptions()).links
    assert len(links) == 2
    assert all("utf-16" in link.unwritable for link in links)


def test_latin_1_is_what_is_left() -> None:
    data = "Café [x](http://a.example/café) naïve https://b.example\n".encode("latin-1")
    links = registry.extract("a.md", data, ExtractOptions()).links
    assert [link.url for link in links] == ["http://a.example/café", "https://b.example"]
    assert [link.written for link in links] == [b"http://a.example/caf\xe9", b"https://b.example"]


def test_a_few_damaged_bytes_do_not_change_the_encoding() -> None:
    data = "中文".encode() * 50 + b"\xff [x](http://a.example) \xe4\xb8"
    read = encodings.read(data)
    assert read is not None
    assert (read.encoding, len(read.data)) == ("utf-8", len(data))
    [link] = registry.extract("a.md", data, ExtractOptions()).links
    assert data[link.span.start : link.span.end] == b"http://a.example"


def test_what_html_declares_counts_unless_the_bytes_say_otherwise() -> None:
    page = '<meta charset="gbk"><a href="http://a.example/中">x</a>'
    [link] = registry.extract("a.html", page.encode("gbk"), ExtractOptions()).links
    assert (link.url, link.written) == ("http://a.example/中", "http://a.example/中".encode("gbk"))
    [link] = registry.extract("a.html", codecs.BOM_UTF8 + page.encode(), ExtractOptions()).links
    assert link.url == "http://a.example/中"


def test_zero_bytes_in_a_text_are_no_reason_to_give_up() -> None:
    data = b"a\0b [x](http://a.example/) c\0"
    [link] = registry.extract("a.md", data, ExtractOptions()).links
    assert data[link.span.start : link.span.end] == b"http://a.example/"


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\0\0", bytes(range(256)) * 9, b"\0" * 50, b"PK\x03\x04http://a.b/"]
)
def test_a_binary_file_is_a_problem_and_not_a_text(data: bytes) -> None:
    extraction = registry.extract("a.md", data, ExtractOptions())
    assert extraction.links == ()
    assert [problem.problem for problem in extraction.problems] == ["binary, not text"]


_BYTES = (
    b"a",
    "é".encode(),
    "中".encode(),
    "😀".encode(),
    b"\x80",
    b"\xe4",
    b"\xf0\x9f",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xc0\x80",
)


@given(st.lists(st.sampled_from(_BYTES), max_size=20).map(b"".join))
def test_a_text_is_mended_alike_wherever_it_is_cut(data: bytes) -> None:
    whole = encodings._utf8(data, 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encodings, "_CHUNK", 8)
        assert encodings._utf8(data, 0) == whole
    assert len(whole.data) == len(data)
