"""A small web of 30 pages: captured, kept, and replayed by pywb and by ReplayWeb.page with the web gone.

The pages and what is on them: benchmarks/smallweb.py.
"""

import asyncio
import base64
import gzip
import hashlib
import http.client
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
import warnings
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from warcio.archiveiterator import ArchiveIterator

from linkkeeper.archive.capture.base import CaptureOptions, Cited
from linkkeeper.archive.capture.browser import NAMES, Renderer
from linkkeeper.archive.capture.capturer import Capturer
from linkkeeper.archive.local import verify, wacz
from linkkeeper.archive.local.base import PageCapture
from linkkeeper.archive.local.serve import Replay
from linkkeeper.archive.local.store import LocalArchive
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

PAGES, SCRIPTED = 30, 28
"""How many; from which on they are nothing without their scripts."""
SMALL_WEB = Path(__file__).parents[3] / "benchmarks" / "smallweb.py"
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
REPLAYWEBPAGE = os.environ.get("REPLAYWEBPAGE", "")
"""The folder of npm's package `replaywebpage`: `ui.js` and `sw.js` lie there."""
WIDTH, HEIGHT, BANNER = 640, 900, 90
"""Of the pages in pixels, and of what pywb puts above them."""
ALIKE = 0.0002
"""Share of the pixels that may differ (by more than 16 of 256 in a colour): 115; the smallest picture has 576."""


# -- captured -----------------------------------------------------------------------------------------------------


class Web(NamedTuple):
    """The small web, running."""

    site: str
    other: str

    def forget(self) -> dict[str, tuple[int, int, str]]:
        """Return what went out lately: URL -> status, length, SHA-1 of the body; transfer coding apart."""
        with urllib.request.urlopen(f"{self.site}/-/forget") as reply:
            return dict(json.load(reply))


class Kept(NamedTuple):
    folder: Path
    """The archive."""
    wacz: Path
    web: Web
    sent: dict[str, tuple[int, int, str]]
    """What went out while it was captured."""
    looks: dict[tuple[int, str], bytes]
    """Pictures of the living pages, as each replayer can have them, where there is a browser."""
    loaded: dict[str, tuple[int, int, str]]
    """What a browser loaded of the living pages, on screens of both kinds."""


@contextmanager
def small_web() -> Iterator[Web]:
    command = [sys.executable, str(SMALL_WEB)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield Web(**json.loads(server.stdout.readline()))
        finally:
            server.stdin.close()
            server.stdout.close()
            server.wait()


def _cited(site: str, number: int) -> str:
    """Return the address of a page as posts have it: some have moved since."""
    return f"{site}/{'r' if number >= 20 else 'p'}/{number}"


@asynccontextmanager
async def _capturer() -> AsyncIterator[Capturer]:
    async with Client(NetOptions(allow_private=True)) as client:
        if CHROMIUM is None:
            async with Capturer(client, CaptureOptions()) as capturer:
                yield capturer
        else:
            async with Renderer() as renderer, Capturer(client, CaptureOptions(), renderer=renderer) as capturer:
                yield capturer


async def _capture(site: str, folder: Path) -> list[PageCapture]:
    pages = []
    with LocalArchive(folder) as archive:
        async with _capturer() as capturer:
            async for outcome in capturer.capture_all(Cited(_cited(site, number), ("post.md",)) for number in _all()):
                assert isinstance(outcome, PageCapture), outcome
                archive.keep(outcome)
                capturer.done(outcome)
                pages.append(outcome)
    return pages


def _all() -> range:
    return range(PAGES)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """The small web, captured and gone."""
    folder = tmp_path_factory.mktemp("kept")
    with small_web() as web:
        pages = asyncio.run(_capture(web.site, folder / "archive"))
        sent = web.forget()
        looks = _look_at_the_living(web.site) if CHROMIUM else {}
        loaded = web.forget()
    assert len(pages) == PAGES
    wacz.export(folder / "archive", folder / "site.wacz")
    return Kept(folder / "archive", folder / "site.wacz", web, sent, looks, loaded)


def test_everything_that_a_browser_loads_is_held(kept: Kept) -> None:
    _need_a_browser()
    held = set(_held(kept.folder))
    good = {url for url, (status, _, _) in kept.loaded.items() if status < 400}
    assert len(good) > 400
    assert good - held == set()


def test_what_a_browser_loads_only_at_times_is_held(kept: Kept) -> None:
    paths = {url.removeprefix(kept.web.site) for url in _held(kept.folder)}
    fallbacks = {"/img/noscript.png", "/img/pic-fallback.png", "/img/w-fallback.png", "/img/w,comma.png"}
    others = {"/img/print.png", "/img/alternate.png", "/img/print-inline.png", "/img/set2.png", "/media/none.webm"}
    icons = {"/icon.png", "/img/touch.png", "/img/mask-icon.svg", "/site.webmanifest"}
    assert paths.issuperset(fallbacks | others | icons)
    assert "/img/never.png" not in paths


def test_the_archive_proves_sound(kept: Kept) -> None:
    assert not verify.verify(kept.folder).problems
    assert not verify.verify(kept.wacz).problems


def _held(folder: Path) -> dict[str, set[str]]:
    """Return URL -> SHA-1 of the payloads that are held of it; of revisits what they stand for."""
    held: dict[str, set[str]] = {}
    for path in sorted(folder.glob("warc/*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, no_record_parse=False):
                url = record.rec_headers.get_header("WARC-Target-URI")
                if record.rec_type == "response":
                    payload = record.raw_stream.read()
                    held.setdefault(url, set()).add(hashlib.sha1(payload, usedforsecurity=False).hexdigest())
                elif record.rec_type == "revisit":
                    digest = record.rec_headers.get_header("WARC-Payload-Digest").removeprefix("sha1:")
                    held.setdefault(url, set()).add(base64.b32decode(digest).hex())
    return held


def test_every_payload_is_held_as_it_was_sent(kept: Kept) -> None:
    held = _held(kept.folder)
    wrong = [
        (url, status)
        for url, (status, _, sha1) in kept.sent.items()
        if status < 400 and sha1 not in held.get(url, ()) and not url.endswith("/robots.txt")
    ]
    assert wrong == []


def test_one_payload_is_stored_once(kept: Kept) -> None:
    data = b"".join(gzip.decompress(path.read_bytes()) for path in kept.folder.glob("warc/*.warc.gz"))
    copies = {sha1 for url, (_, _, sha1) in kept.sent.items() if "/img/copy-" in url}
    assert len(copies) == 1
    (digest,) = (base64.b32encode(bytes.fromhex(sha1)) for sha1 in copies)
    told = data.count(b"WARC-Payload-Digest: sha1:" + digest)
    revisits = [part for part in data.split(b"WARC/1.1")[1:] if b"WARC-Type: revisit" in part and digest in part]
    assert (told, len(revisits)) == (SCRIPTED, SCRIPTED - 1)
    assert b"no such thing" not in data


# -- pywb: the bytes ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pywb(kept: Kept) -> Iterator[str]:
    """A real pywb over the archive."""
    pytest.importorskip("pywb")
    with Replay(kept.folder) as replay:
        yield replay.url


_SAME_KEY = "b=2&a=1"
"""pywb takes another order of arguments for the same URL."""


def test_pywb_plays_the_bytes_that_were_sent(kept: Kept, pywb: str) -> None:
    wrong = []
    connection = http.client.HTTPConnection(urlsplit(pywb).netloc, timeout=20)
    for url, (status, _, sha1) in kept.sent.items():
        picture = url.endswith(".png") and zlib.crc32(urlsplit(url).path.encode()) % 6
        if status >= 400 or url.endswith("/robots.txt") or picture or _SAME_KEY in url:
            continue
        connection.request("GET", f"{urlsplit(pywb).path}2id_/{url}", headers={"Accept-Encoding": "gzip, deflate, br"})
        reply = connection.getresponse()
        played = hashlib.sha1(reply.read(), usedforsecurity=False).hexdigest()
        if reply.status != status or (played != sha1 and not 300 <= status < 400):  # it leaves out a redirect's body
            wrong.append((url, status, reply.status))
    connection.close()
    assert wrong == []


def test_pywb_holds_no_error_of_a_requisite(kept: Kept, pywb: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(pywb).netloc, timeout=20)
    connection.request("GET", f"{urlsplit(pywb).path}2id_/{kept.web.site}/img/gone-1.png")
    assert connection.getresponse().status == 404
    connection.close()


# -- in a browser ----------------------------------------------------------------------------------------------------

HOLDER = """<!doctype html><style>html, body {{ margin: 0; height: 100% }}
replay-web-page {{ display: block; height: 100% }}</style><script src="/ui.js"></script><script type="module">
const found = await navigator.serviceWorker.register("/replay/sw.js?serveIndex=1", {{ scope: "/replay/" }});
const worker = found.active ?? found.waiting ?? found.installing;
while (worker.state !== "activated") await new Promise(resolve => worker.addEventListener("statechange", resolve));
document.body.innerHTML =
  `<replay-web-page source="{wacz}" url="{url}" embed="replayonly" replayBase="/replay/"></replay-web-page>`;
</script>"""
"""The player's frame is made once its service worker answers for it: else it may show what the host has there."""


class Host(http.server.BaseHTTPRequestHandler):
    """A plain web host: files, with Range."""

    protocol_version = "HTTP/1.1"
    files: dict[str, tuple[str, Path]]
    holders: dict[str, str]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path in self.holders:
            self._answer(200, "text/html", self.holders[path].encode())
        elif path in self.files:
            kind, file = self.files[path]
            self._file(kind, file.read_bytes())
        else:
            self._answer(404, "text/plain", b"")

    def _file(self, kind: str, data: bytes) -> None:
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if wanted is None:
            self._answer(200, kind, data)
            return
        last = len(data) - 1
        start = int(wanted[1]) if wanted[1] else len(data) - int(wanted[2])
        end = min(int(wanted[2]), last) if wanted[1] and wanted[2] else last
        self._answer(206, kind, data[start : end + 1], f"bytes {start}-{end}/{len(data)}")

    def _answer(self, status: int, kind: str, data: bytes, content_range: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Accept-Ranges", "bytes")
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


ALONE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-lcd-text",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # what a browser asks its maker for
)
READY = """() => document.readyState === 'complete' && [...document.images].every(image => image.complete)
  && document.fonts.status === 'loaded'"""


def _need_a_browser() -> None:
    if not CHROMIUM:
        warnings.warn("no Chromium: the pages were NOT opened in a browser", pytest.PytestWarning, stacklevel=2)
        pytest.skip("no Chromium")


@contextmanager
def _browser(*more: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ALONE, *more])
        yield browser
        browser.close()


def _look_at_the_living(site: str) -> dict[tuple[int, str], bytes]:
    looks = {}
    with _browser() as browser:
        _open_on_a_fine_screen(browser, site)
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        session = tab.context.new_cdp_session(tab)
        for number in _all():
            tab.goto(_cited(site, number))
            tab.wait_for_function(READY)
            assert tab.evaluate("document.documentElement.scrollHeight") <= HEIGHT, number
            _hide(tab, "lost")
            look = _at_rest(tab, session)
            for replayer in ("pywb", "rwp"):
                looks[number, replayer] = _without(tab, session, f"no{replayer}") or look
    return looks


def _open_on_a_fine_screen(browser: Any, site: str) -> None:
    """Have the pages load what is for a screen of twice as many pixels."""
    tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=2)
    for number in _all():
        tab.goto(f"{site}/p/{number}")
        tab.wait_for_function(READY)
    tab.close()


def _picture(session: Any, top: int = 0) -> bytes:
    """Return a picture of what a tab shows, by CDP: in half the time that Playwright takes."""
    part = {"x": 0, "y": top, "width": WIDTH, "height": HEIGHT, "scale": 1}
    told = session.send("Page.captureScreenshot", {"format": "png", "clip": part, "optimizeForSpeed": True})
    return base64.b64decode(told["data"])


def _at_rest(tab: Any, session: Any) -> bytes:
    """Return a picture of a page once two are the same."""
    before, shown = b"", _picture(session)
    while shown != before:
        tab.wait_for_timeout(100)
        before, shown = shown, _picture(session)
    return shown


def _hide(frame: Any, name: str) -> Any:
    return frame.add_style_tag(content=f".{name} {{ visibility: hidden !important }}")


def _without(tab: Any, session: Any, name: str) -> bytes:
    """Return a picture of a page with what is of a class hidden; empty if nothing is."""
    if not tab.evaluate(f"document.querySelectorAll('.{name}').length"):
        return b""
    style = _hide(tab, name)
    shown = _at_rest(tab, session)
    style.evaluate("style => style.remove()")
    return shown


DIFFERENCE = """async ([one, two]) => {
  const pixels = async data => {
    const image = new Image(); image.src = 'data:image/png;base64,' + data; await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height); const drawn = canvas.getContext('2d');
    drawn.drawImage(image, 0, 0); return drawn.getImageData(0, 0, image.width, image.height);
  };
  const [a, b] = [await pixels(one), await pixels(two)];
  if (a.width !== b.width || a.height !== b.height) return 1;
  let different = 0;
  for (let at = 0; at < a.data.length; at += 4)
    if ([0, 1, 2].some(c => Math.abs(a.data[at + c] - b.data[at + c]) > 16)) different++;
  return different / (a.data.length / 4);
}"""


class Compared(NamedTuple):
    """What it takes to hold a replayed page against the living one."""

    kept: Kept
    tab: Any
    """Where the replay is shown."""
    session: Any
    """Its CDP session."""
    table: Any
    """A tab that compares pictures."""
    replayer: str
    top: int
    """Pixels above the page."""
    shots: Path

    def difference(self, number: int, frame: Any) -> float:
        """Return the share of pixels that differ, once the replay has had time to show everything."""
        for name in ("lost", f"no{self.replayer}"):
            _hide(frame, name)
        living = self.kept.looks[number, self.replayer]
        deadline = time.monotonic() + 5
        while True:
            shown = _picture(self.session, self.top)
            two = [base64.b64encode(picture).decode() for picture in (living, shown)]
            different = 0.0 if shown == living else self.table.evaluate(DIFFERENCE, two)
            if different <= ALIKE or time.monotonic() > deadline:
                break
            self.tab.wait_for_timeout(100)
        if different > ALIKE:
            (self.shots / f"{number}-{self.replayer}.png").write_bytes(shown)
            (self.shots / f"{number}-living.png").write_bytes(living)
        return float(different)


@contextmanager
def _the_web_gone(kept: Kept, log: Path, replays: list[str]) -> Iterator[Any]:
    """Return a browser; at the end it has connected to the replays and to nobody else, by its own log."""
    trapped: list[str] = []
    traps = [_trap(urlsplit(url).port or 0, trapped) for url in (kept.web.site, kept.web.other)]
    try:
        with _browser(f"--log-net-log={log}") as browser:
            yield browser
    finally:
        for trap in traps:
            trap.shutdown()
            trap.server_close()
    assert trapped == []
    connected, asked = _network_log(log)
    assert connected == set(replays)
    assert asked >= 300
    for url in (kept.web.site, kept.web.other):
        assert urlsplit(url).netloc not in connected


def _network_log(log: Path) -> tuple[set[str], int]:
    """Return whom the browser connected to (all of its processes, service workers too), and how many URLs it asked."""
    told = json.loads(log.read_text("utf-8"))
    names = {number: name for name, number in told["constants"]["logEventTypes"].items()}
    events = [(names[event["type"]], event.get("params") or {}) for event in told["events"]]
    connected = {params["address"] for name, params in events if name == "TCP_CONNECT_ATTEMPT" and "address" in params}
    udp = {params["address"] for name, params in events if name == "UDP_CONNECT" and "address" in params}
    probes = {address for address in udp if not address.startswith("127.")}  # sends nothing: asks for a route
    return connected | (udp - probes), sum(name == "URL_REQUEST_START_JOB" for name, _ in events)


@pytest.mark.browser
def test_both_replayers_show_the_pages_as_they_were(kept: Kept, pywb: str, tmp_path: Path) -> None:
    _need_a_browser()
    host = _plain_host(kept) if REPLAYWEBPAGE else None
    base = f"http://127.0.0.1:{host.server_address[1]}" if host else ""
    try:
        replays = [urlsplit(url).netloc for url in (pywb, base) if url]
        with _the_web_gone(kept, tmp_path / "net.json", replays) as browser:
            table = browser.new_page()
            different: dict[tuple[str, int], float] = {}
            for replayer, top in (("pywb", BANNER), ("rwp", 0)):
                if replayer == "rwp" and not base:
                    continue
                tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT + top})
                first = f"{base}/holder.html" if top == 0 else f"{pywb}2/{_cited(kept.web.site, 0)}"
                compared = Compared(kept, tab, tab.context.new_cdp_session(tab), table, replayer, top, tmp_path)
                different |= {(replayer, number): share for number, share in _played(compared, first)}
                tab.close()
    finally:
        if host:
            host.shutdown()
            host.server_close()
    assert {where: share for where, share in different.items() if share > ALIKE} == {}
    if not REPLAYWEBPAGE:
        lacking = "no REPLAYWEBPAGE (the folder of npm's package replaywebpage): the WACZ was NOT replayed in a browser"
        warnings.warn(lacking, pytest.PytestWarning, stacklevel=1)


def _played(compared: Compared, first: str) -> Iterator[tuple[int, float]]:
    """Go through the pages in one tab; yield how each differs."""
    compared.tab.goto(first)
    frame = _replayed(compared.tab)
    begin = re.match(r".*?/[0-9]*mp_/", frame.url)
    assert begin is not None
    for number in _all():
        frame.goto(begin[0] + _cited(compared.kept.web.site, number))
        frame.wait_for_function(READY)
        yield number, compared.difference(number, frame)


def _plain_host(kept: Kept) -> http.server.ThreadingHTTPServer:
    """Return a host with ReplayWeb.page and the WACZ."""
    package = Path(REPLAYWEBPAGE)
    files = {
        "/ui.js": ("text/javascript", package / "ui.js"),
        "/replay/sw.js": ("text/javascript", package / "sw.js"),
        "/site.wacz": ("application/wacz", kept.wacz),
    }
    holders = {"/holder.html": HOLDER.format(wacz="/site.wacz", url=_cited(kept.web.site, 0))}
    return _serve(type("Plain", (Host,), {"files": files, "holders": holders}))


def _serve(handler: Any) -> http.server.ThreadingHTTPServer:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _replayed(tab: Any) -> Any:
    """Return the frame in which the page is played."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for frame in tab.frames:
            if re.search(r"mp_/http", frame.url):
                return frame
        tab.wait_for_timeout(100)
    raise AssertionError([frame.url for frame in tab.frames])


def _trap(port: int, heard: list[str]) -> http.server.ThreadingHTTPServer:
    """Listen where the site was: a replay that asks it is caught."""

    class Trap(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_error(500)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Trap)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
