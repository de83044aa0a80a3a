"""What a user sees of an archive that cannot be asked: posts as they were, the rest of the run done, exit 3."""

import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from linkkeeper.demo.archive import ArchiveServer, Fault
from linkkeeper.demo.captures import Capture
from linkkeeper.demo.story import Stage

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Serve = Callable[..., ArchiveServer]
QUICK = {"LINKKEEPER_WAYBACK_RATE": "60000", "LINKKEEPER_WAYBACK_PAUSE": "0.1"}
KINDS = (
    *("429", "403", "503", "504", "520", "hang", "html", "empty"),
    *("truncated", "reset", "drip", "length", "loop"),
)


@pytest.fixture
def dead(stage: Stage) -> list[str]:
    return [stage.web.url("gone", f"/2016/{name}") for name in ("second", "third", "fourth")]


@pytest.fixture
def post(run: Run, stage: Stage, dead: list[str]) -> str:
    del run  # it made the folder ours
    text = "".join(f"[{url}]({url})\n" for url in dead) + f"[alive]({stage.web.url('living', '/a?utm_source=x')})\n"
    Path("2016-07-08-a.md").write_text(text)
    return text


@pytest.fixture
def secure_archive() -> Iterator[str]:
    """Serve an archive with a certificate of an authority that nobody knows; return its base URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # refused handshakes are the point
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def asking(archive: ArchiveServer, trusted: list[str]) -> list[str]:
    return [*trusted[:-4], "--wayback-url", archive.url, "--timeout", "1"]


def states(run: Run) -> list[str]:
    report = json.loads(run("report", "--format", "json").stdout)
    return [row["links"][0]["snapshot"]["state"] for row in report["urls"] if row["verdict"] == "dead"]


@pytest.mark.parametrize(
    "fault", [*(Fault(kind) for kind in KINDS), Fault("429", retry_after="1")], ids=[*KINDS, "429 with Retry-After"]
)
def test_an_outage_of_the_whole_archive_rewrites_nothing_and_denies_nothing(
    run: Run, serve_archive: Serve, trusted: list[str], post: str, dead: list[str], fault: Fault
) -> None:
    archive = serve_archive(*(Capture(url, "20160101000000") for url in dead), faults={"all": fault})
    began = time.monotonic()
    done = run("fix", ".", *asking(archive, trusted), **QUICK)
    assert time.monotonic() - began < 20
    assert done.returncode == 3, done.stderr
    assert Path("2016-07-08-a.md").read_text() == post.replace("?utm_source=x", ""), "the rest of the run was done"
    assert states(run) == ["unknown"] * 3
    assert "could not be asked" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", ["429", "403", "503", "hang", "html", "reset", "loop"])
def test_a_playback_that_cannot_be_asked_is_exit_3_and_writes_nothing_unproved(
    run: Run, serve_archive: Serve, trusted: list[str], post: str, dead: list[str], kind: str
) -> None:
    archive = serve_archive(*(Capture(url, "20160101000000") for url in dead), faults={"page": Fault(kind)})
    flags = asking(archive, trusted)
    done = run("fix", ".", *flags, "--only", "archive", **QUICK)
    assert done.returncode == 3, done.stderr
    assert Path("2016-07-08-a.md").read_text() == post
    assert set(states(run)) <= {"unverified", "unknown"}
    archive.faults.clear()
    assert run("fix", ".", *flags, "--only", "archive", **QUICK).returncode == 0
    assert all(f"({archive.url}/web/20160101000000/{url})" in Path("2016-07-08-a.md").read_text() for url in dead)


def test_an_archive_behind_a_certificate_that_nobody_vouches_for_is_exit_3(
    run: Run, trusted: list[str], post: str, secure_archive: str
) -> None:
    done = run("fix", ".", *trusted[:-4], "--wayback-url", secure_archive, "--timeout", "2", **QUICK)
    assert done.returncode == 3, done.stderr
    assert Path("2016-07-08-a.md").read_text() == post.replace("?utm_source=x", "")
    assert states(run) == ["unknown"] * 3
    assert "certificate" in done.stderr


def test_the_third_refusal_ends_the_archives_part_and_the_next_run_goes_on(
    run: Run, serve_archive: Serve, trusted: list[str], post: str, dead: list[str]
) -> None:
    archive = serve_archive(*(Capture(url, "20160101000000") for url in dead))
    archive.faults["index"] = Fault("429", after=1)
    for url in dead:
        archive.collection.add(Capture(url + "/x", "20160101000000"))
    archive.fails_on_prefixes = True
    flags = asking(archive, trusted)
    done = run("fix", ".", *flags, "--only", "archive", **QUICK)
    assert done.returncode == 3
    assert "refused three times" in done.stderr
    assert Path("2016-07-08-a.md").read_text() == post
    asked = len(archive.log)
    archive.faults.clear()
    assert run("fix", ".", *flags, "--only", "archive", **QUICK).returncode == 0
    assert len(archive.log) - asked <= 2 * len(dead) + 1


def test_ctrl_c_during_the_archives_part_keeps_what_was_answered_and_writes_nothing(
    run: Run, serve_archive: Serve, trusted: list[str], post: str, dead: list[str]
) -> None:
    archive = serve_archive(*(Capture(url, "20160101000000") for url in dead))
    archive.fails_on_prefixes = True
    archive.faults["page"] = Fault("hang", after=1)
    command = [sys.executable, "-m", "linkkeeper", "fix", ".", *asking(archive, trusted)[:-2], "--timeout", "20"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | QUICK)
    deadline = time.monotonic() + 20
    while len(archive.seen("page")) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=20)[1]
    assert process.returncode == 130, said
    assert Path("2016-07-08-a.md").read_text() == post
    assert sorted(states(run)) == ["unknown", "unknown", "verified"]
    assert "interrupted" in said
    archive.faults.clear()
    asked = len(archive.log)
    assert run("fix", ".", *asking(archive, trusted), **QUICK).returncode == 0
    assert len(archive.log) - asked <= 5, "what was answered is not asked again"
