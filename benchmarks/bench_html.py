"""How large the HTML report of 50,000 links is, how long it takes to make, and until it can be used in a browser.

    python benchmarks/bench_html.py [LINKS]

Chromium opens it without a screen; the page itself notes when it was ready, in milliseconds from the start of the
navigation (`data-ready`).
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from linkkeeper.models.run import LinkRow, LinkSnapshot, Run, Summary, UrlRow
from linkkeeper.models.snapshot import SnapshotState
from linkkeeper.models.verdict import Redirect, Verdict
from linkkeeper.report import html
from linkkeeper.report.base import Extras, TrendPoint

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
START = datetime(2026, 11, 20, tzinfo=UTC)
VERDICTS = [Verdict.OK] * 15 + [Verdict.DEAD] * 2 + [Verdict.REDIRECTED, Verdict.SUSPECT, Verdict.BLOCKED]
WORDS = ("notes", "2009", "archive", "article", "how-to-read-a-river", "index.html", "comments", "p")


def row(at: int) -> UrlRow:
    """Return a URL as collections have them: most are well, one in ten is dead, some stand in several posts."""
    verdict = VERDICTS[at * 7 % len(VERDICTS)]
    url = f"https://{WORDS[at % 8]}{at % 900}.example/{WORDS[at % 7]}/{at}/{WORDS[at % 5]}?id={at * 31}"
    links = [place(at, number, url, verdict) for number in range(1 + (at % 4 == 0))]
    hops = (Redirect(url, 301), Redirect(f"{url}&moved=1", 302)) if verdict is Verdict.REDIRECTED else ()
    bad = verdict in {Verdict.DEAD, Verdict.SUSPECT}
    detail = {Verdict.DEAD: "HTTP 404 Not Found", Verdict.SUSPECT: "no answer within 20 s"}.get(verdict, "HTTP 200")
    return UrlRow(
        url, verdict, "http-gone" if bad else "http-success", detail, 404 if bad else 200, f"{url}/" if hops else None,
        hops, START - timedelta(minutes=at % 900), False, 1, at % 700, START if bad else None, links=links,
    )  # fmt: skip


def place(at: int, number: int, url: str, verdict: Verdict) -> LinkRow:
    """Return one place of a URL."""
    day = START - timedelta(days=at % 5000)
    file = f"content/posts/{day.year}/{(at + number * 77) % 5000}-a-post-of-that-year.md"
    copy = None
    if verdict is Verdict.DEAD:
        state = SnapshotState.VERIFIED if at % 3 else SnapshotState.NONE
        stamp = f"https://web.archive.org/web/20090102030405/{url}" if at % 3 else None
        copy = LinkSnapshot(stamp, day if at % 3 else None, "wayback", state, "played back, the title fits")
    return LinkRow(
        file, at % 300, 8, at, at + len(url), "markdown", url, None, day.date().isoformat(), "front matter", copy
    )


def made(count: int) -> Run:
    """Return a run of about so many links."""
    urls = [row(at) for at in range(count * 4 // 5)]
    counts = {str(verdict): sum(one.verdict is verdict for one in urls) for verdict in Verdict}
    summary = Summary(5000, sum(len(one.links) for one in urls), len(urls), len(urls), counts)
    rules = {"http-gone": "the page is gone", "http-success": "the page is there"}
    return Run("1", START, START, True, summary, urls, [], rules, id="20261120T094500Z")


def main() -> None:
    """Print a line."""
    run = made(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
    trend = tuple(TrendPoint(START - timedelta(days=7 * at), {"dead": 4000 + 9 * at}) for at in range(20))
    began = time.process_time()
    text = html.render(run, Extras(trend))
    cpu = time.process_time() - began
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "report.html")
        file.write_text(text, "utf-8")
        print(f"{run.summary.links:,} links: {file.stat().st_size / 1e6:.1f} MB, {cpu:.2f} s CPU to make", flush=True)
        flags = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={folder}/profile")
        for _ in range(5 if CHROMIUM else 0):
            command = [str(CHROMIUM), *flags, "--window-size=1280,900", "--dump-dom", file.as_uri()]
            done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=120)
            ready = re.search(r'data-ready="(\d+)"', done.stdout[:2000])
            print(f"ready after {ready[1] if ready else '?'} ms", flush=True)


if __name__ == "__main__":
    main()
