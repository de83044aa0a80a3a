"""`archive serve`: what is kept, replayed in a browser on this machine, by pywb where it is installed.

pywb gets a directory of its own for its configuration; it reads our WARCs and index and writes nothing into the
archive. It listens on 127.0.0.1 only, and ends with us, also when we are killed (see `replayer`).
"""

import contextlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from linkkeeper.archive.local import cdxj, index
from linkkeeper.archive.local.layout import INDEX, WARCS, failure, require, require_index
from linkkeeper.errors import LinkkeeperError

HOST = "127.0.0.1"
COLLECTION = "archive"
_START_S, _STEP_S, _END_S = 60.0, 0.05, 5.0
_TOLD = 2000


class Replay:
    """A running pywb; `url` is where it shows the archive, `<url><timestamp>/<page>` a capture.

    port 0 takes a free one.
    """

    def __init__(self, directory: Path, port: int = 0) -> None:
        self._directory, self._port = directory, port
        self._exits = contextlib.ExitStack()
        self.url = ""

    def __enter__(self) -> Self:
        """Start pywb and wait until it answers. Raises LinkkeeperError: it is missing, or does not start."""
        require(self._directory)
        require_index(self._directory)
        if importlib.util.find_spec("pywb") is None:
            raise LinkkeeperError(
                "replaying needs pywb, which is not installed",
                "pip install pywb; or export a WACZ and open it at https://replayweb.page",
            )
        with contextlib.ExitStack() as exits:
            try:
                folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="linkkeeper-replay-")))
                _configure(folder, self._directory.resolve())
                self._port = _free_port(self._port)
                self._process = exits.enter_context(_running(folder, self._port))
            except OSError as error:
                raise failure(error, "pywb could not be started") from error
            self._wait_until_it_answers(folder)
            self._exits = exits.pop_all()
        self.url = f"http://{HOST}:{self._port}/{COLLECTION}/"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End pywb and remove its directory."""
        self._exits.close()

    def wait(self) -> None:
        """Return when pywb ends by itself. Raises LinkkeeperError then, since nobody asked it to."""
        code = self._process.wait()
        raise LinkkeeperError(f"pywb ended by itself (exit {code})")

    def _wait_until_it_answers(self, folder: Path) -> None:
        until = time.monotonic() + _START_S
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise LinkkeeperError(
                    f"pywb does not start: {_last_line(folder)}", "is the port free? --port names one"
                )
            with contextlib.suppress(OSError), socket.create_connection((HOST, self._port), timeout=1):
                return
            time.sleep(_STEP_S)
        raise LinkkeeperError(f"pywb did not answer within {_START_S:.0f} s", "try again when the machine is less busy")


def _configure(folder: Path, directory: Path) -> None:
    """Write pywb's configuration (JSON is YAML), with an index that also has what no run has merged yet."""
    lines = {cdxj.encode(line) for line in index.lines(directory)} if index.opened(directory) else None
    merged = folder / INDEX
    if lines is not None:
        index.write(merged, sorted(lines))
    config = {
        "collections": {
            COLLECTION: {
                "index_paths": str(directory / INDEX if lines is None else merged),
                "archive_paths": f"{directory / WARCS}{os.sep}",
            }
        },
        "enable_auto_colls": False,
    }
    (folder / "config.yaml").write_text(json.dumps(config), "utf-8")


@contextlib.contextmanager
def _running(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run pywb until the block ends. Its standard input is ours: when that closes, it ends."""
    pywb = [sys.executable, "-c", "from pywb.apps.cli import wayback; wayback()", "--bind", HOST, "--port", str(port)]
    command = [sys.executable, "-m", "linkkeeper.archive.local.replayer", *pywb]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  # our own module, by this very Python
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,  # Ctrl-C is for us
        )
    assert process.stdin is not None
    try:
        yield process
    finally:
        process.stdin.close()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port(wanted: int) -> int:
    """Return the port if nobody has it; for 0 some free one."""
    try:
        with socket.create_server((HOST, wanted)) as server:
            return int(server.getsockname()[1])
    except OSError as error:
        raise failure(error, f"port {wanted} of {HOST} cannot be had") from error


def _last_line(folder: Path) -> str:
    with contextlib.suppress(OSError):
        lines = (folder / "log").read_text("utf-8", "replace")[-_TOLD:].split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
    return ""
