import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from linkkeeper.demo.story import Stage

Run = Callable[..., "subprocess.CompletedProcess[str]"]
QUICK = {"LINKKEEPER_WAYBACK_RATE": "6000", "LINKKEEPER_WAYBACK_PUBLIC_URL": "https://web.archive.org"}

WRONG = {
    "an unknown repair": (["--only", "clean,arhive"], "there is no repair 'arhive'"),
    "no repair": (["--only", ","], "--only names no repair"),
    "an unknown style": (["--style", "bold"], "there is no style 'bold'"),
    "an unknown format": (["--format", "html"], "fix has no format 'html'"),
    "a diff in JSON": (["--diff", "--format", "json"], "--diff is text"),
    "questions without a terminal": (["--interactive"], "--interactive needs a terminal"),
    "stdin": (["-"], "fix rewrites files"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_meant_is_a_usage_error_before_anything_is_done(run: Run, name: str) -> None:
    arguments, message = WRONG[name]
    Path("post.md").write_text("[a](http://127.0.0.1:9/)")
    done = run("fix", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert [path.name for path in Path().iterdir()] == ["post.md"]


def test_on_a_terminal_each_repair_is_made_as_answered(run: Run, stage: Stage, trusted: list[str]) -> None:
    dead, living = stage.web.url("gone", "/2016/second"), stage.web.url("living", "/a?utm_source=x&id=1")
    text = f"---\ndate: 2016-07-08\n---\n[a]({dead}) [b]({living})\n"
    Path("post.md").write_text(text)
    leader, follower = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "linkkeeper", "fix", "-i", "post.md", *trusted],
            stdin=follower,
            stdout=subprocess.DEVNULL,
            stderr=follower,
            env=os.environ | QUICK | {"TERM": "dumb"},
        )
        os.write(leader, b"n\ny\n")
        process.wait(60)
    finally:
        os.close(follower)
        os.close(leader)
    assert Path("post.md").read_text() == text.replace("utm_source=x&", "")
