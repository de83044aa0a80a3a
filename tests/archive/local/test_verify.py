"""Damage that is planted, each kind by itself, and named by `verify` with the file that it is in."""

import base64
import gzip
import hashlib
import json
import random
import re
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from linkkeeper.archive.local import index, member, verify
from linkkeeper.archive.local.base import Problem
from linkkeeper.archive.local.cdxj import REVISIT, Line
from linkkeeper.errors import LinkkeeperError

Make = Callable[..., Any]
WARC = "warc/2026-11.warc.gz"


def _problems(directory: Path) -> set[tuple[str, str]]:
    found = verify.verify(directory).problems
    assert {problem.kind for problem in found} <= verify.KINDS.keys()
    return {(problem.file, problem.kind) for problem in found}


def _problem(directory: Path, kind: str) -> Problem:
    return next(problem for problem in verify.verify(directory).problems if problem.kind == kind)


def _line(directory: Path, end: str, *, revisit: bool = False) -> Line:
    lines = [line for line in index.lines(directory) if line.url.endswith(end) and (line.mime == REVISIT) is revisit]
    return lines[0]


def _remake(directory: Path, line: Line, change: Callable[[bytes], bytes]) -> None:
    """Change a record as its bytes were, compressed anew, and bring offsets in the index into line.

    What is left is the change and nothing else: the gzip members are whole, the index is that of the file.
    """
    path = directory / WARC
    data = path.read_bytes()
    made = gzip.compress(change(gzip.decompress(data[line.offset : line.end])), mtime=0)
    path.write_bytes(data[: line.offset] + made + data[line.end :])
    more = len(made) - line.length
    _reindex(directory, lambda one: _moved(one, line, more))


def _moved(fields: dict[str, str], line: Line, more: int) -> None:
    if int(fields["offset"]) == line.offset:
        fields["length"] = str(line.length + more)
    elif int(fields["offset"]) > line.offset:
        fields["offset"] = str(int(fields["offset"]) + more)


def _reindex(directory: Path, change: Callable[[dict[str, str]], None]) -> None:
    """Change the fields of every line of the index."""
    lines = []
    for text in (directory / "index.cdxj").read_text("ascii").splitlines():
        key, ts, rest = text.split(" ", 2)
        fields = json.loads(rest)
        change(fields)
        lines.append(f"{key} {ts} {json.dumps(fields)}\n")
    (directory / "index.cdxj").write_text("".join(sorted(lines)), "ascii")


def _sha1(data: bytes) -> bytes:
    return b"sha1:" + base64.b32encode(hashlib.sha1(data).digest())


def test_a_flipped_byte_of_compressed_data_is_found(filled: Path) -> None:
    line = _line(filled, "page-2")
    data = bytearray((filled / WARC).read_bytes())
    data[line.offset + line.length // 2] ^= 0x10
    (filled / WARC).write_bytes(data)
    found = _problems(filled)
    assert (WARC, "warc-damaged") in found
    assert _problem(filled, "warc-damaged").offset == line.offset


@pytest.mark.parametrize("where", range(0, 400, 13))
def test_wherever_a_byte_is_flipped_it_is_found(filled: Path, where: int) -> None:
    line = _line(filled, "page-1")
    data = bytearray((filled / WARC).read_bytes())
    data[line.offset + where % line.length] ^= 1 << where % 8
    (filled / WARC).write_bytes(data)
    means_nothing = where % line.length in (4, 5, 6, 7, 8, 9)  # time and system in the gzip header
    means_nothing |= where % line.length == line.length - 9  # bits that fill up the last byte of the compressed data
    assert means_nothing or any(file == WARC for file, _ in _problems(filled))


def test_a_changed_payload_is_found(filled: Path) -> None:
    _remake(filled, _line(filled, "page-2"), lambda raw: raw.replace(b"text text", b"test text"))
    assert _problems(filled) == {(WARC, "payload-digest"), (WARC, "block-digest")}


def test_a_changed_head_of_a_response_is_found(filled: Path) -> None:
    _remake(filled, _line(filled, "page-2"), lambda raw: raw.replace(b"Server: loopback", b"Server: Loopback"))
    assert _problems(filled) == {(WARC, "block-digest")}


def test_a_changed_head_of_a_revisit_is_found(filled: Path) -> None:
    line = _line(filled, "logo.png", revisit=True)
    _remake(filled, line, lambda raw: raw.replace(b"Server: loopback", b"Server: Loopback"))
    assert _problems(filled) == {(WARC, "block-digest")}


def test_a_wrong_digest_is_found(filled: Path) -> None:
    def change(raw: bytes) -> bytes:
        return re.sub(rb"WARC-Payload-Digest: \S+", b"WARC-Payload-Digest: " + _sha1(b"other"), raw)

    _remake(filled, _line(filled, "page-2"), change)
    assert (WARC, "payload-digest") in _problems(filled)
    assert ("index.cdxj", "index-wrong") in _problems(filled)


def test_a_record_without_digests_is_found(filled: Path) -> None:
    line = _line(filled, "page-2")
    _remake(filled, line, lambda raw: re.sub(rb"WARC-(Payload|Block)-Digest: \S+\r\n", b"", raw))
    assert (WARC, "record-no-digest") in _problems(filled)


def test_another_url_in_a_record_is_found(filled: Path) -> None:
    _remake(filled, _line(filled, "page-2"), lambda raw: raw.replace(b"org/page-2\r\n", b"org/page-X\r\n", 1))
    assert _problems(filled) == {("index.cdxj", "index-wrong"), ("manifest.jsonl", "manifest-nothing")}


def test_a_wrong_content_length_is_found(filled: Path) -> None:
    def change(raw: bytes) -> bytes:
        length = re.search(rb"\r\nContent-Length: (\d+)\r\n\r\nHTTP", raw)
        assert length
        return raw.replace(length[0], b"\r\nContent-Length: %d\r\n\r\nHTTP" % (int(length[1]) - 1))

    _remake(filled, _line(filled, "page-2"), change)
    assert (WARC, "record-length") in _problems(filled)


def test_a_length_in_the_head_that_is_not_the_payloads_is_found(filled: Path) -> None:
    def change(raw: bytes) -> bytes:
        return re.sub(rb"\r\nContent-Length: \d+(\r\n\r\n<html)", rb"\r\nContent-Length: 1\1", raw)

    _remake(filled, _line(filled, "page-2"), change)
    assert (WARC, "http-length") in _problems(filled)


def test_two_records_of_one_id_are_found(filled: Path) -> None:
    line = _line(filled, "page-3")
    data = (filled / WARC).read_bytes()
    (filled / WARC).write_bytes(data + data[line.offset : line.end])
    assert _problems(filled) == {(WARC, "record-id"), (WARC, "record-unindexed")}


def test_an_offset_that_is_off_is_found(filled: Path) -> None:
    line = _line(filled, "page-2")
    _reindex(filled, lambda one: one.update(offset=str(int(one["offset"]) + (int(one["offset"]) == line.offset))))
    assert _problems(filled) == {("index.cdxj", "index-nothing"), (WARC, "record-unindexed")}


def test_an_offset_of_another_record_is_found(filled: Path) -> None:
    line, other = _line(filled, "page-2"), _line(filled, "2.js")
    _reindex(filled, lambda one: one.update(offset=str(other.offset)) if one["url"] == line.url else None)
    assert _problems(filled) == {
        ("index.cdxj", "index-wrong"),
        ("index.cdxj", "index-twice"),
        (WARC, "record-unindexed"),
    }


@pytest.mark.parametrize("field", ["length", "status", "digest", "mime", "url"])
def test_every_field_of_the_index_is_held_against_its_record(filled: Path, field: str) -> None:
    wrong = {"length": "7", "status": "404", "digest": _sha1(b"x").decode(), "mime": "image/gif", "url": "http://x/"}
    _reindex(filled, lambda one: one.update({field: wrong[field]}) if one["url"].endswith("page-2") else None)
    assert _problems(filled) == {("index.cdxj", "index-wrong")}
    assert field in _problem(filled, "index-wrong").detail


def test_a_line_of_the_index_for_nothing_is_found(filled: Path) -> None:
    lines = (filled / "index.cdxj").read_bytes().splitlines(keepends=True)
    extra = lines[-1].replace(b"page-3", b"page-9").replace(b'"offset": "', b'"offset": "99')
    (filled / "index.cdxj").write_bytes(b"".join(sorted([*lines, extra])))
    assert _problems(filled) == {("index.cdxj", "index-nothing")}


def test_a_record_without_a_line_of_the_index_is_found(filled: Path) -> None:
    lines = (filled / "index.cdxj").read_bytes().splitlines(keepends=True)
    (filled / "index.cdxj").write_bytes(b"".join(lines[:4] + lines[5:]))
    assert _problems(filled) == {(WARC, "record-unindexed")}


def test_an_unsorted_index_is_found(filled: Path) -> None:
    lines = (filled / "index.cdxj").read_bytes().splitlines(keepends=True)
    (filled / "index.cdxj").write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))
    assert _problems(filled) == {("index.cdxj", "index-order")}
    assert _problem(filled, "index-order").offset == 2


@pytest.mark.parametrize("text", [b"rubbish\n", b"\n", b"a 2026 {}\n", b"a x {\n", b"\xff\xfe 1 {}\n"])
def test_a_line_of_the_index_that_is_none_is_found(filled: Path, text: bytes) -> None:
    lines = (filled / "index.cdxj").read_bytes().splitlines(keepends=True)
    (filled / "index.cdxj").write_bytes(b"".join([*lines, text]))
    assert ("index.cdxj", "index-line") in _problems(filled)


def test_a_torn_line_of_the_index_is_found(filled: Path) -> None:
    (filled / "index.cdxj").write_bytes((filled / "index.cdxj").read_bytes()[:-1])
    assert ("index.cdxj", "index-line") in _problems(filled)


def test_a_revisit_whose_target_is_gone_is_found(filled: Path) -> None:
    line = _line(filled, "logo.png")
    data = (filled / WARC).read_bytes()
    (filled / WARC).write_bytes(data[: line.offset] + data[line.end :])
    verify.rebuild(filled)
    assert _problems(filled) == {(WARC, "revisit-target"), (WARC, "request-partner")}


def test_a_revisit_that_names_another_date_is_found(filled: Path) -> None:
    line = _line(filled, "logo.png", revisit=True)
    _remake(filled, line, lambda raw: re.sub(rb"(Refers-To-Date: )2026", rb"\g<1>2025", raw))
    assert _problems(filled) == {(WARC, "revisit-target")}


def test_a_torn_last_record_is_found(filled: Path) -> None:
    (filled / WARC).write_bytes((filled / WARC).read_bytes()[:-9])
    assert _problems(filled) == {(WARC, "warc-torn")}


def test_one_gzip_member_for_all_records_is_found(filled: Path) -> None:
    (filled / WARC).write_bytes(gzip.compress(gzip.decompress((filled / WARC).read_bytes())))
    assert (WARC, "gzip-single-member") in _problems(filled)


def test_two_records_in_one_gzip_member_are_found(filled: Path) -> None:
    line = _line(filled, "page-3")
    data = (filled / WARC).read_bytes()
    merged = gzip.compress(gzip.decompress(data[line.offset :]))
    (filled / WARC).write_bytes(data[: line.offset] + merged)
    assert (WARC, "gzip-single-member") in _problems(filled)


def test_a_missing_warc_is_named_once(filled: Path) -> None:
    (filled / WARC).unlink()
    found = [problem for problem in verify.verify(filled).problems if problem.kind == "warc-missing"]
    assert [problem.file for problem in found] == [WARC]


def test_an_empty_warc_is_found(filled: Path) -> None:
    (filled / WARC).write_bytes(b"")
    assert ("index.cdxj", "index-nothing") in _problems(filled)


def test_a_page_of_the_manifest_that_no_record_holds_is_found(filled: Path) -> None:
    path = filled / "manifest.jsonl"
    path.write_bytes(path.read_bytes().replace(b'org/page-1"', b'org/page-9"'))
    assert _problems(filled) == {("manifest.jsonl", "manifest-nothing")}


def test_a_page_of_the_manifest_with_another_payload_is_found(filled: Path) -> None:
    path = filled / "manifest.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(re.sub(rb"sha1:\w+", _sha1(b"other"), lines[0]) + b"".join(lines[1:]))
    assert _problem(filled, "manifest-nothing").detail.startswith("the WARCs hold another payload")


@pytest.mark.parametrize("text", [b"{}\n", b"rubbish\n", b'{"url":"x"', b"\xff\n"])
def test_a_line_of_the_manifest_that_is_none_is_found(filled: Path, text: bytes) -> None:
    with (filled / "manifest.jsonl").open("ab") as file:
        file.write(text)
    assert _problems(filled) == {("manifest.jsonl", "manifest-line")}


def test_files_that_do_not_belong_there_are_worth_a_word(filled: Path) -> None:
    (filled / "warc" / ".DS_Store").write_bytes(b"x")
    found = verify.verify(filled)
    assert found.sound
    assert found.notes == ("warc/.DS_Store is no WARC of ours",)


def test_damage_is_named_for_every_record_that_has_it(filled: Path) -> None:
    data = bytearray((filled / WARC).read_bytes())
    places = [_line(filled, f"page-{number}") for number in (1, 2, 3)]
    for line in places:
        data[line.offset + 40] ^= 0xFF
    (filled / WARC).write_bytes(data)
    found = [one for one in verify.verify(filled).problems if one.kind == "warc-damaged"]
    assert [one.offset for one in found] == [line.offset for line in places]


def test_rebuilding_makes_the_same_index(filled: Path) -> None:
    before = (filled / "index.cdxj").read_bytes()
    (filled / "index.cdxj").write_bytes(b"rubbish\n")
    assert verify.rebuild(filled).sound
    assert (filled / "index.cdxj").read_bytes() == before


def test_rebuilding_takes_in_the_warcs_of_others(filled: Path, tmp_path: Path) -> None:
    foreign = filled / "warc" / "crawl.warc.gz"
    foreign.write_bytes((filled / WARC).read_bytes())
    assert _problems(filled) == {("warc/crawl.warc.gz", "warc-foreign")}
    assert verify.rebuild(filled).sound
    assert len([*index.lines(filled)]) == 24


def test_rebuilding_leaves_damaged_records_out_and_names_them(filled: Path) -> None:
    _remake(filled, _line(filled, "page-2"), lambda raw: raw.replace(b"text text", b"test text"))
    found = verify.rebuild(filled)
    assert not found.sound
    assert not [line for line in index.lines(filled) if line.url.endswith("page-2")]


@pytest.mark.parametrize("seed", range(20))
def test_rubbish_never_ends_in_a_traceback(filled: Path, seed: int) -> None:
    dice = random.Random(seed)
    for name in (WARC, "index.cdxj", "manifest.jsonl"):
        data = bytearray((filled / name).read_bytes())
        for _ in range(dice.randrange(1, 30)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        (filled / name).write_bytes(data[: dice.randrange(len(data) // 2, len(data))])
    assert not verify.verify(filled).sound
    verify.rebuild(filled)


def test_a_bomb_in_a_warc_does_not_fill_the_memory(filled: Path) -> None:
    bomb = b"WARC/1.1\r\nWARC-Type: response\r\nX: " + bytes(60_000_000)
    (filled / "warc" / "bomb.warc.gz").write_bytes(gzip.compress(bomb, 1))
    del bomb
    tracemalloc.start()
    assert ("warc/bomb.warc.gz", "warc-damaged") in _problems(filled)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_a_record_that_unpacks_to_far_too_much_is_not_read_to_its_end(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member, "_BOMB_BYTES", 1_000_000)
    size = 60_000_000
    head = b"WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:x>\r\nWARC-Date: 2026-11-20T12:00:00Z\r\n"
    bomb = head + b"Content-Length: %d\r\n\r\n" % size + bytes(size) + b"\r\n\r\n"
    (filled / "warc" / "bomb.warc.gz").write_bytes(gzip.compress(bomb, 9))
    assert [one.detail for one in verify.verify(filled).problems if "unpacked" in one.detail]


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "never"):
        with pytest.raises(LinkkeeperError):
            verify.verify(path)


def test_warcio_reads_what_we_call_sound(filled: Path) -> None:
    def read() -> Iterator[str]:
        with (filled / WARC).open("rb") as file:
            for record in ArchiveIterator(file, check_digests="raise"):
                record.content_stream().read()
                yield record.rec_type

    assert len([*read()]) == 25


def test_a_manifest_that_was_deleted_is_damage(filled: Path) -> None:
    (filled / "manifest.jsonl").unlink()
    (problem,) = verify.verify(filled).problems
    assert (problem.file, problem.kind) == ("manifest.jsonl", "manifest-missing")


def test_an_archive_that_never_held_anything_misses_no_manifest(tmp_path: Path) -> None:
    (tmp_path / "warc").mkdir()
    assert verify.verify(tmp_path).sound


def test_rebuilding_after_a_warc_was_deleted_takes_its_pages_off_too(filled: Path) -> None:
    (filled / WARC).unlink()
    found = verify.rebuild(filled)
    assert found.sound
    assert found.notes == ("manifest.jsonl: 4 pages whose WARC is missing were taken off",)
    assert found.pages == 0
