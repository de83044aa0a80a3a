"""Org, by its manual and as pandoc reads it."""

import pytest

from linkkeeper.extract import org
from linkkeeper.extract.base import ExtractOptions, Found


def _found(text: str, include_verbatim: bool = False) -> list[Found]:
    return list(org.links(text.encode(), ExtractOptions(include_verbatim=include_verbatim)))


def _written(text: str) -> list[tuple[str, str]]:
    data = text.encode()
    return [(data[link.start : link.end].decode(), link.url) for link in org.links(data, ExtractOptions())]


@pytest.mark.parametrize(
    ("text", "written", "url"),
    [
        ("[[https://a.b][text https://no.org]]", "https://a.b", "https://a.b"),
        ("[[https://a.b]]", "https://a.b", "https://a.b"),
        (r"[[https://a.b/\[c\]][d]]", r"https://a.b/\[c\]", "https://a.b/[c]"),
        ("<https://a.b/c d>", "https://a.b/c d", "https://a.b/c d"),
        ("see https://a.b/c.", "https://a.b/c", "https://a.b/c"),
        ("见https://a.cn/b。好", "https://a.cn/b", "https://a.cn/b"),
        ("* Heading [[./f.org::*x][y]]", "./f.org::*x", "./f.org"),
        ("[[file:i.png]]", "file:i.png", "i.png"),
        ("[[#id]]", "#id", "#id"),
        ("[[doi:10.1/2]]", "doi:10.1/2", "https://doi.org/10.1/2"),
        ("#+LINK: gh https://g.h/%s/x\n[[gh:a][b]]", "gh:a", "https://g.h/a/x"),
        ("#+LINK: gh https://g.h/\n[[gh:a]]", "gh:a", "https://g.h/a"),
        ("#+begin_quote\nhttps://a.b\n#+end_quote", "https://a.b", "https://a.b"),
        ("#+BEGIN_EXPORT html\n<a href=x>\n#+END_EXPORT", "x", "x"),
        ("#+HTML: <a href=x>", "x", "x"),
    ],
)
def test_each_place_a_url_can_stand(text: str, written: str, url: str) -> None:
    assert _written(text) == [(written, url)]


@pytest.mark.parametrize(
    "text",
    [
        "=https://no.org=",
        "~https://no.org~",
        ": https://no.org",
        "# https://no.org",
        "#+BEGIN_SRC\nhttps://no.org\n#+END_SRC",
    ],
)
def test_what_is_no_link(text: str) -> None:
    assert _found(text) == []


@pytest.mark.parametrize("target", ["id:123", "*Heading", "words", "elisp:(x)"])
def test_what_only_org_can_follow_is_skipped(target: str) -> None:
    assert all(link.skip for link in _found(f"[[{target}]]"))


def test_verbatim_and_ignore() -> None:
    assert [link.url for link in _found("#+BEGIN_SRC\nhttps://a.b\n#+END_SRC\n=https://c.d=", True)] == [
        "https://a.b", "https://c.d",
    ]  # fmt: skip
    assert [link.skip for link in _found("# linkkeeper-ignore\nhttps://a.b\n\nhttps://c.d")] == ["ignored", ""]


def test_anchors() -> None:
    text = "* TODO Some Heading :tag:\n:PROPERTIES:\n:CUSTOM_ID: own\n:END:\n<<spot>>\n"
    assert {"own", "spot", "Some Heading", "*Some Heading", "some-heading"} <= org.anchors(text.encode())
