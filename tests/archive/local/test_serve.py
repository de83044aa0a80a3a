"""Replay by pywb, where it is installed: what it shows, and that it goes when we go."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from linkkeeper.archive.local import serve, verify
from linkkeeper.archive.local.base import PageCapture
from linkkeeper.archive.local.store import LocalArchive
from linkkeeper.errors import LinkkeeperError

Make = Callable[..., Any]
needs_pywb = pytest.mark.skipif(
    importlib.util.find_spec("pywb") is None, reason="NOT CHECKED: pywb is not installed (pip install pywb)"
)
LOGO = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


def _get(url: str) -> tuple[int, bytes, str]:
    """Return status, body and location, without following redirects."""
    try:
        with urllib.request.build_opener(_Stay).open(url, timeout=20) as answer:
            return answer.status, answer.read(), answer.headers.get("Location", "")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers.get("Location", "")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory, page: Make, exchange: Make) -> Path:
    """Pages, redirects that share a payload, chunked answers; as a killed run leaves them, half of it not merged."""
    folder: Path = tmp_path_factory.mktemp("replay")
    made = folder / "archive"
    with LocalArchive(folder / "alive") as archive:
        archive.keep(page(1))
    with LocalArchive(folder / "alive") as archive:
        archive.keep(page(2))
        for number in (5, 6):
            old, new = f"http://example.org/old-{number}", f"https://example.org/new-{number}"
            location = (f"Location: {new}", "Transfer-Encoding: chunked")
            hop = exchange(old, b"<p>moved</p>", number * 100, status="301 Moved Permanently", headers=location)
            own = exchange(new, b"<p>new %d</p>" % number, number * 100 + 1, headers=("Transfer-Encoding: chunked",))
            archive.keep(PageCapture(old, new, own.when, "", (hop, own)))
        shutil.copytree(folder / "alive", made)
    assert verify.verify(made).sound
    return made


@pytest.fixture(scope="module")
def replay(directory: Path) -> Iterator[str]:
    before = sorted((path, path.stat().st_mtime_ns) for path in directory.rglob("*"))
    with serve.Replay(directory) as running:
        yield running.url
    assert sorted((path, path.stat().st_mtime_ns) for path in directory.rglob("*")) == before


@needs_pywb
def test_payloads_are_replayed_byte_for_byte_revisits_too(replay: str) -> None:
    for second in (11, 21):
        url = f"{replay}202611201200{second}id_/http://example.org/logo.png"
        assert _get(url) == (200, LOGO, "")


@needs_pywb
def test_a_page_is_replayed_with_its_title(replay: str) -> None:
    status, body, _ = _get(f"{replay}20261120120010mp_/http://example.org/page-1")
    assert status == 200
    assert b"<title>Page 1</title>" in body


@needs_pywb
@pytest.mark.parametrize("number", [5, 6])
def test_an_archived_redirect_leads_on_though_its_body_is_a_revisit(replay: str, number: int) -> None:
    status, _, location = _get(f"{replay}20261120120820mp_/http://example.org/old-{number}")
    assert status in (301, 302, 307)
    if f"old-{number}" in location:  # pywb goes to the exact time first
        status, _, location = _get(location)
    assert status == 301
    assert location.endswith(f"/https://example.org/new-{number}")
    for _ in range(3):
        status, body, location = _get(location)
        if status == 200:
            break
    assert b"<p>new %d</p>" % number in body


@needs_pywb
def test_what_is_not_held_is_not_fetched(replay: str) -> None:
    assert _get(f"{replay}mp_/http://127.0.0.1:9/never")[0] == 404


@needs_pywb
def test_only_this_machine_is_served(replay: str) -> None:
    port = int(replay.split(":")[2].split("/")[0])
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=2):
        pass


@needs_pywb
def test_a_killed_server_leaves_no_pywb_behind(directory: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from linkkeeper.archive.local.serve import Replay\n"
        "with Replay(Path(sys.argv[1])) as replay: print(replay.url, flush=True); time.sleep(100)"
    )
    run = subprocess.Popen([sys.executable, "-c", program, str(directory)], stdout=subprocess.PIPE)
    assert run.stdout is not None
    url = run.stdout.readline().decode().strip()
    assert _get(f"{url}20261120120011id_/http://example.org/logo.png")[1] == LOGO
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    until = time.monotonic() + 10
    while time.monotonic() < until and _answers(url):
        time.sleep(0.05)
    assert not _answers(url)


def _answers(url: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", int(url.split(":")[2].split("/")[0])), timeout=1):
            return True
    except OSError:
        return False


@needs_pywb
def test_a_port_that_is_taken_is_told(directory: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(LinkkeeperError, match="port"),
        serve.Replay(directory, taken.getsockname()[1]),
    ):
        pass


def test_without_pywb_the_way_to_it_is_told(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LinkkeeperError, match="pywb") as caught, serve.Replay(directory):
        pass
    assert "pip install pywb" in caught.value.hint


def test_nothing_kept_is_nothing_to_replay(tmp_path: Path) -> None:
    with pytest.raises(LinkkeeperError, match="no local archive"), serve.Replay(tmp_path):
        pass
