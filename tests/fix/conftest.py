"""A folder of posts, and what a run would make of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from linkkeeper.fix import disk
from linkkeeper.fix.journal import Change, Journal

Posts = Callable[[int], list[Change]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that is the current one."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def posts(project: Path) -> Posts:
    """Return a function that writes so many posts and returns a change for each."""

    def write(count: int) -> list[Change]:
        changes = []
        for number in range(count):
            old, new = b"old %d\r\n" % number, b"new text %d\r\n" % number
            (project / f"post-{number}.md").write_bytes(old)
            changes.append(Change(f"post-{number}.md", disk.digest(old), new))
        return changes

    return write


@pytest.fixture
def journal(project: Path) -> Iterator[Journal]:
    """Return the journal of the project, closed at the end."""
    with Journal(project / ".linkkeeper") as opened:
        yield opened


@pytest.fixture
def snapshot() -> Callable[[Path], dict[str, bytes]]:
    """Return a function that reads every file of a folder except the state."""

    def read(folder: Path) -> dict[str, bytes]:
        files = (path for path in folder.rglob("*") if path.is_file() and ".linkkeeper" not in path.parts)
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    return read
