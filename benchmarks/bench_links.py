"""How fast links are found in Markdown, beside lychee: whole processes, taken in turns, the best of several runs.

    python benchmarks/bench_links.py FOLDER --lychee "$(command -v lychee)"

FOLDER holds posts, 50 MB or more for figures that mean something (clones of public blogs and documentation).
`cold` fills the cache of what documents hold, `unchanged` finds all of it there, `no cache` does without.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROUNDS = 5
SUFFIXES = (".md", ".mdx", ".markdown")


def main() -> None:
    """Print a table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--lychee", default=shutil.which("lychee"))
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    wanted = asked.parse_args()
    sizes = list(_sizes(wanted.folder))
    print(f"{len(sizes):,} files, {sum(sizes) / 1e6:.1f} MB; load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n")
    with tempfile.TemporaryDirectory() as state:
        commands = _commands(wanted.folder, Path(state) / "state", wanted.lychee)
        best = _best(commands, Path(state) / "state", wanted.rounds)
    _table(best)


def _sizes(folder: Path) -> Iterator[int]:
    for file in folder.rglob("*"):
        if file.suffix in SUFFIXES and file.is_file():
            yield file.stat().st_size


def _commands(folder: Path, state: Path, lychee: str | None) -> dict[str, list[str]]:
    links = [sys.executable, "-m", "linkkeeper", "links"]
    found = {"lychee --dump": [lychee, "--dump", str(folder)]} if lychee else {}
    return found | {
        "no cache": [*links, "--no-cache", str(folder)],
        "cold": [*links, "--state", str(state), str(folder)],
        "unchanged": [*links, "--state", str(state), str(folder)],
    }


def _best(commands: dict[str, list[str]], state: Path, rounds: int) -> dict[str, tuple[float, float]]:
    """Return the least wall and processor time, in seconds, of each command."""
    best: dict[str, tuple[float, float]] = {}
    for _ in range(rounds):
        shutil.rmtree(state, ignore_errors=True)
        for name, command in commands.items():
            took = _timed(command)
            best[name] = min(best.get(name, took), took)
    return best


def _timed(command: list[str]) -> tuple[float, float]:
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _table(best: dict[str, tuple[float, float]]) -> None:
    least = best.get("lychee --dump", best["cold"])[0]
    print("| run | wall | CPU | ratio |\n| --- | ---: | ---: | ---: |")
    for name, (wall, cpu) in best.items():
        print(f"| {name} | {wall:.2f} s | {cpu:.2f} s | {wall / least:.2f} |")


if __name__ == "__main__":
    main()
