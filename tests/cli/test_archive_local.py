"""`archive save --to local` and what looks at it, as whole commands against the small web."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import jsonschema
import pytest

from linkkeeper.demo.story import Stage
from linkkeeper.report import schemas

Run = Callable[..., "subprocess.CompletedProcess[str]"]
PAGE = "<!doctype html><title>{0}</title><body><h1>{0}</h1><p>" + "The ferry ran late that spring. " * 8


EMPTY = """<!doctype html><title>App</title><div id=app></div><script>
document.getElementById('app').innerHTML = '<p>' + 'A boat came in. '.repeat(20);
document.head.insertAdjacentHTML('beforeend', '<link rel=stylesheet href=/late' + '.css>');</script>"""


class _Site(BaseHTTPRequestHandler):
    """A site with manners of its own: `/robots.txt` forbids /closed/, /slow/ takes its time, the rest are pages."""

    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:  # the server's name for it
        self.seen.append(self.path)
        if self.path.startswith("/slow/"):
            time.sleep(0.25)
        robots = self.path == "/robots.txt"
        body = b"User-agent: *\nDisallow: /closed/\n" if robots else PAGE.format(self.path).encode()
        if self.path.startswith("/script/"):
            body = EMPTY.encode()
        if self.path == "/late.css":
            body = b"p { color: teal }"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain" if robots else "text/html; charset=utf-8")
        if self.path.startswith("/private/"):
            self.send_header("X-Robots-Tag", "noarchive")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815  # the server's name for it

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(serve_http: Callable[[Any], str]) -> str:
    """Serve `_Site`; return its base URL."""
    return serve_http(_Site)


def _allow(site: str) -> tuple[str, str]:
    return "--allow-host", site.removeprefix("http://")


def _closed(schema: Any) -> Any:
    if isinstance(schema, dict):
        closed = {key: _closed(value) for key, value in schema.items()}
        return closed | {"additionalProperties": False} if "properties" in schema else closed
    return [_closed(item) for item in schema] if isinstance(schema, list) else schema


def _json(name: str, text: str) -> dict[str, Any]:
    """Return the JSON of a command, which its schema describes and nothing else."""
    value: dict[str, Any] = json.loads(text)
    jsonschema.Draft202012Validator(_closed(schemas.schema(name))).validate(value)
    return value


@pytest.fixture
def posts(stage: Stage, run: Run) -> dict[str, str]:
    """Write three posts into the test's folder; return the URLs in them by name."""
    del run  # it chose the folder
    urls = {
        "essay": stage.web.url("living", "/essay"),
        "leaflet": stage.web.url("living", "/leaflet.pdf"),
        "moved": stage.web.url("moved", "/away/harbour"),
        "gone": stage.web.url("gone", "/2016/nothing"),
        "blocked": stage.web.url("blocked", "/issue"),
    }
    Path("posts").mkdir()
    Path("posts/one.md").write_text(f"[a]({urls['essay']}?utm_source=rss#top) [b]({urls['gone']}) [c](#)\n")
    Path("posts/two.md").write_text(f"[a]({urls['essay']}) [b]({urls['moved']}) [c]({urls['blocked']})\n")
    Path("posts/three.md").write_text(
        f"[a]({urls['leaflet']}) [b](https://web.archive.org/web/20160101000000/http://example.com/)\n"
    )
    return urls


def test_the_living_are_kept_with_the_posts_that_cite_them_and_nothing_else(
    run: Run, trusted: list[str], posts: dict[str, str]
) -> None:
    done = run("archive", "save", "posts", "--to", "local", "--format", "json", *trusted)
    assert done.returncode == 0, done.stdout + done.stderr
    saved = _json("archive-save", done.stdout)
    assert saved["complete"]
    assert {row["url"] for row in saved["urls"]} == {posts["essay"], posts["leaflet"], posts["moved"]}
    assert {copy["state"] for row in saved["urls"] for copy in row["copies"]} == {"saved"}
    assert saved["summary"]["dead"] == saved["summary"]["blocked"] == 1
    assert saved["summary"]["covered"] == 3
    lines = [json.loads(line) for line in Path("archive/manifest.jsonl").read_text().splitlines()]
    assert {line["url"]: line["posts"] for line in lines}[posts["essay"]] == ["posts/one.md", "posts/two.md"]
    assert posts["gone"].encode() not in Path("archive/index.cdxj").read_bytes()


def test_what_is_held_is_shown_extracted_counted_proved_and_exported(
    run: Run, run_here: Run, trusted: list[str], posts: dict[str, str]
) -> None:
    assert run("archive", "save", "posts", "--to", "local", "-q", *trusted).returncode == 0
    shown = run_here("archive", "show", posts["essay"] + "?utm_source=feed#top", "--extract", "essay.html")
    assert shown.returncode == 0, shown.stderr
    assert "local" in shown.stdout
    assert "posts/two.md" in shown.stdout
    assert "<title>Essay</title>" in Path("essay.html").read_text()
    assert _json("archive-show", run_here("archive", "show", posts["essay"], "--format", "json").stdout)["local"]
    nothing = run_here("archive", "show", posts["gone"])
    assert (nothing.returncode, nothing.stdout) == (1, "")
    status = _json("archive-status", run_here("archive", "status", "posts", "--format", "json").stdout)
    assert status["coverage"] == {
        "living": 3,
        "covered": 3,
        "older": 0,
        "never": 0,
        "refused": 0,
        "archives": {"wayback": 0, "local": 3},
    }
    assert status["pages"] == 3
    assert run_here("archive", "verify").returncode == 0
    assert run_here("archive", "export", "--wacz", "blog.wacz").returncode == 0
    proved = run_here("archive", "verify", "blog.wacz", "--format", "json")
    assert proved.returncode == 0, proved.stdout
    assert _json("archive-verify", proved.stdout)["pages"] == 3


def test_scan_says_how_many_of_the_living_have_a_copy(run: Run, trusted: list[str], posts: dict[str, str]) -> None:
    assert "archived:" not in run("scan", "posts", "--no-rescue", *trusted).stdout
    assert run("archive", "save", "posts", "--to", "local", "--max", "1", "-q", *trusted).returncode == 3
    done = run("scan", "posts", "--no-rescue", "-o", "r.json", "-o", "r.html", "-o", "r.md", *trusted)
    assert "archived: 1 of 3 living links have a copy, 33% (local 1), 2 none" in done.stdout
    assert json.loads(Path("r.json").read_text())["summary"]["coverage"]["never"] == 2
    assert "archived: 1 of 3" in Path("r.md").read_text()
    assert "have an archived copy" in Path("r.html").read_text()
    del posts


def test_a_second_run_fetches_nothing_again_unless_the_copies_are_too_old(
    run: Run, run_here: Run, trusted: list[str], stage: Stage, posts: dict[str, str]
) -> None:
    flags = ("archive", "save", "posts", "--to", "local", "--format", "json", *trusted)
    run(*flags)
    size = Path("archive/warc").stat().st_size, sum(file.stat().st_size for file in Path("archive/warc").iterdir())
    before = len(stage.web.seen)
    Path("posts/four.md").write_text(f"[a]({posts['essay']})\n")
    again = run(*flags)
    assert again.returncode == 0
    assert {copy["state"] for row in json.loads(again.stdout)["urls"] for copy in row["copies"]} == {"recent"}
    assert size[1] == sum(file.stat().st_size for file in Path("archive/warc").iterdir())
    assert len(stage.web.seen) == before, "nobody was asked: the answers are fresh"
    assert '"posts/four.md"' in Path("archive/manifest.jsonl").read_text(), "the new post is noted"
    old = run(*flags, "--older-than", "0")
    assert {copy["state"] for row in json.loads(old.stdout)["urls"] for copy in row["copies"]} == {"saved"}
    assert run_here("archive", "verify").returncode == 0


def test_a_dry_run_asks_nobody_and_writes_nothing(
    run: Run, trusted: list[str], stage: Stage, posts: dict[str, str]
) -> None:
    before = len(stage.web.seen)
    done = run("archive", "save", "posts", "--to", "local", "--dry-run", *trusted)
    assert done.returncode == 0, done.stderr
    assert posts["essay"] in done.stdout
    assert "would be asked for" in done.stdout
    assert "at most" in done.stderr
    assert len(stage.web.seen) == before
    assert not Path("archive").exists()


def test_owners_who_forbid_a_copy_are_obeyed_and_nothing_failed(run: Run, site: str) -> None:
    Path("post.md").write_text(f"[a]({site}/open/a) [b]({site}/closed/b) [c]({site}/private/c)\n")
    before = len(_Site.seen)
    done = run("archive", "save", "post.md", "--to", "local", "--format", "json", *_allow(site))
    assert done.returncode == 0, done.stdout + done.stderr
    seen = _Site.seen[before:]
    assert seen.count("/robots.txt") == 1
    assert "/closed/b" not in seen, "not even asked whether it lives"
    states = {row["url"]: row["copies"][0]["state"] for row in json.loads(done.stdout)["urls"]}
    assert states == {f"{site}/open/a": "saved", f"{site}/closed/b": "refused", f"{site}/private/c": "refused"}
    assert "robots.txt" in done.stdout
    kept = run(
        *("archive", "save", "post.md", "--to", "local", "--format", "json", *_allow(site)),
        *("--no-robots", "--no-noarchive"),
    )
    states = {row["url"]: row["copies"][0]["state"] for row in json.loads(kept.stdout)["urls"]}
    assert states[f"{site}/closed/b"] == states[f"{site}/private/c"] == "saved", "the owner agreed otherwise"


def test_a_page_that_could_not_be_kept_is_exit_1_and_says_why(
    run: Run, trusted: list[str], posts: dict[str, str]
) -> None:
    done = run("archive", "save", "posts", "--to", "local", *trusted, LINKKEEPER_ARCHIVE_PAGE_SIZE="0.00001")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "failed" in done.stdout
    assert posts["leaflet"] in done.stdout


def test_the_local_copy_takes_the_place_of_a_dead_link_that_nobody_else_has(
    run: Run, trusted: list[str], stage: Stage
) -> None:
    url = stage.web.url("gone", "/once-here")
    post, before = Path("2026-01-02-post.md"), f"[a]({url}#part) [b]({url}?utm_source=x)\n"
    post.write_text(before)
    stage.web.revived.add("/once-here")
    fast = {"LINKKEEPER_WAYBACK_RATE": "6000", "LINKKEEPER_WAYBACK_PAUSE": "1"}
    assert run("archive", "save", "--to", "local", *trusted, **fast).returncode == 0
    stage.web.revived.discard("/once-here")
    try:
        told = run("scan", "--no-cache", *trusted, **fast)
        assert told.returncode == 1
        assert "kept locally on" in told.stdout
        assert run("fix", *trusted, "--max-age", "0.001", **fast).returncode == 1
        assert post.read_text() == before, "without a base nothing is written"
        fixed = run("fix", "--local-base", "/archive/", *trusted, **fast)
        assert fixed.returncode == 0, fixed.stderr
        moment = json.loads(Path("archive/manifest.jsonl").read_text())["ts"]
        assert post.read_text() == f"[a](/archive/{moment}/{url}#part) [b](/archive/{moment}/{url})\n"
        again = run("fix", "--local-base", "/archive/", *trusted, **fast)
        assert (again.returncode, "nothing to write" in again.stderr) == (0, True), "never rewritten again"
        assert " 2 ok" in run("scan", "--local-base", "/archive/", *trusted, **fast).stdout
        stage.web.revived.add("/once-here")
        back = run("fix", "--only", "revert", "--local-base", "/archive/", *trusted, **fast)
        assert back.returncode == 0, back.stderr
        assert post.read_text() == before
    finally:
        stage.web.revived.discard("/once-here")


def _start(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "linkkeeper", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )


def _wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    assert condition()


def _pages() -> int:
    manifest = Path("archive/manifest.jsonl")
    return manifest.read_bytes().count(b"\n") if manifest.exists() else 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_keeps_what_it_has_and_the_next_goes_on(
    run: Run, run_here: Run, site: str, how: signal.Signals
) -> None:
    urls = [f"{site}/slow/{how.name}/{number}" for number in range(12)]
    Path("post.md").write_text("\n".join(f"<{url}>\n" for url in urls))
    flags = ("archive", "save", "post.md", "--to", "local", "--format", "json", *_allow(site), "--per-host", "2")
    process = _start(*flags)
    _wait_for(lambda: _pages() >= 2)
    process.send_signal(how)
    out, err = process.communicate(timeout=30)
    assert "Traceback" not in err
    kept = _pages()
    if how is signal.SIGINT:
        assert process.returncode == 130, err
        stopped = _json("archive-save", out)
        states = [row["copies"][0]["state"] for row in stopped["urls"]]
        assert (states.count("saved"), states.count("queued")) == (kept, 12 - kept)
        assert stopped["interrupted"]
    assert 2 <= kept < 12
    done = run(*flags)
    assert done.returncode == 0, done.stderr
    states = [row["copies"][0]["state"] for row in json.loads(done.stdout)["urls"]]
    assert states.count("recent") >= kept - 1
    assert len(states) == _pages() == 12, "nothing lost, nothing twice"
    assert run_here("archive", "verify").returncode == 0


def test_damage_is_named_and_a_lost_index_is_made_again(
    run: Run, run_here: Run, trusted: list[str], posts: dict[str, str]
) -> None:
    run("archive", "save", "posts", "--to", "local", "-q", *trusted)
    Path("archive/index.cdxj").unlink()
    lost = run_here("archive", "verify")
    assert lost.returncode == 1
    assert "index.cdxj" in lost.stdout
    assert run_here("archive", "verify", "--rebuild").returncode == 0
    assert run_here("archive", "show", posts["essay"]).returncode == 0
    (warc,) = Path("archive/warc").iterdir()
    data = bytearray(warc.read_bytes())
    data[len(data) // 2] ^= 0x20
    warc.write_bytes(data)
    damaged = run_here("archive", "verify")
    assert damaged.returncode == 1
    assert warc.name in damaged.stdout
    assert "Traceback" not in damaged.stderr


def test_an_archive_that_another_program_cut_short_goes_on(
    run: Run, run_here: Run, trusted: list[str], posts: dict[str, str]
) -> None:
    run("archive", "save", "posts", "--to", "local", "-q", *trusted)
    (warc,) = Path("archive/warc").iterdir()
    os.truncate(warc, warc.stat().st_size - 100)
    assert run_here("archive", "verify").returncode == 1
    Path("posts/one.md").write_text(
        Path("posts/one.md").read_text() + f"<{posts['moved'].replace('harbour', 'pier')}>\n"
    )
    done = run("archive", "save", "posts", "--to", "local", *trusted)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "cut off" in done.stderr
    assert run_here("archive", "verify").returncode == 0


def test_a_shortened_archive_is_mended_and_its_lost_page_fetched_though_nothing_was_due(
    run: Run, run_here: Run, trusted: list[str], posts: dict[str, str]
) -> None:
    flags = ("archive", "save", "posts", "--to", "local", "--format", "json", *trusted)
    run(*flags)
    (warc,) = Path("archive/warc").iterdir()
    os.truncate(warc, warc.stat().st_size - 1500)
    done = run(*flags)
    assert done.returncode == 0, done.stderr
    assert "cut off" in done.stderr
    states = [row["copies"][0]["state"] for row in json.loads(done.stdout)["urls"]]
    assert "saved" in states
    assert len(states) == _pages() == len(posts) - 2
    assert run_here("archive", "verify").returncode == 0


def test_the_pages_of_a_deleted_warc_do_not_count_and_are_fetched_again(
    run: Run, run_here: Run, trusted: list[str], posts: dict[str, str]
) -> None:
    flags = ("archive", "save", "posts", "--to", "local", "--format", "json", *trusted)
    run(*flags)
    (warc,) = Path("archive/warc").iterdir()
    warc.unlink()
    status = _json("archive-status", run_here("archive", "status", "posts", "--format", "json").stdout)
    assert (status["coverage"]["covered"], status["pages"]) == (0, 0)
    done = run(*flags)
    assert done.returncode == 0, done.stderr
    assert "missing" in done.stderr
    assert {row["copies"][0]["state"] for row in json.loads(done.stdout)["urls"]} == {"saved"}
    assert len(posts) - 2 == _pages()


def test_a_warc_damaged_in_the_middle_is_named_and_the_run_goes_on_in_another(
    run: Run, trusted: list[str], posts: dict[str, str]
) -> None:
    flags = ("archive", "save", "posts", "--to", "local", *trusted)
    run(*flags)
    (warc,) = Path("archive/warc").iterdir()
    data = bytearray(warc.read_bytes())
    data[len(data) // 2] ^= 0x20
    warc.write_bytes(data)
    Path("posts/one.md").write_text(f"<{posts['moved'].replace('harbour', 'pier')}>\n")
    Path("archive/index.cdxj").unlink()
    done = run(*flags)
    assert done.returncode == 0, done.stderr
    assert f"{warc.name}: damaged at byte" in done.stderr
    assert warc.read_bytes() == data
    assert len([*Path("archive/warc").iterdir()]) == 2


def test_a_lost_index_and_a_lost_warc_are_named_and_nothing_else_is_blamed(
    run: Run, run_here: Run, trusted: list[str], posts: dict[str, str]
) -> None:
    run("archive", "save", "posts", "--to", "local", "-q", *trusted)
    index = Path("archive/index.cdxj").read_bytes()
    Path("archive/index.cdxj").unlink()
    for command in (("show", posts["essay"]), ("serve",)):
        lost = run_here("archive", *command)
        assert lost.returncode == 3
        assert "index.cdxj is missing" in lost.stderr
        assert "linkkeeper archive verify --rebuild" in lost.stderr
    Path("archive/index.cdxj").write_bytes(index)
    (warc,) = Path("archive/warc").iterdir()
    warc.unlink()
    gone = run_here("archive", "show", posts["essay"], "--extract", "zz")
    assert gone.returncode == 3
    assert warc.name in gone.stderr
    assert "zz" not in gone.stderr
    assert "room" not in gone.stderr


def test_the_archive_is_replayed_on_loopback(run: Run, trusted: list[str], posts: dict[str, str]) -> None:
    import urllib.request

    run("archive", "save", "posts", "--to", "local", "-q", *trusted)
    process = _start("archive", "serve")
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert "replaying archive at http://127.0.0.1:" in said or "http://localhost:" in said, said
        base = said.split(" at ")[1].split()[0].rstrip("/")
        moment = json.loads(Path("archive/manifest.jsonl").read_text().splitlines()[0])["ts"]
        with urllib.request.urlopen(f"{base}/{moment}id_/{posts['essay']}", timeout=20) as answer:
            assert b"<title>Essay</title>" in answer.read()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["save", "--to", "nowhere"], "archive.to"),
        (["save", "--to", ""], "--to"),
        (["save", "--older-than", "soon"], "older_than"),
        (["save", "--max", "0"], "--max"),
        (["save", "--to", "local", "--archive", "post.md"], "post.md"),
        (["save", "--to", "local", "--archive", "post.md/below"], "post.md"),
        (["save", "--format", "pdf"], "pdf"),
        (["save", "--to", "local", "--browser", "sometimes"], "sometimes"),
        (["save", "-"], "`-`"),
        (["save", "nowhere"], "nowhere"),
        (["save", "-o", "post.md", "post.md", "--to", "local"], "post.md"),
        (["save", "--local-base", "archive"], "local_base"),
        (["status", "nowhere"], "nowhere"),
        (["verify", "nowhere"], "nowhere"),
        (["verify", "post.md", "--rebuild"], "--rebuild"),
        (["show"], "URL"),
        (["show", "http://a.example/", "--at", "then"], "--at"),
        (["export"], "--wacz"),
        (["export", "--wacz", "b.wacz"], "archive"),
        (["export", "--archive", "empty", "--wacz", "b.wacz"], "empty"),
        (["export", "--archive", "kept", "--wacz", "none/b.wacz"], "none"),
        (["export", "--archive", "kept", "--wacz", "empty"], "empty"),
        (["serve"], "archive"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_2(run_here: Run, arguments: list[str], said: str) -> None:
    Path("empty").mkdir()
    Path("kept/warc").mkdir(parents=True)
    Path("post.md").write_text("[a](#)")
    done = run_here("archive", *arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert Path("post.md").read_text() == "[a](#)"
    assert not Path("b.wacz").exists()


@pytest.mark.browser
def test_a_page_that_needs_its_scripts_is_kept_through_a_browser(run: Run, run_here: Run, site: str) -> None:
    if not (shutil.which("chromium") or shutil.which("google-chrome")):
        warnings.warn("no Chromium: pages that need scripts were NOT kept", pytest.PytestWarning, stacklevel=1)
        pytest.skip("no Chromium")
    pytest.importorskip("playwright")
    Path("post.md").write_text(f"<{site}/script/a>\n")
    flags = ("archive", "save", "post.md", "--to", "local", "--browser", "needed", "--screenshots", "shots")
    done = run(*flags, *_allow(site))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{site}/late.css" in Path("archive/index.cdxj").read_text(), "what its script loads is kept"
    (shot,) = Path("shots").iterdir()
    assert shot.read_bytes().startswith(b"\x89PNG")
    assert run_here("archive", "verify").returncode == 0
    missing = run(*flags, "--older-than", "0", "--browser-path", "none", *_allow(site))
    assert missing.returncode == 2, missing.stderr
    assert "Traceback" not in missing.stderr


def test_a_wacz_that_is_none_is_damage(run_here: Run) -> None:
    Path("none.wacz").write_bytes(b"no zip at all")
    done = run_here("archive", "verify", "none.wacz")
    assert done.returncode == 1
    assert "none.wacz" in done.stdout
    assert "Traceback" not in done.stderr


def _limited(size: int) -> Callable[[], None]:
    """Let no file of the process grow beyond size bytes: a full disk without one."""
    import resource

    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_full_disk_is_one_clear_line_and_the_next_run_goes_on(
    run: Run, run_here: Run, trusted: list[str], posts: dict[str, str]
) -> None:
    flags = ("archive", "save", "posts", "--to", "local", "--format", "json", *trusted)
    full = subprocess.run(
        [sys.executable, "-m", "linkkeeper", *flags],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_limited(1500),
    )
    assert full.returncode == 3, full.stderr
    assert "Traceback" not in full.stderr
    assert "The local archive cannot go on" in full.stderr
    states = [row["copies"][0]["state"] for row in json.loads(full.stdout)["urls"]]
    assert "unknown" in states
    assert len(states) == 3
    assert run_here("archive", "verify").returncode == 0, "what is there is whole"
    done = run(*flags)
    assert done.returncode == 0, done.stderr
    assert _pages() == 3
    assert run_here("archive", "verify").returncode == 0
    del posts


def test_two_runs_do_not_write_into_one_archive(
    run: Run, run_here: Run, trusted: list[str], posts: dict[str, str]
) -> None:
    fcntl = pytest.importorskip("fcntl")
    flags = ("archive", "save", "posts", "--to", "local", *trusted)
    assert run(*flags).returncode == 0
    with Path("archive/.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run(*flags, "--older-than", "0")
        assert done.returncode == 3, done.stdout
        assert "another run is writing" in done.stderr
        assert run_here("archive", "status", "posts").returncode == 0
        assert run_here("archive", "show", posts["essay"]).returncode == 0, "looking needs no lock"
    assert run(*flags, "--older-than", "0").returncode == 0
