"""The Chinese page: every rule, and every sentence of ours about what was seen, has Chinese words."""

import ast
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from linkkeeper.check import gone, verdicts
from linkkeeper.models.run import Run
from linkkeeper.report import html

CHINESE: dict[str, dict[str, str]] = json.loads(html.asset("chinese.json"))
PACKAGE = Path(html.__file__).parent.parent
HOLE = re.compile(r"\{([a-z]+)(?::(?:said|known))?\}")
HAN = re.compile(r"[\u4e00-\u9fff]")
ASCII_PUNCTUATION = re.compile(r"[\u4e00-\u9fff][,;:?!]|[,;?!][\u4e00-\u9fff]")
SAME = {"HTTP {}", "HTTP 200", "{}", "#", "{}:", "{}: {}", ""}
"""What is no sentence: it is the same in every language, or its parts are told one by one."""


def test_every_rule_has_a_chinese_meaning_and_no_other_has() -> None:
    assert CHINESE["rules"].keys() == verdicts.RULES.keys()
    assert [rule for rule, text in CHINESE["rules"].items() if not HAN.search(text) or not text.endswith("。")] == []


def test_chinese_is_written_with_chinese_punctuation_and_keeps_every_value() -> None:
    for group in CHINESE.values():
        assert [text for text in group.values() if ASCII_PUNCTUATION.search(text)] == []
    for english, chinese in CHINESE["sentences"].items():
        assert sorted(set(HOLE.findall(english))) == sorted(set(HOLE.findall(chinese))), english


def test_what_a_meaning_quotes_is_quoted_in_chinese_too() -> None:
    for rule, doc in verdicts.RULES.items():
        assert re.findall(r"`[^`]+`", doc.meaning) == re.findall(r"`[^`]+`", CHINESE["rules"][rule]), rule


def _sentences(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression may come to, `{}` for what is known only later."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts)  # type: ignore[misc]  # text
        case ast.IfExp(body=one, orelse=other):
            yield from (*_sentences(one), *_sentences(other))
        case ast.BoolOp(values=values):
            yield from (text for value in values for text in _sentences(value))


def _said(module: Path) -> Iterator[str]:
    """Yield what a module says of a link: first of `judge(…)`, last of failures, refusals, moves and signs."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(attr="judge"), args=[detail, *_]):
                yield from _sentences(detail)
            case ast.Call(func=ast.Attribute(attr="arrived" | "_no"), args=[*_, detail]):
                yield from _sentences(detail)
            case ast.Call(func=ast.Name(id="Moved" | "NoPage" | "Replay"), args=[*_, detail]):
                yield from _sentences(detail)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="found"), attr="append"), args=[sign]):
                yield from _sentences(sign)
            case ast.Tuple(elts=[ast.Attribute(value=ast.Name(id="Failure")), detail]):
                yield from _sentences(detail)
            case ast.keyword(arg="detail", value=detail):
                yield from _sentences(detail)


ROOMS = [
    *(PACKAGE / "check").glob("*.py"),
    *(PACKAGE / "net" / f"{name}.py" for name in ("failures", "resolver", "tls", "trip", "control")),
    *(PACKAGE / "archive" / f"{name}.py" for name in ("moved", "wayback", "replay", "playback", "rescue")),
    *(PACKAGE / "archive" / "local" / f"{name}.py" for name in ("provider",)),
    *(PACKAGE / "pipeline" / f"{name}.py" for name in ("copies", "archives", "outcome", "collect")),
]


def test_every_sentence_about_a_link_has_chinese_words() -> None:
    known = {HOLE.sub("{}", english) for english in CHINESE["sentences"]}
    said = {(room.stem, text) for room in ROOMS for text in _said(room)}
    said |= {("gone.toml", notice.what) for notice in gone.notices()}
    assert len(said) > 80
    assert sorted((room, text) for room, text in said if text not in known | SAME and "_" not in text) == []


SEEN = {
    "HTTP 404": "HTTP 404",
    "HTTP 404; the home page: HTTP 403": "HTTP 404；首页：HTTP 403",
    "first: HTTP 404; then: no answer in time": "第一次：HTTP 404；第二次：没有及时答复",
    "no answer in time; failed on 3 days since 2026-11-18": "没有及时答复；自 2026-11-18 起已在 3 个不同的日子失败",
    "connection refused (redirected to https://a.example/;x)": "连接被拒绝（跳转到 https://a.example/;x）",
    "No answer within the time allowed": "在允许的时间内没有答复",
    "zhihu.com: the page says that it was deleted": "zhihu.com：网页说内容已被删除",
    "Cloudflare (HTTP 403)": "Cloudflare（HTTP 403）",
    "no file /images/a.png": "没有文件 /images/a.png",
    "no #anchor in this page": "本页里没有 #anchor",
    "title: 404 Not Found; redirect-home: https://a.example/": "标题：404 Not Found；跳回首页：https://a.example/",
    "a.example is 10.0.0.1: private (RFC 1918)": "a.example 对应 10.0.0.1：私有地址（RFC 1918）",
    "x/s.db is damaged and could not be set aside: this run remembers nothing for the next one": (
        "x/s.db 已损坏，又无法移开：这次运行不会为下一次记下任何东西"
    ),
    "the words of a server, of no sentence: ours": "the words of a server, of no sentence: ours",
    "redirects to javascript:{x:said}: no host": "跳转到 javascript:{x:said}：没有主机名",
    "$& $1 (redirected to $`{url})": "$& $1（跳转到 $`{url}）",
    "x; " * 150 + "x": "x; " * 150 + "x",
}


@pytest.mark.browser
async def test_what_was_seen_is_told_in_chinese_on_the_chinese_page(
    opened: Callable[..., Awaitable[Any]], run: Run
) -> None:
    rules = {rule: doc.meaning for rule, doc in verdicts.RULES.items()}
    rows = [replace(run.urls[0], url=f"https://a.example/{at}", detail=detail) for at, detail in enumerate(SEEN)]
    rows.append(replace(run.urls[0], url="https://z.example/", detail="", rule="http-gone"))
    page = await opened(
        replace(run, urls=rows, rules=rules, notes=["no answer in time"]), None, "--lang=zh-CN", "--accept-lang=zh-CN"
    )
    assert await page.evaluate("document.querySelector('.warning').textContent") == "没有及时答复"
    printed = await page.evaluate(
        "[...document.querySelectorAll('.static li > div > span[data-said]')].map((n) => n.textContent)"
    )
    assert set(printed) == set(SEEN.values()) | {CHINESE["rules"]["http-gone"]}
    await page.evaluate("document.querySelector('.scroll .row').click()")
    shown = await page.evaluate("document.getElementById('dialog-body').textContent")
    for text in (CHINESE["rules"]["http-gone"], "文章头信息", "行内链接"):
        assert text in shown
    await page.evaluate("document.getElementById('close').click()")
    box = "document.getElementById('search')"
    await page.evaluate(f"{box}.value = '本页里没有'; {box}.dispatchEvent(new Event('input'))")
    await page.until("document.getElementById('found').textContent.endsWith('中的 2 处')")
    await page.evaluate("document.getElementById('language').click()")
    assert await page.evaluate("document.querySelector('.warning').textContent") == "no answer in time"
    assert page.complaints == []


def test_meanings_stand_once_in_the_page_and_only_of_the_rules_that_it_names(run: Run) -> None:
    text = html.render(replace(run, rules={"http-gone": "x"}))
    assert text.count(CHINESE["rules"]["http-gone"]) == 1
    assert CHINESE["rules"]["offline"] not in text
