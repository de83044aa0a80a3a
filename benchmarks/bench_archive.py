"""What linkkeeper captures of a small web of 30 pages, beside other archivers, on the same server in the same run.

    python benchmarks/bench_archive.py                                  # linkkeeper, wget, and what Chromium loads
    python benchmarks/bench_archive.py --single-file PATH/single-file   # SingleFile too (npm: single-file-cli)

What Chromium loads of the pages, scrolled to their ends, on screens of one and of two pixels a point, is what a reader
needs; an archiver holds it or not. Who writes WARCs is judged by the responses in them, by the payload's digest too;
SingleFile, which puts all into one HTML file a page, by what it asked for.
"""

import argparse
import base64
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from warcio.archiveiterator import ArchiveIterator

PAGES = 30
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
Sent = dict[str, list[int | str]]
"""URL -> status, length and SHA-1 of the body."""


class Outcome(NamedTuple):
    """What one archiver made of the pages."""

    name: str
    seconds: float
    cpu_s: float
    size: int
    held: dict[str, set[str]]
    """URL -> SHA-1 of the payloads that are held of it; empty where that cannot be told."""
    sent: Sent
    """What went out to it."""


class Web(NamedTuple):
    """The small web, running."""

    site: str
    other: str

    def forget(self) -> Sent:
        """Return what went out lately."""
        with urllib.request.urlopen(f"{self.site}/-/forget") as reply:
            return dict(json.load(reply))

    @property
    def pages(self) -> list[str]:
        """Where the pages are."""
        return [f"{self.site}/p/{number}" for number in range(PAGES)]


@contextmanager
def small_web() -> Iterator[Web]:
    """Serve it from a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("smallweb.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield Web(**json.loads(server.stdout.readline()))
        server.stdin.close()


def needed(web: Web) -> dict[str, Sent]:
    """Return what Chromium loads of each page, errors apart."""
    from playwright.sync_api import sync_playwright

    loads: dict[str, Sent] = {page: {} for page in web.pages}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for scale in (1, 2):
            for page in web.pages:
                context = browser.new_context(device_scale_factor=scale)  # nothing is cached
                tab = context.new_page()
                tab.goto(page)
                tab.evaluate("window.scrollTo(0, document.body.scrollHeight)")
                tab.wait_for_timeout(300)  # what is seen now is loaded now
                context.close()
                loads[page] |= {url: told for url, told in web.forget().items() if int(told[0]) < 400}
        browser.close()
    return loads


def in_warcs(folder: Path) -> dict[str, set[str]]:
    """Return URL -> SHA-1 of the payloads in the WARCs of a folder."""
    held: dict[str, set[str]] = {}
    for path in folder.rglob("*.warc.gz"):
        with path.open("rb") as file:
            for record in ArchiveIterator(file):
                url = (record.rec_headers.get_header("WARC-Target-URI") or "").strip("<>")
                if record.rec_type == "response":
                    held.setdefault(url, set()).add(_sha1_of(record))
                elif record.rec_type == "revisit":
                    told = record.rec_headers.get_header("WARC-Payload-Digest").removeprefix("sha1:")
                    held.setdefault(url, set()).add(base64.b32decode(told).hex())
    return held


def _sha1_of(record: "ArchiveIterator") -> str:
    """Return the digest of a payload without its transfer coding, and with its content coding."""
    head = record.http_headers
    if head is not None and (head.get_header("Transfer-Encoding") or "").lower() == "chunked":
        from warcio.bufferedreaders import ChunkedDataReader

        data = ChunkedDataReader(record.raw_stream).read(1 << 26)
    else:
        data = record.raw_stream.read()
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def without_browser(web: Web, folder: Path) -> list[list[str]]:
    """Save the links of a post by what their markup says alone."""
    return [[*command, "--browser", "never"] for command in linkkeeper(web, folder)]


def linkkeeper(web: Web, folder: Path) -> list[list[str]]:
    """Save the links of a post, as users do."""
    (folder / "post.md").write_text("".join(f"<{page}>\n\n" for page in web.pages))
    browser = ["--browser", "needed"] if CHROMIUM else []
    options = ["--to", "local", "--allow-private", "--quiet", "--archive", str(folder / "archive")]
    save = [sys.executable, "-m", "linkkeeper", "archive", "save", *options, "--state", str(folder / "state"), *browser]
    return [[*save, str(folder / "post.md")]]


def wget(web: Web, folder: Path) -> list[list[str]]:
    """Save pages with what they need, from other hosts too, into a WARC; dots and all as its manual has it."""
    (folder / "urls").write_text("\n".join(web.pages))
    options = ["--quiet", "--page-requisites", "--span-hosts", "--no-parent", f"--warc-file={folder / 'wget'}"]
    return [["wget", *options, "-P", str(folder / "files"), "-i", str(folder / "urls")]]


def single_file(program: str) -> Callable[[Web, Path], list[list[str]]]:
    """Save each page as one HTML file, through Chromium."""

    def commands(web: Web, folder: Path) -> list[list[str]]:
        (folder / "urls").write_text("\n".join(web.pages))
        options = [f"--browser-executable-path={CHROMIUM}", "--browser-arg=--no-sandbox"]
        return [[program, f"--urls-file={folder / 'urls'}", f"--output-directory={folder / 'pages'}", *options]]

    return commands


def run(name: str, make: Callable[[Web, Path], list[list[str]]], web: Web) -> Outcome:
    """Let one archiver do its work."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        commands = make(web, folder)
        web.forget()
        started, before = time.perf_counter(), _cpu_s()
        for command in commands:
            subprocess.run(command, cwd=folder, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds, cpu_s = time.perf_counter() - started, _cpu_s() - before
        sent = web.forget()
        place = {"SingleFile": "pages", "wget": "."}.get(name, "archive")
        files = (folder / place).glob("*.warc.gz") if name == "wget" else (folder / place).rglob("*")
        size = sum(path.stat().st_size for path in files if path.is_file())
        held: dict[str, set[str]] = {url: set() for url in sent} if name == "SingleFile" else in_warcs(folder)
    return Outcome(name, seconds, cpu_s, size, held, sent)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def told(loads: dict[str, Sent], outcomes: list[Outcome]) -> Iterator[str]:
    """Yield the lines of the table, then what is missing."""
    good = {url: sent for page in loads.values() for url, sent in page.items()}
    first = outcomes[0]
    yield f"| {len(good)} URLs of 30 pages | held | pages whole | as sent | s | CPU s | kB | time, linkkeeper = 1 |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for one in outcomes:
        held = good.keys() & one.held.keys()
        whole = sum(page.keys() <= one.held.keys() for page in loads.values())
        same = sum(one.sent[url][2] in one.held[url] for url in held) if any(one.held.values()) else None
        yield (
            f"| {one.name} | {len(held)} ({100 * len(held) / len(good):.1f} %) | {whole} | {same or '-'} |"
            f" {one.seconds:.1f} | {one.cpu_s:.1f} | {one.size / 1000:.0f} | {one.seconds / first.seconds:.2f} |"
        )
    for one in outcomes:
        lacking = sorted(url.split("/", 3)[3] for url in good.keys() - one.held.keys())
        yield f"\n{one.name} lacks {len(lacking)}: {', '.join(lacking[:60])}"
        fine = {url for url, sent in one.sent.items() if sent[0] == 200 and url in one.held}
        beyond = sorted(url.split("/", 3)[3] for url in fine - first.held.keys())
        yield f"{one.name} has beyond {first.name} {len(beyond)}: {', '.join(beyond[:60])}"


def main() -> None:
    """Run all that there are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--single-file", default=shutil.which("single-file") or "")
    chosen = parser.parse_args()
    if not CHROMIUM:
        sys.exit("without Chromium nobody knows what the pages need")
    archivers: list[tuple[str, Callable[[Web, Path], list[list[str]]]]] = [("linkkeeper", linkkeeper)]
    archivers.append(("linkkeeper, no browser", without_browser))
    for name, program, make in (("wget", shutil.which("wget") or "", wget), ("SingleFile", chosen.single_file, None)):
        if program and os.access(program, os.X_OK):
            archivers.append((name, make or single_file(program)))
        else:
            print(f"NOT COMPARED: {name} is not there", file=sys.stderr)
    with small_web() as web:
        loads = needed(web)
        outcomes = [run(name, make, web) for name, make in archivers]
    print("\n".join(told(loads, outcomes)))


if __name__ == "__main__":
    main()
