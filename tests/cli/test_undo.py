import subprocess
from collections.abc import Callable
from pathlib import Path

from linkkeeper.fix import disk
from linkkeeper.fix.journal import Change, Journal

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def write(count: int = 2) -> str:
    """Let a run change so many posts of the current folder; return its id."""
    changes = []
    for number in range(count):
        Path(f"{number}.md").write_bytes(b"old")
        changes.append(Change(f"{number}.md", disk.digest(b"old"), b"new"))
    with Journal(".linkkeeper") as journal:
        run_id = journal.begin()
        assert [outcome.reason for outcome in journal.save_all(changes)] == [None] * count
    return run_id


def test_undo_takes_back_the_last_run(run: Run) -> None:
    run_id = write()
    done = run("undo")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"run {run_id}: 2 files as before\n")
    assert Path("0.md").read_bytes() == b"old"


def test_undo_without_any_run_says_so_and_makes_nothing(run: Run) -> None:
    done = run("undo")
    assert (done.returncode, done.stderr) == (0, "nothing to undo\n")
    assert list(Path().iterdir()) == []


def test_undo_names_a_file_changed_since_and_exits_1(run: Run) -> None:
    write()
    Path("1.md").write_bytes(b"mine")
    done = run("undo")
    assert done.returncode == 1
    assert "1.md: left alone: it was changed since\n" in done.stderr
    assert [Path(f"{number}.md").read_bytes() for number in range(2)] == [b"old", b"mine"]


def test_undo_lists_runs_the_last_one_first_and_takes_back_a_named_one(run: Run) -> None:
    first = write()
    run("undo", first)
    second = write(1)
    assert (
        run("undo", "--list").stdout
        == f"{second}  1 file (can be undone): 0.md\n{first}  2 files (undone): 0.md, 1.md\n"
    )
    assert run("undo", second).returncode == 0
    assert "(can be undone)" not in run("undo", "--list").stdout


def test_the_first_letters_of_a_runs_name_are_enough_if_they_are_its_alone(run: Run) -> None:
    first = write(1)
    Path("0.md").unlink()
    second = write(2)
    both = run("undo", "2")
    assert both.returncode == 2
    assert "2 runs begin with 2: " in both.stderr
    length = next(place for place, (a, b) in enumerate(zip(first, second, strict=True)) if a != b) + 1
    assert run("undo", second[:length]).returncode == 0
    assert [Path(f"{number}.md").read_bytes() for number in range(2)] == [b"old", b"old"]


def test_a_list_of_runs_takes_no_name(run: Run) -> None:
    done = run("undo", "--list", write())
    assert done.returncode == 2
    assert "--list takes no RUN" in done.stderr
    assert Path("0.md").read_bytes() == b"new"


def test_undoing_an_unknown_run_is_a_usage_error(run: Run) -> None:
    write()
    done = run("undo", "20200101T000000Z-abcdef")
    assert done.returncode == 2
    assert "there is no run 20200101T000000Z-abcdef" in done.stderr
    assert "--list" in done.stderr


def test_two_runs_at_once_exclude_each_other(run: Run) -> None:
    write()
    with Journal(".linkkeeper") as journal:
        journal.acquire()
        for arguments in (["undo"], ["fix", "."]):
            done = run(*arguments)
            assert done.returncode == 3
            assert "another run is changing these posts" in done.stderr
    assert run("undo").returncode == 0
