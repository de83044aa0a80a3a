"""`archive save` at the Wayback Machine as a whole command: a proxy serves a web of .example names and the stand-in."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest

from linkkeeper.demo.archive import ArchiveServer, Fault
from linkkeeper.demo.captures import Capture

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Serve = Callable[..., ArchiveServer]
KEYS = {"IA_ACCESS_KEY_ID": "key", "IA_SECRET_ACCESS_KEY": "s3cret"}
FAST = {
    "LINKKEEPER_WAYBACK_RATE": "6000",
    "LINKKEEPER_WAYBACK_PAUSE": "1",
    "LINKKEEPER_WAYBACK_SAVE_RATE": "600",
    "LINKKEEPER_WAYBACK_POLL": "0.2",
}


_NO_HEAD = {"no-head": 405, "teapot": 403}
"""Part of a path -> what HEAD of it is answered; GET has the page."""


class _Proxy(BaseHTTPRequestHandler):
    """Names below .example are served here (what has `gone` in its path is gone), all else is passed on.

    /closed/ is forbidden by robots.txt, which cannot be had of names that begin with `sulking`.
    """

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        where = urlsplit(self.path)
        if (where.hostname or "").endswith(".example"):
            self.seen.append(f"{self.command} {where.hostname}{where.path}")
            if where.path == "/robots.txt":
                sulking = str(where.hostname).startswith("sulking")
                rules = b"User-agent: *\nDisallow: /closed/\n"
                self._answer(503 if sulking else 200, [("Content-Type", "text/plain")], rules)
                return
            text = f"<title>{where.path}</title><h1>{where.path}</h1><p>The ferry ran late that spring, again.</p>"
            refusal = next((code for part, code in _NO_HEAD.items() if part in where.path), None)
            status = refusal if refusal and self.command == "HEAD" else 404 if "gone" in where.path else 200
            self._answer(status, [("Content-Type", "text/html")], text.encode())
        else:
            self._pass_on(where.netloc, body)

    def _pass_on(self, netloc: str, body: bytes) -> None:
        dropped = ("connection", "proxy-connection", "host")
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        path = self.path.removeprefix(f"http://{netloc}")
        own = ("transfer-encoding", "connection", "content-length", "date", "server")
        with closing(http.client.HTTPConnection(netloc, timeout=20)) as connection:
            connection.request(self.command, path, body or None, headers | {"Host": netloc})
            answer = connection.getresponse()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in own]
            self._answer(answer.status, kept, answer.read())

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_POST = do_GET  # noqa: N815  # the server's names for them

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def proxy(serve_http: Callable[[Any], str]) -> str:
    """Serve `_Proxy`; return its base URL."""
    return serve_http(_Proxy)


def _post(*paths: str) -> list[str]:
    urls = [f"http://blog.example/{path}" for path in paths]
    Path("posts").mkdir(exist_ok=True)
    Path("posts/post.md").write_text("".join(f"<{url}>\n\n" for url in urls))
    return urls


def _flags(proxy: str, archive: ArchiveServer) -> tuple[str, ...]:
    return ("archive", "save", "--proxy", proxy, "--wayback-url", archive.url, "--timeout", "5", "--format", "json")


def _started(proxy: str, archive: ArchiveServer, keys: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "linkkeeper", *_flags(proxy, archive)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | FAST | keys,
    )


def _states(text: str) -> dict[str, str]:
    return {row["url"]: copy["state"] for row in json.loads(text)["urls"] for copy in row["copies"]}


def _today() -> str:
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() - 3600))


@pytest.mark.parametrize("keys", [KEYS, {}], ids=["with keys", "anonymous"])
def test_every_living_link_is_saved_once_and_played_back(
    run: Run, proxy: str, serve_archive: Serve, keys: dict[str, str]
) -> None:
    archive = serve_archive()
    urls = _post("a", "b?utm_source=rss", "gone")
    urls[1] = "http://blog.example/b"
    done = run(*_flags(proxy, archive), **FAST, **keys)
    assert done.returncode == 0, done.stdout + done.stderr
    assert _states(done.stdout) == {urls[0]: "saved", urls[1]: "saved"}
    copies = [row["copies"][0] for row in json.loads(done.stdout)["urls"]]
    assert all(copy["url"].startswith(f"{archive.url}/web/2") for copy in copies)
    assert [archive.saving.count(url) for url in urls[:2]] == [1, 1]
    assert {one.way for one in archive.saving.submissions} == ({"keys"} if keys else {"anonymous"})
    assert archive.saving.count(urls[2]) == 0, "what is dead is not saved"
    again = run(*_flags(proxy, archive), **FAST, **keys)
    assert set(_states(again.stdout).values()) == {"recent"}
    assert len(archive.saving.submissions) == 2
    status = json.loads(run("archive", "status", "posts", "--format", "json").stdout)
    assert status["coverage"]["archives"] == {"wayback": 2, "local": 0}
    assert status["queue"]["verified"] == 2
    assert "s3cret" not in done.stdout + done.stderr
    assert not [file for file in Path(".linkkeeper").rglob("*") if file.is_file() and b"s3cret" in file.read_bytes()]


def test_what_has_a_copy_is_not_sent_and_what_must_not_be_sent_is_not(
    run: Run, proxy: str, serve_archive: Serve
) -> None:
    old, new = "http://blog.example/old", "http://blog.example/new"
    archive = serve_archive(Capture(old, "20190101000000"), Capture(new, _today()))
    _post("old", "new")
    Path("posts/more.md").write_text(
        "<http://192.0.2.7/> <http://box.local/> <http://blog.example/?access_token=0123456789abcdef0123456789abcdef>"
        " <https://web.archive.org/web/2016/http://blog.example/>\n"
    )
    done = run(*_flags(proxy, archive), "--allow-private", **FAST, **KEYS)
    states = _states(done.stdout)
    assert (states[old], states[new]) == ("recent", "recent"), "any copy will do"
    assert not archive.saving.submissions, done.stdout
    year = run(*_flags(proxy, archive), "--older-than", "1y", "--include", "blog.example/(old|new)", **FAST, **KEYS)
    assert year.returncode == 0, year.stdout + year.stderr
    assert _states(year.stdout) == {old: "saved", new: "recent"}


def test_both_archives_are_served_in_one_run(run: Run, proxy: str, serve_archive: Serve) -> None:
    archive = serve_archive()
    (url,) = _post("a")
    done = run(*_flags(proxy, archive), "--to", "wayback", "--to", "local", **FAST, **KEYS)
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = json.loads(done.stdout)["urls"]
    assert {copy["archive"]: copy["state"] for copy in row["copies"]} == {"wayback": "saved", "local": "saved"}
    shown = run("archive", "show", url)
    assert "  local " in shown.stdout
    assert "  wayback " in shown.stdout


@pytest.mark.parametrize("to", ["local", "wayback,local"])
def test_no_page_that_robots_txt_forbids_is_read_for_a_local_copy(
    run: Run, proxy: str, serve_archive: Serve, to: str
) -> None:
    archive = serve_archive()
    before = len(_Proxy.seen)
    urls = _post("closed/a", "closed/gone", "closed/no-head", "open")
    Path("posts/more.md").write_text("<http://sulking.example/a>\n")
    done = run(*_flags(proxy, archive), "--to", to, **FAST, **KEYS)
    seen = _Proxy.seen[before:]
    assert not [one for one in seen if one.startswith(("GET blog.example/closed", "GET sulking.example/a"))], seen
    found = {row["url"]: {copy["archive"]: copy for copy in row["copies"]} for row in json.loads(done.stdout)["urls"]}
    states = {url: {name: copy["state"] for name, copy in copies.items()} for url, copies in found.items()}
    sulking = "http://sulking.example/a"
    here = {url: copies.pop("local") for url, copies in states.items()}
    forbidden = urls[:3] if to == "local" else [urls[0], urls[2]]
    assert here == {**dict.fromkeys(forbidden, "refused"), urls[3]: "saved", sulking: "unknown"}
    assert "robots.txt: HTTP 503" in found[sulking]["local"]["detail"]
    assert "next run tries again" in found[sulking]["local"]["detail"]
    assert done.returncode == 3, "robots.txt of one site could not be asked for"
    if to == "local":
        assert not [one for one in seen if "/closed" in one], "not even asked whether it lives"
    else:
        assert {url: state["wayback"] for url, state in states.items()} == {
            **dict.fromkeys((urls[0], urls[3], sulking), "saved"),
            urls[2]: "unknown",
        }
        assert json.loads(done.stdout)["summary"]["dead"] == 1, "HEAD said so of one"
        assert "HEAD: HTTP 405" in found[urls[2]]["wayback"]["detail"]
        status = json.loads(run("archive", "status", "posts", "--format", "json").stdout)
        assert (status["coverage"]["living"], status["coverage"]["archives"]) == (2, {"wayback": 2, "local": 1})
    assert archive.saving.count(urls[1]) == archive.saving.count(urls[2]) == 0


@pytest.mark.parametrize("path", ["closed/no-head", "closed/teapot"])
def test_a_robots_txt_that_forbids_us_a_copy_forbids_the_wayback_machine_none(
    run: Run, proxy: str, serve_archive: Serve, path: str
) -> None:
    archive = serve_archive()
    (url,) = _post(path)
    both = (*_flags(proxy, archive), "--to", "wayback,local", "--no-cache")
    unsure = run(*both, **FAST, **KEYS)
    (row,) = json.loads(unsure.stdout)["urls"]
    copies = {copy["archive"]: copy for copy in row["copies"]}
    assert {name: copy["state"] for name, copy in copies.items()} == {"wayback": "unknown", "local": "refused"}
    assert "--to wayback alone" in copies["wayback"]["detail"]
    assert (unsure.returncode, archive.saving.count(url)) == (3, 0)
    alone = run(*_flags(proxy, archive), "--to", "wayback", "--no-cache", **FAST, **KEYS)
    assert (alone.returncode, _states(alone.stdout)) == (0, {url: "saved"}), alone.stdout
    settled = run(*both, **FAST, **KEYS)
    (row,) = json.loads(settled.stdout)["urls"]
    states = {copy["archive"]: copy["state"] for copy in row["copies"]}
    assert (settled.returncode, states) == (0, {"wayback": "recent", "local": "refused"}), settled.stdout
    assert archive.saving.count(url) == 1


def test_what_is_never_sent_is_refused_for_that_whatever_head_says(run: Run, proxy: str, serve_archive: Serve) -> None:
    archive = serve_archive()
    _post("closed/no-head?access_token=0123456789abcdef0123456789abcdef")
    done = run(*_flags(proxy, archive), "--to", "wayback,local", **FAST, **KEYS)
    (row,) = json.loads(done.stdout)["urls"]
    assert {copy["archive"]: copy["state"] for copy in row["copies"]} == {"wayback": "refused", "local": "refused"}
    assert "credential" in json.dumps(row["copies"])
    assert done.returncode == 0, done.stdout
    assert not archive.saving.submissions


def test_a_refusal_is_exit_1_an_owner_s_wish_exit_0_and_silence_exit_3(
    run: Run, proxy: str, serve_archive: Serve
) -> None:
    (url,) = _post("a")
    refusing = serve_archive()
    refusing.saving.refusals[url] = ["invalid-url-syntax"] * 9
    failed = run(*_flags(proxy, refusing), "--state", "one", **FAST, **KEYS)
    assert (failed.returncode, _states(failed.stdout)[url]) == (1, "failed"), failed.stdout
    excluding = serve_archive(excluded=[url])
    wish = run(*_flags(proxy, excluding), "--state", "two", **FAST, **KEYS)
    assert (wish.returncode, _states(wish.stdout)[url]) == (0, "refused"), wish.stdout
    silent = serve_archive(faults={route: Fault("503") for route in ("index", "page", "save", "status")})
    unknown = run(*_flags(proxy, silent), "--state", "three", **FAST, **KEYS)
    assert unknown.returncode == 3, unknown.stdout
    assert _states(unknown.stdout)[url] in ("unknown", "queued")
    assert not json.loads(unknown.stdout)["complete"]
    wrong = serve_archive()
    wrong.saving.keys = "other:pair"
    refused = run(*_flags(proxy, wrong), "--state", "four", **FAST, **KEYS)
    assert refused.returncode == 3, refused.stdout
    assert "key" in refused.stderr.lower()
    assert "s3cret" not in refused.stderr + refused.stdout


def test_half_a_pair_of_keys_is_exit_2_before_anything_is_asked(run: Run, proxy: str, serve_archive: Serve) -> None:
    archive = serve_archive()
    _post("a")
    done = run(*_flags(proxy, archive), IA_ACCESS_KEY_ID="key")
    assert done.returncode == 2
    assert "IA_SECRET_ACCESS_KEY" in done.stderr
    assert not archive.log


def test_a_dry_run_says_what_would_be_sent_and_how_long_it_takes(run: Run, proxy: str, serve_archive: Serve) -> None:
    archive = serve_archive()
    _post(*"abcdefghijkl")
    done = run(*_flags(proxy, archive), "--dry-run", "--max", "6", **KEYS)
    assert done.returncode == 0, done.stderr
    assert "6 to submit" in done.stderr
    assert "min under the limits" in done.stderr
    assert not archive.log
    assert [copy["detail"] for row in json.loads(done.stdout)["urls"] for copy in row["copies"]].count("") == 6


def test_max_ends_a_run_early_and_the_next_goes_on(run: Run, proxy: str, serve_archive: Serve) -> None:
    archive = serve_archive()
    urls = _post("a", "b", "c")
    first = run(*_flags(proxy, archive), "--max", "2", **FAST, **KEYS)
    assert first.returncode == 3, first.stdout
    assert sorted(_states(first.stdout).values()) == ["queued", "saved", "saved"]
    second = run(*_flags(proxy, archive), "--max", "2", **FAST, **KEYS)
    assert second.returncode == 0, second.stdout
    assert [archive.saving.count(url) for url in urls] == [1, 1, 1]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_loses_and_doubles_nothing(
    run: Run, proxy: str, serve_archive: Serve, how: signal.Signals
) -> None:
    archive = serve_archive()
    archive.saving.job_s = 0.6
    urls = _post(*"abcdef")
    process = _started(proxy, archive, KEYS)
    until = time.monotonic() + 30
    while len(archive.saving.submissions) < 3 and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(how)
    out, err = process.communicate(timeout=30)
    assert "Traceback" not in err
    if how is signal.SIGINT:
        assert process.returncode == 130, err
        assert len(json.loads(out)["urls"]) == 6
    done = run(*_flags(proxy, archive), **FAST, **KEYS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(_states(done.stdout).values()) <= {"saved", "recent"}
    assert [archive.saving.count(url) for url in urls] == [1] * 6


def _is_killed_at(process: "subprocess.Popen[str]", archive: ArchiveServer, route: str, nth: int, phase: str) -> bool:
    """Let a run be killed at the nth request of a route, `before` or `after` the archive carries it out."""
    seen = {"before": 0, "after": 0}

    def on_request(now: str, where: str, path: str) -> None:
        del path
        seen[now] += where == route
        if now == phase and seen[now] == nth:
            os.kill(process.pid, signal.SIGKILL)

    archive.on_request = on_request
    out, err = process.communicate(timeout=30)
    archive.on_request = lambda *_: None
    assert "Traceback" not in err, out + err
    return process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("keys", "route", "nth", "phase"),
    [
        (KEYS, "save", 1, "before"),
        (KEYS, "save", 2, "after"),
        ({}, "save", 2, "after"),
    ],
)
def test_a_capture_that_shows_hours_after_a_kill_is_the_only_one(
    run: Run, proxy: str, serve_archive: Serve, keys: dict[str, str], route: str, nth: int, phase: str
) -> None:
    archive = serve_archive()
    archive.saving.job_s, archive.saving.shows_late, archive.saving.salt = 0.3, True, "unguessable"
    urls = _post("a", "b")
    process = _started(proxy, archive, keys)
    assert _is_killed_at(process, archive, route, nth, phase)
    between = run(*_flags(proxy, archive), **FAST, **keys)
    assert between.returncode in (0, 3), between.stdout + between.stderr
    archive.saving.catch_up()
    done = run(*_flags(proxy, archive), **FAST, **keys)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(_states(done.stdout).values()) <= {"saved", "recent"}
    assert [archive.saving.count(url) for url in urls] == [1, 1]


def test_the_state_of_one_save_names_no_secret(run: Run, proxy: str, serve_archive: Serve) -> None:
    archive = serve_archive()
    Path("post.md").write_text("<http://me:hunter2@blog.example/a>\n")
    done: Any = run(*_flags(proxy, archive), "post.md", **FAST, **KEYS)
    assert "hunter2" not in done.stdout + done.stderr
    assert not [one for one in archive.log if "hunter2" in one.path]
    assert not archive.saving.submissions or all("hunter2" not in one.url for one in archive.saving.submissions)
