"""A terminal without a person: commands run as processes, against the demo's servers."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from linkkeeper.demo.story import Stage

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs `linkkeeper ARGS` in the test's own folder and returns what came of it."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str, stdin: str = "", **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "linkkeeper", *arguments],
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONIOENCODING": "utf-8"} | variables,
            timeout=60,
            check=False,
        )

    return command


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """Serve the demo's small web and small archive for the whole session."""
    with Stage().open() as servers:
        yield servers


@pytest.fixture
def trusted(stage: Stage) -> list[str]:
    """Return the flags by which a command may ask the small web and the small archive, quickly."""
    hosts = [flag for host in stage.web.hosts for flag in ("--allow-host", host)]
    return [*hosts, "--wayback-url", stage.archive_url, "--timeout", "5"]
