"""WACZ files: what is in them, what other programs say of them, and damage that is planted in them."""

import copy
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from linkkeeper.archive.local import index, verify, verify_wacz, wacz
from linkkeeper.archive.local.store import LocalArchive
from linkkeeper.errors import LinkkeeperError

Make = Callable[..., Any]
Files = dict[str, bytes]
WARC = "archive/2026-11.warc.gz"


@pytest.fixture
def made(filled: Path, tmp_path: Path) -> Path:
    target = tmp_path / "out" / "posts.wacz"
    wacz.export(filled, target)
    return target


def _files(path: Path) -> Files:
    with zipfile.ZipFile(path) as file:
        return {info.filename: file.read(info) for info in file.infolist()}


def _pages(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _files(path)["pages/pages.jsonl"].splitlines()]


def _remade(
    path: Path, change: Callable[[Files], object], *, describe: bool = True, packed: tuple[str, ...] = ()
) -> Path:
    """Change files of a WACZ; with `describe` its description then fits them: nothing but the change is wrong."""
    files = _files(path)
    change(files)
    if describe:
        package = json.loads(files["datapackage.json"])
        for one in package["resources"]:
            data = files.get(one["path"], b"")
            one["hash"], one["bytes"] = f"sha256:{hashlib.sha256(data).hexdigest()}", len(data)
        files["datapackage.json"] = json.dumps(package).encode()
        vouched = {
            "path": "datapackage.json",
            "hash": f"sha256:{hashlib.sha256(files['datapackage.json']).hexdigest()}",
        }
        files["datapackage-digest.json"] = json.dumps(vouched).encode()
    target = path.with_name("changed.wacz")
    with zipfile.ZipFile(target, "w") as file:
        for name, data in files.items():
            file.writestr(name, data, zipfile.ZIP_DEFLATED if name in packed else zipfile.ZIP_STORED)
    return target


def _problems(path: Path) -> set[tuple[str, str]]:
    found = verify.verify(path).problems
    assert {problem.kind for problem in found} <= verify.KINDS.keys()
    return {(problem.file, problem.kind) for problem in found}


def test_an_export_holds_what_the_standard_asks_for(made: Path, filled: Path) -> None:
    files = _files(made)
    assert list(files) == [
        WARC,
        "indexes/index.cdx.gz",
        "indexes/index.idx",
        "pages/pages.jsonl",
        "datapackage.json",
        "datapackage-digest.json",
    ]
    assert files[WARC] == (filled / "warc" / "2026-11.warc.gz").read_bytes()
    assert gzip.decompress(files["indexes/index.cdx.gz"]) == (filled / "index.cdxj").read_bytes()
    with zipfile.ZipFile(made) as file:
        assert {info.compress_type for info in file.infolist()} == {zipfile.ZIP_STORED}
    package = json.loads(files["datapackage.json"])
    assert (package["profile"], package["wacz_version"]) == ("data-package", "1.1.1")
    assert {one["path"] for one in package["resources"]} == set(files) - {"datapackage.json", "datapackage-digest.json"}


def test_an_export_is_sound(made: Path) -> None:
    found = verify.verify(made)
    assert (found.problems, found.notes, found.pages, found.records) == ((), (), 4, 25)


def test_what_export_says_is_what_it_wrote(filled: Path, tmp_path: Path) -> None:
    told = wacz.export(filled, tmp_path / "x.wacz")
    assert (told.pages, told.records, told.size_bytes) == (4, 12, (tmp_path / "x.wacz").stat().st_size)


def test_pages_are_listed_by_post_with_their_titles(made: Path) -> None:
    head, *pages = _pages(made)
    assert head["format"] == "json-pages-1.0"
    assert [one["title"] for one in pages] == ["Page 1", "Page 2", "Page 3", "The new one"]
    assert pages[3]["url"] == "https://example.org/new?a=1"
    assert pages[3]["ts"] == "2026-11-20T12:00:51Z"
    assert pages[3]["cited"] == ["http://example.org/old"]
    assert pages[3]["posts"] == ["posts/a.md", "posts/b.md"]


def test_a_page_that_several_links_lead_to_is_listed_once(filled: Path, tmp_path: Path, page: Make) -> None:
    with LocalArchive(filled) as archive:
        archive.keep(msgspec.structs.replace(page(1), url="http://example.org/alias", posts=("posts/0.md",)))
    wacz.export(filled, tmp_path / "x.wacz")
    pages = _pages(tmp_path / "x.wacz")[1:]
    assert len(pages) == 4
    assert pages[0]["cited"] == ["http://example.org/alias", "http://example.org/page-1"]
    assert pages[0]["posts"] == ["posts/0.md", "posts/a.md"]


def test_the_same_archive_gives_the_same_bytes(filled: Path, tmp_path: Path, made: Path) -> None:
    shutil.copytree(filled, tmp_path / "elsewhere")
    wacz.export(tmp_path / "elsewhere", tmp_path / "again.wacz")
    assert (tmp_path / "again.wacz").read_bytes() == made.read_bytes()


def test_a_large_index_comes_in_blocks(tmp_path: Path, page: Make) -> None:
    with LocalArchive(tmp_path / "archive") as archive:
        for number in range(1, 251):
            archive.keep(page(number))
    wacz.export(tmp_path / "archive", tmp_path / "x.wacz")
    blocks = _files(tmp_path / "x.wacz")["indexes/index.idx"].splitlines()
    assert blocks[0] == b'!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}'
    assert len(blocks) == 4
    assert _problems(tmp_path / "x.wacz") == set()


def test_pages_that_are_damaged_are_named(filled: Path, tmp_path: Path) -> None:
    (line,) = index.find(filled, "org,example)/page-2")
    data = bytearray((filled / "warc" / "2026-11.warc.gz").read_bytes())
    data[line.end - 20] ^= 0xFF
    (filled / "warc" / "2026-11.warc.gz").write_bytes(data)
    assert wacz.export(filled, tmp_path / "x.wacz").damaged == ("http://example.org/page-2",)
    assert (WARC, "warc-damaged") in _problems(tmp_path / "x.wacz")


def test_a_failed_export_leaves_the_old_file(filled: Path, made: Path) -> None:
    before = made.read_bytes()
    (filled / "warc" / "2026-11.warc.gz").unlink()
    with pytest.raises(LinkkeeperError, match="is missing"):
        wacz.export(filled, made)
    assert made.read_bytes() == before
    assert [path.name for path in made.parent.iterdir()] == ["posts.wacz"]


def test_nothing_kept_is_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(LinkkeeperError, match="no local archive"):
        wacz.export(tmp_path, tmp_path / "x.wacz")
    with LocalArchive(tmp_path):
        pass
    with pytest.raises(LinkkeeperError, match="no captures yet"):
        wacz.export(tmp_path, tmp_path / "x.wacz")


def test_a_place_that_cannot_be_written_is_told(filled: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LinkkeeperError, match="cannot write"):
        wacz.export(filled, tmp_path / "file" / "x.wacz")


def test_an_export_after_a_kill_has_what_was_finished(filled: Path, tmp_path: Path, page: Make) -> None:
    with LocalArchive(filled) as archive:
        archive.keep(page(8))
        shutil.copytree(filled, tmp_path / "killed")
    assert wacz.export(tmp_path / "killed", tmp_path / "x.wacz").pages == 5
    assert _problems(tmp_path / "x.wacz") == set()


def test_the_wacz_validator_passes_an_export(made: Path) -> None:
    validator = os.environ.get("WACZ") or shutil.which("wacz")
    if not validator:
        pytest.skip("NOT CHECKED: `wacz` is not installed (pip install wacz, or name it in WACZ)")
    run = subprocess.run([validator, "validate", "-f", str(made)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "invalid" not in run.stdout.lower() + run.stderr.lower()


# -- damage ----------------------------------------------------------------------------------------------------


def test_a_compressed_warc_is_found(made: Path) -> None:
    assert _problems(_remade(made, lambda files: None, packed=(WARC,))) == {(WARC, "warc-deflated")}


def test_a_wrong_hash_is_found(made: Path) -> None:
    def change(files: Files) -> None:
        files["pages/pages.jsonl"] = files["pages/pages.jsonl"].replace(b"Page 1", b"Page I")

    assert _problems(_remade(made, change, describe=False)) == {("pages/pages.jsonl", "datapackage-hash")}


def test_a_wrong_length_is_found(made: Path) -> None:
    def change(files: Files) -> None:
        files["datapackage.json"] = re.sub(rb'"bytes": \d+', b'"bytes": 1', files["datapackage.json"], count=1)

    found = _problems(_remade(made, change, describe=False))
    assert found == {(WARC, "datapackage-bytes"), ("datapackage-digest.json", "datapackage-digest")}


def test_a_description_that_its_digest_does_not_fit_is_found(made: Path) -> None:
    def change(files: Files) -> None:
        files["datapackage.json"] = files["datapackage.json"].replace(b"2026", b"2016", 1)

    assert _problems(_remade(made, change, describe=False)) == {("datapackage-digest.json", "datapackage-digest")}


def test_a_file_that_is_not_described_is_found(made: Path) -> None:
    found = _problems(_remade(made, lambda files: files.update({"extra.bin": b"x"})))
    assert found == {("extra.bin", "datapackage-unlisted")}


def test_a_file_that_is_missing_is_found(made: Path) -> None:
    found = _problems(_remade(made, lambda files: files.pop(WARC)))
    assert (WARC, "datapackage-missing") in found
    assert (WARC, "warc-missing") in found


@pytest.mark.parametrize("name", ["datapackage.json", "pages/pages.jsonl"])
def test_a_part_that_must_be_there_is_missed(made: Path, name: str) -> None:
    found = _problems(_remade(made, lambda files: files.pop(name), describe=False))
    assert any(file == name for file, _ in found)


def test_an_index_that_points_nowhere_is_found(made: Path) -> None:
    def change(files: Files) -> None:
        text = gzip.decompress(files["indexes/index.cdx.gz"]).replace(b'"offset": "', b'"offset": "9', 1)
        files["indexes/index.cdx.gz"] = gzip.compress(text)
        files["indexes/index.idx"] = b""

    found = _problems(_remade(made, change))
    assert ("indexes/index.cdx.gz", "index-nothing") in found
    assert (WARC, "record-unindexed") in found


def test_a_wrong_list_of_blocks_is_found(made: Path) -> None:
    def change(files: Files) -> None:
        files["indexes/index.idx"] = files["indexes/index.idx"].replace(b'"offset": 0', b'"offset": 3')

    assert _problems(_remade(made, change)) == {("indexes/index.idx", "index-block")}


def test_a_wacz_without_index_is_found(made: Path) -> None:
    def change(files: Files) -> None:
        del files["indexes/index.cdx.gz"], files["indexes/index.idx"]

    assert ("indexes/", "index-missing") in _problems(_remade(made, change))


def test_a_page_that_no_record_holds_is_found(made: Path) -> None:
    def change(files: Files) -> None:
        files["pages/pages.jsonl"] = files["pages/pages.jsonl"].replace(b"org/page-1", b"org/page-9")

    assert _problems(_remade(made, change)) == {("pages/pages.jsonl", "page-nothing")}


def test_a_page_at_another_time_is_found(made: Path) -> None:
    def change(files: Files) -> None:
        files["pages/pages.jsonl"] = files["pages/pages.jsonl"].replace(
            b"2026-11-20T12:00:10Z", b"2025-11-20T12:00:10Z"
        )

    assert _problems(_remade(made, change)) == {("pages/pages.jsonl", "page-nothing")}


def test_a_line_of_the_page_list_that_is_none_is_found(made: Path) -> None:
    def change(files: Files) -> None:
        files["pages/pages.jsonl"] += b"rubbish\n"

    assert _problems(_remade(made, change)) == {("pages/pages.jsonl", "pages-line")}


def test_a_changed_payload_inside_is_found(made: Path) -> None:
    def change(files: Files) -> None:
        files[WARC] = b"".join(
            gzip.compress(gzip.decompress(member).replace(b"text text", b"test text"), mtime=0)
            for member in _members(files[WARC])
        )

    assert (WARC, "payload-digest") in _problems(_remade(made, change))


def _members(data: bytes) -> list[bytes]:
    members = []
    while data:
        unpack = zlib.decompressobj(31)
        unpack.decompress(data)
        members.append(data[: len(data) - len(unpack.unused_data)])
        data = unpack.unused_data
    return members


@pytest.mark.parametrize("size", [0, 1, 100, 5000])
def test_a_wacz_that_is_cut_off_is_found(made: Path, size: int) -> None:
    made.write_bytes(made.read_bytes()[:size])
    assert _problems(made) == {("posts.wacz", "zip-damaged")}


@pytest.mark.parametrize("place", range(0, 9000, 397))
def test_a_flipped_byte_never_ends_in_a_traceback(made: Path, place: int) -> None:
    data = bytearray(made.read_bytes())
    data[place % len(data)] ^= 0x55
    made.write_bytes(data)
    assert not verify.verify(made).sound or place < 30


@pytest.mark.parametrize(("line", "kind"), [(b"!\n", "index-line"), (b"a" * 1_000_000 + b"\n", "index-block")])
def test_an_index_that_is_a_bomb_is_left(made: Path, line: bytes, kind: str) -> None:
    def change(files: Files) -> None:
        files["indexes/index.cdx.gz"] = gzip.compress(line * (80_000_000 // len(line)), 1)

    assert ("indexes/index.cdx.gz", kind) in _problems(_remade(made, change))


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_many_small_files_that_unpack_to_much_are_left(
    made: Path, monkeypatch: pytest.MonkeyPatch, method: int
) -> None:
    monkeypatch.setattr(verify_wacz, "_UNPACKED_TOTAL", 40_000_000)
    read: list[int] = []
    take = zipfile.ZipExtFile.read

    def counting(self: zipfile.ZipExtFile, size: int | None = -1) -> bytes:
        data = take(self, size)
        read.append(len(data))
        return data

    with zipfile.ZipFile(made, "a") as file:
        for number in range(20):
            file.writestr(f"archive/{number}.bin", bytes(8_000_000), method)
    monkeypatch.setattr(zipfile.ZipExtFile, "read", counting)
    found = verify.verify(made)
    assert sum(problem.kind == "zip-damaged" for problem in found.problems) >= 15
    assert sum(read) < 50_000_000


def test_files_that_lie_over_one_another_are_not_read(made: Path) -> None:
    with zipfile.ZipFile(made, "a") as file:
        large = max(file.infolist(), key=lambda info: info.file_size)
        for number in range(3):
            other = copy.copy(large)
            other.filename = other.orig_filename = f"archive/{number}.warc.gz"
            file.filelist.append(other)
            file._didModify = True  # type: ignore[attr-defined]  # no public way to damage a ZIP so
    assert ("", "zip-damaged") in _problems(made)


def test_a_compressed_warc_is_unpacked_once(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(files: Files) -> None:
        lines = gzip.decompress(files["indexes/index.cdx.gz"])
        files["indexes/index.cdx.gz"] = gzip.compress(lines.replace(b'"200"', b'"203"'))

    opened: list[str] = []
    take = zipfile.ZipFile.open

    def counting(self: zipfile.ZipFile, name: Any, *rest: Any, **settings: Any) -> Any:
        opened.append(getattr(name, "filename", name))
        return take(self, name, *rest, **settings)

    monkeypatch.setattr(zipfile.ZipFile, "open", counting)
    changed = _remade(made, change, packed=(WARC,))
    opened.clear()
    assert sum(problem.kind == "index-wrong" for problem in verify.verify(changed).problems) > 5
    assert opened.count(WARC) == 2, "once for its hash, once to be read in"


def _many_packed(made: Path, number: int) -> Path:
    """Add so many WARCs to a WACZ, all of them compressed once more."""
    data = _files(made)[WARC]
    with zipfile.ZipFile(made, "a") as file:
        for place in range(number):
            file.writestr(f"archive/2020-{place}.warc.gz", data, zipfile.ZIP_DEFLATED)
    return made


_VERIFY = """
import pathlib, resource, sys
from linkkeeper.archive.local import verify_wacz
resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
print(sum(one.kind == "warc-deflated" for one in verify_wacz.verify(pathlib.Path(sys.argv[1])).problems))
"""


def test_many_compressed_warcs_need_few_open_files(made: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _VERIFY, str(_many_packed(made, 60))], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("60", 0), done.stderr


def test_no_room_to_unpack_is_an_error_of_ours_that_says_so(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(made / "no folder"))
    with pytest.raises(LinkkeeperError, match="cannot unpack"):
        verify_wacz.verify(_many_packed(made, 1))
    with pytest.raises(LinkkeeperError, match="cannot read"):
        verify_wacz.verify(made.with_name("nothing.wacz"))


def test_two_files_of_one_name_are_found(made: Path) -> None:
    with zipfile.ZipFile(made, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("pages/pages.jsonl", b"{}\n")
    assert ("", "zip-damaged") in _problems(made)


def test_the_export_of_another_program_passes(filled: Path, tmp_path: Path) -> None:
    validator = os.environ.get("WACZ") or shutil.which("wacz")
    if not validator:
        pytest.skip("NOT CHECKED: `wacz` is not installed (pip install wacz, or name it in WACZ)")
    pages = tmp_path / "pages.jsonl"
    head = '{"format": "json-pages-1.0", "id": "pages", "title": "All"}\n'
    pages.write_text(head + '{"url": "http://example.org/page-1", "ts": "2026-11-20T12:00:10Z"}\n', "ascii")
    target = tmp_path / "theirs.wacz"
    command = [validator, "create", "-o", str(target), "-p", str(pages), str(filled / "warc" / "2026-11.warc.gz")]
    subprocess.run(command, check=True, capture_output=True)
    assert _problems(target) == set()
