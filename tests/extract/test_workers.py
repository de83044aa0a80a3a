"""Several processes: what they answer, what happens when one dies, and who waits for whom."""

import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from linkkeeper.extract import forked, workers
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.extract.discover import DiscoverOptions, SourceFile, discover
from linkkeeper.extract.job import Made
from linkkeeper.extract.scan import Extract, extract_files, run
from linkkeeper.models.document import Document, FileProblem

OPTIONS = ExtractOptions()
PARENT = os.getpid()
DIED = "process that read it died, perhaps of a lack of memory"
MAY_FORK = workers.may_fork


class Tale(Extract, frozen=True):
    """A job that tells who did it, and dies of some files."""

    def prepare(self) -> None:
        """Load nothing."""

    def run(self, document: Document, data: bytes, remember: bool = False) -> Made:
        """Return the name of the file, who read it, and as many bytes as the file asks for."""
        if b"deadly" in data and os.getpid() != PARENT:
            os.kill(os.getpid(), signal.SIGKILL)
        length = int(data) if data.isdigit() else 0
        return Made(f"{document.path} {os.getpid()} ".encode() + b"x" * length)

    def refused(self, problem: FileProblem) -> bytes:
        """Return the problem."""
        return f"{problem.file} {problem.problem}".encode()


class Parts(Tale, frozen=True):
    """The same in several parts; of some files it dies at the last."""

    def parts(self, document: Document, data: bytes, remember: bool = False) -> Iterator[Made]:
        """Yield what `run` returns, three times."""
        for number in range(3):
            yield self.run(document, b"" if number < 2 and data == b"deadly" else data, remember)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(workers, "_FIRST_FILES", 10)
    monkeypatch.setattr(workers, "_BATCH_FILES", 5)
    monkeypatch.setattr(workers, "may_fork", lambda: True)  # other tests may have left idle threads behind


def files(count: int, texts: dict[int, str] | None = None) -> tuple[SourceFile, ...]:
    """Return some files, a few with a text of their own."""
    for number in range(count):
        Path(f"{number:03}.md").write_text((texts or {}).get(number, "[a](https://a.example)"))
    return discover((".",), DiscoverOptions()).files


def told(found: tuple[SourceFile, ...], processes: int | None = 2) -> list[list[str]]:
    """Return what the job says of each file, in words."""
    return [value.decode().split(" ", 2) for value in run(found, Tale(OPTIONS), processes=processes)]


def test_both_processes_work_and_the_order_stays() -> None:
    rows = told(files(200))
    assert [row[0] for row in rows] == [f"{number:03}.md" for number in range(200)]
    pids = {row[1] for row in rows}
    assert len(pids) == 2
    assert str(PARENT) not in pids


def test_a_process_that_dies_takes_only_the_files_beside_with_it() -> None:
    rows = told(files(100, {33: "deadly"}))
    lost = [row[0] for row in rows if row[1:] == ["the", DIED]]
    assert lost == ["030.md", "031.md", "032.md", "033.md", "034.md"]
    assert len(rows) == 100


def test_when_all_have_died_the_rest_is_done_here() -> None:
    """Both of the first they get: one that begins late could else find that the other has done all but that."""
    rows = told(files(100, {2: "deadly", 12: "deadly"}))
    assert [row[0] for row in rows] == [f"{number:03}.md" for number in range(100)]
    assert [row[1] for row in rows] == ["the"] * 15 + [str(PARENT)] * 85


def test_long_answers_to_long_questions_get_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a pipe holds, both ways: nobody waits for somebody who waits for him."""
    monkeypatch.setattr(workers, "_BATCH_FILES", 400)
    names = "/".join(["n" * 200] * 15)
    Path(names).mkdir(parents=True)
    long = [SourceFile(f"{names}/{number:03}.md", 9) for number in range(2400)]
    for one in long:
        Path(one.path).write_text("5000")
    lengths = [len(value) for value in run(long, Tale(OPTIONS), processes=2)]
    assert len(lengths) == 2400
    assert min(lengths) > 8000


def test_beside_another_thread_nothing_is_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that the other thread holds would be held for ever in the copy."""
    monkeypatch.setattr(workers, "may_fork", MAY_FORK)
    monkeypatch.setattr(forked, "fork", None)
    found, end = files(40), threading.Event()
    other = threading.Thread(target=end.wait)
    other.start()
    try:
        scanned = list(extract_files(found, OPTIONS, processes=2))
    finally:
        end.set()
        other.join()
    assert [one.document.path for one in scanned] == [file.path for file in found]
    assert all(len(one.extraction.links) == 1 for one in scanned)


def test_where_no_process_is_to_be_had_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refused)
    assert {row[1] for row in told(files(40))} == {str(PARENT)}


@pytest.fixture
def _ready() -> Iterator[None]:
    forked.begin(2, workers.answering_later)
    yield
    forked.dismiss()


def test_those_that_stand_ready_begin_at_once_and_the_time_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linkkeeper.extract.scan._LARGE_BYTES", 1000)
    (tmp_path / "a.md").write_text("https://a.example/")
    (tmp_path / "b.md").write_text("https://b.example/" + "x" * 1000)
    small, large = discover((str(tmp_path),), DiscoverOptions()).files
    meanwhile: list[str] = []

    def read(file: SourceFile) -> list[str]:
        meanwhile.clear()
        forked.begin(2, workers.answering_later)
        found = extract_files((file,), OPTIONS, meanwhile=lambda: meanwhile.append("used"))
        begun = "" if forked.ready else "begun"
        urls = [link.url for one in found for link in one.extraction.links]
        forked.dismiss()
        return [begun, *meanwhile, *(url[:18] for url in urls)]

    assert read(small) == ["begun", "used", "https://a.example/"]
    assert read(large) == ["begun", "used", "https://b.example/"]


@pytest.mark.usefixtures("_ready")
def test_processes_that_stand_ready_do_even_a_single_file() -> None:
    [row] = told(files(1), processes=None)
    assert row[1] != str(PARENT)
    assert not forked.ready


@pytest.mark.usefixtures("_ready")
def test_a_large_file_is_read_in_parts_by_one_that_stands_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkkeeper.extract.scan._LARGEST_BYTES", 7)
    found = files(20, {3: "3000000", 7: "deadly!", 9: "2000000", 19: "1000000"})
    values = [value.decode().split(" ", 2) for value in run(found, Parts(OPTIONS), processes=None)]
    rows = [(name[:3], pid, len(rest)) for name, pid, rest in values if len(rest) > 100]
    assert [(name, size) for name, _, size in rows] == [
        ("003", 3_000_000), ("003", 3_000_000), ("003", 3_000_000),
        ("009", 2_000_000), ("009", 2_000_000), ("009", 2_000_000),
        ("019", 1_000_000), ("019", 1_000_000), ("019", 1_000_000),
    ]  # fmt: skip
    assert str(PARENT) not in {pid for _, pid, _ in rows}
    assert [row[1:] for row in values if row[0] == "007.md"] == [["the", DIED]], "and the others go on"


@pytest.mark.usefixtures("_ready")
def test_one_that_dies_of_a_large_file_leaves_what_was_read_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkkeeper.extract.scan._LARGEST_BYTES", 6)
    values = [value.decode() for value in run(files(1, {0: "deadly"}), Parts(OPTIONS), processes=None)]
    assert [value.endswith(DIED) for value in values] == [False, False, True]


@pytest.mark.usefixtures("_ready")
def test_who_leaves_amid_a_large_file_leaves_no_process_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkkeeper.extract.scan._LARGEST_BYTES", 7)
    first = forked.ready[0].first
    values = run(files(1, {0: "3000000"}), Parts(OPTIONS), processes=None)
    assert len(next(values)) > 3_000_000
    values.close()  # type: ignore[attr-defined]  # a generator, which `run` does not promise
    assert os.waitpid(first, 0)[0] == first


@pytest.mark.usefixtures("_ready")
def test_who_says_how_many_does_not_get_those_that_stand_ready() -> None:
    [row] = told(files(1), processes=2)
    assert row[1] == str(PARENT)
    assert len(forked.ready) == 1


def test_processes_that_nobody_needs_end_with_all_their_like() -> None:
    forked.begin(3, workers.answering_later)
    [one] = forked.ready
    forked.dismiss()
    with pytest.raises(ProcessLookupError):
        os.kill(one.first, 0)
    assert not forked.ready


def test_no_process_is_left_behind() -> None:
    for pid in {int(row[1]) for row in told(files(100))}:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - as many as there are


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="SKIPPED: no /proc to count open files in")
def test_where_pipes_or_processes_run_out_nothing_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    pipes = iter(range(5))
    pipe = os.pipe

    def few_pipes() -> tuple[int, int]:
        if next(pipes, None) is None:
            raise OSError(24, "Too many open files")
        return pipe()

    before = _open_files()
    with monkeypatch.context() as patch:
        patch.setattr(os, "pipe", few_pipes)
        forked.begin(4, workers.answering_later)
    assert (_open_files(), forked.ready) == (before, [])
    with monkeypatch.context() as patch:
        patch.setattr(os, "fork", refused)
        forked.begin(4, workers.answering_later)
    assert (_open_files(), forked.ready) == (before, [])


def test_on_a_guess_only_so_many_are_begun_and_none_where_few_files_may_be_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[int] = []

    def fork(count: int, _: forked.Prepare) -> forked.Forked:
        begun.append(count)
        return forked.Forked(0, [])

    monkeypatch.setattr(forked, "fork", fork)
    monkeypatch.setattr(forked, "ready", [])
    forked.begin(3, workers.answering_later)
    forked.begin(64, workers.answering_later)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (100, 4096))
    forked.begin(3, workers.answering_later)
    assert begun == [3, 8]


def test_a_process_that_could_not_be_had_takes_no_file_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    fork = os.fork

    def only_once() -> int:
        if os.getpid() != PARENT:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return fork()

    monkeypatch.setattr(os, "fork", only_once)
    for count in (1, 40):
        forked.begin(3, workers.answering_later)
        rows = told(files(count), processes=None)
        assert len(rows) == count
        assert "the" not in {row[1] for row in rows}


def test_a_process_that_dies_before_it_begins_takes_no_file_with_it() -> None:
    def dies() -> forked.Do:
        time.sleep(0.3)  # by then it was given something to do
        os._exit(1)

    forked.begin(3, dies)
    assert {row[1] for row in told(files(40), processes=None)} == {str(PARENT)}


def test_a_large_file_that_is_read_here_and_now_is_not_handed_out() -> None:
    large, *others = files(7)
    with workers.Workers(Tale(OPTIONS), processes=2) as hands:
        ticket = hands.add(large, apart=True)
        assert len(list(hands.large(large.path))) == 1
        tickets = [hands.add(one) for one in others]
        assert [one.result().value.split()[0].decode() for one in tickets] == [one.path for one in others]
        assert ticket.is_here()
