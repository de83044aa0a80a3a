"""The page in a real browser, driven through the DevTools protocol on loopback."""

import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from linkkeeper.models.run import Run, UrlRow
from linkkeeper.report import figures, history, history_page, html
from linkkeeper.report.base import Extras, FileDiff, TrendPoint

needs_browser = pytest.mark.browser
Opened = Callable[..., Awaitable[Any]]


def _many(run: Run, count: int) -> list[UrlRow]:
    rows = itertools.islice(itertools.cycle(run.urls), count)
    return [
        replace(row, url=(url := f"https://h{at % 99}.example/{at}"), links=[replace(row.links[0], raw=url)])
        for at, row in enumerate(rows)
    ]


def _extras() -> Extras:
    points = tuple(TrendPoint(datetime(2026, month, 1, tzinfo=UTC), {"dead": month}) for month in range(1, 12))
    return Extras(points, (FileDiff("a.md", "--- a/a.md\n+++ b/a.md\n@@ -1 +1 @@\n-old\n+new <b>\n"),))


@needs_browser
async def test_fifty_thousand_links_are_interactive_at_once(
    opened: Opened, run: Run, make: Callable[[list[UrlRow]], Run]
) -> None:
    page = await opened(make(_many(run, 50_000)))  # benchmarks/bench_html.py has the time: 0.6 s
    assert await page.evaluate("document.getElementById('data').textContent.length") < 50_000 * 250
    assert await page.evaluate("document.getElementsByTagName('*').length") < 12_000  # none per row
    assert "of 50,000 links" in await page.evaluate("document.getElementById('found').textContent")
    assert await page.evaluate("document.querySelectorAll('.scroll .row').length") < 80
    await page.evaluate("document.querySelector('#chips button').click()")
    await page.evaluate("document.querySelector('[data-sort=link] button').click()")
    await page.evaluate("document.querySelector('.scroll').scrollTop = 1e6")
    await page.until("[...document.querySelectorAll('.scroll .row')].some((row) => row.ariaRowIndex > 20000)")
    await page.evaluate(
        "(() => { const box = document.getElementById('search'); box.value = 'host:h7.example';"
        " box.dispatchEvent(new Event('input')) })()"
    )
    await page.until("document.getElementById('found').textContent.startsWith('505 ')")
    assert page.complaints == []


@needs_browser
@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
async def test_hostile_content_does_nothing(language: str, opened: Opened, hostile: Run) -> None:
    page = await opened(hostile, None, f"--lang={language}", f"--accept-lang={language}")
    rows = "document.querySelectorAll('.scroll .row:not([hidden])')"
    for at in range(await page.evaluate(f"Math.min(30, {rows}.length)")):
        await page.evaluate(f"{rows}[{at}].click()")
        links = "[...document.querySelectorAll('dialog a')].map((a) => a.protocol)"
        assert set(await page.evaluate(links)) <= {"http:", "https:"}
        await page.evaluate("document.getElementById('close').click()")
    assert await page.evaluate("document.querySelectorAll('img, iframe, b[onclick]').length") == 0
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith("file:")] == []


@needs_browser
async def test_the_year_that_a_post_gives_itself_is_drawn_and_found(opened: Opened, run: Run) -> None:
    file = run.urls[0].links[0].file
    many = sum(link.file == file for row in run.urls for link in row.links)
    page = await opened(run, Extras(years={file: "1999"}))
    await page.evaluate("document.querySelector('#chips button').click()")
    await page.evaluate("document.querySelector('[data-query=\"year:1999\"]').click()")
    assert await page.evaluate("document.getElementById('found').textContent") == f"{many} of 10 links"


@needs_browser
async def test_a_year_narrows_the_table_and_keys_alone_open_and_close_a_link(opened: Opened, run: Run) -> None:
    page = await opened(run, _extras())
    await page.evaluate("document.querySelector('#chips button').click()")
    await page.evaluate("document.querySelector('[data-query=\"year:2016\"]').click()")
    assert await page.evaluate("document.getElementById('found').textContent") == "9 of 10 links"
    await page.evaluate("document.getElementById('reset').click()")
    await page.evaluate("document.querySelectorAll('#chips button')[1].click()")
    focus = "document.querySelector('.scroll button[tabindex=\"0\"]').focus()"
    await page.evaluate(focus)
    for key, code in (("ArrowDown", 40), ("Enter", 13)):
        text = {"text": "\r"} if key == "Enter" else {}
        await page.send("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
        await page.send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)
    await page.until("document.getElementById('dialog').open")
    second = await page.evaluate("document.querySelector('#dialog-title').textContent")
    assert second in {"https://no-copy.example/a", "/images/missing.png", "https://example.com/gone#part"}
    await page.send("Input.dispatchKeyEvent", type="keyDown", key="Escape", windowsVirtualKeyCode=27)
    await page.until("!document.getElementById('dialog').open")
    assert await page.evaluate("document.activeElement.closest('.row') !== null")


@needs_browser
async def test_a_chinese_browser_reads_chinese(opened: Opened, run: Run) -> None:
    page = await opened(run, None, "--lang=zh-CN", "--accept-lang=zh-CN")
    assert await page.evaluate("document.documentElement.lang") == "zh-CN"
    assert await page.evaluate("document.title") == "链接报告 · linkkeeper"
    left = "[...document.querySelectorAll('[data-t]')].filter((n) => !/[\\u4e00-\\u9fff]/.test(n.textContent)).length"
    assert await page.evaluate(left) == 0


@needs_browser
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_no_barrier(theme: str, opened: Opened, run: Run) -> None:
    page = await opened(run, _extras())
    await page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
    await page.until("document.getAnimations().length === 0")
    await page.evaluate((resources.files("axe_core_python") / "axe.min.js").read_text("utf-8"))
    check = "axe.run().then((found) => found.violations.map((one) => [one.id, one.nodes[0].html]))"
    assert await page.evaluate(check) == []
    await page.evaluate("document.querySelector('.scroll .row').click()")
    assert await page.evaluate(check) == []


def test_english_and_chinese_have_the_same_words_and_values() -> None:
    import re

    words = html.all_words()
    assert words["en"].keys() == words["zh"].keys()
    names = re.compile(r"\{([a-z]+)")
    for key, text in words["en"].items():
        assert set(names.findall(words["zh"][key])) <= set(names.findall(text)), key


def test_the_figures_count_links_not_urls(run: Run) -> None:
    found = figures.figures(run)
    assert (found.attention, found.rescued, found.answered) == (5, 2, 9)
    assert [(bar.label, bar.bad, bar.all) for bar in found.years] == [("2016", 4, 8)]
    assert found.hosts[0].label == "example.com"


def test_the_page_reads_without_scripts_too(run: Run) -> None:
    text = html.render(run, _extras())
    assert "content/_posts/2016-07-08-周刊.md" in text.partition("<script")[0]
    assert "+new &lt;b&gt;" in text


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 0, "0 %"), (0, 9, "0 %"), (1, 5000, "< 0.1 %"), (3, 200, "1.5 %"), (3, 20, "15 %"), (999, 1000, "99.9 %")],
)
def test_a_share_is_neither_nothing_nor_everything_by_rounding(part: int, whole: int, said: str) -> None:
    assert figures._percent(part, whole) == said


def test_where_nothing_is_broken_no_empty_chart_is_drawn(run: Run) -> None:
    well = [row for row in run.urls if row.verdict == "ok"]
    text = html.render(replace(run, urls=well))
    assert 'id="years-title"' not in text
    assert 'id="hosts-title"' not in text
    assert 'id="years-title"' in html.render(run)


def _history() -> history.Collection:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    runs = [history.RunPoint(str(at), start, 9, {"ok": 3, "dead": at, "suspect": 1}) for at in range(30)]
    hosts = [history.Host("</script><img src=x onerror=alert(1)>\x1b\u202e", 3, 4), history.Host("me:hunter2@b", 1, 1)]
    return history.Collection(runs, history.HalfLife(9.4, 20, 90, 6.1, 14.0), hosts)


@needs_browser
@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
async def test_the_history_page_is_without_barriers_complaints_and_network(
    language: str, tmp_path: Path, browser: Callable[..., Any]
) -> None:
    file = tmp_path / "history.html"
    file.write_text(history_page.render(_history()), "utf-8")
    async with browser(f"--lang={language}", f"--accept-lang={language}") as page:
        for domain in ("Page", "Runtime", "Log", "Network"):
            await page.send(f"{domain}.enable")
        await page.send("Page.navigate", url=file.as_uri())
        await page.until("document.readyState === 'complete' && document.querySelector('h1') !== null")
        await page.evaluate((resources.files("axe_core_python") / "axe.min.js").read_text("utf-8"))
        assert await page.evaluate("axe.run().then((found) => found.violations.map((one) => one.id))") == []
        assert ("个" in await page.evaluate("document.querySelector('h1').textContent")) is (language == "zh-CN")
        assert await page.evaluate("document.querySelectorAll('img').length") == 0
        assert (page.complaints, [url for url in page.requests if not url.startswith("file:")]) == ([], [])


def test_the_history_page_shows_what_the_terminal_says() -> None:
    text = history_page.render(_history())
    assert "<b>29</b>" in text
    assert "about 9.4 years" in text
    assert "29 more than on 2026-01-01 00:00." in text
    assert not any(char in text for char in "\x1b\u202e")
    one = replace(_history(), runs=_history().runs[:1], half_life=None, worst_hosts=[])
    assert "Not known yet" in history_page.render(one)


@needs_browser
@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
async def test_on_paper_it_is_dark_on_white_whole_and_without_controls(language: str, opened: Opened, run: Run) -> None:
    long = FileDiff("b.md", "--- a/b.md\n+++ b/b.md\n@@ -1 +1 @@\n-" + "old " * 99 + "\n+" + "new" * 99 + "\n")
    page = await opened(
        run, Extras(_extras().trend, (*_extras().diffs, *[long] * 4)), f"--lang={language}", f"--accept-lang={language}"
    )
    await page.evaluate("document.getElementById('theme').click(); document.getElementById('theme').click()")
    await page.send("Emulation.setEmulatedMedia", media="print")
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert await page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    controls = "[...document.querySelectorAll('input, .controls button, .copy, dialog, [role=table]')]"
    assert await page.evaluate(f"{controls}.filter((node) => node.checkVisibility()).length") == 0
    assert await page.evaluate("[...document.querySelectorAll('.diff')].every((n) => n.checkVisibility())")
    assert await page.evaluate("[...document.querySelectorAll('.diff')].every((n) => n.scrollWidth <= n.clientWidth)")
    printed = await page.evaluate("document.querySelector('.static').innerText")
    for text in ("https://example.com/gone", f"https://web.archive.org/web/20160709010203/{run.urls[0].url}", "12:5"):
        assert text in printed
    assert "2016-07-09" in printed
    await page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert await page.evaluate("document.querySelectorAll('details[open]').length") == 3
    assert len((await page.send("Page.printToPDF", preferCSSPageSize=True))["data"]) > 20_000
    assert page.complaints == []


def test_the_change_shown_is_what_fix_would_write_and_none_where_it_would_write_nothing(run: Run) -> None:
    one = run.urls[0].links[0]
    raws = [one, replace(one, replacement="https://a.example/escaped\\_"), replace(one, replacement=None)]
    links = html.payload(replace(run, urls=[replace(run.urls[0], links=raws)]))["links"]
    assert [link[9] if len(link) > 9 else 0 for link in links] == [0, "https://a.example/escaped\\_", 1]
