"""A terminal without a person: commands run as processes, against the demo's servers."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from linkkeeper.demo.archive import ArchiveServer
from linkkeeper.demo.captures import Capture
from linkkeeper.demo.story import Stage

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs `linkkeeper ARGS` in the test's own folder and returns what came of it."""
    monkeypatch.chdir(tmp_path)

    def command(
        *arguments: str, stdin: str = "", cwd: str = ".", **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "linkkeeper", *arguments],
            input=stdin,
            cwd=cwd,
            capture_output=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONIOENCODING": "utf-8"} | variables,
            timeout=60,
            check=False,
        )

    return command


@pytest.fixture
def run_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function like `run`'s, for commands that ask nobody: in this process, which is a good deal faster."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
        from typer.testing import CliRunner

        from linkkeeper.cli.app import app

        done = CliRunner().invoke(app, arguments, prog_name="linkkeeper")
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

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


@pytest.fixture(scope="module")
def serve_http() -> Iterator[Callable[[Any], str]]:
    """Return a function that serves a handler in a thread until the module is over, and returns the base URL."""
    servers: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def serve(handler: Any) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session")
def archive_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Return a loop that runs in a thread of its own, for servers."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="archives", daemon=True)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@contextmanager
def _archives(loop: asyncio.AbstractEventLoop) -> Iterator[Callable[..., ArchiveServer]]:
    served: list[ArchiveServer] = []

    def serve(*captures: Capture, **settings: Any) -> ArchiveServer:
        async def start() -> ArchiveServer:
            archive = ArchiveServer(captures, **settings)
            await archive.start()
            return archive

        served.append(asyncio.run_coroutine_threadsafe(start(), loop).result(10))
        return served[-1]

    yield serve
    for archive in served:
        asyncio.run_coroutine_threadsafe(archive.stop(), loop).result(10)


@pytest.fixture
def serve_archive(archive_loop: asyncio.AbstractEventLoop) -> Iterator[Callable[..., ArchiveServer]]:
    """Return a function that serves an `ArchiveServer` of its arguments until the test is over."""
    with _archives(archive_loop) as serve:
        yield serve


@pytest.fixture(scope="module")
def serve_archive_for_all(archive_loop: asyncio.AbstractEventLoop) -> Iterator[Callable[..., ArchiveServer]]:
    """Return a function like `serve_archive`; its archives stay for all tests of the module."""
    with _archives(archive_loop) as serve:
        yield serve


@pytest.fixture(scope="session")
def in_shell(tmp_path_factory: pytest.TempPathFactory, stage: Stage) -> Callable[[str, Path], Any]:
    """Return a function that runs a line in a shell in which `linkkeeper` is a command that may ask the stage."""
    program = tmp_path_factory.mktemp("bin") / "linkkeeper"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m linkkeeper "$@"\n')
    program.chmod(0o755)
    ours = {"LINKKEEPER_ALLOW_HOST": ",".join(stage.web.hosts), "LINKKEEPER_WAYBACK_URL": stage.archive_url}
    ours |= {"LINKKEEPER_WAYBACK_RATE": "60000", "LINKKEEPER_TIMEOUT": "5"}
    ours |= {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}

    def line(text: str, folder: Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", text], cwd=folder, env=os.environ | ours, capture_output=True,
            encoding="utf-8", timeout=60, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    return line
