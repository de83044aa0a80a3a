"""Many files: order, several processes, the cache, what goes wrong with one."""

import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from linkkeeper.extract import registry
from linkkeeper.extract.base import Extraction, ExtractOptions
from linkkeeper.extract.discover import DiscoverOptions, SourceFile, discover
from linkkeeper.extract.lines import LinkLines
from linkkeeper.extract.remembered import Remembered, Stamp, settled
from linkkeeper.extract.scan import Extract, extract_files, run

OPTIONS = ExtractOptions()


class Memory:
    """A cache that counts."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], Remembered] = {}
        self.hits = 0

    def get(self, job: str, path: str) -> Remembered | None:
        """Return what is known."""
        self.hits += (job, path) in self.values
        return self.values.get((job, path))

    def put(self, job: str, path: str, one: Remembered) -> None:
        """Remember."""
        self.values[job, path] = one


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[SourceFile, ...]:
    """Return 450 files, more than two batches."""
    monkeypatch.chdir(tmp_path)
    for number in range(450):
        Path(f"{number:03}.md").write_text(f"[a](https://a.example/{number})\n" * (number % 7))
    return discover((".",), DiscoverOptions()).files


def urls(files: tuple[SourceFile, ...], cache: Memory | None = None, processes: int = 1) -> list[tuple[str, list[str]]]:
    """Return the URLs of each file."""
    return [
        (one.document.path, [link.url for link in one.extraction.links])
        for one in extract_files(files, OPTIONS, cache, processes)
    ]


def test_several_processes_give_what_one_gives_in_the_same_order(files: tuple[SourceFile, ...]) -> None:
    alone = urls(files)
    assert [path for path, _ in alone] == [file.path for file in files]
    assert sum(len(found) for _, found in alone) == sum(number % 7 for number in range(450))
    assert urls(files, processes=2) == alone


def test_an_unchanged_file_is_not_parsed_again(files: tuple[SourceFile, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    first = urls(files, memory, processes=2)
    Path(files[3].path).write_text("[new](https://new.example)")
    parsed: list[str] = []
    extract = registry.extract

    def listened(path: str, data: bytes, options: ExtractOptions) -> Extraction:
        parsed.append(path)
        return extract(path, data, options)

    monkeypatch.setattr(registry, "extract", listened)
    second = urls(files, memory)
    assert parsed == [files[3].path]
    assert second[3] == (files[3].path, ["https://new.example"])
    assert second[:3] + second[4:] == first[:3] + first[4:]


def test_options_are_part_of_what_is_remembered(files: tuple[SourceFile, ...]) -> None:
    memory = Memory()
    urls(files, memory)
    list(extract_files(files, ExtractOptions(include_verbatim=True), memory))
    assert memory.hits == 0


LONG_AGO = 1_700_000_000
SECRETS = ("https://user:geheim@a.example/", "https://a.example/?access_token=geheim", "https&#58;//u:geheim&#64;a.b")


@pytest.mark.parametrize("url", SECRETS)
def test_what_holds_credentials_is_not_remembered(tmp_path: Path, url: str) -> None:
    memory = Memory()
    for name, text in (
        ("a.md", f"[a]({url}) [b](https://b.example)"),
        ("b.md", "[b](https://b.example/?a=b) a@b.example"),
    ):
        (tmp_path / name).write_text(text)
    found = discover((str(tmp_path),), DiscoverOptions()).files
    for job in (Extract(OPTIONS), LinkLines(OPTIONS)):
        list(run(found, job, memory, 1))
    assert [Path(path).name for _, path in memory.values] == ["b.md", "b.md"]
    assert not any(b"geheim" in one.value for one in memory.values.values())


def test_a_file_that_looks_as_it_did_is_not_even_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.md"
    path.write_text("[a](https://a.example)")
    [file] = discover((str(path),), DiscoverOptions()).files
    assert file.stamp is not None
    settled_long_ago = replace(file, stamp=Stamp(file.size_bytes, LONG_AGO, LONG_AGO, file.stamp.inode))
    memory = Memory()
    first = urls((settled_long_ago,), memory)
    monkeypatch.setattr("linkkeeper.extract.scan.read", None)
    assert urls((settled_long_ago,), memory) == first


def test_a_file_touched_but_not_changed_is_read_and_not_parsed(
    files: tuple[SourceFile, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory()
    first = urls(files, memory)
    monkeypatch.setattr(registry, "extract", None)
    assert urls(files, memory) == first


def test_a_change_within_one_tick_of_the_clock_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("[a](https://a.example)")
    [file] = discover((str(path),), DiscoverOptions()).files
    memory = Memory()
    urls((file,), memory)
    path.write_text("[a](https://b.example)")
    assert urls((file,), memory) == [(str(path), ["https://b.example"])]  # same size, and as far as we see same times


def test_a_stamp_is_believed_two_seconds_after_the_last_change() -> None:
    stamp = Stamp(1, 5_000_000_000, 6_000_000_000, 7)
    assert settled(stamp, 7_999_999_999) is None
    assert settled(stamp, 8_000_000_000) == stamp
    assert settled(None, 8_000_000_000) is None


def test_an_ignore_comment_that_expires_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("<!-- linkkeeper-ignore until 2999-01-01 -->\n[a](b)")
    memory = Memory()
    urls((SourceFile(str(path), 50),), memory)
    assert memory.values == {}


def test_a_file_that_vanished_or_became_a_pipe_is_a_row(files: tuple[SourceFile, ...]) -> None:
    Path(files[0].path).unlink()
    Path(files[1].path).unlink()
    os.mkfifo(files[1].path)
    for processes in (1, 2):
        scanned = list(extract_files(files, OPTIONS, processes=processes))
        problems = [problem for one in scanned for problem in one.extraction.problems]
        assert [problem.file for problem in problems] == [files[0].path, files[1].path]
        assert len(scanned) == len(files)


def test_a_fault_of_ours_is_a_row_and_the_rest_goes_on(
    files: tuple[SourceFile, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    extract = registry.extract

    def broken(path: str, data: bytes, options: ExtractOptions) -> Extraction:
        if path == files[2].path:
            raise RecursionError
        return extract(path, data, options)

    monkeypatch.setattr(registry, "extract", broken)
    scanned = list(extract_files(files[:5], OPTIONS, processes=1))
    assert [len(one.extraction.problems) for one in scanned] == [0, 0, 1, 0, 0]


def test_the_digest_is_that_of_the_bytes_read(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"abc")
    [one] = extract_files((SourceFile(str(path), 3),), OPTIONS)
    assert one.document.digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert one.document.size_bytes == 3


def test_results_stream_and_memory_stays_flat(files: tuple[SourceFile, ...]) -> None:
    def many() -> Iterator[SourceFile]:
        for _ in range(20):
            yield from files

    tracemalloc.start()
    count = sum(1 for _ in run(many(), Extract(OPTIONS), processes=1))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20 * len(files)
    assert peak < 12_000_000
