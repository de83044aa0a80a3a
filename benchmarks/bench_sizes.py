"""How large a local archive becomes: 100 pages on 20 sites, each like the median desktop page of the Web Almanac 2024.

    python benchmarks/bench_sizes.py

On the wire (the bytes are random, so that nothing makes them smaller): markup that compresses to 33 kB, style 78 kB,
scripts 613 kB in 23 files, fonts 131 kB in 4, pictures 1,054 kB in 18, other things (video, data) 740 kB. The pages of
a site share style, scripts, fonts, the other things, and a third of the pictures.
"""

import argparse
import asyncio
import hashlib
import http.server
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from linkkeeper.archive.capture.base import CaptureOptions, Cited
from linkkeeper.archive.capture.capturer import Capturer
from linkkeeper.archive.local.base import PageCapture
from linkkeeper.archive.local.store import LocalArchive
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

SITES, PAGES = 20, 5
SHARED = {"css": (4, 78_000, "text/css"), "js": (23, 613_000, "text/javascript"), "ttf": (4, 131_000, "font/ttf"),
          "bin": (2, 740_000, "video/mp4"), "shared.jpg": (6, 351_000, "image/jpeg")}  # fmt: skip
OWN = {"own.jpg": (12, 703_000, "image/jpeg")}


def page(host: str, number: int) -> bytes:
    """Return markup of 63 kB that compresses to some 33."""
    loads = [f"<link rel=stylesheet href=/{at}.css>" for at in range(SHARED["css"][0])]
    loads += [f"<link rel=preload as=font href=/{at}.ttf crossorigin>" for at in range(SHARED["ttf"][0])]
    loads += [f"<script src=/{at}.js></script>" for at in range(SHARED["js"][0])]
    loads += [f"<video src=/{at}.bin></video>" for at in range(SHARED["bin"][0])]
    loads += [f"<img src=/{at}.shared.jpg>" for at in range(SHARED["shared.jpg"][0])]
    loads += [f"<img src=/{number}/{at}.own.jpg>" for at in range(OWN["own.jpg"][0])]
    text = random.Random(f"{host} {number}").randbytes(29_000).hex()
    return f"<!doctype html><title>Page {number}</title>{''.join(loads)}<p>{text}".encode()


def body(host: str, path: str) -> tuple[str, bytes] | None:
    """Return type and bytes of a path at a host; None if there is no such thing."""
    if path.startswith("/page/"):
        return "text/html; charset=utf-8", page(host, int(path.rpartition("/")[2]))
    for end, (count, size, kind) in (SHARED | OWN).items():
        if path.endswith(f".{end}"):
            seed = hashlib.sha256(f"{host}{path}".encode()).digest()
            return kind, random.Random(seed).randbytes(size // count)
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers for every site."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer by host and path."""
        found = body(self.headers["Host"], self.path)
        kind, data = found or ("text/plain", b"")
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def serve() -> None:
    """Serve on all of loopback, and print the port."""
    server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


def urls(port: int) -> Iterator[str]:
    """Yield the pages; each site has an address of its own."""
    for site in range(SITES):
        yield from (f"http://127.0.1.{site + 1}:{port}/page/{number}" for number in range(PAGES))


async def keep(port: int, directory: Path, options: CaptureOptions) -> None:
    """Capture every page once."""
    async with Client(NetOptions(allow_private=True)) as client, Capturer(client, options) as capturer:
        with LocalArchive(directory) as archive:
            async for outcome in capturer.capture_all(Cited(url, ("post.md",)) for url in urls(port)):
                assert isinstance(outcome, PageCapture), outcome
                archive.keep(outcome)
                capturer.done(outcome)


def size(directory: Path) -> int:
    """Return the bytes of an archive."""
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    if parser.parse_args().serve:
        serve()
        return
    with tempfile.TemporaryDirectory() as name, subprocess.Popen(
        [sys.executable, __file__, "--serve"], stdout=subprocess.PIPE
    ) as server:  # fmt: skip
        assert server.stdout is not None
        port, pages = int(server.stdout.readline()), SITES * PAGES
        print(f"{datetime.now(UTC):%Y-%m-%d}, {pages} pages on {SITES} sites")
        before = 0
        for what in ("for the first time", "once more, unchanged", "once more, unchanged"):
            asyncio.run(keep(port, Path(name) / "whole", CaptureOptions()))
            grown = size(Path(name) / "whole") - before
            before += grown
            print(f"{what:22} {grown / 1e6:8.2f} MB  {grown / 1e6 / pages:7.4f} MB a page")
        asyncio.run(keep(port, Path(name) / "text", CaptureOptions(max_requisites=0)))
        grown = size(Path(name) / "text")
        print(f"{'text alone':22} {grown / 1e6:8.2f} MB  {grown / 1e6 / pages:7.4f} MB a page")
        server.terminate()


if __name__ == "__main__":
    main()
