"""Pages that are nothing without JavaScript, captured through a real Chromium."""

import shutil
import warnings
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from linkkeeper.archive.capture.base import CaptureOptions, Cited, Refusal, Why
from linkkeeper.archive.capture.browser import NAMES, BrowserOptions, Renderer
from linkkeeper.archive.capture.capturer import Capturer
from linkkeeper.archive.capture.reading import shows_nothing
from linkkeeper.archive.local.base import PageCapture
from linkkeeper.errors import UsageError
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
Answering = Callable[..., bytes]
SHELL = "<title>shell</title><div id=app></div><script src=/app.js></script>"
APP = """(async () => {
  const data = await (await fetch('/api/data.json')).json();
  document.getElementById('app').innerHTML = `<img src=${data.picture}><div style="height:3000px"></div><p id=end>`;
  document.title = 'filled';
  new IntersectionObserver(seen => { if (seen[0].isIntersecting) document.body.append(
    Object.assign(new Image(), {src: '/scrolled.png'})) }).observe(document.getElementById('end'));
  for (const url of window.more ?? []) try { await fetch(url) } catch { /* as it should be */ }
  try { new WebSocket('ws://' + location.host + '/socket') } catch { }
  fetch('/posted', {method: 'POST', body: 'x'}).catch(() => 0);
  import('/module.js').catch(() => 0);
})()"""


def paths(page: Any) -> set[str]:
    assert isinstance(page, PageCapture), page
    return {"/" + exchange.url.split("/", 3)[3] for exchange in page.exchanges}


@pytest.fixture
def shell(site: Any, answer: Answering, moved: Answering) -> Any:
    """A site whose page is filled by a script."""
    site.pages |= {
        "/p": SHELL,
        "/app.js": answer(APP, "text/javascript"),
        "/api/data.json": answer('{"picture": "/old.png"}', "application/json"),
        "/old.png": moved("/new.png"),
        "/new.png": answer(b"png", "image/png"),
        "/scrolled.png": answer(b"png2", "image/png"),
        "/module.js": answer("export default 1", "text/javascript"),
    }
    return site


@pytest.fixture
async def rendering(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Return what makes a capturer with a browser of some options, where there is a browser."""
    if CHROMIUM is None:
        warnings.warn("no Chromium: pages were NOT captured through a browser", pytest.PytestWarning, stacklevel=1)
        pytest.skip("no Chromium")
    opened: list[Any] = []

    async def make(net: NetOptions | None = None, browser: BrowserOptions | None = None, **settings: Any) -> Capturer:
        client = Client(net or NetOptions(timeout_s=5.0, allow_private=True))
        renderer = Renderer(browser or BrowserOptions(settle_s=0.3))
        options = CaptureOptions(**({"max_page_s": 30.0} | settings))
        capturer = Capturer(client, options, spool=tmp_path / "spool", renderer=renderer)
        for one in (client, renderer, capturer):
            opened.append(one)
            await one.__aenter__()
        return capturer

    yield make
    for one in reversed(opened):
        await one.__aexit__(None, None, None)


@pytest.mark.browser
async def test_what_scripts_load_is_captured(shell: Any, rendering: Any) -> None:
    patient = await rendering(browser=BrowserOptions(settle_s=1.2))  # a busy machine paints late
    page = await patient.capture(Cited(shell.url + "/p", ("a.md",)))
    assert paths(page) == {"/p", "/app.js", "/api/data.json", "/old.png", "/new.png", "/scrolled.png", "/module.js"}
    assert (page.title, page.posts) == ("filled", ("a.md",))
    assert [exchange.response.split(b" ")[1] for exchange in page.exchanges if exchange.url.endswith("/old.png")] == [
        b"302"
    ]
    assert "/posted" not in shell.asked
    assert "/socket" not in shell.asked
    assert "/favicon.ico" not in paths(page)
    assert shell.asked.count("/p") == 1


@pytest.mark.browser
async def test_a_browser_is_bound_as_every_capture_is(
    shell: Any, make_site: Any, rendering: Any, answer: Answering, moved: Answering
) -> None:
    inside = await make_site()
    inside.pages |= {"/secret": answer("secret", Access_Control_Allow_Origin="*")}
    hidden = [
        f"{inside.url}/secret",
        "/hop",
        "/private/x",
        "/tagged",
        "http://localhost:1/",
        "/missing",
        "http://name.invalid/",
    ]
    shell.pages |= {
        "/robots.txt": answer("User-agent: linkkeeper\nDisallow: /private\n", "text/plain"),
        "/p": f"<script>window.more = {hidden}</script>" + SHELL,
        "/hop": moved(f"{inside.url}/secret"),
        "/private/x": "forbidden",
        "/tagged": answer("no copies", X_Robots_Tag="noarchive"),
    }
    net = NetOptions(timeout_s=5.0, allow_hosts=(shell.url.removeprefix("http://"),), headers=(("X-Key", "secret"),))
    page = await (await rendering(net)).capture(Cited(shell.url + "/p"))
    assert paths(page) >= {"/p", "/app.js", "/new.png"}
    assert paths(page).isdisjoint({"/private/x", "/tagged", "/secret", "/missing"})
    assert "/private/x" not in shell.asked
    assert inside.asked == []
    assert isinstance(page, PageCapture)
    assert all(b"X-Key" not in exchange.request for exchange in page.exchanges)


@pytest.mark.browser
async def test_what_another_screen_would_load_is_captured_too(shell: Any, rendering: Any, answer: Answering) -> None:
    made = "document.body.innerHTML = '<img srcset=\"/1x.png 1x, /2x.png 2x\"><link rel=stylesheet href=/a.css>'"
    shell.pages |= {
        "/p": "<body><script src=/made.js></script>",
        "/made.js": answer(made, "text/javascript"),
        "/a.css": answer("@media print { body { background: url(/printed.png) } }", "text/css"),
    }
    shell.pages |= {f"/{name}.png": answer(name.encode(), "image/png") for name in ("1x", "2x", "printed")}
    expected = {"/p", "/made.js", "/1x.png", "/2x.png", "/a.css", "/printed.png"}
    assert paths(await (await rendering()).capture(Cited(shell.url + "/p"))) == expected


@pytest.mark.browser
async def test_frames_of_other_sites_are_captured(
    shell: Any, make_site: Any, rendering: Any, answer: Answering
) -> None:
    other = await make_site()
    there = other.url.replace("127.0.0.1", "localhost")
    other.pages |= {
        "/frame": "<script>document.write('<img src=/in-frame.png>'); fetch('/in-frame.json')</script>",
        "/in-frame.png": answer(b"png", "image/png"),
        "/in-frame.json": answer("{}", "application/json"),
    }
    shell.pages["/p"] = SHELL + f"<iframe src={there}/frame></iframe>"
    assert paths(await (await rendering()).capture(Cited(shell.url + "/p"))) >= {
        "/frame",
        "/in-frame.png",
        "/in-frame.json",
    }


@pytest.mark.browser
async def test_the_browser_itself_has_no_way_out(shell: Any, rendering: Any) -> None:
    from playwright.async_api import Error

    await rendering()
    async with Renderer() as renderer:
        assert renderer._browser is not None
        tab = await renderer._browser.new_page()
        for address in (shell.url, shell.url.replace("127.0.0.1", "localhost")):
            with pytest.raises(Error, match=r"ERR_PROXY|ERR_NAME|ERR_TUNNEL"):
                await tab.goto(address)
    assert shell.heads == []


@pytest.mark.browser
async def test_pictures_are_taken_on_request(shell: Any, rendering: Any, tmp_path: Path) -> None:
    shell.pages["/plain"] = "<p>" + "text " * 100
    shots = BrowserOptions(always=True, pictures=tmp_path / "png", pdfs=tmp_path / "pdf", settle_s=0.2)
    page = await (await rendering(browser=shots)).capture(Cited(shell.url + "/plain"))
    assert paths(page) == {"/plain"}
    (picture,) = (tmp_path / "png").iterdir()
    (document,) = (tmp_path / "pdf").iterdir()
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert document.read_bytes().startswith(b"%PDF")
    assert picture.stem == document.stem


@pytest.mark.browser
async def test_a_page_that_never_rests_has_its_time(shell: Any, rendering: Any, answer: Answering) -> None:
    shell.pages |= {
        "/p": "<script>let n = 0; const next = () => fetch('/n?' + n++).finally(next); next()</script>",
        "/hang": "<script>for (;;);</script>",
    }
    shell.pages |= {f"/n?{number}": answer("x", "text/plain") for number in range(100)}
    capturer = await rendering(max_page_s=3.0, max_requisites=40)
    page = await capturer.capture(Cited(shell.url + "/p"))
    assert 2 <= len(paths(page)) <= 41
    assert paths(await capturer.capture(Cited(shell.url + "/hang"))) == {"/hang"}


@pytest.mark.browser
async def test_a_browser_that_was_brought_down_is_started_again(shell: Any, tmp_path: Path, rendering: Any) -> None:
    await rendering()
    net = NetOptions(timeout_s=5.0, allow_private=True)
    renderer = Renderer(BrowserOptions(settle_s=0.2))
    async with Client(net) as client, renderer, Capturer(client, spool=tmp_path, renderer=renderer) as capturer:
        assert renderer._browser is not None
        await renderer._browser.close()
        assert "/new.png" in paths(await capturer.capture(Cited(shell.url + "/p")))


@pytest.mark.browser
async def test_what_is_refused_is_not_opened(shell: Any, rendering: Any, answer: Answering) -> None:
    shell.pages["/p"] = answer(SHELL, X_Robots_Tag="noarchive")
    outcome = await (await rendering()).capture(Cited(shell.url + "/p"))
    assert isinstance(outcome, Refusal)
    assert (outcome.why, "/app.js" in shell.asked) == (Why.NOARCHIVE, False)


async def test_a_browser_that_does_not_start_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not start"):
        async with Renderer(BrowserOptions(executable=str(tmp_path / "none"))):
            pass


@pytest.mark.parametrize(
    ("markup", "nothing"),
    [
        (SHELL, True),
        ("<p>" + "word " * 60 + "<script src=a.js></script>", False),
        ("<p>short, and no script", False),
        ("<script>" + "x" * 1000 + "</script><style>" + "y" * 1000 + "</style><p>hello", True),
        ("", False),
    ],
)
def test_which_pages_are_nothing_without_scripts(markup: str, nothing: bool) -> None:
    assert shows_nothing(markup.encode()) is nothing
