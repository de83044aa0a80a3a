"""A small web of 30 pages: captured, kept, and replayed by pywb and by ReplayWeb.page with the web gone."""

import asyncio
import functools
import glob
import gzip
import hashlib
import http.client
import http.server
import os
import re
import shutil
import struct
import threading
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import brotlicffi
import pytest
from warcio.archiveiterator import ArchiveIterator

from linkkeeper.archive.capture.base import CaptureOptions, Cited
from linkkeeper.archive.capture.capturer import Capturer
from linkkeeper.archive.local import verify, wacz
from linkkeeper.archive.local.base import PageCapture
from linkkeeper.archive.local.serve import Replay
from linkkeeper.archive.local.store import LocalArchive
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

PAGES = 30
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
REPLAYWEBPAGE = os.environ.get("REPLAYWEBPAGE", "")
"""The folder of npm's package `replaywebpage`: `ui.js` and `sw.js` lie there."""
SIZE = {"width": 640, "height": 480}
FONT = next(iter(glob.glob("/usr/share/fonts/**/*.ttf", recursive=True)), "")  # noqa: PTH207 - an absolute pattern


# -- the small web ----------------------------------------------------------------------------------------------


def png(red: int, green: int, blue: int, size: int = 24) -> bytes:
    """Return a picture of one colour."""
    rows = (b"\0" + bytes((red, green, blue)) * size) * size

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def page(number: int, other: str) -> str:
    red = number * 8 % 256
    return f"""<!doctype html><html><head><meta charset=utf-8><title>Page {number} – 页</title>
<link rel="shortcut icon" href="/icon.png"><link rel=stylesheet href="/css/main.css">
<style>@import "/css/inline.css"; h1 {{ color: rgb({red}, 40, 90) }}</style></head>
<body style="background-image: url('/img/back.png?p={number}')">
<h1>Page {number}</h1>
<p class=fancy>Text of page {number}, with 汉字 and a <a href="/p/{(number + 1) % PAGES}">link</a>.</p>
<img src="/img/shared.png" alt=shared><img src="/img/{number}.png" alt=own><img src="/img/copy-{number}.png" alt=copy>
<img src="/img/gone-{number}.png" alt="" width=10 height=10><img src="{other}/cdn/{number % 5}.png?v=1&amp;w=2" alt=cdn>
<img srcset="/img/set-{number}-1.png 1x, /img/set-{number}-2.png 2x" alt=set><img src="/moved/{number}.png" alt=moved>
<img class=late data-src="/img/late-{number}.png" alt=late>
<iframe src="/frame/{number % 3}" width=200 height=60></iframe>
<script src="/js/late.js"></script></body></html>"""


FANCY = """@font-face { font-family: Kept; src: url(../../font/kept.ttf) }
.fancy { font-family: Kept; font-size: 20px; border-left: 9px solid teal; background: url(bar.png) }"""
LATE = """document.querySelectorAll('.late').forEach(i => { i.src = i.dataset.src });
document.body.insertAdjacentHTML('beforeend', '<p>' + ['script', 'ran'].join(' ') + '</p>');"""
FIXED = {
    "/css/main.css": (
        "text/css",
        "@import url('deep/import.css') screen; body { margin: 12px; font-family: sans-serif }",
    ),
    "/css/deep/import.css": ("text/css", FANCY),
    "/css/inline.css": ("text/css", "iframe { border: 2px solid maroon; background: #eef }"),
    "/js/late.js": ("text/javascript", LATE),
}


def content(path: str, other: str) -> tuple[str, bytes] | None:
    """Return type and body of a path; None if there is no such thing."""
    number = int(found[0]) if (found := re.findall(r"\d+", path)) else 0
    plain = path.partition("?")[0]
    if plain in FIXED:
        return FIXED[plain][0], FIXED[plain][1].encode()
    if plain.startswith("/p/"):
        return "text/html; charset=utf-8", page(number, other).encode()
    if plain.startswith("/frame/"):
        colour = f"background:rgb(200,{number * 80},99)"
        return "text/html", f"<body style='{colour}'>frame<img src=/img/fr-{number}.png>".encode()
    if plain == "/font/kept.ttf":
        return "font/ttf", Path(FONT).read_bytes() if FONT else b"no font"
    if plain.startswith("/img/gone-") or not plain.endswith(".png"):
        return None
    if plain.startswith("/img/copy-"):
        return "image/png", png(9, 99, 199)
    return "image/png", png(*hashlib.sha256(path.encode()).digest()[:3])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    other = ""
    sent: dict[str, tuple[int, bytes]]
    """URL -> status and body as it went out, transfer coding apart."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        pass

    def do_GET(self) -> None:
        if self.path.startswith(("/moved/", "/r/")):
            onward = self.path.replace("/moved/", "/img/moved-").replace("/r/", "/p/")
            self._send(302 if onward.startswith("/img") else 301, "text/html", b"moved", Location=onward)
            return
        found = content(self.path, self.other)
        if found is None:
            self._send(404, "text/html", b"no such thing")
            return
        kind, body = found
        coding = ("", "gzip", "br")[len(self.path) % 3] if kind.startswith("text/") else ""
        accepted = self.headers.get("Accept-Encoding", "")
        if coding and coding in accepted:
            body = gzip.compress(body) if coding == "gzip" else brotlicffi.compress(body)
            self._send(200, kind, body, Content_Encoding=coding)
        else:
            self._send(200, kind, body)

    def _send(self, status: int, kind: str, body: bytes, **fields: str) -> None:
        self.sent[f"http://{self.headers['Host']}{self.path}"] = (status, body)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        if len(self.path) % 4 == 0:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for start in range(0, len(body), 100):
                piece = body[start : start + 100]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)


class Web(NamedTuple):
    """Two servers: the site and where it has some of its pictures."""

    site: str
    sent: dict[str, tuple[int, bytes]]
    close: Callable[[], None]


def small_web() -> Web:
    sent: dict[str, tuple[int, bytes]] = {}
    cdn = _serve(functools.partial(type("Cdn", (Handler,), {"sent": sent})))
    other = f"http://127.0.0.1:{cdn.server_address[1]}"
    site = _serve(functools.partial(type("Site", (Handler,), {"sent": sent, "other": other})))

    def close() -> None:
        for server in (site, cdn):
            server.shutdown()
            server.server_close()

    return Web(f"http://127.0.0.1:{site.server_address[1]}", sent, close)


def _serve(handler: Any) -> http.server.ThreadingHTTPServer:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


# -- captured -----------------------------------------------------------------------------------------------------


class Kept(NamedTuple):
    folder: Path
    """The archive."""
    wacz: Path
    site: str
    sent: dict[str, tuple[int, bytes]]
    """What went out while it was captured."""
    looks: dict[int, bytes]
    """Pictures of living pages, where there is a browser."""


def _cited(site: str, number: int) -> str:
    """Return the address of a page as posts have it: some have moved since."""
    return f"{site}/{'r' if number >= 20 else 'p'}/{number}"


async def _capture(site: str, folder: Path) -> list[PageCapture]:
    addresses = [_cited(site, number) for number in range(PAGES)]
    pages = []
    with LocalArchive(folder) as archive:
        async with Client(NetOptions(allow_private=True)) as client, Capturer(client, CaptureOptions()) as capturer:
            async for outcome in capturer.capture_all(Cited(url, ("post.md",)) for url in addresses):
                assert isinstance(outcome, PageCapture), outcome
                archive.keep(outcome)
                capturer.done(outcome)
                pages.append(outcome)
    return pages


SHOWN = (1, 9, 22)
"""Numbers of the pages that are looked at."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """The small web, captured and gone."""
    folder = tmp_path_factory.mktemp("kept")
    web = small_web()
    try:
        pages = asyncio.run(_capture(web.site, folder / "archive"))
        sent = dict(web.sent)
        looks = _look_at_the_living(web.site) if CHROMIUM and REPLAYWEBPAGE else {}
    finally:
        web.close()
    assert len(pages) == PAGES
    wacz.export(folder / "archive", folder / "site.wacz")
    return Kept(folder / "archive", folder / "site.wacz", web.site, sent, looks)


def test_everything_that_a_page_needs_was_asked_for_once(kept: Kept) -> None:
    paths = {urlsplit(url).path for url, (status, _) in kept.sent.items() if status < 400}
    for number in range(PAGES):
        wanted = (f"/p/{number}", f"/img/{number}.png", f"/img/copy-{number}.png", f"/img/late-{number}.png")
        more = (
            f"/img/set-{number}-1.png",
            f"/img/set-{number}-2.png",
            f"/moved/{number}.png",
            f"/img/moved-{number}.png",
        )
        assert paths.issuperset((*wanted, *more)), number
    assert paths.issuperset(
        {"/css/deep/import.css", "/css/inline.css", "/css/deep/bar.png", "/font/kept.ttf", "/icon.png"}
    )
    assert paths.issuperset({"/frame/0", "/frame/1", "/frame/2", "/img/fr-2.png", "/js/late.js", "/img/back.png"})


def test_the_archive_proves_sound(kept: Kept) -> None:
    assert not verify.verify(kept.folder).problems
    assert not verify.verify(kept.wacz).problems


def test_every_payload_is_held_as_it_was_sent(kept: Kept) -> None:
    held = {}
    for path in kept.folder.glob("warc/*.warc.gz"):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, no_record_parse=False):
                if record.rec_type == "response":
                    held[record.rec_headers.get_header("WARC-Target-URI")] = record.raw_stream.read()
    bodies = set(held.values())
    for url, (status, body) in kept.sent.items():
        if status < 400 and not url.endswith("/robots.txt"):
            assert held.get(url, body) == body
            assert body in bodies


def test_one_payload_is_stored_once(kept: Kept) -> None:
    data = b"".join(gzip.decompress(path.read_bytes()) for path in kept.folder.glob("warc/*.warc.gz"))
    assert data.count(png(9, 99, 199)) == 1
    assert data.count(b"WARC-Type: revisit") >= PAGES - 1
    assert b"no such thing" not in data


# -- pywb -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pywb(kept: Kept) -> Iterator[str]:
    """A real pywb over the archive: where it plays payloads as they are."""
    pytest.importorskip("pywb")
    with Replay(kept.folder) as replay:
        yield f"{replay.url}2id_/"


def test_pywb_plays_the_bytes_that_were_sent(kept: Kept, pywb: str) -> None:
    wrong = []
    connection = http.client.HTTPConnection(urlsplit(pywb).netloc, timeout=20)
    for url, (status, body) in kept.sent.items():
        picture = url.endswith(".png") and zlib.crc32(url.encode()) % 6
        if status >= 400 or url.endswith("/robots.txt") or picture:
            continue
        connection.request("GET", f"{urlsplit(pywb).path}{url}", headers={"Accept-Encoding": "gzip, deflate, br"})
        reply = connection.getresponse()
        played = reply.read()
        if (reply.status, played) != (status, b"" if status in (301, 302) else body):  # it leaves out a redirect's body
            wrong.append((url, status, reply.status, len(body), len(played)))
    connection.close()
    assert wrong == []


def test_pywb_holds_no_error_of_a_requisite(kept: Kept, pywb: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(pywb).netloc, timeout=20)
    connection.request("GET", f"{urlsplit(pywb).path}{kept.site}/img/gone-1.png")
    assert connection.getresponse().status == 404
    connection.close()


# -- ReplayWeb.page ------------------------------------------------------------------------------------------------

HOLDER = """<!doctype html><style>html, body {{ margin: 0; height: 100% }}
replay-web-page {{ display: block; height: 100% }}</style><script src="/ui.js"></script>
<replay-web-page source="{wacz}" url="{url}" embed="replayonly" replayBase="/replay/"></replay-web-page>"""


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


def _browser(playwright: Any) -> Any:
    return playwright.chromium.launch(
        executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-lcd-text"]
    )


def _look_at_the_living(site: str) -> dict[int, bytes]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = _browser(playwright)
        tab = browser.new_page(viewport=SIZE)
        looks = {}
        for number in SHOWN:
            tab.goto(f"{site}/p/{number}", wait_until="networkidle")
            looks[number] = tab.screenshot()
        browser.close()
    return looks


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


@pytest.mark.browser
def test_replaywebpage_shows_the_pages_as_they_were(kept: Kept, tmp_path: Path) -> None:
    if not (CHROMIUM and REPLAYWEBPAGE):
        lacking = "Chromium" if REPLAYWEBPAGE else "REPLAYWEBPAGE (the folder of npm's package replaywebpage)"
        warnings.warn(f"no {lacking}: the WACZ was NOT replayed in a browser", pytest.PytestWarning, stacklevel=1)
        pytest.skip(f"no {lacking}")
    import base64

    from playwright.sync_api import sync_playwright

    package = Path(REPLAYWEBPAGE)
    files = {
        "/ui.js": ("text/javascript", package / "ui.js"),
        "/replay/sw.js": ("text/javascript", package / "sw.js"),
        "/site.wacz": ("application/wacz", kept.wacz),
    }
    holders = {f"/{number}.html": HOLDER.format(wacz="/site.wacz", url=_cited(kept.site, number)) for number in SHOWN}
    host = _serve(type("Plain", (Host,), {"files": files, "holders": holders}))
    base = f"http://127.0.0.1:{host.server_address[1]}"
    trapped: list[str] = []
    site_port = urlsplit(kept.site).port
    assert site_port
    trap = _trap(site_port, trapped)
    try:
        with sync_playwright() as playwright:
            browser = _browser(playwright)
            for number in SHOWN:
                context = browser.new_context(viewport=SIZE)
                requests: list[str] = []
                context.on("request", lambda request, into=requests: into.append(request.url))
                tab = context.new_page()
                tab.goto(f"{base}/{number}.html")
                replayed = _replayed(tab)
                replayed.wait_for_function(
                    "document.querySelectorAll('.late[src]').length && document.readyState === 'complete'"
                )
                assert replayed.evaluate("document.body.innerText").count("script ran") == 1
                tab.wait_for_load_state("networkidle")
                loaded = replayed.evaluate("[...document.images].filter(i => i.naturalWidth).length")
                assert loaded == 7, number
                shown = tab.screenshot()
                two = [base64.b64encode(shot).decode() for shot in (kept.looks[number], shown)]
                (tmp_path / f"{number}-replayed.png").write_bytes(shown)
                (tmp_path / f"{number}-living.png").write_bytes(kept.looks[number])
                assert tab.evaluate(DIFFERENCE, two) < 0.001, number
                away = [url for url in requests if not url.startswith((base, "data:", "blob:", "about:"))]
                assert away == []
                context.close()
            browser.close()
    finally:
        for server in (host, trap):
            server.shutdown()
            server.server_close()
    assert trapped == []


def _replayed(tab: Any) -> Any:
    """Return the frame in which the page is played."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for frame in tab.frames:
            if re.search(r"/replay/.*mp_/http", frame.url):
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
