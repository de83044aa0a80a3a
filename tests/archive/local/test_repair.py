"""What killed runs and other programs leave behind, and what the next run makes of it."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from linkkeeper.archive.local import cdxj, index, manifest, show, verify
from linkkeeper.archive.local.base import LocalOptions
from linkkeeper.archive.local.record import timestamp
from linkkeeper.archive.local.scan import Seen, scan
from linkkeeper.archive.local.store import LocalArchive
from linkkeeper.errors import LinkkeeperError

Make = Callable[..., Any]
WARC = "warc/2026-11.warc.gz"


def _pages(directory: Path) -> list[str]:
    return [page.url.rpartition("/")[2] for page in manifest.read(directory)]


def _repair(directory: Path) -> tuple[str, ...]:
    with LocalArchive(directory) as archive:
        return archive.repaired


def _snapshot_of_a_run(directory: Path, target: Path, pages: list[Any]) -> None:
    """Copy the archive as it lies there when a run is killed after these pages."""
    with LocalArchive(directory) as archive:
        for one in pages:
            archive.keep(one)
        shutil.copytree(directory, target)


def _cut(source: Path, target: Path, size: int) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    with (target / WARC).open("r+b") as file:
        file.truncate(size)


def test_a_killed_run_loses_nothing_that_was_finished(filled: Path, tmp_path: Path, page: Make) -> None:
    _snapshot_of_a_run(filled, tmp_path / "killed", [page(7), page(8)])
    killed = verify.verify(tmp_path / "killed")
    assert killed.sound
    assert killed.notes
    assert _repair(tmp_path / "killed") == ()
    assert _pages(tmp_path / "killed") == ["page-1", "page-2", "page-3", "old", "page-7", "page-8"]
    found = verify.verify(tmp_path / "killed")
    assert (found.problems, found.notes) == ((), ())


@pytest.mark.parametrize("state", ["killed", "closed"])
def test_wherever_the_last_page_breaks_off_all_earlier_pages_stay(
    quick_path: Path, page: Make, exchange: Make, state: str
) -> None:
    whole, cut = quick_path / "whole", quick_path / "cut"
    with LocalArchive(whole) as archive:
        archive.keep(page(1))
    start = (whole / WARC).stat().st_size
    small = msgspec.structs.replace(page(7), exchanges=page(7).exchanges[:2])
    _snapshot_of_a_run(whole, quick_path / "killed", [small])
    whole = whole if state == "closed" else quick_path / "killed"
    end = (whole / WARC).stat().st_size
    with (whole / WARC).open("rb") as file:
        ends = {item.offset + item.length for item in scan(file, end, "") if isinstance(item, Seen)}
    step = 4 if state == "killed" else 9  # every byte was tried too: it takes half a minute and tells no more
    near = {end + more for end in ends for more in range(-10, 11)}
    for size in (size for size in range(start, end) if size % step == 0 or size in near):
        _cut(whole, cut, size)
        said = _repair(cut)
        assert verify.verify(cut).problems == (), f"cut at {size}"
        assert _pages(cut)[0] == "page-1", f"cut at {size}"
        assert said or size in ends, f"cut at {size}"
        assert size % 9 or _repair(cut) == (), f"repaired twice, cut at {size}"


def test_a_page_is_in_the_manifest_only_with_everything_it_loads(filled: Path, tmp_path: Path, page: Make) -> None:
    start = (filled / WARC).stat().st_size
    _snapshot_of_a_run(filled, tmp_path / "killed", [page(7)])
    whole = [line for line in index.lines(tmp_path / "killed") if line.offset >= start]
    (own,) = (line for line in whole if line.url.endswith("page-7"))
    assert own == max(whole, key=lambda line: line.offset)
    _cut(tmp_path / "killed", tmp_path / "cut", own.offset)
    assert "page-7" not in _pages_after(tmp_path / "cut")
    _cut(tmp_path / "killed", tmp_path / "cut", own.end)
    assert "page-7" in _pages_after(tmp_path / "cut")


def _pages_after(directory: Path) -> list[str]:
    _repair(directory)
    return _pages(directory)


def test_a_record_torn_by_a_kill_is_cut_off_and_that_is_said(filled: Path, tmp_path: Path, page: Make) -> None:
    _snapshot_of_a_run(filled, tmp_path / "killed", [page(7)])
    with (tmp_path / "killed" / WARC).open("ab") as file:
        file.write(gzip.compress(b"WARC/1.1\r\nWARC-Type: response\r\n")[:20])
    assert not verify.verify(tmp_path / "killed").sound
    (said,) = _repair(tmp_path / "killed")
    assert said.startswith(f"{WARC}: the last record was torn and is cut off (20 bytes at ")
    assert not (tmp_path / "killed" / "torn").exists()
    assert verify.verify(tmp_path / "killed").sound
    assert len(_pages(tmp_path / "killed")) == 5


def test_what_no_run_of_ours_tore_is_put_aside(filled: Path) -> None:
    data = (filled / WARC).read_bytes()
    (filled / WARC).write_bytes(data[:-10])
    (said,) = _repair(filled)
    assert "is cut off" in said
    (aside,) = (filled / "torn").iterdir()
    assert aside.name in said
    assert (filled / WARC).read_bytes() + aside.read_bytes() == data[:-10]
    assert verify.verify(filled).sound


def test_a_warc_shortened_by_another_program_costs_what_is_gone_and_no_more(filled: Path) -> None:
    lines = sorted(index.lines(filled), key=lambda line: line.offset)
    with (filled / WARC).open("r+b") as file:
        file.truncate(lines[6].offset + 5)
    before = verify.verify(filled)
    assert {problem.file for problem in before.problems} >= {WARC, "index.cdxj", "manifest.jsonl"}
    said = _repair(filled)
    assert len(said) == 3
    assert _pages(filled) == ["page-1", "page-2"]
    assert verify.verify(filled).sound


def test_damage_in_the_middle_is_left_alone_and_nothing_is_written_behind_it(filled: Path, page: Make) -> None:
    data = bytearray((filled / WARC).read_bytes())
    lines = sorted(index.lines(filled), key=lambda line: line.offset)
    data[lines[2].offset : lines[2].end] = bytes(lines[2].length)
    (filled / WARC).write_bytes(data)
    with (filled / WARC).open("ab") as file:
        file.write(b"and rubbish")
    damaged = (filled / WARC).read_bytes()
    with LocalArchive(filled) as archive:
        assert archive.repaired[0].startswith(f"{WARC}: damaged at byte {lines[2].offset}")
        archive.keep(page(8))
    assert (filled / WARC).read_bytes() == damaged
    assert (filled / "warc" / "2026-11-2.warc.gz").exists()
    assert len([*index.lines(filled)]) == 12 + 3


@pytest.mark.parametrize("which", [1, 6, -1])
def test_a_warc_with_one_wrong_byte_is_not_written_to_any_more(filled: Path, page: Make, which: int) -> None:
    lines = sorted(index.lines(filled), key=lambda line: line.offset)
    data = bytearray((filled / WARC).read_bytes())
    data[lines[which].offset + lines[which].length // 2] ^= 0x20
    (filled / WARC).write_bytes(data)
    with LocalArchive(filled) as archive:
        archive.keep(page(8))
        archive.keep(page(9))
        assert len(archive.repaired) == 1
        assert archive.repaired[0].startswith(f"{WARC}: damaged at byte {lines[which].offset}")
    assert (filled / WARC).read_bytes() == data
    assert (filled / "warc" / "2026-11-2.warc.gz").exists()
    assert len([*index.lines(filled)]) == 12 + 2 * 3


def test_a_warc_of_another_program_is_never_touched(filled: Path, page: Make) -> None:
    foreign = filled / "warc" / "crawl.warc.gz"
    foreign.write_bytes((filled / WARC).read_bytes()[:-4])
    posing = filled / "warc" / "2026-11-2.warc.gz"
    posing.write_bytes(b"this is no WARC")
    before = foreign.read_bytes()
    with LocalArchive(filled) as archive:
        assert len(archive.repaired) == 2
        assert all("left alone" in line for line in archive.repaired)
        archive.keep(page(8))
    assert foreign.read_bytes() == before
    assert posing.read_bytes() == b"this is no WARC"
    kinds = {(problem.file, problem.kind) for problem in verify.verify(filled).problems}
    assert ("warc/crawl.warc.gz", "warc-foreign") in kinds
    assert ("warc/2026-11-2.warc.gz", "warc-damaged") in kinds


def test_what_only_has_the_name_of_a_warc_is_passed_over(filled: Path, page: Make) -> None:
    (filled / "warc" / "2026-11-2.warc.gz").symlink_to("nowhere")
    (filled / "warc" / "folder.warc.gz").mkdir()
    with LocalArchive(filled) as archive:
        assert archive.repaired == ()
        archive.keep(page(8))
    found = verify.verify(filled)
    assert (found.problems, len(found.notes)) == ((), 2)
    assert (filled / "warc" / "2026-11-2.warc.gz").is_symlink()


def test_a_warc_that_was_moved_and_linked_is_read_but_not_written_to(filled: Path, tmp_path: Path, page: Make) -> None:
    (filled / WARC).rename(tmp_path / "other-disk.warc.gz")
    (filled / WARC).symlink_to(tmp_path / "other-disk.warc.gz")
    before = (tmp_path / "other-disk.warc.gz").read_bytes()
    with LocalArchive(filled) as archive:
        assert archive.repaired == ()
        assert archive.keep(page(8)).revisits == 1
    assert (tmp_path / "other-disk.warc.gz").read_bytes() == before
    assert verify.verify(filled).sound


def test_a_pointer_in_place_of_a_warc_loses_no_line_of_the_index(filled: Path, page: Make) -> None:
    (filled / WARC).write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    before = (filled / "index.cdxj").read_bytes(), (filled / "manifest.jsonl").read_bytes()
    with LocalArchive(filled) as archive:
        assert "left alone" in archive.repaired[0]
    assert ((filled / "index.cdxj").read_bytes(), (filled / "manifest.jsonl").read_bytes()) == before
    with LocalArchive(filled) as archive:
        archive.keep(page(8))
    assert len([*index.lines(filled)]) == 15


def test_the_pages_of_a_warc_that_was_deleted_are_not_held(filled: Path, page: Make) -> None:
    (filled / WARC).unlink()
    assert manifest.newest(filled) == {}, "what only looks knows it too"
    with LocalArchive(filled) as archive:
        missing, taken_off = archive.repaired
        assert missing.startswith(f"{WARC}: missing, though the index names it")
        assert "--rebuild" in missing
        assert taken_off == "manifest.jsonl: 4 pages whose WARC is missing were taken off"
        assert archive.newest(page(1).url) is None
        archive.keep(page(1))
    assert _pages(filled) == ["page-1"]
    assert not (filled / WARC).exists(), "its name is not taken: the index still says what lay in it"
    assert [problem.kind for problem in verify.verify(filled).problems] == ["warc-missing"]
    assert verify.rebuild(filled).sound


def _archive_of_revisits(directory: Path, page: Make) -> tuple[Any, Any]:
    """Two WARCs: the second has the first's page once more, as a revisit, and a page of its own."""
    with LocalArchive(directory, LocalOptions(warc_limit_bytes=1)) as archive:
        archive.keep(page(1))
        again = msgspec.structs.replace(page(1), url="http://example.org/again", page="http://example.org/again")
        own = msgspec.structs.replace(again.exchanges[0], url=again.page)
        archive.keep(msgspec.structs.replace(again, exchanges=(own,)))
        archive.keep(page(3))
    assert [line.mime for line in index.find(directory, "org,example)/again")] == ["warc/revisit"]
    return again, page(3)


def test_a_revisit_of_what_lay_in_a_warc_that_was_deleted_is_not_held(tmp_path: Path, page: Make) -> None:
    again, other = _archive_of_revisits(tmp_path, page)
    assert len(show.held(tmp_path, again.url)) == 1
    (tmp_path / WARC).unlink()
    assert set(manifest.newest(tmp_path)) == {other.url}
    assert show.held(tmp_path, again.url) == show.held(tmp_path, page(1).url) == ()
    assert show.lost(tmp_path, again.url) == show.lost(tmp_path, page(1).url) == (Path(WARC).name,)
    assert show.lost(tmp_path, other.url) == ()
    assert not show.holds(tmp_path, again.url, "20261120120010")
    kinds = {problem.kind for problem in verify.verify(tmp_path).problems}
    assert {"warc-missing", "revisit-target", "manifest-nothing"} >= kinds >= {"warc-missing", "revisit-target"}
    with LocalArchive(tmp_path) as archive:
        assert archive.newest(again.url) is None
        archive.keep(page(1))
    assert set(manifest.newest(tmp_path)) == {other.url, page(1).url}, "its payload again is not the record it names"
    assert set(_pages(tmp_path)) == {"page-3", "page-1"}


def test_a_revisit_of_what_was_cut_off_is_not_held(tmp_path: Path, page: Make) -> None:
    again, other = _archive_of_revisits(tmp_path, page)
    with (tmp_path / WARC).open("r+b") as file:
        file.truncate(700)
    said = _repair(tmp_path)
    assert any("2 pages no longer whole were taken off" in line for line in said), said
    assert set(manifest.newest(tmp_path)) == {other.url}
    assert show.held(tmp_path, again.url) == ()


def test_what_is_torn_twice_at_the_same_byte_is_put_aside_twice(filled: Path, page: Make) -> None:
    size = (filled / WARC).stat().st_size
    for number in (7, 8):
        with LocalArchive(filled) as archive:
            archive.keep(page(number))
        with (filled / WARC).open("r+b") as file:
            file.truncate(size + 100)
        _repair(filled)
    assert sorted(aside.name for aside in (filled / "torn").iterdir()) == [
        f"2026-11.warc.gz.{size}",
        f"2026-11.warc.gz.{size}-2",
    ]


def test_pages_of_a_warc_that_lies_on_a_disk_which_is_not_there_stay(filled: Path) -> None:
    (filled / WARC).unlink()
    (filled / WARC).symlink_to("not-mounted.warc.gz")
    assert len(_repair(filled)) == 1
    assert len(_pages(filled)) == len(manifest.newest(filled)) == 4


def test_a_lost_index_is_made_again(filled: Path) -> None:
    before = (filled / "index.cdxj").read_bytes()
    (filled / "index.cdxj").unlink()
    (problem,) = verify.verify(filled).problems
    assert problem.kind == "index-missing"
    (said,) = _repair(filled)
    assert said == f"{WARC}: 12 captures that the index lacked were added to it"
    assert (filled / "index.cdxj").read_bytes() == before


def test_a_manifest_line_that_was_not_written_whole_is_cut_off(filled: Path, tmp_path: Path, page: Make) -> None:
    _snapshot_of_a_run(filled, tmp_path / "killed", [page(7)])
    with (tmp_path / "killed" / "manifest.jsonl").open("ab") as file:
        file.write(b'{"url":"http://exa')
    (said,) = _repair(tmp_path / "killed")
    assert said == "manifest.jsonl: a last line that was torn is cut off (18 bytes)"
    assert verify.verify(tmp_path / "killed").sound


def test_last_lines_that_only_lack_their_end_are_kept(filled: Path, page: Make) -> None:
    for name in ("manifest.jsonl", "index.cdxj"):
        (filled / name).write_bytes((filled / name).read_bytes()[:-1])
    with LocalArchive(filled) as archive:
        assert archive.repaired == ()
        archive.keep(page(8))
    assert _pages(filled) == ["page-1", "page-2", "page-3", "old", "page-8"]
    assert verify.verify(filled).sound


def test_what_a_kill_left_of_a_file_that_was_to_replace_another_goes(filled: Path) -> None:
    for name in (".index.cdxj.tmp", ".manifest.jsonl.tmp"):
        (filled / name).write_bytes(b"half")
    assert _repair(filled) == ()
    assert not [path for path in filled.iterdir() if path.name.endswith(".tmp")]


def test_a_pending_line_that_was_not_written_whole_is_found_in_the_warc(
    filled: Path, tmp_path: Path, page: Make
) -> None:
    _snapshot_of_a_run(filled, tmp_path / "killed", [page(7)])
    pending = tmp_path / "killed" / ".pending.cdxj"
    pending.write_bytes(pending.read_bytes()[:-30])
    (said,) = _repair(tmp_path / "killed")
    assert "1 capture that the index lacked" in said
    assert verify.verify(tmp_path / "killed").sound


def test_a_run_killed_after_its_index_was_merged_does_no_harm(filled: Path, tmp_path: Path, page: Make) -> None:
    _snapshot_of_a_run(filled, tmp_path / "killed", [page(7)])
    shutil.copy(tmp_path / "killed" / ".pending.cdxj", filled / ".pending.cdxj")
    assert verify.verify(filled).sound
    assert _repair(filled) == ()
    assert len([*index.lines(filled)]) == 15


def test_verify_while_a_run_is_writing_finds_no_damage(filled: Path, page: Make) -> None:
    with LocalArchive(filled) as archive:
        archive.keep(page(7))
        with (filled / WARC).open("ab") as file:
            file.write(b"\x1f\x8b\x08half")
        found = verify.verify(filled)
        assert found.problems == ()
        assert found.notes


def test_zeros_that_a_power_cut_left_are_cut_off(filled: Path, tmp_path: Path, page: Make) -> None:
    _snapshot_of_a_run(filled, tmp_path / "killed", [page(7)])
    with (tmp_path / "killed" / WARC).open("ab") as file:
        file.write(bytes(4096))
    assert len(_repair(tmp_path / "killed")) == 1
    assert verify.verify(tmp_path / "killed").sound


def test_a_foreign_lock_that_nobody_holds_stops_nobody(filled: Path) -> None:
    (filled / ".lock").write_text("12345")
    assert _repair(filled) == ()


def test_rebuilding_waits_for_nobody(filled: Path) -> None:
    with LocalArchive(filled), pytest.raises(LinkkeeperError, match="another run is writing"):
        verify.rebuild(filled)


@pytest.mark.parametrize("lost", ["lines of a page", "all of it", "half of it"])
def test_what_the_index_lost_is_read_from_the_warcs_before_a_page_is_called_gone(
    filled: Path, tmp_path: Path, page: Make, lost: str
) -> None:
    _snapshot_of_a_run(filled, tmp_path / "killed", [page(7)])
    path = tmp_path / "killed" / "index.cdxj"
    data = path.read_bytes()
    others = b"".join(line for line in data.splitlines(keepends=True) if b"page-1" not in line)
    left = {"lines of a page": others, "all of it": b"", "half of it": data[: len(data) // 2]}[lost]
    path.write_bytes(left)
    said = _repair(tmp_path / "killed")
    assert any("found in the WARCs" in line for line in said)
    assert _pages(tmp_path / "killed") == ["page-1", "page-2", "page-3", "old", "page-7"]
    assert verify.verify(tmp_path / "killed").sound


def test_a_moment_before_all_time_is_none() -> None:
    assert timestamp("0001-01-01T00:00:00+14:00") == ""


def test_a_place_that_no_file_has_is_none() -> None:
    line = b'com,a)/ 20261120000000 {"url":"http://a.com/","length":"1","offset":"%d","filename":"x"}'
    with pytest.raises(ValueError, match="place"):
        cdxj.parse(line % 2**63)
