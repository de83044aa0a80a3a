"""A run that is cut short, and a state that is hurt: what is known is reported, and nothing is fatal."""

import http.server
import json
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

STATE = Path(".linkkeeper/state.db")
Scan = Callable[..., "subprocess.CompletedProcess[str]"]


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by path: /slow/ once it is `free`, /gone/ 404, /down/ 500 while the server is `down`, /ok/ at once."""

    protocol_version = "HTTP/1.1"
    down = True
    free = threading.Event()
    began: ClassVar[Counter[str]] = Counter()
    answered: ClassVar[Counter[str]] = Counter()

    def do_GET(self) -> None:
        """Answer."""
        kind = self.path.split("/")[1]
        Handler.began[kind] += 1
        if kind == "slow":
            Handler.free.wait(60)
        status = {"gone": 404, "down": 500 if Handler.down else 200}.get(kind, 200)
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "10")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"<p>tea</p>")
        Handler.answered[kind] += 1

    do_HEAD = do_GET  # noqa: N815 - the library's name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(http.server.ThreadingHTTPServer):
    """Its clients may leave when they like."""

    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    Handler.down = True
    Handler.free.clear()
    Handler.began.clear()
    Handler.answered.clear()
    with Server(("0.0.0.0", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server.server_address[1]
        Handler.free.set()
        server.shutdown()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> Callable[..., None]:
    """Return a function that writes a post with so many links of each kind."""
    monkeypatch.chdir(tmp_path)

    def post(**kinds: int) -> None:
        links = [(kind, number) for kind, count in kinds.items() for number in range(count)]
        text = "".join(f"- <http://127.9.0.{at % 200 + 1}:{port}/{kind}/{n}>\n" for at, (kind, n) in enumerate(links))
        Path("post.md").write_text(text, "utf-8")

    return post


def command(*flags: str) -> list[str]:
    """The command line of a scan."""
    ours = [sys.executable, "-m", "linkkeeper", "scan", "post.md", "--allow-private", "--no-rescue"]
    return [*ours, "--timeout", "30", "--format", "json", *flags]


def verdicts(done: "subprocess.CompletedProcess[str] | tuple[str, str]") -> dict[str, int]:
    """What a report counts."""
    text = done[0] if isinstance(done, tuple) else done.stdout
    found: dict[str, int] = json.loads(text)["summary"]["verdicts"]
    return {name: count for name, count in found.items() if count}


def scan(*flags: str, **more: Any) -> "subprocess.CompletedProcess[str]":
    """Run it to its end."""
    done = subprocess.run(command(*flags), capture_output=True, encoding="utf-8", check=False, timeout=60, **more)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_out_of_time_what_was_not_reached_is_unchecked_and_the_next_run_asks_the_rest(write: Any) -> None:
    write(ok=5, gone=1, slow=3)
    done = scan("--max-time", "4s")
    assert (done.returncode, verdicts(done)) == (1, {"ok": 5, "dead": 1, "unchecked": 3})
    rules = {row["rule"] for row in json.loads(done.stdout)["urls"] if row["verdict"] == "unchecked"}
    assert rules == {"out-of-time"}
    Handler.free.set()
    again = scan()
    assert verdicts(again) == {"ok": 8, "dead": 1}
    assert json.loads(again.stdout)["summary"]["requests"] == 6  # HEAD and a look at the page, of the three


def _wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until, (Handler.began, Handler.answered)
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_what_is_known(number: signal.Signals, write: Any) -> None:
    write(ok=5, gone=1, slow=3)
    process = subprocess.Popen(command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    _wait_until(lambda: Handler.began["slow"] == 3 and (Handler.answered["ok"], Handler.answered["gone"]) == (10, 2))
    time.sleep(0.5)  # the last answers are on their way
    process.send_signal(number)
    started = time.monotonic()
    out = process.communicate(timeout=60)
    assert time.monotonic() - started < 10, "a timeout is 30"
    assert (process.returncode, verdicts(out)) == (130, {"ok": 5, "dead": 1, "unchecked": 3})
    assert "interrupted" in out[1]
    assert "Traceback" not in out[1]


def test_two_runs_at_once_keep_each_other_s_rows(write: Any) -> None:
    write(ok=30, gone=1)
    pair = [subprocess.Popen(command(), stdout=subprocess.PIPE, encoding="utf-8") for _ in range(2)]
    assert [verdicts((one.communicate(timeout=60)[0], "")) for one in pair] == [{"ok": 30, "dead": 1}] * 2
    assert json.loads(scan().stdout)["summary"]["requests"] == 0


def test_a_damaged_state_is_set_aside_with_a_word(write: Any) -> None:
    write(ok=3)
    scan()
    STATE.write_bytes(b"no database at all" * 500)
    done = scan()
    assert (done.returncode, verdicts(done)) == (0, {"ok": 3})
    assert "set aside" in done.stderr
    assert list(STATE.parent.glob("state.db.damaged-*"))
    assert scan().stderr == ""


def test_a_newer_state_is_left_alone(write: Any) -> None:
    write(ok=3)
    scan()
    with sqlite3.connect(STATE) as raw:
        raw.execute("PRAGMA user_version = 999")
    raw.close()
    done = scan()
    assert (done.returncode, verdicts(done)) == (0, {"ok": 3})
    assert "newer linkkeeper" in done.stderr


def test_a_full_disk_under_the_state_is_said_and_changes_no_answer(write: Any) -> None:
    write(ok=60, gone=2)
    done = scan(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)))
    assert (done.returncode, verdicts(done)) == (1, {"ok": 60, "dead": 2})
    assert "can no longer be written" in done.stderr or "cannot be used" in done.stderr


def yesterday() -> None:
    """Move all that the state knows a day into the past."""
    with sqlite3.connect(STATE) as raw:
        raw.execute("UPDATE strikes SET day = date(day, '-1 day'), at = at - 86400")
        raw.execute("UPDATE replies SET checked = checked - 86400, due = due - 86400")
    raw.close()


def test_failing_on_three_days_is_dead_and_one_success_clears_it(write: Any) -> None:
    write(down=1)
    for flags in (("--retries", "0"), ("--retries", "0", "--max-age", "1m")):
        done = scan(*flags)
        assert (done.returncode, verdicts(done)) == (0, {"suspect": 1})
        assert verdicts(scan("--no-cache", *flags[:2])) == {"suspect": 1}  # the same day again is no further strike
        yesterday()
    done = scan("--retries", "0")
    row = json.loads(done.stdout)["urls"][0]
    assert (done.returncode, row["verdict"], row["rule"]) == (1, "dead", "failing-for-days")
    assert row["since"] < row["checked"]
    yesterday()
    Handler.down = False
    assert verdicts(scan()) == {"ok": 1}
    yesterday()
    Handler.down = True
    assert verdicts(scan("--max-age", "1h", "--retries", "0")) == {"suspect": 1}
