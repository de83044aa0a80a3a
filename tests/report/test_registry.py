import os
from collections.abc import Callable
from pathlib import Path

import pytest

from linkkeeper.errors import LinkkeeperError, UsageError
from linkkeeper.models.run import Run, UrlRow
from linkkeeper.report import registry


@pytest.mark.parametrize("name", registry.NAMES)
def test_every_format_renders_the_same_run_as_the_same_text(name: str, run: Run) -> None:
    chosen = registry.named(name)
    assert name == chosen.NAME
    assert chosen.render(run) == chosen.render(run)
    assert chosen.render(run).endswith("\n")


@pytest.mark.parametrize("name", registry.NAMES)
def test_every_format_renders_a_run_that_found_nothing(name: str, make: Callable[[list[UrlRow]], Run]) -> None:
    assert registry.named(name).render(make([])) is not None


def test_an_unknown_format_names_the_nearest_known_one() -> None:
    with pytest.raises(UsageError) as caught:
        registry.named("Sarf")
    assert "did you mean sarif?" in caught.value.hint


def test_a_report_reaches_its_file_with_the_mode_of_new_files(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    before = os.umask(0o027)
    try:
        registry.write(run, "json", target)
    finally:
        os.umask(before)
    assert target.read_text("utf-8") == registry.named("json").render(run)
    assert target.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [target]


def test_a_report_that_cannot_be_written_leaves_the_old_one(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "report.json"
    target.write_text("old", "utf-8")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LinkkeeperError, match="no space left"):
        registry.write(run, "json", target)
    assert target.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_is_not_followed(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious", "utf-8")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "report.html").symlink_to(victim)
    (tree / "out").symlink_to(tmp_path, target_is_directory=True)
    monkeypatch.chdir(tree)
    for path in (Path("report.html"), Path("out/victim"), tree / "out" / "victim", Path("sub/../out/victim")):
        with pytest.raises(UsageError):
            registry.write(run, "html", path)
    assert victim.read_text("utf-8") == "precious"


@pytest.mark.parametrize("path", ["/dev/null", ".", "no/such/folder/report.json"])
def test_what_is_no_place_for_a_report_is_refused_at_once(path: str) -> None:
    with pytest.raises(UsageError):
        registry.check_outputs([("json", Path(path))])


def test_two_outputs_to_one_file_are_refused_however_it_is_spelled(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    twice = [("json", tmp_path / "report"), ("html", tmp_path / "a" / ".." / "report")]
    with pytest.raises(UsageError, match="json and html"):
        registry.check_outputs(twice)
    registry.check_outputs([("json", tmp_path / "one"), ("json", tmp_path / "two")])
