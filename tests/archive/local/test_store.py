"""What lies on the disk after pages were kept, read back by warcio."""

import base64
import gzip
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from warcio.archiveiterator import ArchiveIterator

from linkkeeper.archive.local import index, manifest, verify
from linkkeeper.archive.local.appending import Appending
from linkkeeper.archive.local.base import LocalOptions, NotKeptError, PageCapture, Truncated
from linkkeeper.archive.local.store import LocalArchive
from linkkeeper.errors import LinkkeeperError

Make = Callable[..., Any]


def _records(directory: Path) -> list[dict[str, Any]]:
    """Every record of every WARC as warcio reads it, payloads as they were stored."""
    found: list[dict[str, Any]] = []
    for path in sorted((directory / "warc").iterdir()):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, check_digests="raise"):
                headers = dict(record.rec_headers.headers)
                found.append({"headers": headers, "http": record.http_headers, "payload": record.raw_stream.read()})
    return found


def _of_type(records: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [one for one in records if one["headers"]["WARC-Type"] == kind]


def test_an_archive_that_was_filled_is_sound(filled: Path) -> None:
    found = verify.verify(filled)
    assert (found.problems, found.notes, found.files, found.pages) == ((), (), 1, 4)
    assert sorted(path.name for path in filled.iterdir()) == [".lock", "index.cdxj", "manifest.jsonl", "warc"]
    assert [path.name for path in (filled / "warc").iterdir()] == ["2026-11.warc.gz"]


def test_warcio_check_passes(filled: Path) -> None:
    command = [sys.executable, "-m", "warcio.cli", "check", str(filled / "warc" / "2026-11.warc.gz")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_one_warcinfo_stands_first_and_responses_stand_before_their_requests(filled: Path) -> None:
    records = _records(filled)
    kinds = [one["headers"]["WARC-Type"] for one in records]
    assert kinds[0] == "warcinfo"
    assert kinds.count("warcinfo") == 1
    assert b"software: linkkeeper/" in records[0]["payload"]
    assert b"format: WARC File Format 1.1" in records[0]["payload"]
    assert b"isPartOf: archive" in records[0]["payload"]
    for answer, request in zip(records[1::2], records[2::2], strict=True):
        assert answer["headers"]["WARC-Type"] in ("response", "revisit")
        assert request["headers"]["WARC-Type"] == "request"
        assert request["headers"]["WARC-Concurrent-To"] == answer["headers"]["WARC-Record-ID"]
        assert request["headers"]["WARC-Target-URI"] == answer["headers"]["WARC-Target-URI"]
        assert request["headers"]["WARC-Date"] == answer["headers"]["WARC-Date"]
        assert answer["headers"]["WARC-IP-Address"] == "127.0.0.1"


def test_digests_are_of_the_payload_with_its_content_coding(tmp_path: Path, exchange: Make) -> None:
    body = b"\x1f\x8b not really gzip"
    url = "http://example.org/"
    answer = exchange(url, body, headers=("Content-Encoding: gzip", "Transfer-Encoding: chunked"))
    with LocalArchive(tmp_path) as archive:
        archive.keep(PageCapture(url, url, answer.when, "", (answer,)))
    (kept,) = _of_type(_records(tmp_path), "response")
    digest = base64.b32encode(hashlib.sha1(body).digest()).decode()
    assert kept["payload"] == body
    assert kept["headers"]["WARC-Payload-Digest"] == f"sha1:{digest}"
    assert kept["http"].get_header("Content-Length") == str(len(body))
    assert kept["http"].get_header("X-Orig-Transfer-Encoding") == "chunked"
    assert kept["headers"]["WARC-Date"] == "2026-11-20T12:00:00.250000Z"


def test_heads_are_kept_as_the_bytes_that_came(tmp_path: Path, exchange: Make) -> None:
    url = "http://example.org/"
    head = b"HTTP/1.1 200 Fine\r\nx-a: 1\r\nX-A: caf\xe9\r\nX-a: \xe2\x82\xac\r\nContent-Length: 2\r\n\r\n"
    answer = msgspec.structs.replace(exchange(url, b"ok"), response=head)
    with LocalArchive(tmp_path) as archive:
        archive.keep(PageCapture(url, url, answer.when, "", (answer,)))
    assert head + b"ok\r\n\r\n" in gzip.decompress((tmp_path / "warc" / "2026-11.warc.gz").read_bytes())


def test_a_payload_is_stored_once_and_revisited_afterwards(filled: Path) -> None:
    records = _records(filled)
    digests = [one["headers"]["WARC-Payload-Digest"] for one in _of_type(records, "response") if one["payload"]]
    assert len(digests) == len(set(digests))
    revisits = _of_type(records, "revisit")
    assert len(revisits) == 3
    original = next(one for one in _of_type(records, "response") if one["headers"]["WARC-Target-URI"].endswith(".png"))
    for one in revisits:
        told = one["headers"]
        assert told["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
        assert told["WARC-Refers-To-Target-URI"] == original["headers"]["WARC-Target-URI"]
        assert told["WARC-Refers-To-Date"] == original["headers"]["WARC-Date"]
        assert told["WARC-Payload-Digest"] == original["headers"]["WARC-Payload-Digest"]
        assert one["http"].get_header("Content-Type") == "image/png"


def test_payloads_of_earlier_runs_are_revisited_too(filled: Path, page: Make) -> None:
    with LocalArchive(filled) as archive:
        kept = archive.keep(msgspec.structs.replace(page(9), exchanges=page(9).exchanges))
    assert kept.revisits == 1
    assert verify.verify(filled).sound


def test_an_original_that_is_gone_is_stored_again(filled: Path, page: Make) -> None:
    (filled / "warc" / "2026-11.warc.gz").rename(filled / "elsewhere")
    with LocalArchive(filled) as archive:
        assert archive.repaired[0].startswith("warc/2026-11.warc.gz: missing, though the index names it")
        assert archive.keep(page(9)).revisits == 0


def test_empty_payloads_are_no_revisits(tmp_path: Path, exchange: Make) -> None:
    url = "http://example.org/"
    empty = [exchange(f"http://example.org/{n}", b"", n) for n in range(3)]
    own = exchange(url, b"<p>x</p>", 5)
    with LocalArchive(tmp_path) as archive:
        assert archive.keep(PageCapture(url, url, own.when, "", (own, *empty))).revisits == 0
    assert verify.verify(tmp_path).sound


def test_the_very_same_exchange_of_two_pages_is_written_once(tmp_path: Path, exchange: Make) -> None:
    logo = exchange("http://example.org/logo.png", b"png", mime="image/png")
    with LocalArchive(tmp_path) as archive:
        for number in range(2):
            url = f"http://example.org/{number}"
            own = exchange(url, b"page %d" % number, number)
            kept = archive.keep(PageCapture(url, url, own.when, "", (own, logo)))
    assert (kept.records, kept.revisits) == (1, 0)
    assert verify.verify(tmp_path).sound


def test_large_payloads_come_from_files(tmp_path: Path, exchange: Make) -> None:
    url, spooled = "http://example.org/", tmp_path / "spooled"
    body = os.urandom(3_000_000)
    spooled.write_bytes(body)
    own = exchange(url, spooled)
    with LocalArchive(tmp_path / "archive") as archive:
        archive.keep(PageCapture(url, url, own.when, "", (own,)))
    assert _of_type(_records(tmp_path / "archive"), "response")[0]["payload"] == body
    assert verify.verify(tmp_path / "archive").sound


def test_what_was_cut_off_says_so(tmp_path: Path, exchange: Make) -> None:
    url = "http://example.org/"
    own = exchange(url, b"<p>beginning", truncated=Truncated.LENGTH, headers=("Content-Length: 999",))
    with LocalArchive(tmp_path) as archive:
        archive.keep(PageCapture(url, url, own.when, "", (own,)))
    (kept,) = _of_type(_records(tmp_path), "response")
    assert kept["headers"]["WARC-Truncated"] == "length"
    assert kept["http"].get_header("Content-Length") == "12"
    assert kept["http"].get_header("X-Orig-Content-Length") == "999"


def test_error_responses_of_requisites_are_left_out(tmp_path: Path, page: Make, exchange: Make) -> None:
    broken = exchange("http://example.org/gone.css", b"no", 3, status="404 Not Found")
    with LocalArchive(tmp_path) as archive:
        assert archive.keep(page(1, more=(broken,))).records == 3
    assert not [one for one in _records(tmp_path) if one["headers"].get("WARC-Target-URI", "").endswith("gone.css")]


def test_a_page_that_is_an_error_is_refused(tmp_path: Path, exchange: Make) -> None:
    url = "http://example.org/"
    own = exchange(url, b"sorry", status="404 Not Found")
    with LocalArchive(tmp_path) as archive, pytest.raises(NotKeptError, match="HTTP 404"):
        archive.keep(PageCapture(url, url, own.when, "", (own,)))
    assert verify.verify(tmp_path).pages == 0


@pytest.mark.parametrize(
    "url", ["http://example.org/a b", "http://example.org/\r\nX: y", "ftp://example.org/", "http://"]
)
def test_a_url_that_no_record_can_be_about_is_refused(tmp_path: Path, exchange: Make, url: str) -> None:
    own = exchange(url, b"x")
    with LocalArchive(tmp_path) as archive, pytest.raises(LinkkeeperError, match="was not kept"):
        archive.keep(PageCapture(url, url, own.when, "", (own,)))
    assert verify.verify(tmp_path).sound


def test_a_capture_without_its_page_is_refused(tmp_path: Path, page: Make) -> None:
    with LocalArchive(tmp_path) as archive, pytest.raises(LinkkeeperError, match="no answer of http"):
        archive.keep(msgspec.structs.replace(page(1), page="http://example.org/b"))


def test_the_manifest_has_a_line_per_page_with_the_promised_fields(filled: Path) -> None:
    lines = [json.loads(text) for text in (filled / "manifest.jsonl").read_text("utf-8").splitlines()]
    assert [list(line) for line in lines] == [["url", "ts", "digest", "page", "posts"]] * 4
    assert lines[3]["url"] == "http://example.org/old"
    assert lines[3]["page"] == "https://example.org/new?a=1"
    assert lines[3]["ts"] == "20261120120051"
    assert lines[3]["posts"] == ["posts/a.md", "posts/b.md"]


def test_the_index_is_sorted_and_names_every_answer(filled: Path) -> None:
    lines = (filled / "index.cdxj").read_bytes().splitlines()
    assert lines == sorted(lines)
    assert len(lines) == 12
    key, ts, fields = lines[-1].split(b" ", 2)
    assert (key, ts) == (b"org,example)/page-3", b"20261120120030")
    assert list(json.loads(fields)) == ["url", "mime", "status", "digest", "length", "offset", "filename"]


def test_a_month_has_a_file_and_a_full_one_is_followed_by_the_next_number(tmp_path: Path, page: Make) -> None:
    options = LocalOptions(warc_limit_bytes=4000)
    for numbers in ((1, 2), (3, 4, 5)):
        with LocalArchive(tmp_path, options) as archive:
            for number in numbers:
                archive.keep(page(number))
    names = sorted(path.name for path in (tmp_path / "warc").iterdir())
    assert names == ["2026-11-2.warc.gz", "2026-11-3.warc.gz", "2026-11.warc.gz"]
    assert all(path.stat().st_size < 2 * 4000 for path in (tmp_path / "warc").iterdir())
    assert len(_of_type(_records(tmp_path), "warcinfo")) == 3
    assert verify.verify(tmp_path).sound


def test_each_month_has_its_own_file(tmp_path: Path, exchange: Make) -> None:
    with LocalArchive(tmp_path) as archive:
        for days in (0, 11, 40, 0):
            url = f"http://example.org/{days}"
            own = exchange(url, b"%d" % days, days * 86_400)
            archive.keep(PageCapture(url, url, own.when, "", (own,)))
    names = sorted(path.name for path in (tmp_path / "warc").iterdir())
    assert names == ["2026-11.warc.gz", "2026-12.warc.gz"]
    assert verify.verify(tmp_path).sound


def test_only_one_run_writes_at_a_time(tmp_path: Path) -> None:
    with (
        LocalArchive(tmp_path),
        pytest.raises(LinkkeeperError, match="another run is writing"),
        LocalArchive(tmp_path),
    ):
        pass
    with LocalArchive(tmp_path):
        pass


def test_the_newest_capture_of_a_url_is_known(filled: Path, page: Make) -> None:
    with LocalArchive(filled) as archive:
        known = archive.newest("http://example.org/page-1")
        assert known is not None
        assert known.ts == "20261120120010"
        assert archive.newest("http://example.org/never") is None
        later = [msgspec.structs.replace(one, when=one.when.replace(hour=15)) for one in page(1).exchanges]
        archive.keep(msgspec.structs.replace(page(1), exchanges=tuple(later)))
        again = archive.newest("http://example.org/page-1")
        assert again is not None
        assert again.ts == "20261120150010"
    assert manifest.newest(filled)["http://example.org/page-1"] == again


def test_posts_that_cite_a_page_later_come_into_the_manifest(filled: Path) -> None:
    before = (filled / "manifest.jsonl").read_bytes().splitlines()
    with LocalArchive(filled) as archive:
        archive.cite("http://example.org/page-2", ["posts/z.md", "posts/a.md"])
        archive.cite("http://example.org/never", ["posts/z.md"])
    after = (filled / "manifest.jsonl").read_bytes().splitlines()
    assert before[:1] + before[2:] == after[:1] + after[2:]
    assert manifest.newest(filled)["http://example.org/page-2"].posts == ("posts/a.md", "posts/z.md")


def test_citing_what_is_known_already_writes_nothing(filled: Path) -> None:
    before = (filled / "manifest.jsonl").stat()
    with LocalArchive(filled) as archive:
        archive.cite("http://example.org/page-2", ["posts/a.md"])
    assert (filled / "manifest.jsonl").stat().st_ino == before.st_ino


def test_long_runs_merge_their_index_lines_on_the_way(tmp_path: Path, page: Make) -> None:
    with LocalArchive(tmp_path, LocalOptions(merge_every=5)) as archive:
        for number in range(1, 8):
            archive.keep(page(number))
        assert len([*index.texts(tmp_path / "index.cdxj")]) == 18
        assert len([*index.lines(tmp_path)]) == 21
    assert verify.verify(tmp_path).sound


def test_at_no_moment_index_or_manifest_name_what_the_warc_lacks(
    filled: Path, page: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush, moments = Appending.flush, []

    def watched(file: Appending) -> None:
        flush(file)
        size = (filled / "warc" / "2026-11.warc.gz").stat().st_size
        lines = [*index.lines(filled)]
        assert all(line.end <= size for line in lines)
        held = {(line.url, line.ts, line.digest) for line in lines}
        assert all((one.page, one.ts, one.digest) in held for one in manifest.read(filled))
        moments.append(file.path.name)

    monkeypatch.setattr(Appending, "flush", watched)
    with LocalArchive(filled) as archive:
        archive.keep(page(7))
    assert moments == [".pending.cdxj", "2026-11.warc.gz", ".pending.cdxj", "manifest.jsonl"]


def test_nothing_kept_leaves_an_archive_that_can_be_read(tmp_path: Path) -> None:
    with LocalArchive(tmp_path / "new" / "archive") as archive:
        assert archive.repaired == ()
    assert verify.verify(tmp_path / "new" / "archive").sound


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LinkkeeperError, match="cannot make"), LocalArchive(tmp_path / "file" / "archive"):
        pass


def test_a_payload_file_that_is_gone_costs_only_its_page(tmp_path: Path, page: Make, exchange: Make) -> None:
    lost = exchange("http://example.org/lost.bin", tmp_path / "never", 3)
    with LocalArchive(tmp_path / "archive") as archive:
        archive.keep(page(1))
        with pytest.raises(LinkkeeperError, match="page-2 was not kept"):
            archive.keep(page(2, more=(lost,)))
        archive.keep(page(3))
    found = verify.verify(tmp_path / "archive")
    assert (found.sound, found.pages) == (True, 2)


def test_a_warc_that_another_program_writes_to_meanwhile_is_left_alone(tmp_path: Path, page: Make) -> None:
    with LocalArchive(tmp_path) as archive:
        archive.keep(page(1))
        with (tmp_path / "warc" / "2026-11.warc.gz").open("ab") as file:
            file.write(b"mine")
        archive.keep(page(2))
    assert (tmp_path / "warc" / "2026-11.warc.gz").read_bytes().endswith(b"mine")
    assert (tmp_path / "warc" / "2026-11-2.warc.gz").exists()
