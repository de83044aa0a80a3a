"""The rules on what really comes over a wire: a server that says each thing as servers say it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from linkkeeper.check import classify, soft404
from linkkeeper.models.verdict import Reply
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions


def answer(
    status: int, body: str = "", *fields: str, kind: str = "text/html; charset=utf-8", length: int | None = None
) -> bytes:
    """Return an HTTP answer as bytes; length may lie."""
    data = body.encode()
    head = [
        f"HTTP/1.1 {status} X",
        f"Content-Type: {kind}",
        f"Content-Length: {len(data) if length is None else length}",
    ]
    return "\r\n".join([*head, *fields, "Connection: close", "", ""]).encode() + data


TEA = "<html><head><title>Tea</title></head><body><p>All about tea.</p></body></html>"
ANSWERS: dict[str, tuple[bytes, str]] = {
    "/": (answer(200, TEA), "http-success"),
    "/2019/tea": (answer(200, TEA), "http-success"),
    "/interim": (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + answer(200, TEA), "http-success"),
    "/gone": (answer(410, "gone"), "http-gone"),
    "/missing": (answer(404, "missing"), "http-gone"),
    "/login-needed": (answer(401, "", 'WWW-Authenticate: Basic realm="x"'), "http-login"),
    "/forbidden": (answer(403, "no"), "http-refused"),
    "/teapot": (answer(418, "no"), "http-refused"),
    "/shopify": (answer(430, "no"), "http-refused"),
    "/slow-down": (answer(429, "wait"), "http-slow-down"),
    "/legal": (answer(451, "no"), "http-legal"),
    "/linkedin": (answer(999, "no"), "http-linkedin-999"),
    "/error": (answer(500, "oops"), "http-unavailable"),
    "/origin": (answer(522, "oops"), "http-origin-down"),
    "/odd": (answer(799, "?"), "http-unlisted"),
    "/nowhere": (answer(302, "no target"), "bad-redirect"),
    "/captive": (answer(511, "log in"), "http-captive"),
    "/cloudflare": (answer(403, "x", "cf-mitigated: challenge"), "bot-wall"),
    "/aws": (answer(202, "", "x-amzn-waf-action: challenge"), "bot-wall"),
    "/anubis": (answer(200, "<title>Making sure you're not a bot!</title>"), "bot-wall"),
    "/members": (answer(302, "", "Location: /users/sign_in?back=/members"), "login-wall"),
    "/users/sign_in?back=/members": (answer(200, "<title>Sign in</title><input type=password>"), "http-success"),
    "/private/notes": (answer(302, "", "Location: /consent?for=notes"), "consent-wall"),
    "/consent?for=notes": (answer(200, "<title>Your privacy</title>"), "http-success"),
    "/moved/tea": (answer(301, "", "Location: /2019/tea"), "moved-permanently"),
    "/moved/a-while": (answer(302, "", "Location: /2019/tea"), "http-success"),
    "/loop": (answer(302, "", "Location: /loop"), "redirect-loop"),
    "/2018/old": (answer(302, "", "Location: /"), "soft-404-sign"),
    "/2018/error": (answer(302, "", "Location: /errors/404.html"), "soft-404-sign"),
    "/errors/404.html": (answer(200, TEA), "http-success"),
    "/soft": (answer(200, "<title>Page not found</title><h1>Sorry, this page does not exist.</h1>"), "soft-404"),
    "/parked": (answer(200, "<p>This domain is for sale.</p><script src='//sedoparking.com/'></script>"), "parked"),
    "/half-parked": (answer(200, "<title>x</title><p>This domain is for sale.</p>"), "parked-sign"),
    "/empty": (answer(200, ""), "empty-page"),
    "/short": (answer(200, TEA, length=5000), "http-success"),
    "/gbk": (
        b"HTTP/1.1 200 X\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
        + "<meta charset=gbk><title>页面不存在</title><p>您访问的页面不存在</p>".encode("gbk"),
        "soft-404",
    ),
    "/garbage": (b"\x00\xff not HTTP at all\r\n\r\n", "not-http"),
    "/silence": (b"", "connection-reset"),
}  # fmt: skip


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = await reader.readuntil(b"\r\n\r\n")
    path = request.split(b" ", 2)[1].decode()
    found = ANSWERS.get(path)
    writer.write(found[0] if found else answer(404, "<title>Not Found</title>"))
    await writer.drain()
    writer.close()


@pytest.fixture
async def server() -> AsyncIterator[str]:
    listening = await asyncio.start_server(_serve, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


async def _asked(*urls: str) -> list[Reply]:
    options = NetOptions(timeout_s=3, allow_private=True)
    async with Client(options) as client:
        return [await client.ask(url) for url in urls]


async def test_each_rule_is_reached_by_what_servers_send(server: str) -> None:
    replies = await _asked(*(server + path for path in ANSWERS))
    judged = {path: classify.classify(reply).rule for path, reply in zip(ANSWERS, replies, strict=True)}
    assert judged == {path: rule for path, (_, rule) in ANSWERS.items()}


async def test_a_404_is_weighed_against_the_home_page_it_names(server: str) -> None:
    (missing,) = await _asked(f"{server}/missing")
    home = classify.needs_root(missing)
    assert home == f"{server}/"
    (root,) = await _asked(home)
    assert classify.classify(missing, root=root).rule == "http-gone"


async def test_a_sibling_that_is_missing_speaks_for_the_page(server: str) -> None:
    (soft,) = await _asked(f"{server}/soft")
    sibling = soft404.wants_sibling(soft)
    assert sibling is not None
    (beside,) = await _asked(sibling)
    assert beside.status == 404
    assert classify.classify(soft, sibling=beside).rule == "soft-404-sign"


@pytest.mark.parametrize("order", ["meta", "header"])
async def test_a_refresh_is_followed_to_its_end(server: str, order: str) -> None:
    (first,) = await _asked(f"{server}/2019/tea")
    assert classify.follow(first) is None
    fields = (("content-type", "text/html"), *((("refresh", "0;url=/gone"),) if order == "header" else ()))
    body = b"<meta http-equiv=refresh content='0;url=/gone'>" if order == "meta" else b"<p>x"
    sending = Reply(first.url, status=200, final_url=first.url, headers=fields, body=body)
    target = classify.follow(sending)
    assert target == f"{server}/gone"
    (end,) = await _asked(target)
    assert classify.classify(classify.joined(sending, end)).rule == "http-gone"
