"""Many files: order, several processes, the cache, what goes wrong with one."""

import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from linkkeeper.extract import registry
from linkkeeper.extract.base import Extraction, ExtractOptions
from linkkeeper.extract.discover import DiscoverOptions, SourceFile, discover
from linkkeeper.extract.scan import Extract, extract_files, run

OPTIONS = ExtractOptions()


class Memory:
    """A cache that counts."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.hits = 0

    def get(self, key: str) -> bytes | None:
        """Return what is known."""
        self.hits += key in self.values
        return self.values.get(key)

    def put(self, key: str, value: bytes) -> None:
        """Remember."""
        self.values[key] = value


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
