"""Ignore comments: what they say, how long they hold, what they exempt."""

from datetime import date

import pytest

from linkkeeper.extract import ignore, registry
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.extract.ignore import Directive

TODAY = ExtractOptions(today="2026-11-20")


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        (b"<!-- linkkeeper-ignore -->", Directive("next")),
        (b"<!--linkkeeper-ignore-->", Directive("next")),
        (b"<!-- linkkeeper-ignore: behind a paywall -->", Directive("next", "behind a paywall")),
        (b"<!-- linkkeeper-ignore: paywall, until 2027-01-31 -->", Directive("next", "paywall", date(2027, 1, 31))),
        (b"<!-- linkkeeper-ignore until 2027-01-31: paywall -->", Directive("next", "paywall", date(2027, 1, 31))),
        (b'<!-- linkkeeper-ignore reason="a b" until="2027-01-31" -->', Directive("next", "a b", date(2027, 1, 31))),
        ("<!-- linkkeeper-ignore-start 内网 -->".encode(), Directive("start", "内网")),
        (b"<!-- linkkeeper-ignore-end -->", Directive("end")),
        (b"{/* linkkeeper-ignore: x */}", Directive("next", "x")),
        (b".. linkkeeper-ignore", Directive("next")),
        (b"# linkkeeper-ignore until 2027-99-99", Directive("next")),
        (b"<!-- linkkeeper-ignores -->", None),
        (b"<!-- linkkeeper-ignore-all -->", None),
        (b"<!-- see linkkeeper-ignore -->", None),
        (b"", None),
    ],
)
def test_a_comment_says(comment: bytes, said: Directive | None) -> None:
    assert ignore.directive(comment) == said


def skips(text: str) -> list[tuple[str, str]]:
    """Return URL and reason of each link."""
    return [(link.url, link.skip) for link in registry.extract("a.md", text.encode(), TODAY).links]


@pytest.mark.parametrize(
    "text",
    [
        "<!-- linkkeeper-ignore -->\n[a](x)\n\n[c](y)",
        "<!-- linkkeeper-ignore -->\r\n[a](x)\r\n\r\n[c](y)",
        "<!-- linkkeeper-ignore -->\n\n- b\n- [a](x)\n\n[c](y)",
        "text [a](x) <!-- linkkeeper-ignore -->\n\n[c](y)",
        "<!-- linkkeeper-ignore -->\n[b]: x\n\n[d]: y",
        "> <!-- linkkeeper-ignore -->\n> [a](x)\n>\n> [c](y)",
        "- <!-- linkkeeper-ignore -->\n  [a](x)\n- [c](y)",
        "- b\n- d <!-- linkkeeper-ignore --> [a](x)\n- [c](y)",
        "|b|\n|-|\n|[a](x) <!-- linkkeeper-ignore -->|\n|[c](y)|",
        "<!-- linkkeeper-ignore -->\n# [a](x)\n[c](y)",
        "<!-- linkkeeper-ignore -->\n<!-- another comment -->\n\n[a](x)\n\n[c](y)",
        "<!-- linkkeeper-ignore -->\n\n<a href='x'>b</a>\n\n[c](y)",
        "<div><!-- linkkeeper-ignore --><a href='x'>b</a></div>\n\n[c](y)",
        "<!-- linkkeeper-ignore-start -->\n[a](x)\n<!-- linkkeeper-ignore-end -->\n\n[c](y)",
    ],
)
def test_the_next_block_is_exempt_and_no_more(text: str) -> None:
    assert skips(text) == [("x", "ignored"), ("y", "")]


def test_an_unclosed_start_holds_to_the_end() -> None:
    assert skips("[a](w)\n\n<!-- linkkeeper-ignore-start: old -->\n[b](x)\n\n[c](y)") == [
        ("w", ""),
        ("x", "ignored: old"),
        ("y", "ignored: old"),
    ]


def test_an_expired_comment_exempts_nothing() -> None:
    assert skips("<!-- linkkeeper-ignore until 2026-11-19 -->\n[a](x)") == [("x", "")]
    assert skips("<!-- linkkeeper-ignore until 2026-11-20 -->\n[a](x)") == [("x", "ignored")]


def test_a_comment_in_code_is_no_comment() -> None:
    assert skips("`<!-- linkkeeper-ignore -->` [a](x)") == [("x", "")]
    assert skips("```\n<!-- linkkeeper-ignore-start -->\n```\n[a](x)") == [("x", "")]
