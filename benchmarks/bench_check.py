"""How fast `linkkeeper scan` is, beside lychee: `python benchmarks/bench_check.py [--lychee PATH] [--long] [NAME …]`.

The whole commands are measured, from start to end. Each run gets a fresh loopback server (benchmarks/loopback.py) in a
process of its own. The table shows wall and CPU time, peak memory, requests a URL and, where both ran, the ratio of
the walls.
"""

import argparse
import contextlib
import functools
import http.client
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Case(NamedTuple):
    """One run."""

    name: str
    hosts: int
    links: int
    server: Sequence[str] = ()
    concurrency: int = 256
    kinds: Sequence[str] = ("ok",)
    lychee: bool = True
    files: int = 0
    """Open files allowed; 0: as many as the machine allows."""
    again: bool = False
    """Measure a second run too, with everything fresh in the cache."""
    long: bool = False
    """Only with `--long`."""


MIX = ("ok",) * 40 + ("moved",) * 4 + ("gone",) * 3 + ("nohead", "flaky", "slow")
CASES = (
    Case("5,000 links, 600 hosts, 100 ms", 600, 5_000, ("--latency-ms", "100")),
    Case("the same, mixed faults", 600, 5_000, ("--latency-ms", "100"), kinds=MIX),
    Case("20,000 links, 2,000 hosts, at once", 2_000, 20_000, again=True),
    Case("20,000 links, 20,000 hosts, 1,024 open files", 20_000, 20_000, ("--latency-ms", "20"), files=1024),
    Case("600 links, one host, 10 a second", 1, 600, ("--rate", "10"), lychee=False),
    Case("200,000 links, 2,000 hosts, at once", 2_000, 200_000, long=True),
    Case("200,000 links, 20,000 hosts, 1,024 open files", 20_000, 200_000, files=1024, long=True),
)


class Measured(NamedTuple):
    """What one command took."""

    wall_s: float
    cpu_s: float
    memory_mb: float
    server: dict[str, float]
    said: str


@contextlib.contextmanager
def loopback(options: Sequence[str]) -> Iterator[int]:
    """Run the server; yield its port."""
    command = [sys.executable, str(HERE / "loopback.py"), *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield int(process.stdout.readline())
        process.stdin.close()


def urls_of(case: Case, port: int) -> list[str]:
    """Return the case's URLs, host by host as a blog would mix them."""
    places = ((number % case.hosts, number // case.hosts) for number in range(case.links))
    return [
        f"http://127.{1 + host // 60000}.{host // 250 % 250}.{1 + host % 250}:{port}"
        f"/{case.kinds[(host * 7 + page) % len(case.kinds)]}/{page}"
        for host, page in places
    ]


def _limited(files: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


def measure(command: Sequence[str], port: int, files: int) -> Measured:
    """Run a command; return what it took and what the server saw."""
    _ask(port, "/-/reset")
    started = time.monotonic()
    limit = functools.partial(_limited, files) if files else None
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, preexec_fn=limit)
    assert process.stderr is not None
    said = process.stderr.read()
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    wall = time.monotonic() - started
    return Measured(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, _ask(port, "/-/stats"), said[-300:])


def _ask(port: int, path: str) -> dict[str, float]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    told: dict[str, float] = json.loads(connection.getresponse().read())
    connection.close()
    return told


def ours(listing: Path, case: Case) -> list[str]:
    """Return the command that checks with linkkeeper."""
    return [
        *(sys.executable, "-m", "linkkeeper", "scan", str(listing), "--concurrency", str(case.concurrency)),
        *("--timeout", "10", "--allow-private", "--no-rescue", "--state", str(listing.parent / "state")),
    ]


def theirs(listing: Path, case: Case, lychee: str) -> list[str]:
    """Return the command that checks with lychee, at the same concurrency and without its own pacing."""
    return [
        *(lychee, "--no-progress", "--max-concurrency", str(case.concurrency), "--host-concurrency", "8"),
        *("--host-request-interval", "0ms", "--timeout", "10", "--max-retries", "1", str(listing)),
    ]


def row(name: str, who: str, case: Case, took: Measured, ratio: str = "") -> str:
    """Return one line of the table."""
    cpu = took.cpu_s / case.links * 1e6
    asked, sent = took.server["requests"] / case.links, took.server["sent_bytes"] / 1e6
    return (
        f"| {name} | {who} | {took.wall_s:.2f} s | {cpu:.0f} µs | {took.memory_mb:.0f} MB | {asked:.2f} "
        f"| {took.server['most_at_once']:.0f} | {took.server['refused']:.0f} | {sent:.1f} MB | {ratio} |"
    )


def run(case: Case, lychee: str | None) -> None:
    """Run a case and print its lines."""
    with tempfile.TemporaryDirectory() as folder, loopback(case.server) as port:
        listing = Path(folder) / "links.md"
        listing.write_text("\n".join(urls_of(case, port)) + "\n")
        mine = measure(ours(listing, case), port, case.files)
        peer = measure(theirs(listing, case, lychee), port, case.files) if lychee and case.lychee else None
        ratio = f"{mine.wall_s / peer.wall_s:.2f}" if peer else ""
        print(row(case.name, "linkkeeper", case, mine, ratio), flush=True)
        print("   ", mine.said.strip(), file=sys.stderr)
        if peer:
            print(row("", "lychee", case, peer), flush=True)
        if case.again:
            print(
                row("the same, fresh in the cache", "linkkeeper", case, measure(ours(listing, case), port, case.files))
            )


def main() -> None:
    """Run the cases whose names hold a given text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lychee", default=shutil.which("lychee"))
    parser.add_argument("--long", action="store_true", help="also the runs of 200,000 links")
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    print("| run | checker | wall | CPU a link | memory | requests a URL | most at once | refused | sent | ratio |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for case in CASES:
        if any(name in case.name for name in given.names) or not (given.names or (case.long and not given.long)):
            run(case, given.lychee)


if __name__ == "__main__":
    main()
