"""Two hundred dead links through the command: how often, how fast and how many at once the archive is asked.

Rates are a hundred times the real ones, windows a hundredth.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from linkkeeper.config.settings import Settings
from linkkeeper.demo.archive import ArchiveServer, Fault
from linkkeeper.demo.captures import Capture
from linkkeeper.models.verdict import Finding, Judgement, Verdict
from linkkeeper.pipeline.state import State

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Serve = Callable[..., ArchiveServer]
SCALE = 100
RATE = 24 * SCALE
HARD_LIMIT = 30
"""Index requests in any minute: the archive's own (shared with timemaps)."""
LATENCY_S = 0.004
QUICK = {"LINKKEEPER_WAYBACK_RATE": str(RATE), "LINKKEEPER_WAYBACK_PAUSE": "1"}


def links(hosts: int, pages: int, name: str = "host") -> list[str]:
    return [f"http://{name}{host}.example/2016/{page}.html" for host in range(hosts) for page in range(pages)]


@pytest.fixture
def dead(run: Run) -> Callable[[str, list[str]], None]:
    """Return a function that writes a post with these links, all of them known to be dead."""
    del run  # it made the folder ours

    def write(post: str, urls: list[str]) -> None:
        Path(post).parent.mkdir(exist_ok=True)
        Path(post).write_text("---\ndate: 2016-07-08\n---\n" + "".join(f"- <{url}>\n" for url in urls))
        gone = Judgement(Verdict.DEAD, "http-gone", "HTTP 404")
        with State(Settings(state=".linkkeeper")) as state:
            for url in urls:
                state.memory.put(Finding(url, gone, 404, checked=datetime.now(UTC)))

    return write


def captures(urls: list[str]) -> list[Capture]:
    return [Capture(url, stamp) for url in urls for stamp in ("20150101000000", "20160101000000", "20180101000000")]


def is_polite(archive: ArchiveServer) -> None:
    """Never more in a window than the archive takes, the index one request at a time."""
    assert archive.busiest("index", 60 / SCALE) <= HARD_LIMIT
    assert archive.busiest("page", 60 / SCALE) <= 600
    index = sorted(entry.at for entry in archive.seen("index"))
    assert all(after - before >= LATENCY_S for before, after in pairwise(index))


@pytest.mark.parametrize(("hosts", "pages", "most"), [(200, 1, 3.0), (10, 20, 1.2)])
def test_two_hundred_dead_links_are_repaired_politely(
    run: Run, serve_archive: Serve, dead: Callable[[str, list[str]], None], hosts: int, pages: int, most: float
) -> None:
    urls = links(hosts, pages)
    dead("posts/a.md", urls)
    archive = serve_archive(*captures(urls), latency_s=LATENCY_S)
    done = run("fix", "posts", "--wayback-url", archive.url, **QUICK)
    assert done.returncode == 0, done.stderr
    text = Path("posts/a.md").read_text()
    assert all(f"<{archive.url}/web/20160101000000/{url}>" in text for url in urls)
    is_polite(archive)
    assert len(archive.log) <= most * len(urls)


def test_two_hundred_links_that_nobody_captured_cost_no_more(
    run: Run, serve_archive: Serve, dead: Callable[[str, list[str]], None]
) -> None:
    urls = links(10, 20)
    dead("posts/a.md", urls)
    archive = serve_archive(*captures(links(1, 1, "other")), latency_s=LATENCY_S)
    assert run("fix", "posts", "--wayback-url", archive.url, **QUICK).returncode == 1
    is_polite(archive)
    assert len(archive.log) <= 1.2 * len(urls)


@pytest.mark.parametrize("retry_after", ["", "2"])
def test_nothing_is_asked_during_a_pause(
    run: Run, serve_archive: Serve, dead: Callable[[str, list[str]], None], retry_after: str
) -> None:
    urls = links(25, 1)
    dead("posts/a.md", urls)
    fault = Fault("429", times=1, after=10, retry_after=retry_after)
    archive = serve_archive(*captures(urls), latency_s=LATENCY_S, faults={"all": fault})
    done = run("fix", "posts", "--wayback-url", archive.url, **QUICK)
    assert done.returncode == 0, done.stderr
    [refused] = [entry for entry in archive.log if entry.status == 429]
    after = sorted(entry.at - refused.at for entry in archive.log if entry.at > refused.at)
    under_way = [at for at in after if at < 4 * LATENCY_S]
    assert len(under_way) <= 4, "what was under way already"
    assert all(at >= float(retry_after or 1) for at in after if at not in under_way)
    is_polite(archive)


def test_processes_at_the_same_time_share_the_rate(
    run: Run, serve_archive: Serve, dead: Callable[[str, list[str]], None]
) -> None:
    names = ("one", "two", "three")
    for name in names:
        dead(f"{name}/a.md", links(10, 1, name))
    archive = serve_archive(*(one for name in names for one in captures(links(10, 1, name))), latency_s=LATENCY_S)
    command = [sys.executable, "-m", "linkkeeper", "scan", "--wayback-url", archive.url]
    under_way = [subprocess.Popen([*command, name], env=os.environ | QUICK) for name in names]
    assert [process.wait(60) for process in under_way] == [1, 1, 1]
    assert len(archive.seen("index")) >= 30
    is_polite(archive)
