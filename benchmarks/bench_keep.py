"""How many small pages a second the local archive takes, and in how much memory.

    python benchmarks/bench_keep.py                # 1,000 pages of three requisites each
    python benchmarks/bench_keep.py --pages 10000

First only written (`LocalArchive.keep`), then fetched from a server on loopback too, as `archive save --to local`
does. A third of the requisites is the same everywhere and must be stored once. What was written is then verified.
"""

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from linkkeeper.archive.capture.base import CaptureOptions, Cited
from linkkeeper.archive.capture.capturer import Capturer
from linkkeeper.archive.local import verify
from linkkeeper.archive.local.base import Exchange, PageCapture
from linkkeeper.archive.local.store import LocalArchive
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

PROSE = b"The river was high that spring, and the ferry ran late on most mornings. "
LOGO = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
REQUEST = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: linkkeeper\r\nAccept: */*\r\n\r\n"


def body(path: str) -> tuple[bytes, bytes]:
    """Return media type and payload of a path: /page/N, /style/N.css, /script/N.js, /logo.png, /robots.txt."""
    kind, _, name = path.strip("/").partition("/")
    number = name.partition(".")[0].encode()
    if kind == "page":
        loads = b'<link rel=stylesheet href="/style/%s.css"><script src="/script/%s.js"></script>' % (number, number)
        head = b"<!doctype html><html><head><title>Page %s</title>%s</head>" % (number, loads)
        return b"text/html", head + b"<body><img src=/logo.png><p>%s</p></body></html>" % (PROSE * 40)
    if kind == "style":
        return b"text/css", b".p%s { color: #222; margin: 1em }\n" % number * 40
    if kind == "script":
        return b"text/javascript", b"let page = %s;\n" % number * 40
    return (b"image/png", LOGO) if kind == "logo.png" else (b"text/plain", b"")


def captured(number: int) -> PageCapture:
    """Return a page as the capturer would."""
    when = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=number)
    paths = (f"/page/{number}", f"/style/{number}.css", f"/script/{number}.js", "/logo.png")
    exchanges = []
    for path in paths:
        mime, payload = body(path)
        head = HEAD % (mime, len(payload))
        exchanges.append(Exchange(f"http://127.0.0.1{path}", when, REQUEST % path.encode(), head, payload, "127.0.0.1"))
    url = exchanges[0].url
    return PageCapture(url, url, when, f"Page {number}", tuple(exchanges), ("posts/a.md",))


async def serve() -> None:
    """Answer on loopback, and print the port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                while (await reader.readline()).strip():
                    pass
                mime, payload = body(line.split()[1].decode())
                writer.write(HEAD % (mime, len(payload)) + payload)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def fetch_and_keep(port: int, pages: int, directory: Path) -> None:
    """Do what `archive save --to local` does with pages of one host that allows many requests at once."""
    wanted = [Cited(f"http://127.0.0.1:{port}/page/{number}", ("posts/a.md",)) for number in range(pages)]
    options = CaptureOptions(per_host=24)
    async with Client(NetOptions(allow_private=True)) as client, Capturer(client, options) as capturer:
        with LocalArchive(directory) as archive:
            async for outcome in capturer.capture_all(wanted):
                assert isinstance(outcome, PageCapture), outcome
                archive.keep(outcome)
                capturer.done(outcome)


def told(what: str, pages: int, seconds: float, directory: Path) -> None:
    """Print one line of figures."""
    size = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    proved = verify.verify(directory)
    state = "sound" if proved.sound else f"{len(proved.problems)} problems"
    print(
        f"{what:18} {pages / seconds:8.0f} pages/s  {1000 * seconds / pages:6.2f} ms/page  {size / 1e6:7.1f} MB  "
        f"{proved.records} records, {state}; peak memory {peak:.0f} MB"
    )


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        asyncio.run(serve())
        return
    with tempfile.TemporaryDirectory() as name:
        started = time.perf_counter()
        with LocalArchive(Path(name) / "kept") as archive:
            for number in range(chosen.pages):
                archive.keep(captured(number))
        told("kept", chosen.pages, time.perf_counter() - started, Path(name) / "kept")
        server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE)
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            started = time.perf_counter()
            asyncio.run(fetch_and_keep(port, chosen.pages, Path(name) / "fetched"))
            told("fetched and kept", chosen.pages, time.perf_counter() - started, Path(name) / "fetched")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
