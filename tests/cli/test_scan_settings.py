"""How servers are asked, said on the command line or in the settings file: each reaches the wire."""

import asyncio
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 11\r\n\r\n<p>tea</p>\r\n"
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"


class Server:
    """Loopback servers in a thread; every request's head is kept."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._servers: list[asyncio.Server] = []

    def serve(self, answer: bytes, tls: ssl.SSLContext | None = None, *, socks: bool = False) -> int:
        """Answer every request so; return the port."""

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                if socks:
                    await reader.readexactly(3)
                    writer.write(b"\x05\x00")
                    name = await reader.readexactly((await reader.readexactly(5))[4] + 2)
                    self.heads.append(f"SOCKS {name[:-2].decode()}")
                    writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
                while head := await reader.readuntil(b"\r\n\r\n"):
                    self.heads.append(head.decode("latin-1"))
                    writer.write(answer.partition(b"<p>")[0] if head.startswith(b"HEAD") else answer)
            except (asyncio.IncompleteReadError, OSError):
                pass
            finally:
                writer.transport.abort()

        start = asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
        server = asyncio.run_coroutine_threadsafe(start, self._loop).result()
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Stop."""

        async def end() -> None:
            for server in self._servers:
                server.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await asyncio.sleep(0.01)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


@pytest.fixture
def verdict(run: Any) -> Callable[..., dict[str, Any]]:
    """Return a function that scans a post with one link and returns the link's row."""

    def scanned(url: str, *flags: str) -> dict[str, Any]:
        Path("post.md").write_text(f"[one](<{url}>)\n", "utf-8")
        done = run("scan", "post.md", "--no-rescue", "--timeout", "3", "--format", "json", *flags)
        assert done.stdout, done.stderr
        row: dict[str, Any] = json.loads(done.stdout)["urls"][0]
        return row

    return scanned


def test_remap_asks_elsewhere(server: Server, verdict: Callable[..., dict[str, Any]]) -> None:
    port = server.serve(PAGE)
    rule = rf"^https://www\.example\.com/(.*) http://127.0.0.1:{port}/\1?local"
    row = verdict("https://www.example.com/a/b", "--remap", rule, "--allow-host", f"127.0.0.1:{port}")
    assert (row["url"], row["verdict"]) == ("https://www.example.com/a/b", "ok")
    assert server.heads[0].startswith("HEAD /a/b?local HTTP/1.1")


def test_remap_opens_no_private_address(server: Server, verdict: Callable[..., dict[str, Any]]) -> None:
    port = server.serve(PAGE)
    assert verdict("https://www.example.com/", "--remap", f".* http://127.0.0.1:{port}/")["verdict"] == "skipped"
    assert server.heads == []


@pytest.mark.parametrize("rule", ["one", "a b c", "( x", r"a \9", ""])
def test_a_remap_rule_that_cannot_be_meant_is_wrong_usage(rule: str, run: Any) -> None:
    Path("post.md").write_text("[a](http://127.0.0.1:1/)")
    done = run("scan", "post.md", "--remap", rule)
    assert (done.returncode, done.stdout) == (2, "")
    assert "remap" in done.stderr


def test_a_certificate_authority_of_one_s_own_is_trusted_when_named(
    server: Server, verdict: Callable[..., dict[str, Any]]
) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path("ca.pem")
    url = f"https://127.0.0.1:{server.serve(PAGE, context)}/"
    assert verdict(url, "--allow-private")["verdict"] == "suspect"
    assert verdict(url, "--allow-private", "--ca-file", "ca.pem")["verdict"] == "ok"
    assert verdict(url, "--allow-private", "--insecure")["verdict"] == "ok"


def test_our_certificate_is_shown_to_a_server_that_asks_for_one(
    server: Server, verdict: Callable[..., dict[str, Any]]
) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path("ca.pem")
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.issue_cert("me@example.org").private_key_and_cert_chain_pem.write_to_path("me.pem")
    flags = ("--allow-private", "--ca-file", "ca.pem")
    url = f"https://127.0.0.1:{server.serve(PAGE, context)}/"
    assert verdict(url, *flags)["verdict"] != "ok"
    assert verdict(url, *flags, "--client-cert", "me.pem")["verdict"] == "ok"


@pytest.mark.parametrize("flag", ["--ca-file", "--client-cert", "--cookies"])
def test_a_file_that_cannot_be_used_is_wrong_usage(flag: str, run: Any) -> None:
    Path("post.md").write_text("[a](http://127.0.0.1:1/)")
    done = run("scan", "post.md", "--allow-private", "--no-rescue", flag, "nowhere.pem")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nowhere.pem" in done.stderr


def test_cookies_go_to_their_own_host(server: Server, verdict: Callable[..., dict[str, Any]]) -> None:
    port = server.serve(PAGE)
    lines = ["# Netscape HTTP Cookie File", "127.0.0.1\tFALSE\t/\tFALSE\t0\tid\t7", ".a.test\tTRUE\t/\tFALSE\t0\tid\t8"]
    Path("jar.txt").write_text("\n".join(lines) + "\n")
    assert verdict(f"http://127.0.0.1:{port}/", "--allow-private", "--cookies", "jar.txt")["verdict"] == "ok"
    assert "Cookie: id=7\r\n" in server.heads[0]


def test_an_http_proxy_is_given_the_whole_url(server: Server, verdict: Callable[..., dict[str, Any]]) -> None:
    port = server.serve(PAGE)
    assert verdict("http://page.example/tea", "--proxy", f"http://127.0.0.1:{port}")["verdict"] == "ok"
    assert server.heads[0].startswith("HEAD http://page.example/tea HTTP/1.1")


def test_a_socks_proxy_is_told_the_name(server: Server, verdict: Callable[..., dict[str, Any]]) -> None:
    port = server.serve(PAGE, socks=True)
    assert verdict("http://page.example/tea", "--proxy", f"socks5h://127.0.0.1:{port}")["verdict"] == "ok"
    assert server.heads[:1] == ["SOCKS page.example"]
    assert server.heads[1].startswith("HEAD /tea HTTP/1.1")


def test_a_proxy_that_is_not_there_makes_nothing_dead(verdict: Callable[..., dict[str, Any]]) -> None:
    assert verdict("http://page.example/tea", "--proxy", "http://127.0.0.1:9")["verdict"] == "unchecked"


def test_headers_of_a_host_come_from_the_environment(
    server: Server, verdict: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = server.serve(PAGE)
    monkeypatch.setenv("TEA_TOKEN", "green")
    Path("linkkeeper.toml").write_text('[host."127.0.0.1".headers]\nAuthorization = "Bearer $TEA_TOKEN"\n')
    monkeypatch.delenv("CI", raising=False)
    assert verdict(f"http://127.0.0.1:{port}/", "--allow-private")["verdict"] == "ok"
    assert "Authorization: Bearer green\r\n" in server.heads[0]


def test_a_rule_can_mean_something_else_on_one_host(
    server: Server, verdict: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    url = f"http://127.0.0.1:{server.serve(FORBIDDEN)}/"
    assert verdict(url, "--allow-private")["verdict"] == "blocked"
    Path("linkkeeper.toml").write_text('[host."127.0.0.1".verdicts]\nhttp-refused = "dead"\n')
    row = verdict(url, "--allow-private")
    assert (row["verdict"], row["rule"]) == ("dead", "http-refused")
    Path("linkkeeper.toml").write_text('[host."127.0.0.1"]\naccept = [403]\n')
    assert verdict(url, "--allow-private")["rule"] == "accepted-status"


def test_an_unknown_rule_is_named_with_the_nearest(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    Path("linkkeeper.toml").write_text('[host."a.test".verdicts]\nhttp-refusd = "ok"\n')
    Path("post.md").write_text("[a](http://127.0.0.1:1/)")
    done = run("scan", "post.md", "--no-rescue", "--allow-private")
    assert done.returncode == 2
    assert "did you mean 'http-refused'" in done.stderr
