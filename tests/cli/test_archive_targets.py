"""What `archive` writes never takes the place of something else."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from linkkeeper.demo.story import Stage

Run = Callable[..., "CompletedProcess[str]"]


@pytest.fixture
def kept(stage: Stage, run: Run, trusted: list[str]) -> str:
    essay = stage.web.url("living", "/essay")
    Path("posts").mkdir()
    Path("posts/one.md").write_text(f"[essay]({essay})\n")
    assert run("archive", "save", "posts", "--to", "local", "-q", *trusted).returncode == 0
    return essay


def test_an_export_takes_the_place_of_an_older_wacz_and_of_nothing_else(run_here: Run, kept: str) -> None:
    del kept
    warc = next(Path("archive/warc").iterdir())
    post = next(Path("posts").iterdir())
    for file in (warc, Path("archive/index.cdxj"), post):
        before = file.read_bytes()
        done = run_here("archive", "export", "--wacz", str(file))
        assert (done.returncode, file.read_bytes()) == (2, before)
        assert "is there already" in done.stderr
    for _ in range(2):
        assert run_here("archive", "export", "--wacz", "blog.wacz").returncode == 0
    assert run_here("archive", "verify", "blog.wacz").returncode == 0


def test_an_extracted_page_takes_the_place_of_nothing(run_here: Run, kept: str) -> None:
    post = next(Path("posts").iterdir())
    before = post.read_bytes()
    done = run_here("archive", "show", kept, "--extract", str(post))
    assert (done.returncode, post.read_bytes()) == (2, before)
    assert "is there already" in done.stderr
