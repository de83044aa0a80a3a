"""Many files: order, several processes, the cache, what goes wrong with one."""

import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from linkkeeper.extract import escape, formats, registry
from linkkeeper.extract.base import Extraction, ExtractOptions, Found
from linkkeeper.extract.discover import DiscoverOptions, SourceFile, discover
from linkkeeper.extract.job import Made, one
from linkkeeper.extract.lines import LinkLines
from linkkeeper.extract.lines import decode as decode_lines
from linkkeeper.extract.remembered import Remembered, Stamp, settled
from linkkeeper.extract.scan import Extract, extract_files, run
from linkkeeper.models.document import Document, FileProblem

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


class Who(Extract, frozen=True):
    """A job that tells which process did it."""

    def prepare(self) -> None:
        """Load nothing."""

    def run(self, document: Document, data: bytes, remember: bool = False) -> Made:
        """Return the number of this process."""
        return Made(b"%d" % os.getpid())


def test_none_of_many_files_is_left_to_the_parent(files: tuple[SourceFile, ...]) -> None:
    """It has loaded no format: that would take longer than the files of the last batch."""
    assert b"%d" % os.getpid() not in set(run(files, Who(OPTIONS), processes=2))
    assert set(run(files[:20], Who(OPTIONS), processes=2)) == {b"%d" % os.getpid()}


def test_large_files_are_shared_among_workers_and_a_single_one_is_read_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linkkeeper.extract.scan._LARGE_BYTES", 100)
    for name in "ab":
        (tmp_path / f"{name}.md").write_text("x" * 200)
    found = discover((str(tmp_path),), DiscoverOptions()).files
    here = b"%d" % os.getpid()
    assert set(run(found[:1], Who(OPTIONS), processes=2)) == {here}
    assert here not in set(run(found, Who(OPTIONS), processes=2))


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


@pytest.mark.parametrize("until", ["until", "Until", "UNTIL"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_ignore_comment_that_expires_is_not_remembered(tmp_path: Path, until: str, encoding: str) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"<!-- linkkeeper-ignore {until} 2999-01-01 -->\n[a](b)", encoding)
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


@pytest.mark.parametrize("kind", [Extract, LinkLines])
def test_a_link_that_cannot_be_written_down_is_a_row_and_the_rest_goes_on(
    files: tuple[SourceFile, ...], monkeypatch: pytest.MonkeyPatch, kind: type[Extract] | type[LinkLines]
) -> None:
    placed = registry.Reading.placed

    def spoilt(reading: registry.Reading) -> Iterator[tuple[Found, int, int, int, int]]:
        for number, (found, start, end, line, column) in enumerate(placed(reading)):
            spoilt = replace(found, url="http://a/\ud800") if number == 5 else found
            yield spoilt, start, end, line, column

    monkeypatch.setattr(registry.Reading, "placed", spoilt)
    job = kind(OPTIONS)
    results = list(run(files[:14], job, processes=1))
    whole = [job.refused(FileProblem(files[n].path, "could not be understood (UnicodeEncodeError)")) for n in (6, 13)]
    assert [results[6], results[13]] == whole
    assert sum(result in whole for result in results) == 2


@pytest.mark.parametrize("kind", [Extract, LinkLines])
def test_large_files_give_what_small_ones_give(
    files: tuple[SourceFile, ...], monkeypatch: pytest.MonkeyPatch, kind: type[Extract] | type[LinkLines]
) -> None:
    Path("010.md").write_bytes(b"\0\1\2\3\4\5")
    Path("011.md").unlink()
    before, memory = list(run(files, kind(OPTIONS), processes=1)), Memory()
    monkeypatch.setattr("linkkeeper.extract.scan._LARGE_BYTES", 30)
    assert list(run(files, kind(OPTIONS), memory)) == before
    assert len(memory.values) == len(files) - 1  # the one that is gone
    assert list(run(files, kind(OPTIONS), memory)) == before
    assert memory.hits == len(files) - 1


WITH_SECRETS = "https://u:p%40@a.example/ [b](https://mp.weixin.qq.com/s?a=1&key=abcdefgh12345678)\n"


@pytest.mark.parametrize("name", ["000.md", "000.txt"])
@pytest.mark.parametrize("secrets", [0, 1, 4000])
@pytest.mark.parametrize("portion", [20_000, 1 << 21])
def test_a_large_file_is_remembered_although_its_lines_come_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, secrets: int, portion: int
) -> None:
    monkeypatch.chdir(tmp_path)
    line = "Text [b](c{0}) https://a.example/{0}\n\n"
    Path(name).write_text("".join(line.format(number) + WITH_SECRETS * (number < secrets) for number in range(5000)))
    whole = LinkLines(OPTIONS).lines(name, Path(name).read_bytes()).text
    for module, constant, value in (
        ("scan", "_LARGE_BYTES", 1000),
        ("lines", "_PART_BYTES", 100_000),
        ("pieces", "LONG", portion),
        ("pieces", "PIECE", portion),
        ("markdown_long", "LONG", portion),
        ("markdown_long", "_PIECE", portion),
        ("markdown_long", "_SHORT_PIECE", portion),
        ("remembered", "_RACY_NS", 0),
    ):
        monkeypatch.setattr(f"linkkeeper.extract.{module}.{constant}", value)
    memory = Memory()
    parts = _texts(name, memory)
    assert len(parts) > 3
    assert b"".join(parts) == whole
    (kept,) = memory.values.values()
    assert (b"key=abc" in kept.value, b"u:p" in kept.value, bool(kept.digest)) == (False, False, not secrets)
    assert _texts(name, memory) == [whole]
    Path(name).write_text("https://b.example/")
    assert [text.count(b"b.example") for text in _texts(name, memory)] == [3]


def _texts(name: str, memory: Memory) -> list[bytes]:
    files = discover((name,), DiscoverOptions()).files
    return [decode_lines(part).text for part in run(files, LinkLines(OPTIONS), memory)]


def test_more_lines_than_are_held_are_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("000.md").write_text("".join(f"[a](b{number}) www.a.example/{number}\n" for number in range(3000)))
    monkeypatch.setattr("linkkeeper.extract.scan._LARGE_BYTES", 1000)
    monkeypatch.setattr("linkkeeper.extract.lines._PART_BYTES", 100_000)
    monkeypatch.setattr("linkkeeper.extract.gathered.MOST_BYTES", 500_000)
    memory = Memory()
    first = _texts("000.md", memory)
    assert len(first) > 3
    assert not memory.values
    assert _texts("000.md", memory) == first


class Fragile(LinkLines, frozen=True):
    """A job that finds a fault in the third part."""

    def parts(self, document: Document, data: bytes, remember: bool = False) -> Iterator[Made]:
        """Yield two parts."""
        yield self.run(Document("a.md"), b"")
        yield self.run(Document("b.md"), b"")
        raise ValueError


@pytest.mark.parametrize("memory", [None, Memory()])
def test_what_was_read_of_a_large_file_before_a_fault_is_kept_and_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: Memory | None
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("linkkeeper.extract.scan._LARGE_BYTES", 1)
    Path("a.md").write_text("text")
    results = [
        decode_lines(part) for part in run(discover(("a.md",), DiscoverOptions()).files, Fragile(OPTIONS), memory)
    ]
    assert [len(one.problems) for one in results] == [0, 0, 1]
    assert not memory or not memory.values


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.rst", "a.html"])
def test_a_file_of_nothing_but_urls_is_not_held_as_links(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkkeeper.extract.lines._PART_BYTES", 100_000)
    data = b"".join(b"https://a.example/%d\n" % number for number in range(60_000))
    job = LinkLines(OPTIONS)
    list(job.parts(Document(name), data))  # modules and caches
    tracemalloc.start()
    size = sum(len(part.value) for part in job.parts(Document(name), data))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 9_000_000
    assert size > 8_000_000 or name == "a.html"


LONE = [r"\uD800", r"\udfff", r"\U0000D800", r"\ud83d\ud83d", r"\x41", r"\u{d800}", "&#xD800;", "&#55296;", "%ED%A0%80"]
PIECES = [*LONE, r"\d800 ", r"\ud83d\ude00", "/", "a", "\\", '"', "'", "`", "{", "}", "\n", " "]
FRAMES = [
    "@", "[a](@)", "<@>", "[a]: @\n\n[a]", '<a href="@">', "<a href=@>", "<style>a{b:url(@)}</style>", "<link>@</link>",
    '---\nurl: "@"\n---\n', "---\nurl: @\n---\n", '+++\nurl = "@"\n+++\n', '{"url": "@"}\n', 'url: "@"\n',
    'url = "@"\n', '["@"]', '{"cells":[{"cell_type":"markdown","source":["[a](@)"]}]}', '<A href={"@"}/>',
    "<A href={`@`}/>", '<script type="application/ld+json">{"url": "@"}</script>', "`a <@>`_", "link:@[a]", "[[@][a]]",
    '---json\n{"url": "@"}\n---\n', "<a b=\"@\" href='@'>",
]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(sorted(formats.SUFFIXES)),
    st.sampled_from(FRAMES),
    st.lists(st.sampled_from(PIECES), max_size=5),
    st.sampled_from([b"", b"\xed\xa0\x80", b"\xff", b"\xed\xb3\xbf"]),
)
def test_no_escape_in_a_document_gives_what_cannot_be_written_down(
    suffix: str, frame: str, pieces: list[str], raw: bytes
) -> None:
    url = "http://a.example/" + "".join(pieces)
    data = frame.replace("@", url).encode() + b" http://b.example/" + raw
    for job in (Extract(OPTIONS), LinkLines(OPTIONS, everything=True)):
        job.run(Document("a" + suffix), data)
    for link in registry.extract("a" + suffix, data, OPTIONS).links:
        link.url.encode()
        escape.decode(link.written, link.context).encode()


@pytest.mark.parametrize("processes", [1, 2])
def test_half_of_a_surrogate_pair_does_not_keep_other_files_from_being_read(tmp_path: Path, processes: int) -> None:
    heads = {
        "a.md": '---\nurl: "http://a/\\uD800b"\n---\n',
        "b.md": '{"url": "http://a/\\uD800b"}\n',
        "c.yaml": 'url: "http://a/\\uD800b"',
        "d.toml": 'url = "http://a/\\uD800b"',
        "e.mdx": '<A href={"http://a/\\uD800b"}/>',
    }
    for name, text in {**heads, "z.md": "[x](missing.md)"}.items():
        (tmp_path / name).write_text(text)
    found = discover((str(tmp_path), *(str(tmp_path / name) for name in heads)), DiscoverOptions()).files
    seen = {Path(path).name: links for path, links in urls(found, processes=processes)}
    assert seen == {name: ["http://a/\ufffdb"] for name in heads} | {"z.md": ["missing.md"]}
    for file in found:
        lines = decode_lines(one(file.path, LinkLines(OPTIONS)).value)
        assert lines.text.count(b"\n") == 1
        assert lines.problems == ()


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
    assert peak < 9_000_000
