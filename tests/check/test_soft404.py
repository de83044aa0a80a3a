"""Pages that say 200 and mean 404, and pages that only look so."""

import html
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.check import soft404
from linkkeeper.check.classify import classify
from linkkeeper.models.verdict import Redirect, Reply, Verdict

SET = Path(__file__).with_name("soft404_set.jsonl")
URL = "https://example.org/2019/tea"


def page(title: str, *texts: str, url: str = URL, status: int = 200, final: str = "") -> Reply:
    """Return a small page."""
    body = f"<html><head><title>{html.escape(title)}</title></head><body>" + "".join(f"<p>{text}</p>" for text in texts)
    hops = (Redirect(url, 302),) if final else ()
    return Reply(
        url,
        status=status,
        final_url=final or url,
        redirects=hops,
        headers=(("content-type", "text/html; charset=utf-8"),),
        body=body.encode(),
    )


SIBLING = soft404.sibling_url(URL) or ""
MISSING = page("Not Found", "Not Found", url=SIBLING, status=404)


@pytest.mark.parametrize(
    "title",
    [
        "404", "Error 404", "404 Not Found", "Page not found", "Page Not Found | Example",
        "404: Page not found - Blog", "Oops! Page not found.", "页面不存在", "页面不存在_某网站",
        "您访问的页面不存在 - 某站", "404错误", "找不到頁面", "お探しのページは見つかりませんでした | 会社",
        "Seite nicht gefunden – Firma", "Page introuvable", "Página no encontrada | Sitio",
        "Página não encontrada", "Страница не найдена — Сайт", "Pagina non trovata", "Pagina niet gevonden",
        "Nie znaleziono strony", "Sayfa bulunamadı", "페이지를 찾을 수 없습니다",
    ],
)  # fmt: skip
def test_titles_of_error_pages_are_known_in_many_languages(title: str) -> None:
    assert soft404.is_error_title(title)


@pytest.mark.parametrize(
    "title",
    [
        "", "Tea", "How to fix 404 errors in WordPress", "Custom 404 page", "404: a history",
        "The 404 page design gallery", "Area code 404 (Atlanta)", "404 Media", "Lost in Translation (film)",
        "如何处理404错误页面", "Finding things that are not found elsewhere", "Why was the page not found?",
        "Peugeot 404", "Room 404, a novel",
    ],
)  # fmt: skip
def test_titles_that_talk_of_errors_are_not_error_titles(title: str) -> None:
    assert not soft404.is_error_title(title)


def test_two_signs_make_dead_and_one_makes_suspect() -> None:
    assert classify(page("Page not found", "The page you are looking for does not exist.")).rule == "soft-404"
    assert classify(page("Page not found", "Try the search.")).rule == "soft-404-sign"
    assert classify(page("My blog", "Sorry, this page does not exist.")).rule == "soft-404-sign"
    assert classify(page("My blog", "All about tea.")).verdict is Verdict.OK


def test_each_sign_is_in_the_judgement() -> None:
    signs = classify(page("Page not found", "Sorry, the page could not be found.")).signs
    assert [sign.partition(":")[0] for sign in signs] == ["title", "text"]


def test_a_page_that_cannot_exist_and_looks_the_same_is_a_sign() -> None:
    answer = page("My blog", "Sorry, this page does not exist.")
    same = page("My blog", "Sorry, this page does not exist.", url=SIBLING)
    judged = classify(answer, sibling=same)
    assert judged.rule == "soft-404"
    assert any(sign.startswith("sibling:") for sign in judged.signs)
    assert (
        classify(answer, sibling=page("Other", "Quite another text about coffee.", url=SIBLING)).rule == "soft-404-sign"
    )


def test_a_server_that_knows_how_to_say_404_speaks_for_the_page() -> None:
    assert classify(page("HTTP 404 - Wikipedia", "A long story."), sibling=MISSING).verdict is Verdict.OK
    both = page("Page not found", "Sorry, the page could not be found.")
    assert classify(both, sibling=MISSING).rule == "soft-404-sign"


LONG = "The server could not find the page, and says so with a number that everybody knows. " * 30


@pytest.mark.parametrize(
    "answer",
    [
        page(
            "HTTP 404 - Wikipedia",
            "In networks, the HTTP 404 not found error is a response code: the page was not found.",
        ),
        page(
            "404 Not Found - HTTP | MDN",
            "The HTTP 404 Not Found client error response status code means that the server cannot find the page.",
        ),
        page("404 Not Found", LONG),
        page("自定义404页面 - 教程", "本教程说明：当页面不存在时，服务器返回状态码 404。"),
        page("404 - Page not found", *["<a href=/x>The page was not found</a> " + LONG] * 3),
    ],
)
def test_pages_about_error_pages_are_never_dead(answer: Reply) -> None:
    assert classify(answer).verdict is not Verdict.DEAD
    assert classify(answer, sibling=MISSING).verdict is Verdict.OK


@pytest.mark.parametrize(
    "answer",
    [
        page("This page isn't available", "This content is not available in your region."),
        page("Content unavailable", "This video is not available in your country."),
        page(
            "Page not found",
            "The page you are looking for is private. Please log in to see it; it may have been moved.",
        ),
        page("提示信息", "抱歉，您所在的用户组没有权限访问该页面，请先登录"),
        page("出错了", "服务器维护中，页面暂时找不到，请稍后再试"),
        page("Oops, something went wrong", "Please try again later: the page could not be found right now."),
        page("Search results", "No results were found for tea."),
        page("Lost - Wikipedia", "Lost is a television series about people who cannot find their way home."),
        page("Peugeot 404", "The Peugeot 404 is a car."),
    ],
)
def test_pages_missing_for_us_or_for_now_are_never_dead(answer: Reply) -> None:
    assert classify(answer).verdict is not Verdict.DEAD


@pytest.mark.parametrize(
    ("asked", "final", "sign"),
    [
        ("https://example.org/2019/tea", "https://example.org/", True),
        ("https://example.org/2019/tea", "https://www.example.org/index.html", True),
        ("https://example.org/2019/tea", "https://example.org/en/", True),
        ("https://example.org/2019/tea?id=1", "https://example.org/?ref=404", True),
        ("https://example.org/blog/tea", "https://new-owner.example/", True),
        ("https://example.org/index.html", "https://example.org/", False),
        ("https://example.org/en/", "https://example.org/", False),
        ("http://example.org/", "https://example.org/", False),
        ("https://bit.ly/2abcDEF", "https://example.org/", False),
        ("https://example.org/go/partner", "https://partner.example/", False),
        ("https://example.org/leave?to=https%3A%2F%2Fpartner.example%2F", "https://partner.example/", False),
        ("https://example.org/about", "https://new.example/", False),
        ("https://example.org/2019/tea", "https://example.org/?p=12", False),
    ],
)
def test_a_deep_link_sent_to_the_front_door_is_a_sign(asked: str, final: str, sign: bool) -> None:
    found = soft404.signs(page("Home", "Welcome.", url=asked, final=final))
    assert any(text.startswith("redirect-home") for text in found) is sign


@pytest.mark.parametrize(
    "path", ["404", "404.html", "notfound", "error/404", "page-not-found", "errors/pagenotfound.aspx"]
)
def test_a_redirect_to_an_error_address_is_a_sign(path: str) -> None:
    answer = page("Home", "Welcome.", final=f"https://example.org/{path}")
    assert classify(answer).rule == "soft-404-sign"
    assert classify(page("Home", "Welcome.", url=f"https://example.org/{path}")).verdict is Verdict.OK


def test_home_for_this_and_for_what_cannot_exist_is_dead() -> None:
    answer = page("Home", "Welcome.", final="https://example.org/")
    assert classify(answer).rule == "soft-404-sign"
    sibling = page("Home", "Welcome.", url=SIBLING, final="https://example.org/")
    assert classify(answer, sibling=sibling).rule == "soft-404"


def test_a_gate_for_all_who_come_without_a_cookie_proves_nothing() -> None:
    gate = ["Please select your country to continue."]
    answer = page("Welcome", *gate, final="https://example.org/")
    sibling = page("Welcome", *gate, url=SIBLING, final="https://example.org/")
    assert classify(answer, sibling=sibling, shared=True).rule == "soft-404-sign"


def test_many_links_sent_to_one_place_are_a_second_sign_and_none_by_themselves() -> None:
    targets = soft404.RedirectTargets()
    home = [page("Home", "x", url=f"https://example.org/2019/{n}", final="https://example.org/") for n in range(3)]
    for answer in home[:2]:
        targets.add(answer)
    assert not targets.shared(home[0])
    targets.add(home[2])
    assert targets.shared(home[0])
    assert classify(home[0], shared=True).rule == "soft-404"
    merged = page("Tea", "All about tea.", final="https://example.org/tea")
    assert classify(merged, shared=True).verdict is Verdict.OK


def test_an_application_shell_is_the_same_everywhere_and_no_sign() -> None:
    shell = "<title>App</title><div id=root></div><script src=/app.js></script>"
    made = Reply(URL, status=200, headers=(("content-type", "text/html"),), body=shell.encode())
    other = Reply(SIBLING, status=200, headers=(("content-type", "text/html"),), body=shell.encode())
    assert classify(made, sibling=other, root=other).verdict is Verdict.OK
    assert soft404.wants_sibling(made) is None


def test_a_sibling_is_wanted_only_where_it_can_help() -> None:
    assert soft404.wants_sibling(page("Tea", "All about tea.")) is None
    assert soft404.wants_sibling(page("Page not found", "x")) == SIBLING
    assert soft404.wants_sibling(page("Page not found", "x", status=404)) is None
    assert soft404.wants_sibling(page("Page not found", "x", url="https://example.org/")) is None


@pytest.mark.parametrize(
    ("url", "shape"),
    [
        ("https://example.org/2019/tea", "https://example.org/2019/linkkeeper-"),
        ("https://example.org/2019/tea.html", "https://example.org/2019/linkkeeper-"),
        ("https://example.org/2019/tea/", "https://example.org/2019/linkkeeper-"),
        ("https://example.org/show.php?id=7&x=", "https://example.org/show.php?id=linkkeeper-"),
    ],
)
def test_siblings_are_beside_the_page_and_of_its_kind(url: str, shape: str) -> None:
    sibling = soft404.sibling_url(url) or ""
    assert sibling.startswith(shape)
    assert sibling.endswith(".html") is url.endswith(".html")
    assert sibling.endswith("/") is url.endswith("/")
    assert soft404.sibling_url(url) == sibling, "one question serves the whole directory"


def test_other_encodings_are_read() -> None:
    body = "<title>页面不存在</title><p>您访问的页面不存在或已被删除</p>".encode("gb18030")
    for kind in ("text/html; charset=gbk", "text/html"):
        assert classify(Reply(URL, status=200, headers=(("content-type", kind),), body=body)).rule == "soft-404"


def test_a_file_that_is_one_line_of_error_is_a_sign() -> None:
    plain = Reply(URL, status=200, headers=(("content-type", "text/plain"),), body=b"404 page not found\n")
    assert classify(plain).rule == "soft-404-sign"
    letter = Reply(URL, status=200, headers=(("content-type", "text/plain"),), body=b"not found\n" * 50)
    assert classify(letter).verdict is Verdict.OK


def _rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in SET.read_text("utf-8").splitlines()]


def _verdict(row: dict[str, Any]) -> Verdict:
    texts = [text if text.startswith("<script") else f"<p>{html.escape(text)}</p>" for text in row["texts"]]
    body = f"<title>{html.escape(row['title'])}</title>" + "".join(texts)
    return classify(
        Reply(URL, status=200, headers=(("content-type", "text/html; charset=utf-8"),), body=body.encode())
    ).verdict


def test_no_living_page_of_the_sample_is_called_dead_and_nearly_none_suspect() -> None:
    living = [_verdict(row) for row in _rows() if not row["error"]]
    assert len(living) > 500
    assert Verdict.DEAD not in living
    assert living.count(Verdict.OK) / len(living) > 0.99


def test_nearly_every_error_page_of_the_sample_is_seen() -> None:
    errors = [_verdict(row) for row in _rows() if row["error"]]
    assert len(errors) > 140
    assert sum(verdict in {Verdict.DEAD, Verdict.SUSPECT} for verdict in errors) / len(errors) > 0.95


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_no_title_takes_long_or_raises(title: str) -> None:
    soft404.is_error_title(title * 40)
