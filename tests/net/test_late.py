"""What is loaded late is loaded also where hardly a file can be opened."""

import http.server
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

SCRIPT = """
import asyncio, os, resource, sys
from linkkeeper.check.base import CheckOptions, Question
from linkkeeper.check.runner import Runner
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

async def main(port):
    async with Client(NetOptions(timeout_s=10, allow_private=True)) as client:
        runner = Runner(client, None, CheckOptions())
        resource.setrlimit(resource.RLIMIT_NOFILE, (120, 120))
        held = []
        while len(os.listdir("/proc/self/fd")) < 100:
            held.append(os.open(os.devnull, os.O_RDONLY))
        urls = [f"http://127.0.0.{host}:{port}/{number}.pdf" for number in range(3) for host in range(1, 41)]
        rules = [finding.judgement.rule async for finding in runner.run(map(Question, urls))]
    print("aiohttp" in sys.modules, sorted(set(rules)), len(rules))

asyncio.run(main(int(sys.argv[1])))
"""


class Old(http.server.BaseHTTPRequestHandler):
    """Speaks HTTP/1.0, which is nothing for the quick way, and takes its time."""

    def do_HEAD(self) -> None:
        time.sleep(0.02)
        self.send_response(200)
        self.send_header("Content-Type", "application/pdf")
        self.end_headers()

    do_GET = do_HEAD  # noqa: N815 - as http.server wants it

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), Old)  # all of 127.0.0.0/8
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts open files in /proc")
def test_with_hardly_a_file_to_open_all_is_asked(port: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(port)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "True ['http-success'] 120\n", done.stderr[-2000:]
