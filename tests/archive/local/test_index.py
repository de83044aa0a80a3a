"""The index: lines, look-ups in a large file, and keys that other programs make too."""

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from linkkeeper.archive.local import cdxj, index
from linkkeeper.archive.local.cdxj import Line
from linkkeeper.archive.surt import surt_key


def _line(number: int, ts: str = "20261120120000") -> Line:
    url = f"http://example.org/{number:06}"
    return Line(surt_key(url), ts, url, "text/html", "200", "sha1:X", 10, number, "a.warc.gz")


def test_a_line_is_read_as_it_was_written() -> None:
    line = _line(5)
    assert cdxj.parse(cdxj.encode(line)) == line
    assert list(json.loads(cdxj.encode(line).split(b" ", 2)[2])) == [
        "url",
        "mime",
        "status",
        "digest",
        "length",
        "offset",
        "filename",
    ]


def test_lines_of_other_programs_are_read() -> None:
    text = (
        b'org,example)/ 2026 {"url": "http://example.org/", "offset": 5, "length": "7", "filename": "a", "more": [1]}\n'
    )
    assert cdxj.parse(text) == Line("org,example)/", "2026", "http://example.org/", "unk", "-", "-", 7, 5, "a")


def test_cdxj_indexer_makes_the_same_index(filled: Path, tmp_path: Path) -> None:
    indexer = os.environ.get("CDXJ_INDEXER") or shutil.which("cdxj-indexer")
    if not indexer:
        pytest.skip("NOT CHECKED: `cdxj-indexer` is not installed (comes with wacz; or name it in CDXJ_INDEXER)")
    command = [indexer, "--sort", str(filled / "warc" / "2026-11.warc.gz")]
    made = subprocess.run(command, capture_output=True, check=True).stdout
    assert made == (filled / "index.cdxj").read_bytes()


def test_a_large_index_is_searched_without_reading_it(tmp_path: Path) -> None:
    lines = [_line(number, ts) for number in range(0, 20_000, 2) for ts in ("20250101000000", "20260101000000")]
    index.write(tmp_path / "index.cdxj", sorted(map(cdxj.encode, lines)))
    for number in [*random.Random(1).sample(range(20_000), 300), 0, 19_998, 19_999]:
        found = index.find(tmp_path, surt_key(f"http://example.org/{number:06}"))
        assert [line.ts for line in found] == ([] if number % 2 else ["20250101000000", "20260101000000"])


def test_a_key_that_begins_another_key_is_not_mixed_up(tmp_path: Path) -> None:
    urls = ["http://example.org/a", "http://example.org/a/b", "http://example.org/a?b", "http://example.org/ab"]
    lines = [Line(surt_key(url), "2026", url, "unk", "200", "-", 1, 1, "a") for url in urls]
    index.write(tmp_path / "index.cdxj", sorted(map(cdxj.encode, lines)))
    for url in urls:
        assert [line.url for line in index.find(tmp_path, surt_key(url))] == [url]


def test_merging_keeps_order_and_drops_what_is_there_already(tmp_path: Path) -> None:
    old, new = [cdxj.encode(_line(number)) for number in (1, 3, 5)], [cdxj.encode(_line(n)) for n in (2, 3, 9)]
    index.merge(tmp_path, old)
    index.merge(tmp_path, new)
    assert (tmp_path / "index.cdxj").read_bytes() == b"".join(sorted({*old, *new}))


def test_pending_lines_are_found_too_but_not_a_torn_one(tmp_path: Path) -> None:
    (tmp_path / ".pending.cdxj").write_bytes(b"!open a.warc.gz\n" + cdxj.encode(_line(7)) + cdxj.encode(_line(8))[:-3])
    assert [line.offset for line in index.lines(tmp_path)] == [7]
    assert [line.offset for line in index.find(tmp_path, _line(7).key)] == [7]
    assert index.find(tmp_path, _line(8).key) == []
    assert index.opened(tmp_path) == {"a.warc.gz"}
