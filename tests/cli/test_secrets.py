"""No secret of posts, settings or answers is in anything that a run says or leaves, even at -vv."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from linkkeeper.demo.story import Stage

Run = Callable[..., "subprocess.CompletedProcess[str]"]
FORMATS = ("terminal", "json", "jsonl", "markdown", "html", "junit", "sarif", "github", "csv")


class _Answer(BaseHTTPRequestHandler):
    """Redirects with a token, fails with one, and sets one as a cookie; its words are hostile."""

    def handle_one_request(self) -> None:
        line = self.rfile.readline().decode("latin-1")
        while self.rfile.readline().strip():
            pass
        path = line.split(" ")[1] if " " in line else ""
        more = "Set-Cookie: session=hunter2; Path=/\r\nX-Odd: \x1b[31m\x9b::error::x\r\n"
        if path.startswith("/hop"):
            head = f"302 Found\r\nLocation: /end?access_token=hunter2&x=1\r\n{more}"
        else:
            head = f"404 \x1b]0;hunter2-title\x07 Gone\r\n{more}"
        body = "<title>\x1b[2J::error::x \u202e</title>gone"
        text = f"HTTP/1.1 {head}Content-Type: text/html\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}"
        self.wfile.write(text.encode("utf-8", "replace"))
        self.close_connection = True


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_no_secret_is_said_or_left_at_vv(run: Run, port: int) -> None:
    here = f"127.0.0.1:{port}"
    Path("posts").mkdir()
    Path("posts/a.md").write_text(
        f"[a](http://me:hunter2@{here}/hop) [b](http://{here}/x?access_token=hunter2&utm_source=y)\n"
        f"[c](http://{here}/y?u=https%3A%2F%2Fme%3Ahunter2%40b.example%2F) ![d](htp://me:hunter2@{here}/)\n"
    )
    Path("linkkeeper.toml").write_text(f'[host."{here}"]\nheaders = {{Authorization = "Basic hunter2"}}\n')
    Path("cookies.txt").write_text("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\thunter2\n")
    flags = [*("--allow-private", "--no-rescue", "--header", "X-Key: hunter2", "--cookies", "cookies.txt")]
    flags += [flag for name in FORMATS[1:] for flag in ("-o", f"{name}=out.{name}")]
    done = run("scan", "-vv", "posts", *flags, "--write-baseline", "accepted.toml", GITHUB_STEP_SUMMARY="summary.md")
    assert done.returncode == 0, done.stderr
    ours = {Path(name) for name in ("posts/a.md", "linkkeeper.toml", "cookies.txt")}
    said = {"stdout": done.stdout.encode(), "stderr": done.stderr.encode()}
    said |= {str(file): file.read_bytes() for file in Path().rglob("*") if file.is_file() and file not in ours}
    assert [name for name, data in said.items() if b"hunter2" in data.replace(b"hunter2-title", b"")] == []
    for name in ("stdout", "stderr"):
        text = said[name].decode()
        assert {char for char in text if not char.isprintable() and char not in "\n\t"} == set()
        assert [line for line in text.splitlines() if line.lstrip().startswith("::")] == []


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_on_stdout_keeps_them_too(name: str, run: Run, port: int) -> None:
    Path("a.md").write_text(f"[a](http://me:hunter2@127.0.0.1:{port}/hop?key=1&access_token=hunter2)\n")
    done = run("scan", "-vv", "a.md", "--allow-private", "--no-rescue", "--format", name)
    assert done.returncode == 1, done.stderr
    assert "hunter2" not in (done.stdout + done.stderr).replace("hunter2-title", "")


def test_the_password_of_an_archive_never_gets_into_posts_state_or_words(
    run: Run, stage: Stage, trusted: list[str]
) -> None:
    dead = stage.web.url("gone", "/2016/second")
    Path("a.md").write_text(f"---\ndate: 2016-07-08\n---\n[a]({dead})\n")
    secret = stage.archive_url.replace("://", "://me:hunter2@")
    flags = [secret if flag == stage.archive_url else flag for flag in trusted]
    done = run("fix", "-vv", ".", *flags, LINKKEEPER_WAYBACK_RATE="6000")
    assert done.returncode == 0, done.stderr
    assert f"({stage.archive_url}/web/20160620080000/{dead})" in Path("a.md").read_text()
    said = {str(file): file.read_bytes() for file in Path().rglob("*") if file.is_file()}
    said |= {"stdout": done.stdout.encode(), "stderr": done.stderr.encode()}
    assert [name for name, data in said.items() if b"hunter2" in data] == []
    again = run("fix", ".", *flags, LINKKEEPER_WAYBACK_RATE="6000")
    assert (again.returncode, again.stderr) == (0, "nothing to write\n")


def test_a_password_in_what_posts_get_is_a_wrong_setting(run: Run) -> None:
    Path("a.md").write_text("[a](http://127.0.0.1:9/)")
    done = run("fix", ".", LINKKEEPER_WAYBACK_PUBLIC_URL="https://me:hunter2@archive.example")
    assert done.returncode == 2
    assert "holds credentials, and it is written into posts" in done.stderr
    assert "hunter2" not in done.stderr
