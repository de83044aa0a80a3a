"""What `archive` says where there is nothing to save, or never will be; and what it takes for usage."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
PAGE = b"<title>A page</title><p>" + b"The ferry ran late that spring. " * 8


class _Site(BaseHTTPRequestHandler):
    """Pages; robots.txt forbids /closed/, /private/ says noarchive, /sulking/ refuses everybody."""

    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(f"{self.command} {self.path}")
        if type(self).keeps_silent and self.path == "/robots.txt":
            time.sleep(8)
            return
        robots = self.path == "/robots.txt"
        body = b"User-agent: *\nDisallow: /closed/\n" if robots else PAGE
        self.send_response(503 if "sulking" in self.path else 200)
        self.send_header("Content-Type", "text/plain" if robots else "text/html")
        self.send_header("Content-Length", str(len(body)))
        if "private" in self.path:
            self.send_header("X-Robots-Tag", "noarchive")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815  # the server's name for it
    keeps_silent = False

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Silent(_Site):
    """Its robots.txt never comes."""

    keeps_silent = True


@pytest.fixture(scope="module")
def site(serve_http: Callable[[Any], str]) -> str:
    """Serve `_Site`; return its base URL."""
    return serve_http(_Site)


def _post(site: str, *paths: str) -> None:
    Path("post.md").write_text("".join(f"[a]({site}{path})\n" for path in paths))


@pytest.mark.parametrize("more", [(), ("--dry-run",)], ids=["run", "dry run"])
@pytest.mark.parametrize("to", ["local", "wayback"])
def test_links_to_private_addresses_are_named_with_the_flag_that_allows_them(
    run: Run, site: str, to: str, more: tuple[str, ...]
) -> None:
    _post(site, "/a", "/b")
    done = run("archive", "save", "post.md", "--to", to, *more)
    host = site.removeprefix("http://")
    assert f"2 links lead to private addresses ({host}) and were left out" in done.stderr
    assert f"--allow-host {host}" in done.stderr
    assert ("--to local" in done.stderr) == (to == "wayback"), "the Wayback Machine gets no address"
    assert "queued" not in done.stdout
    assert done.returncode == 0
    assert "never asked" not in run("archive", "status", "post.md").stdout, "no scan would ask about them"


def test_what_can_have_no_copy_is_not_asked_for_again_and_again(run: Run, site: str) -> None:
    _post(site, "/open", "/closed/a", "/private/b")
    allow = ("--allow-host", site.removeprefix("http://"))
    assert run("archive", "save", "post.md", "--to", "local", *allow).returncode == 0
    status = json.loads(run("archive", "status", "post.md", "--format", "json").stdout)
    assert (status["missing"], status["unchecked"]) == ([], 0)
    assert {url.removeprefix(site): why for url, why in status["refused"]}.keys() == {"/closed/a", "/private/b"}
    assert "robots.txt forbids it" in dict(status["refused"])[f"{site}/closed/a"]
    scanned = run("scan", "post.md", *allow)
    assert "2 may have none" in " ".join(scanned.stdout.split())
    assert "archive save" not in scanned.stdout + scanned.stderr
    assert json.loads(run("scan", "post.md", "--format", "json", *allow).stdout)["summary"]["coverage"]["refused"] == 2
    kept = run("archive", "save", "post.md", "--to", "local", "--no-robots", "--no-noarchive", *allow)
    assert kept.returncode == 0, kept.stdout
    assert json.loads(run("archive", "status", "post.md", "--format", "json").stdout)["coverage"]["covered"] == 3


def test_pages_of_a_site_whose_robots_txt_never_comes_are_not_read(run: Run, serve_http: Callable[[Any], str]) -> None:
    silent = serve_http(_Silent)
    _post(silent, "/a", "/b")
    before = len(_Site.seen)
    flags = ("--to", "local", "--allow-host", silent.removeprefix("http://"), "--timeout", "1")
    done = run("archive", "save", "post.md", "--format", "json", *flags)
    assert not [one for one in _Site.seen[before:] if one.startswith("GET") and not one.endswith("robots.txt")]
    copies = [copy for row in json.loads(done.stdout)["urls"] for copy in row["copies"]]
    assert [copy["state"] for copy in copies] == ["unknown", "unknown"]
    assert "robots.txt" in copies[0]["detail"]
    assert done.returncode == 3


def test_no_link_that_answers_is_exit_3_and_said(run: Run, site: str) -> None:
    _post(site, "/sulking/a", "/sulking/b")
    allow = ("--allow-host", site.removeprefix("http://"))
    done = run("archive", "save", "post.md", "--to", "local", "--no-robots", "--max-wait", "1", *allow)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "None of the 2 links that may live could be seen to live" in done.stderr
    _post(site, "/sulking/a", "/open")
    assert run("archive", "save", "post.md", "--to", "local", *allow, "--max-wait", "1").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("status", "--archive", "post.md"), "post.md is no folder"),
        (("status", "--archive", "nowhere"), "there is no folder nowhere"),
        (("show", "https://example.com/", "--archive", "nowhere"), "there is no folder nowhere"),
        (("save", "--to", "nowhere"), "'nowhere' is none of wayback, local"),
        (("save", "--to", "local,waybak"), "did you mean 'wayback'?"),
        (("show", "something-not-a-url"), "'something-not-a-url' is no URL of the web"),
        (("show", "example.com/page"), "did you mean https://example.com/page?"),
        (("show", ""), "the URL is empty"),
        (("show", "mailto:me@example.com"), "not http or https"),
    ],
)
def test_what_cannot_be_meant_is_exit_2_and_a_line(run_here: Run, arguments: tuple[str, ...], words: str) -> None:
    Path("post.md").write_text("[a](https://example.com/)\n")
    done = run_here("archive", *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in " ".join(done.stderr.split())


def test_what_is_no_url_is_shown_short_and_without_its_password(run_here: Run) -> None:
    for url in ("me:hunter2secret@example.com/x", "https://me:hunter2secret@/", "x" * 90_000):
        done = run_here("archive", "show", url)
        assert done.returncode == 2
        assert "hunter2" not in done.stderr
        assert len(done.stderr) < 600


def test_an_archive_that_is_not_there_yet_holds_nothing(run_here: Run) -> None:
    Path("post.md").write_text("[a](https://example.com/)\n")
    assert run_here("archive", "status", "post.md").returncode == 0
    Path("linkkeeper.toml").write_text('archive.dir = "copies"\n')
    assert run_here("archive", "status", "post.md").returncode == 0
    Path("copies").write_text("a file")
    assert run_here("archive", "status", "post.md").returncode == 2


def test_a_report_for_which_there_is_no_room_is_exit_3_and_the_run_is_told_all_the_same(run: Run, site: str) -> None:
    _post(site, *(f"/closed/{number}" for number in range(30)))
    allow = ("--allow-host", site.removeprefix("http://"))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "linkkeeper",
            "archive",
            "save",
            "post.md",
            "--to",
            "local",
            "-o",
            "report.json",
            *allow,
        ],
        capture_output=True,
        encoding="utf-8",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000)),
        check=False,
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert "cannot write report.json" in done.stderr
    assert "30 refused" in done.stdout
    assert not Path("report.json").exists()
    assert not list(Path().glob(".report.json*"))
