"""A fast server on loopback for measuring checkers: thousands of hosts (127.x.y.z) on one port, in one process.

Run by the benchmarks in a process of its own: `python benchmarks/loopback.py --latency-ms 100`. It prints its port.
The path says what a URL does: /ok/1, /page/1, /gone/1, /moved/1, /flaky/1, /nohead/1, /soft/1, /slow/1, /error/1.
`/-/stats` tells what came, `/-/reset` forgets it.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter, defaultdict
from typing import Any

PAGE = b"<!doctype html><html><head><title>%s</title></head><body><h1>%s</h1><p>%s</p></body></html>"
PROSE = b"The river was high that spring, and the ferry ran late on most mornings. "
SLOW_S = 1.0


class Stats:
    """What came, and what limits it met."""

    def __init__(self) -> None:
        self.requests = 0
        self.refused = 0
        self.sent = 0
        self.connections = 0
        self.methods: Counter[str] = Counter()
        self.at_once: Counter[str] = Counter()
        self.most_at_once = 0
        self.seen: Counter[tuple[str, str]] = Counter()
        self.tokens: dict[str, tuple[float, float]] = {}
        self.ended: defaultdict[str, float] = defaultdict(float)

    def told(self) -> bytes:
        """Return the figures as JSON."""
        figures: dict[str, Any] = {
            "requests": self.requests,
            "refused": self.refused,
            "sent_bytes": self.sent,
            "connections": self.connections,
            "most_at_once": self.most_at_once,
            "methods": dict(self.methods),
        }
        return json.dumps(figures).encode()


class Settings:
    """The command line."""

    def __init__(self) -> None:
        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("--latency-ms", type=float, default=0)
        parser.add_argument("--rate", type=float, default=0, help="requests a second that each host allows")
        parser.add_argument("--burst", type=float, default=10)
        parser.add_argument("--page-bytes", type=int, default=600)
        given = parser.parse_args()
        self.latency_s: float = given.latency_ms / 1000
        self.rate: float = given.rate
        self.burst: float = given.burst
        self.page_bytes: int = given.page_bytes


def answer(status: bytes, body: bytes, head_only: bool, more: bytes = b"") -> bytes:
    """Return a whole response."""
    head = b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\n%s\r\n" % (status, len(body), more)
    return head if head_only else head + body


class Server(asyncio.Protocol):
    """One connection."""

    def __init__(self, stats: Stats, settings: Settings) -> None:
        self.stats, self.settings = stats, settings
        self.buffer = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.stats.connections += 1

    def data_received(self, data: bytes) -> None:
        """Answer every complete request."""
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            self.request(head)

    def request(self, head: bytes) -> None:
        """Answer one request after the latency."""
        line, _, rest = head.partition(b"\r\n")
        method, path, _ = line.split(b" ", 2)
        at = rest.lower().find(b"host:")
        host = rest[at + 5 :].partition(b"\r\n")[0].strip().decode("latin-1")
        if path.startswith(b"/-/"):
            self.own(path)
            return
        stats = self.stats
        stats.requests += 1
        stats.methods[method.decode("latin-1")] += 1
        stats.at_once[host] += 1
        stats.most_at_once = max(stats.most_at_once, stats.at_once[host])
        delay = SLOW_S if path.startswith(b"/slow/") else self.settings.latency_s
        response = self.respond(method == b"HEAD", path, host)
        if delay:
            asyncio.get_running_loop().call_later(delay, self.send, response, host)
        else:
            self.send(response, host)

    def own(self, path: bytes) -> None:
        """Answer a question about the figures."""
        assert self.transport is not None
        self.transport.write(answer(b"200 OK", self.stats.told(), head_only=False))
        if path == b"/-/reset":
            self.stats.__init__()  # type: ignore[misc]  # forgets all by starting anew

    def send(self, response: bytes, host: str) -> None:
        """Send one response."""
        self.stats.at_once[host] -= 1
        self.stats.sent += len(response)
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(response)

    def respond(self, head_only: bool, path: bytes, host: str) -> bytes:
        """Choose the answer."""
        if self.settings.rate and not self.allowed(host):
            self.stats.refused += 1
            return answer(b"429 Too Many Requests", b"", head_only, b"Retry-After: 1\r\n")
        kind = path[1:].partition(b"/")[0]
        self.stats.seen[host, path.decode("latin-1")] += 1
        match kind:
            case b"gone":
                return answer(b"404 Not Found", b"<title>Not found</title>", head_only)
            case b"moved":
                return answer(b"301 Moved Permanently", b"", head_only, b"Location: /ok%s\r\n" % path[6:])
            case b"flaky" if self.stats.seen[host, path.decode("latin-1")] == 1:
                return answer(b"503 Service Unavailable", b"", head_only)
            case b"error":
                return answer(b"500 Internal Server Error", b"", head_only)
            case b"nohead" if head_only:
                return answer(b"405 Method Not Allowed", b"", head_only)
            case b"soft":
                return answer(b"200 OK", PAGE % (b"Page not found", b"404", b"This page does not exist."), head_only)
        times = self.settings.page_bytes // len(PROSE) + 1
        return answer(b"200 OK", PAGE % (path, path, PROSE * times), head_only)

    def allowed(self, host: str) -> bool:
        """Take a token from the host's bucket, if it has one."""
        now = time.monotonic()
        tokens, then = self.stats.tokens.get(host, (self.settings.burst, now))
        tokens = min(self.settings.burst, tokens + (now - then) * self.settings.rate)
        self.stats.tokens[host] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1


async def main() -> None:
    """Serve until stdin closes."""
    settings, stats = Settings(), Stats()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Server(stats, settings), "0.0.0.0", 0, backlog=8192)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
