"""How long the action's check takes in a repository of 5,000 posts whose answers are fresh, and what it asks.

    python benchmarks/bench_ci.py [POSTS]

The step of action.yml runs as a runner would run it: cold once, then on a new clone of the same tree (new times, new
inodes) with the state of the run before, first for everything, then for a pull request that touches one post. All
servers are on loopback (benchmarks/loopback.py, and the demo's archive).
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from linkkeeper.demo.story import Stage

HERE = Path(__file__).resolve().parent
ACT = HERE.parent / ".github" / "action" / "act.py"
FILLER = "A paragraph between links, 以及一些汉字，as posts have them.\n\n" * 20
LINKS = 4
HOSTS = 600
ENVIRONMENT = {
    "CI": "true",
    "LINK_CHANGED_ONLY": "true",
    "LINKKEEPER_ALLOW_PRIVATE": "true",
    "LINKKEEPER_WAYBACK_RATE": "600000",
    "GITHUB_REPOSITORY": "me/blog",
}


def git(folder: Path, *arguments: str) -> str:
    """Run git, return what it says."""
    who = ("-c", "user.name=A", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false", "-c", "gc.auto=0")
    done = subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True, encoding="utf-8")
    return done.stdout.strip()


def post(number: int, port: int) -> str:
    """Return a post with four links; one link in 25 is dead, every post shares one with others."""
    lines = [f"---\ntitle: Post {number}\ndate: 20{number % 15 + 10}-{number % 12 + 1:02d}-03\n---\n\n{FILLER}"]
    for at in range(LINKS):
        link = number * LINKS + at if at else number % 200
        host = f"127.{link % HOSTS // 200 + 1}.{link % 200}.7"
        kind = "gone" if link % 25 == 7 else "page"
        lines.append(f"See [this](http://{host}:{port}/{kind}/{link}) and read on.\n\n{FILLER}")
    return "".join(lines)


def write_posts(folder: Path, count: int, port: int) -> None:
    """Make a repository of posts."""
    for number in range(count):
        place = folder / "content" / str(number % 50) / f"{number}.md"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(post(number, port), "utf-8")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "posts")


def check(work: Path, name: str, event: dict[str, object], archive: str, port: int) -> None:
    """Clone the tree anew, run the step, print what it cost."""
    tree, runner = work / "tree", work / "runner"
    shutil.rmtree(tree, ignore_errors=True)
    git(work, "clone", "-q", "origin", "tree")
    (work / "event.json").write_text(json.dumps(event))
    more = {
        "RUNNER_TEMP": str(runner),
        "GITHUB_EVENT_PATH": str(work / "event.json"),
        "LINKKEEPER_WAYBACK_URL": archive,
    }
    more |= {"GITHUB_OUTPUT": str(work / "outputs"), "GITHUB_STEP_SUMMARY": str(work / "summary.md")}
    told(port, "reset")
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-I", str(ACT), "scan"]
    done = subprocess.run(
        command, cwd=tree, env=os.environ | ENVIRONMENT | more, capture_output=True, encoding="utf-8", check=False
    )
    wall = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    size = sum(file.stat().st_size for file in (runner / "linkkeeper-state").rglob("*") if file.is_file())
    asked = told(port, "stats")
    print(
        f"{name:32} {wall:6.2f} s, {cpu:6.2f} s CPU, {asked:6} requests, {done.stdout.count('::error '):5} annotations,"
        f" state {size / 1e6:.1f} MB, exit {done.returncode} {done.stderr[-200:] if done.returncode else ''}",
        flush=True,
    )


def told(port: int, what: str) -> int:
    """Return how many requests came since the last reset."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/{what}") as reply:
        return int(json.load(reply)["requests"])


def main() -> None:
    """Print a line per run."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    server = subprocess.Popen(
        [sys.executable, HERE / "loopback.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert server.stdout is not None
    port = int(server.stdout.readline())
    try:
        with tempfile.TemporaryDirectory() as name, Stage().open() as stage:
            work = Path(name)
            (work / "origin").mkdir()
            (work / "runner").mkdir()
            write_posts(work / "origin", count, port)
            everything: dict[str, object] = {"ref": "refs/heads/main"}
            check(work, "cold, everything", everything, stage.archive_url, port)
            for _ in range(3):
                check(work, "warm, everything", everything, stage.archive_url, port)
            base = git(work / "origin", "rev-parse", "HEAD")
            (work / "origin" / "content" / "new.md").write_text(f"[x](http://127.0.0.1:{port}/gone/new)\n")
            git(work / "origin", "add", ".")
            git(work / "origin", "commit", "-q", "-m", "one more")
            for _ in range(2):
                pull = {"number": 7, "pull_request": {"base": {"sha": base}}}
                check(work, "warm, a pull request", pull, stage.archive_url, port)
    finally:
        server.kill()


if __name__ == "__main__":
    main()
