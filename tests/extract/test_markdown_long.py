"""A long Markdown text, read in pieces, gives what it gives as a whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.extract import markdown, markdown_long, mdx
from linkkeeper.extract.base import ExtractOptions, Found

PIECE = 600
FILLER = "Words and a [link](https://a.example/words) and https://b.example/bare.\n\n"
BLOCKS = (
    FILLER,
    "# Heading https://a.example/heading\n",
    "- item [a](https://a.example/item)\n\n  more https://a.example/more\n\n",
    "1. one\n2. two <https://a.example/two>\n",
    "> quoted https://a.example/quoted\n\n",
    "```\nhttps://a.example/code [a](b)\n\nmore\n```\n\n",
    "~~~ x\n" + "[a](https://a.example/fenced)\n\ntext\n" * 30 + "~~~\n\n",
    "<!-- https://a.example/comment\n\ntext\n-->\n\n",
    '<div>\n<a href="https://a.example/html">x</a>\n</div>\n\n',
    '<pre>\n\n<a href="https://a.example/pre">\n\n</pre>\n\n',
    "| a | b |\n|---|---|\n| https://a.example/cell | [x](https://a.example/y\\|z) |\n\n",
    "[label]: https://a.example/label\n",
    "See [https://a.example/text][label] and [https://b.example/text][later].\n\n",
    "[later]: https://a.example/later 'title'\n\n",
    "Text[^note] here.\n\n[^note]: https://a.example/note\n\n",
    "{% highlight x %}\n\n[a](https://a.example/shown)\n\n{% endhighlight %}\n\n",
    '{{< figure src="https://a.example/figure" >}}\n\n',
    "<!-- linkkeeper-ignore: why -->\n\n[a](https://a.example/exempt)\n\n",
    "<!-- linkkeeper-ignore-start: old -->\n\n",
    "<!-- linkkeeper-ignore-end -->\n\n",
    "    https://a.example/indented\n\n",
    "https://例子.中国/路径。详见https://a.example/中文\n\n",
)


@pytest.fixture(params=[0, PIECE // 2], ids=["far", "near"])
def short_pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown_long, "_SHORT_PIECE", request.param)
    monkeypatch.setattr(markdown_long, "_PIECE", PIECE)
    monkeypatch.setattr(markdown_long, "LONG", PIECE)


def _both(data: bytes, options: ExtractOptions) -> tuple[list[Found], list[Found]]:
    whole = list(markdown._links(data, options))
    return whole, list(markdown_long.links(data, options, markdown._links))


@pytest.mark.usefixtures("short_pieces")
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("verbatim", [False, True])
@pytest.mark.parametrize("block", range(len(BLOCKS)))
def test_every_block_is_read_alike_wherever_the_text_is_cut(block: int, end: str, verbatim: bool) -> None:
    for shift in range(0, PIECE, 97):
        text = FILLER * 3 + "x" * shift + "\n\n" + BLOCKS[block] * 3 + FILLER * 30 + BLOCKS[11] + BLOCKS[13]
        whole, pieces = _both(text.replace("\n", end).encode(), ExtractOptions(include_verbatim=verbatim))
        assert pieces == whole


@pytest.mark.usefixtures("short_pieces")
@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(BLOCKS), min_size=8, max_size=40), st.booleans())
def test_blocks_in_any_order_are_read_alike(blocks: list[str], verbatim: bool) -> None:
    whole, pieces = _both("".join(blocks).encode(), ExtractOptions(include_verbatim=verbatim))
    assert pieces == whole


@pytest.mark.usefixtures("short_pieces")
@pytest.mark.parametrize(
    "text",
    [
        "[a](https://a.example/1) words, " * 200,
        "https://a.example/a,b," * 200,
        "详见https://a.example/一，谢谢" * 200,
        "| a | b |\n|---|---|\n" + "| https://a.example/cell | [x](https://a.example/y\\|z) |\n" * 100,
        "".join(f"[a{number}]: https://a.example/{number}\n" for number in range(200)),
        "    https://a.example/indented\n" * 200,
        "> [a](https://a.example/quoted) and\n" * 200,
        "```\n" + "[a](https://a.example/open)\n" * 200,
        "- a\n\n  ```\n" + "  [a](https://a.example/in)\n" * 200 + "  ```\n\n- [b](https://b.example)\n",
        "<!-- " + "[a](https://a.example/open)\n\n" * 200,
        "<div>\n" + '<a href="https://a.example/">\n' * 200,
        "<a>\n" + '<a href="https://a.example/">\n' * 200,
        "text\n" + '<a href="https://a.example/">\n' * 200,
        "text\n" + "https://b.example\n" * 70 + '<a href="https://a.example/">\nhttps://b.example/c\n' * 200,
        '<a href="https://a.example/">b</a> https://b.example/c\n' * 200,
        "<b>[a](https://a.example/)</b>\n" * 200,
        "<https://a.example/b> and https://b.example/c\n" * 200,
        "<!-- linkkeeper-ignore-start -->\n\n" + FILLER * 100 + "<!-- linkkeeper-ignore-end -->\n\n" + FILLER * 20,
    ],
)  # fmt: skip
def test_a_block_longer_than_a_piece_is_read_alike(text: str) -> None:
    for verbatim in (False, True):
        whole, pieces = _both(text.encode(), ExtractOptions(include_verbatim=verbatim))
        assert pieces == whole


@pytest.mark.usefixtures("short_pieces")
def test_mdx_is_read_alike() -> None:
    text = ('<Card href={"https://a.example/card"} b={{c: 1}}>\n\n' + FILLER + "</Card>\n\n") * 20
    whole = list(mdx._links(text.encode(), ExtractOptions()))
    assert list(mdx.links(text.encode(), ExtractOptions())) == whole


def test_marks_in_millions_are_read_in_pieces() -> None:
    data = b"<" * (markdown_long.LONG + 1) + b" [a](https://a.example)"
    assert [link.url for link in markdown.links(data, ExtractOptions())] == ["https://a.example"]
