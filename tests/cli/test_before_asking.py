"""What cannot be meant is exit 2 before any request: a server counts."""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linkkeeper.cli.app import app

Run = Callable[..., "subprocess.CompletedProcess[str]"]


class Counter(ThreadingHTTPServer):
    """Answers 200 to everything, and counts."""

    requests = 0


class _Answer(BaseHTTPRequestHandler):
    def handle_one_request(self) -> None:
        if not self.rfile.readline():
            self.close_connection = True
            return
        while self.rfile.readline().strip():
            pass
        assert isinstance(self.server, Counter)
        self.server.requests += 1
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")
        self.close_connection = True


@pytest.fixture
def counter() -> Iterator[Counter]:
    with Counter(("127.0.0.1", 0), _Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


BAD = {
    "an unknown format": ["--format", "pdf"],
    "an unknown format of a file": ["-o", "pdf=report.pdf"],
    "no file": ["-o", "html="],
    "stdout for a file": ["-o", "json=-"],
    "two outputs to one file": ["-o", "json=report", "-o", "html=report"],
    "the same by a dot": ["-o", "json=report", "-o", "html=./report"],
    "the same by a detour": ["-o", "json=report", "-o", "html=posts/../report"],
    "the same absolutely": ["-o", "json=report", "-o", "html={here}/report"],
    "the same in capitals": ["-o", "json=report", "-o", "html=Report"],
    "the same by a hard link": ["-o", "json=one", "-o", "html=another"],
    "a symbolic link": ["-o", "json=link"],
    "through a linked directory": ["-o", "json=linked/report"],
    "a missing directory": ["-o", "json=no/such/report"],
    "a directory that takes nothing": ["-o", "json=/proc/report"],
    "a directory for a file": ["-o", "json=posts"],
    "a document": ["-o", "json=posts/a.md"],
    "a document by another name": ["-o", "json=hard.md"],
    "the baseline": ["--baseline", "good.toml", "-o", "json=good.toml"],
    "the baseline to be": ["--write-baseline", "new.toml", "-o", "json=./new.toml"],
    "the state": ["--state", "kept", "-o", "json=kept/state.db"],
    "a baseline of another version": ["--baseline", "old.toml"],
    "a baseline of another version to be written again": ["--write-baseline", "old.toml"],
    "no baseline": ["--baseline", "none.toml"],
    "a baseline that is no TOML": ["--baseline", "posts/a.md"],
    "a baseline through a link": ["--write-baseline", "link"],
    "a baseline in a directory that takes nothing": ["--write-baseline", "/proc/new.toml"],
    "new only, without saying to what": ["--new-only"],
    "a revision where there is no repository": ["--since", "HEAD"],
    "a root that is not there": ["--root", "nowhere"],
    "no such cookies": ["--cookies", "none.txt"],
    "no such authorities": ["--ca-file", "none.pem"],
    "no such certificate": ["--client-cert", "none.pem"],
    "no such rules": ["--rules", "none.toml"],
    "an archive that is none": ["--wayback-url", "http://archive.today/"],
    "a verdict that is none": ["--fail-on", "ded"],
    "no such path": ["nowhere"],
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_exit_2_before_any_request(
    what: str, counter: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("posts", "real", "kept"):
        Path(folder).mkdir()
    Path("posts/a.md").write_text(f"<http://127.0.0.1:{counter.server_port}/>\n")
    os.link("posts/a.md", "hard.md")
    Path("one").write_text("precious")
    os.link("one", "another")
    Path("link").symlink_to("one")
    Path("linked").symlink_to("real", target_is_directory=True)
    Path("good.toml").write_text('schema = "linkkeeper/baseline/1"\n')
    Path("old.toml").write_text('schema = "linkkeeper/baseline/0"\n')
    before = {str(file): file.read_bytes() for file in Path().rglob("*") if file.is_file()}
    flags = [flag.format(here=Path.cwd()) for flag in BAD[what]]
    done = CliRunner().invoke(app, ["scan", "posts", "--allow-private", "--no-rescue", *flags])
    assert done.exit_code == 2, done.output
    assert counter.requests == 0
    assert (done.stdout, "Traceback" in done.stderr, len(done.stderr.splitlines()) <= 3) == ("", False, True)
    kept = {str(file): file.read_bytes() for file in Path().rglob("*") if file.is_file()}
    assert {name: data for name, data in kept.items() if not name.startswith((".linkkeeper", "kept"))} == before


def test_the_server_does_count(run: Run, counter: Counter) -> None:
    Path("a.md").write_text(f"<http://127.0.0.1:{counter.server_port}/>\n")
    assert run("scan", "a.md", "--allow-private", "-o", "json=report").returncode == 0
    assert counter.requests > 0
