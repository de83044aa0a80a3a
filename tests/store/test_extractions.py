"""What documents hold, between runs."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from linkkeeper.extract.remembered import Remembered, Stamp
from linkkeeper.store.extractions import Extractions

ONE = Remembered(Stamp(5, 1, 2, 3), b"d" * 32, b"links")
TWO = Remembered(None, b"e" * 32, b"other links")
DAY_S = 86_400


def put(state: Path, **values: Remembered) -> None:
    """Remember values of one job in a run of its own."""
    store = Extractions(state)
    for path, one in values.items():
        store.put("job", path, one)
    store.close()


def get(state: Path, path: str, job: str = "job") -> Remembered | None:
    """Ask in a run of its own."""
    store = Extractions(state)
    found = store.get(job, path)
    store.close()
    return found


def packs(state: Path) -> list[Path]:
    """Return the files that there are."""
    return sorted((state / "extractions").iterdir())


def test_what_was_read_of_a_document_is_remembered(tmp_path: Path) -> None:
    state = tmp_path / ".linkkeeper"
    put(state, a=ONE, b=TWO)
    assert (get(state, "a"), get(state, "b")) == (ONE, TWO)
    assert get(state, "c") is get(state, "a", job="other") is None
    assert (state / ".gitignore").read_text() == "*\n"


def test_a_run_over_some_files_keeps_what_is_known_of_the_others(tmp_path: Path) -> None:
    put(tmp_path, a=ONE, b=ONE)
    put(tmp_path, b=TWO)
    assert (get(tmp_path, "a"), get(tmp_path, "b")) == (ONE, TWO)
    assert len(packs(tmp_path)) == 1


def test_a_run_without_news_writes_nothing(tmp_path: Path) -> None:
    put(tmp_path, a=ONE)
    before = packs(tmp_path)[0].stat()
    get(tmp_path, "a")
    assert packs(tmp_path)[0].stat() == before


@pytest.mark.parametrize("cut", [0, 7, 20, 60, -1])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, cut: int) -> None:
    put(tmp_path, a=ONE, b=TWO)
    [pack] = packs(tmp_path)
    pack.write_bytes(pack.read_bytes()[:cut])
    assert get(tmp_path, "a") is None
    put(tmp_path, a=TWO)
    assert get(tmp_path, "a") == TWO


def test_any_one_damaged_byte_is_noticed(tmp_path: Path) -> None:
    put(tmp_path, a=ONE, b=TWO)
    [pack] = packs(tmp_path)
    good = pack.read_bytes()
    for place in range(len(good)):
        pack.write_bytes(good[:place] + bytes([good[place] ^ 0x41]) + good[place + 1 :])
        assert get(tmp_path, "a") in (None, ONE)
        assert get(tmp_path, "b") in (None, TWO)


def test_what_nobody_uses_for_a_month_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, old=ONE, used=ONE)
    now = time.time()
    for days in (20, 40):
        monkeypatch.setattr(time, "time", lambda days=days: now + days * DAY_S)
        assert get(tmp_path, "used") == ONE
    assert get(tmp_path, "old") is None


def test_packs_of_other_versions_go_after_a_month(tmp_path: Path) -> None:
    put(tmp_path, a=ONE)
    left = tmp_path / "extractions" / "old.pack"
    left.write_bytes(b"")
    os.utime(left, (1, 1))
    put(tmp_path, a=TWO)
    assert left not in packs(tmp_path)


def test_a_place_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    state = tmp_path / "file"
    state.write_text("")
    put(state, a=ONE)
    assert get(state, "a") is None


def test_two_runs_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    first, second = Extractions(tmp_path), Extractions(tmp_path)
    first.put("job", "a", ONE)
    second.put("job", "a", TWO)
    first.close()
    second.close()
    assert get(tmp_path, "a") == TWO
    assert len(packs(tmp_path)) == 1


def test_what_a_killed_run_left_goes_with_the_next_pack_and_what_a_living_one_writes_stays(tmp_path: Path) -> None:
    put(tmp_path, a=ONE)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / "extractions" / f"{'0' * 32}.{ended.pid}-7f00.tmp"
    under_way = tmp_path / "extractions" / f"{'0' * 32}.{os.getppid()}-7f00.tmp"
    for file in (left, under_way):
        file.write_bytes(b"LKPR")
    put(tmp_path, a=TWO)
    assert left not in packs(tmp_path)
    assert under_way in packs(tmp_path)
