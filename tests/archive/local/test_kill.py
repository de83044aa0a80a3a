"""Runs that are killed (SIGKILL) at any moment, and disks that are full."""

import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from linkkeeper.archive.local import index, manifest, verify
from linkkeeper.archive.local.store import LocalArchive
from linkkeeper.errors import LinkkeeperError

Make = Callable[..., Any]

KEEPING = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from linkkeeper.archive.local.base import Exchange, LocalOptions, PageCapture
from linkkeeper.archive.local.store import LocalArchive
HEAD = b"HTTP/1.1 200 OK\\r\\nContent-Type: text/html\\r\\n\\r\\n"
start = int(sys.argv[2])
with LocalArchive(Path(sys.argv[1]), LocalOptions(warc_limit_bytes=100_000, merge_every=60)) as archive:
    for number in range(start, start + 100_000):
        when = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(seconds=number)
        url = f"http://example.org/{number}"
        own = Exchange(url, when, b"GET / HTTP/1.1\\r\\n\\r\\n", HEAD, b"<p>%d" % number * 200)
        logo = Exchange("http://example.org/logo", when, b"GET / HTTP/1.1\\r\\n\\r\\n", HEAD, b"logo" * 500)
        archive.keep(PageCapture(url, url, when, "", (own, logo), ("a.md",)))
        print(number, flush=True)
"""


def test_killed_at_any_moment_a_run_loses_nothing_that_it_called_kept(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    dice, finished, start = random.Random(7), [], 0
    for _ in range(6):
        run = subprocess.Popen([sys.executable, "-c", KEEPING, str(archive), str(start)], stdout=subprocess.PIPE)
        assert run.stdout is not None
        finished.append(run.stdout.readline())
        time.sleep(dice.uniform(0, 0.15))
        run.send_signal(signal.SIGKILL)
        finished += run.stdout.read().splitlines()
        run.wait()
        run.stdout.close()
        start += 100_000
    with LocalArchive(archive):
        pass
    kept = [int(page.url.rpartition("/")[2]) for page in manifest.read(archive)]
    assert len(kept) == len(set(kept))
    assert {int(line) for line in finished} <= set(kept)
    assert len(kept) <= len(finished) + 6
    found = verify.verify(archive)
    assert (found.problems, found.notes) == ((), ())


@contextmanager
def _room_for(size_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: writing there fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_page_that_finds_no_room_is_taken_back_and_the_next_may_follow(filled: Path, page: Make) -> None:
    warc = filled / "warc" / "2026-11.warc.gz"
    size = warc.stat().st_size
    with LocalArchive(filled) as archive:
        for room in range(size, size + 2000, 97):
            with _room_for(room), pytest.raises(LinkkeeperError, match="page-8 was not kept: file too large"):
                archive.keep(page(8))
            assert warc.stat().st_size == size
        archive.keep(page(9))
    found = verify.verify(filled)
    assert (found.problems, found.notes, found.pages) == ((), (), 5)


def test_no_room_at_all_is_told_and_passes(filled: Path, page: Make) -> None:
    with LocalArchive(filled) as archive:
        for _ in range(2):
            with _room_for(3), pytest.raises(LinkkeeperError, match="page-8 was not kept"):
                archive.keep(page(8))
        archive.keep(page(8))
        assert index.opened(filled) == {"2026-11.warc.gz"}
    found = verify.verify(filled)
    assert (found.problems, found.notes, found.pages) == ((), (), 5)


def test_after_a_power_cut_what_is_left_is_made_whole(filled: Path, tmp_path: Path, page: Make) -> None:
    """What was not brought down to the disk may be shorter than it was, each file by itself."""
    names = ("warc/2026-11.warc.gz", "manifest.jsonl", ".pending.cdxj")
    least = [(filled / name).stat().st_size for name in names[:2]] + [0]
    with LocalArchive(filled) as archive:
        for number in (7, 8, 9):
            archive.keep(page(number))
        shutil.copytree(filled, tmp_path / "running")
    dice = random.Random(3)
    for round_ in range(30):
        shutil.rmtree(tmp_path / "cut", ignore_errors=True)
        shutil.copytree(tmp_path / "running", tmp_path / "cut")
        for name, at_least in zip(names, least, strict=True):
            path = tmp_path / "cut" / name
            with path.open("r+b") as file:
                file.truncate(dice.randint(at_least, path.stat().st_size))
        with LocalArchive(tmp_path / "cut"):
            pass
        found = verify.verify(tmp_path / "cut")
        assert (found.problems, found.notes) == ((), ()), f"round {round_}"
        assert found.pages >= 4


def test_no_room_for_the_pending_lines_takes_the_records_back(filled: Path, page: Make) -> None:
    warc, pending = filled / "warc" / "2026-11.warc.gz", filled / ".pending.cdxj"
    with LocalArchive(filled) as archive:
        while pending.stat().st_size < warc.stat().st_size if pending.exists() else True:
            _keep_small(archive, page)
        size, lines = warc.stat().st_size, pending.stat().st_size
        with _room_for(lines + 100), pytest.raises(LinkkeeperError, match="was not kept"):
            _keep_small(archive, page)
        assert (warc.stat().st_size, pending.stat().st_size) == (size, lines)
    assert verify.verify(filled).sound


_numbers = iter(range(100, 10_000))


def _keep_small(archive: LocalArchive, page: Make) -> None:
    """Keep a page whose index lines are long and whose records are small."""
    one = page(1)
    url = f"http://example.org/{next(_numbers)}?" + "a" * 3000
    own = msgspec.structs.replace(one.exchanges[0], url=url, payload=b"x")
    archive.keep(msgspec.structs.replace(one, url=url, page=url, exchanges=(own,)))


def test_no_room_for_the_index_leaves_it_to_the_next_run(filled: Path, page: Make) -> None:
    room = (filled / "index.cdxj").stat().st_size - 100
    archive = LocalArchive(filled)
    archive.__enter__()
    archive.keep(page(8))
    with _room_for(room), pytest.raises(LinkkeeperError, match="every page is held"):
        archive.__exit__(None, None, None)
    assert verify.verify(filled).sound
    with LocalArchive(filled) as again:
        assert again.newest("http://example.org/page-8") is not None
    found = verify.verify(filled)
    assert (found.problems, found.notes, found.pages) == ((), (), 5)
