"""Files that were unpacked into one."""

import io
import tempfile
import zipfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from linkkeeper.archive.local.spool import Spool
from linkkeeper.errors import LinkkeeperError


def test_files_that_lie_in_one_are_read_in_turn_each_to_its_own_end(tmp_path: Path) -> None:
    with ExitStack() as exits:
        spool = Spool(tmp_path, exits)
        for name, data in (("a", b"first"), ("none", b""), ("b", b"the second")):
            spool.take(name, io.BytesIO(data))
        first, second = spool.window("a"), spool.window("b")
        second.seek(4)
        assert [first.read(3), second.read(3), first.read(9), second.read(9), first.read(9)] == [
            *(b"fir", b"sec", b"st", b"ond", b"")
        ]
        assert spool.window("none").read(9) == b""


def test_what_breaks_off_is_not_taken_and_the_next_lies_behind_it(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if data := super().read(size):
                return data
            raise zipfile.BadZipFile("bad CRC")

    with ExitStack() as exits:
        spool = Spool(tmp_path, exits)
        with pytest.raises(zipfile.BadZipFile):
            spool.take("a", Broken(b"half of it"))
        spool.take("b", io.BytesIO(b"whole"))
        assert "a" not in spool.places
        assert spool.window("b").read(99) == b"whole"


def test_no_folder_to_unpack_into_is_an_error_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nothing"))
    with ExitStack() as exits, pytest.raises(LinkkeeperError, match="cannot unpack"):
        Spool(tmp_path, exits).take("a", io.BytesIO(b"data"))
