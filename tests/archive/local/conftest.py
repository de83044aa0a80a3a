"""Pages as a capturer would hand them over, and an archive that holds some."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from linkkeeper.archive.local.base import Exchange, PageCapture
from linkkeeper.archive.local.store import LocalArchive

MakeExchange = Callable[..., Exchange]
MakePage = Callable[..., PageCapture]
NOON = datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)


def exchange(url: str, payload: bytes | Path = b"", after_s: float = 0, **settings: Any) -> Exchange:
    """One request and its answer, so many seconds after noon."""
    mime, status = settings.pop("mime", "text/html; charset=utf-8"), settings.pop("status", "200 OK")
    lines = [f"HTTP/1.1 {status}", "Server: loopback", f"Content-Type: {mime}", *settings.pop("headers", ())]
    return Exchange(
        url=url,
        when=NOON + timedelta(seconds=after_s),
        request=b"GET / HTTP/1.1\r\nHost: example.org\r\nUser-Agent: linkkeeper\r\n\r\n",
        response="\r\n".join([*lines, "", ""]).encode("latin-1"),
        payload=payload,
        **({"address": "127.0.0.1"} | settings),
    )


def page(number: int, *, posts: tuple[str, ...] = ("posts/a.md",), more: tuple[Exchange, ...] = ()) -> PageCapture:
    """A page with a logo that all share, and a script of its own."""
    url, at = f"http://example.org/page-{number}", number * 10.0
    body = f"<html><head><title>Page {number}</title></head><body>{'text ' * number}</body></html>".encode()
    exchanges = (
        exchange(url, body, at),
        exchange("http://example.org/logo.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, at + 1, mime="image/png"),
        exchange(f"http://example.org/{number}.js", b"let n = %d;" % number, at + 2, mime="text/javascript"),
        *more,
    )
    return PageCapture(url, url, NOON + timedelta(seconds=at), f"Page {number}", exchanges, posts)


@pytest.fixture(name="exchange", scope="session")
def exchange_fixture() -> MakeExchange:
    return exchange


@pytest.fixture(name="page", scope="session")
def page_fixture() -> MakePage:
    return page


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    """A directory in memory where the system has one: for tests that open an archive hundreds of times."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        yield Path(name)


@pytest.fixture(scope="session")
def _filled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory: Path = tmp_path_factory.mktemp("filled") / "archive"
    with LocalArchive(directory) as archive:
        for number in range(1, 4):
            archive.keep(page(number))
        archive.keep(redirected())
    return directory


@pytest.fixture
def filled(_filled_once: Path, tmp_path: Path) -> Path:
    """An archive with four pages, one behind a redirect, and three revisits."""
    return Path(shutil.copytree(_filled_once, tmp_path / "archive"))


def redirected() -> PageCapture:
    """A page that is found behind a redirect."""
    old, new = "http://example.org/old", "https://example.org/new?a=1"
    hop = exchange(old, b"", 50, status="301 Moved Permanently", headers=(f"Location: {new}",))
    body = b"<html><head><title>The new one</title></head><body>moved here</body></html>"
    own = exchange(new, body, 51)
    logo = exchange("http://example.org/logo.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, 52, mime="image/png")
    return PageCapture(old, new, own.when, "The new one", (hop, own, logo), ("posts/b.md", "posts/a.md"))
