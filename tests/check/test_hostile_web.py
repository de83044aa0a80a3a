"""The whole command against servers as RFCs allow and bug reports tell: who lives is never called dead."""

import asyncio
import gzip
import json
import sys
import time
import zlib
from asyncio.subprocess import PIPE
from collections import Counter, defaultdict
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

Steps = list[bytes | float]
ABORT = b"\0abort"
"""A step: the connection is reset."""
TEA = (
    "<!doctype html><html lang=en><head><title>%s</title></head><body><h1>All about tea</h1>"
    "<p>Black, green and white tea come from one plant; what happens to the leaves makes all the difference.</p>"
    "</body></html>"
)


class Ask(Struct):
    """One request."""

    method: str
    path: str
    fields: dict[str, str]
    count: int
    """How many this host has seen, this one included."""

    @property
    def head(self) -> bool:
        """True for HEAD."""
        return self.method == "HEAD"

    @property
    def browser(self) -> bool:
        """True if it looks like a browser's."""
        return "firefox" in self.fields.get("user-agent", "").lower()


Handler = Callable[[Ask], bytes | Steps]


def say(status: int, body: str | bytes = "", *fields: str, kind: str = "text/html; charset=utf-8") -> Handler:
    """Answer so, whatever is asked; without a body to HEAD."""
    data = body.encode() if isinstance(body, str) else body

    def answer(ask: Ask) -> bytes:
        lines = [f"HTTP/1.1 {status} X", *([f"Content-Type: {kind}"] if kind else []), f"Content-Length: {len(data)}"]
        head = "\r\n".join([*lines, *fields, "", ""]).encode("utf-8", "surrogateescape")
        return head if ask.head else head + data

    return answer


def raw(answer: bytes | Steps) -> Handler:
    """Answer with these bytes to whatever is asked."""
    return lambda ask: answer


PAGE = say(200, TEA % "Tea")
GONE = say(404, TEA % "404 Not Found")


def by_method(head: Handler, get: Handler) -> Handler:
    """Answer HEAD and GET differently."""
    return lambda ask: (head if ask.head else get)(ask)


def first(times: int, then: Handler, before: Handler) -> Handler:
    """Answer the first requests by `before`."""
    return lambda ask: (before if ask.count <= times else then)(ask)


def by_path(others: Handler = GONE, **paths: Handler) -> Handler:
    """Answer by the first part of the path; `root` is `/`."""
    return lambda ask: paths.get(ask.path.strip("/").partition("/")[0].partition("?")[0] or "root", others)(ask)


def to(location: str, status: int = 302, *fields: str) -> Handler:
    """Redirect."""
    return say(status, "", f"Location: {location}", *fields)


def exact(path: str) -> Handler:
    """Live only at this very path, byte for byte."""
    return lambda ask: (PAGE if ask.path == path else GONE)(ask)


def needs(name: str, text: str = "", status: int = 404) -> Handler:
    """Live only for requests with such a field."""
    return lambda ask: (PAGE if text in ask.fields.get(name, "\0") else say(status, "no"))(ask)


def chain(hops: int, end: Handler = PAGE) -> Handler:
    """Redirect so many times."""

    def answer(ask: Ask) -> bytes | Steps:
        at = int(ask.path.rpartition("/")[2] or 0) if ask.path.startswith("/hop/") else 0
        return (to(f"/hop/{at + 1}") if at < hops else end)(ask)

    return answer


def for_browsers(others: Handler) -> Handler:
    """Live for browsers only."""
    return lambda ask: (PAGE if ask.browser else others)(ask)


def in_two_seconds() -> str:
    """An HTTP date."""
    return formatdate(time.time() + 2, usegmt=True)


def gate(ask: Ask) -> bytes | Steps:
    """A page behind a redirect to itself that a cookie opens."""
    return (PAGE if "seen=1" in ask.fields.get("cookie", "") else to(ask.path, 302, "Set-Cookie: seen=1; Path=/"))(ask)


def head_of(extra: bytes, body: bytes = b"") -> bytes:
    """A 200 with these header lines, each with its line end."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + extra + b"Connection: close\r\n\r\n" + body


TEXT = (TEA % "Tea").encode()
KEPT = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(TEXT), TEXT)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNK = b"%x\r\n%s\r\n" % (len(TEXT), TEXT)
SOFT = {
    "en": ("Page not found", "Sorry, the page you are looking for does not exist."),
    "zh": ("页面不存在", "抱歉，您访问的页面不存在或已被删除。"),
    "ja": ("ページが見つかりません", "お探しのページは見つかりませんでした。"),
    "de": ("Seite nicht gefunden", "Die angeforderte Seite wurde nicht gefunden."),
    "fr": ("Page introuvable", "La page que vous cherchez n'existe pas."),
    "es": ("Página no encontrada", "La página que busca no existe."),
    "ru": ("Страница не найдена", "Запрашиваемая страница не найдена."),
    "pt": ("Página não encontrada", "A página que procura não existe."),
}


def soft(title: str, text: str) -> Handler:
    """An error page with status 200, beside a home page."""
    return by_path(say(200, f"<html><title>{title}</title><h1>{title}</h1><p>{text}</p></html>"), root=PAGE)


LIVING: dict[str, Handler] = {
    "plain": PAGE,
    "no-content": say(204),
    "partial": say(206, TEXT),
    "non-authoritative": say(203, TEXT),
    "choices": say(300, TEXT),
    "no-type": say(200, TEXT, kind=""),
    "no-length": raw(head_of(b"", TEXT)),
    "http-1.0": raw(b"HTTP/1.0 200 OK\r\n\r\n" + TEXT),
    "no-reason": raw(b"HTTP/1.1 200\r\nContent-Length: 0\r\nContent-Type: image/png\r\n\r\n"),
    "lower-case-fields": raw(b"HTTP/1.1 200 ok\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n" + TEXT),
    "bare-newlines": raw(b"HTTP/1.1 200 OK\nContent-Type: text/html\nConnection: close\n\n" + TEXT),
    "space-before-colon": raw(head_of(b"X-Odd : 1\r\n", TEXT)),
    "no-colon": raw(head_of(b"this is no field\r\n", TEXT)),
    "folded": raw(head_of(b"X-Long: one\r\n two\r\n", TEXT)),
    "latin1-field": raw(head_of(b"X-Author: Andr\xe9\r\n", TEXT)),
    "utf8-field": raw(head_of("X-Author: 作者\r\n".encode(), TEXT)),
    "null-in-field": raw(head_of(b"X-Odd: a\0b\r\n", TEXT)),
    "empty-name": raw(head_of(b": nothing\r\n", TEXT)),
    "two-lengths-same": raw(head_of(b"Content-Length: %d\r\nContent-Length: %d\r\n" % (len(TEXT), len(TEXT)), TEXT)),
    "two-lengths": raw(head_of(b"Content-Length: 5\r\nContent-Length: 9\r\n", TEXT)),
    "negative-length": raw(head_of(b"Content-Length: -1\r\n", TEXT)),
    "length-and-chunked": raw(head_of(b"Content-Length: 5\r\n" + CHUNKED, CHUNK + b"0\r\n\r\n")),
    "chunked": raw(head_of(CHUNKED, CHUNK + b"0\r\n\r\n")),
    "chunked-no-end": raw(head_of(CHUNKED, CHUNK)),
    "chunk-extension": raw(head_of(CHUNKED, b"%x;a=b\r\n%s\r\n0\r\n\r\n" % (len(TEXT), TEXT))),
    "chunked-trailer": raw(head_of(CHUNKED, CHUNK + b"0\r\nX-T: 1\r\n\r\n")),
    "bad-chunk": raw(head_of(CHUNKED, b"zz\r\n" + TEXT)),
    "chunked-said-not-done": raw(head_of(CHUNKED, TEXT)),
    "too-short": raw(head_of(b"Content-Length: 99999\r\n", TEXT)),
    "too-long": raw(head_of(b"Content-Length: 10\r\n", TEXT)),
    "early-hints": raw(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + head_of(b"", TEXT)),
    "continue-thrice": raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + head_of(b"", TEXT)),
    "many-fields": raw(head_of(b"".join(b"X-%d: 1\r\n" % n for n in range(300)), TEXT)),
    "many-cookies": raw(head_of(b"".join(b"Set-Cookie: c%d=%s\r\n" % (n, b"v" * 500) for n in range(60)), TEXT)),
    "long-field": raw(head_of(b"Content-Security-Policy: " + b"a" * 60_000 + b"\r\n", TEXT)),
    "gzip": say(200, gzip.compress(TEXT), "Content-Encoding: gzip"),
    "x-gzip": say(200, gzip.compress(TEXT), "Content-Encoding: x-gzip"),
    "deflate": say(200, zlib.compress(TEXT), "Content-Encoding: deflate"),
    "deflate-raw": say(200, zlib.compress(TEXT)[2:-4], "Content-Encoding: deflate"),
    "says-gzip": say(200, TEXT, "Content-Encoding: gzip"),
    "says-br": say(200, TEXT, "Content-Encoding: br"),
    "unknown-coding": say(200, TEXT, "Content-Encoding: snappy"),
    "cut-gzip": say(200, gzip.compress(TEXT * 50)[:-20], "Content-Encoding: gzip"),
    "bomb": say(200, gzip.compress(b"<p>tea and more tea</p>" * 400_000), "Content-Encoding: gzip"),
    "gbk": say(200, "<title>茶</title><p>关于茶的一切</p>".encode("gbk"), kind="text/html; charset=gb2312"),
    "wrong-charset": say(200, "<title>茶</title><p>关于茶的一切</p>".encode("gbk"), kind="text/html; charset=utf-8"),
    "absurd-charset": say(200, TEXT, kind="text/html; charset=klingon"),
    "pdf": say(200, b"%PDF-1.7 tea", kind="application/pdf"),
    "json": say(200, '{"error": null}', kind="application/json"),
    "empty-script": say(200, "", kind="text/javascript"),
    **{f"head-{status}": by_method(say(status), PAGE) for status in (400, 403, 404, 405, 410, 429, 500, 501, 503)},
    "head-reset": by_method(raw([ABORT]), PAGE),
    "head-closed": by_method(raw([]), PAGE),
    "head-with-body": raw(KEPT),
    "head-home": by_method(to("/"), PAGE),
    "head-login": by_method(to("/login"), PAGE),
    "head-loop": lambda ask: (to(ask.path) if ask.head else PAGE)(ask),
    **{f"agent-{status}": for_browsers(say(status)) for status in (403, 404, 410, 500)},
    "agent-reset": lambda ask: PAGE(ask) if ask.browser else [ABORT],
    "accept-html": needs("accept", "text/html"),
    "accept-any": needs("accept", "*/*", 406),
    "accept-language": needs("accept-language", "en", 406),
    "accept-encoding": needs("accept-encoding", "gzip", 406),
    **{f"flaky-{status}": first(1, PAGE, say(status)) for status in (408, 425, 429, 500, 503, 504)},
    "flaky-502-twice": first(2, PAGE, say(502)),
    "flaky-reset": first(1, PAGE, raw([ABORT])),
    "flaky-close": first(1, PAGE, raw([])),
    "flaky-garbage": first(1, PAGE, raw(b"\x15\x03\x01\0\x02\x02")),
    "flaky-404": first(1, PAGE, GONE),
    "wait-a-second": first(1, PAGE, say(429, "", "Retry-After: 1")),
    "wait-503": first(1, PAGE, say(503, "", "Retry-After: 1")),
    "wait-date": first(1, PAGE, lambda ask: say(503, "", f"Retry-After: {in_two_seconds()}")(ask)),
    "wait-nonsense": first(1, PAGE, say(429, "", "Retry-After: soon")),
    **{f"moved-{status}": by_path(PAGE, old=to("/new", status)) for status in (301, 302, 303, 307, 308)},
    "relative-location": by_path(PAGE, old=to("new")),
    "scheme-less-location": lambda ask: (to(f"//{ask.fields['host']}/new") if ask.path == "/old" else PAGE)(ask),
    "upper-case-location": lambda ask: (to(f"HTTP://{ask.fields['host']}/new") if ask.path == "/old" else PAGE)(ask),
    "space-in-location": lambda ask: (to("/a b") if ask.path == "/old" else exact("/a%20b"))(ask),
    "utf8-location": lambda ask: (to("/茶") if ask.path == "/old" else exact("/%E8%8C%B6"))(ask),
    "fragment-location": by_path(PAGE, old=to("/new#part")),
    "two-locations": by_path(PAGE, old=to("/new", 302, "Location: /new")),
    "body-of-redirect": by_path(PAGE, old=say(302, "<h1>404 Not Found</h1>", "Location: /new")),
    "twenty-hops": chain(19),
    "ten-hops": chain(10),
    "cookie-loop": gate,
    "refresh": by_path(PAGE, old=say(200, '<meta http-equiv="refresh" content="0; url=/new">')),
    "refresh-field": by_path(PAGE, old=say(200, "<p>one moment</p>", "Refresh: 0; url=/new")),
    "refresh-itself": say(200, '<meta http-equiv="refresh" content="30">' + TEA % "Ticker"),
    "about-404": by_path(old=say(200, TEA % "How to make a good 404 page")),
    "names-404": by_path(old=say(200, TEA % "Highway 404")),
    "room-404": by_path(old=say(200, "<title>Room 404</title><h1>Room 404</h1><p>A double room with a view.</p>")),
    "not-found-novel": say(200, "<title>Lost and not found: a novel</title>" + "<p>She looked for the page.</p>" * 80),
    "slow": raw([2.5, head_of(b"", TEXT)]),
    "dripped-head": raw([head_of(b"")[:20], 0.5, head_of(b"")[20:40], 0.5, head_of(b"", TEXT)[40:]]),
    "slow-body": raw([head_of(b"", TEXT[:200]), 1.0, TEXT[200:]]),
    "endless-body": raw([head_of(b""), *([b"<p>tea</p>" * 2000] * 400)]),
}  # fmt: skip
PATHS = {
    "signed": "/get?Expires=99&x=a%2Fb%3D/2=3", "slashes": "/a//b///c", "escaped-slash": "/tag/v1%2F0.12",
    "lower-case-escape": "/%e8%8c%b6", "plus": "/Modern_C++_Design", "escaped-plus": "/TLA%2B",
    "escaped-backslash": "/a%5Cb", "escaped-parens": "/Glob_%28programming%29", "parens": "/Glob_(programming)",
    "stray-percent": "/100%", "question": "/?", "empty-value": "/p?a=&b", "repeated": "/p?a=1&a=2",
    "semicolon": "/p;v=1.2?x=1;y=2", "tilde": "/~tea/", "quote": "/it's", "comma-colon": "/2019:tea,green",
    "at": "/@tea/123", "dollar-star": "/$*!tea", "pipe": "/a%7Cb", "brackets": "/a%5B1%5D",
    "long": "/" + "tea" * 2000, "dot-segment-escaped": "/a%2e", "trailing-dot": "/etc.",
    "deep": "/" + "a/" * 100,
}  # fmt: skip
LIVING |= {f"path-{name}": exact(path) for name, path in PATHS.items()}
BLOCKED: dict[str, Handler] = {
    **{str(status): say(status, "no") for status in (401, 402, 403, 407, 418, 429, 430, 451, 999)},
    "unauthorized": say(401, "", 'WWW-Authenticate: Basic realm="x"'),
    "cloudflare": say(403, "<title>Just a moment...</title>", "cf-mitigated: challenge"),
    "cloudflare-503": say(503, "<title>Just a moment...</title><p>/cdn-cgi/challenge-platform/", "Server: cloudflare"),
    "aws-waf": say(202, "", "x-amzn-waf-action: challenge"),
    "aws-captcha": say(405, "<title>Human Verification</title>", "x-amzn-waf-action: captcha"),
    "datadome": say(403, "<script src=https://ct.captcha-delivery.com/c.js></script>", "x-datadome: protected"),
    "vercel": say(429, "<title>Vercel Security Checkpoint</title>", "x-vercel-mitigated: challenge"),
    "imperva": say(200, '<html><iframe src="/_Incapsula_Resource?SWUDNSAI=31"></iframe></html>'),
    "perimeterx": say(403, "<title>Access to this page has been denied</title><div id=px-captcha></div>"),
    "anubis": say(200, "<title>Making sure you're not a bot!</title>"),
    "akamai": say(403, "<H1>Access Denied</H1>Reference #18.2d351ab8.1557333295.a4e16ab", "Server: AkamaiGHost"),
    "login": by_path(say(200, "<title>Sign in</title><input type=password>"), private=to("/login?next=/private")),
    "told-to-wait": say(429, "", "Retry-After: 3600"),
    "down-for-hours": say(503, "", "Retry-After: 7200"),
    "all-404-root-403": by_path(GONE, root=say(403)),
    "all-404-root-challenge": by_path(GONE, root=say(403, "", "cf-mitigated: challenge")),
}  # fmt: skip
FAILING: dict[str, Handler] = {
    **{str(status): say(status, "oops") for status in (500, 502, 503, 504, 520, 521, 522, 530, 599, 600, 799)},
    "reset": raw([ABORT]),
    "closed": raw([]),
    "garbage": raw(b"\xff\xfe\0\0 this is no HTTP"),
    "ssh": raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "loop": lambda ask: to(ask.path)(ask),
    "loop-of-two": by_path(a=to("/b"), b=to("/a")),
    "no-location": say(302),
    "empty-location": to(""),
    "bad-location": to("http://[::1/"),
    "too-many-hops": chain(60),
    "interim-for-ever": raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "endless-head": raw([b"HTTP/1.1 200 OK\r\n", *([b"X-Tea: green\r\n" * 2000] * 20)]),
    "empty": say(200, ""),
    "redirect-home": by_path(GONE, root=PAGE, old=to("/", 301)),
    "all-404-root-500": by_path(GONE, root=say(500)),
    "sent-to-404": lambda ask: (to("mailto:a@b.org") if ask.path != "/" else PAGE)(ask),
}  # fmt: skip
DEAD: dict[str, Handler] = {
    "404": by_path(root=PAGE),
    "410": by_path(say(410), root=PAGE),
    "404-empty": by_path(say(404), root=PAGE),
    "404-gzip": by_path(say(404, gzip.compress(TEXT), "Content-Encoding: gzip"), root=PAGE),
    "404-big": by_path(say(404, TEXT * 3000), root=PAGE),
    "404-after-redirect": by_path(GONE, root=PAGE, old=to("/new", 301)),
    "404-head-200": by_path(by_method(say(200, TEXT), soft(*SOFT["en"])), root=PAGE),
    "404-cut": by_path(raw(b"HTTP/1.1 404 X\r\nContent-Length: 9999\r\nConnection: close\r\n\r\nno"), root=PAGE),
    "refresh-to-404": by_path(GONE, root=PAGE, old=say(200, '<meta http-equiv="refresh" content="0; url=/new">')),
    **{f"soft-{language}": soft(*words) for language, words in SOFT.items()},
    "parked": say(200, "<p>This domain is for sale.</p><script src='//sedoparking.com/a.js'></script>"),
}  # fmt: skip
GROUPS = {"living": LIVING, "blocked": BLOCKED, "failing": FAILING, "dead": DEAD}
START = {"a": ("loop-of-two",), "private": ("login",)}


class Web:
    """All of them on one port, each at an address of its own."""

    def __init__(self) -> None:
        self.asks: Counter[str] = Counter()
        self.port = 0
        self.handlers: dict[str, Handler] = {}
        self.urls: dict[str, dict[str, str]] = defaultdict(dict)

    def place(self, port: int) -> None:
        """Give every case its address."""
        self.port = port
        cases = [(group, name, one) for group, table in GROUPS.items() for name, one in table.items()]
        for at, (group, name, handler) in enumerate(cases):
            host = f"127.44.{at // 200}.{at % 200 + 1}"
            self.handlers[host] = handler
            path = PATHS.get(name.removeprefix("path-")) if name.startswith("path-") else None
            start = next((path for path, names in START.items() if name in names), "old")
            self.urls[group][name] = f"http://{host}:{port}{path or '/' + start}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests, one after the other."""
        try:
            while await self._answer(await reader.readuntil(b"\r\n\r\n"), writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, request: bytes, writer: asyncio.StreamWriter) -> bool:
        line, *rest = request.decode("latin-1").split("\r\n")
        method, path, _ = line.split(" ", 2)
        fields = {name.lower(): value for name, _, value in (field.partition(": ") for field in rest)}
        host = fields["host"].partition(":")[0]
        self.asks[host] += 1
        answer = self.handlers[host](Ask(method, path, fields, self.asks[host]))
        for step in [answer] if isinstance(answer, bytes) else answer:
            if step is ABORT:
                writer.transport.abort()
                return False
            if isinstance(step, float):
                await asyncio.sleep(step)
            else:
                writer.write(step)
                await writer.drain()
        return isinstance(answer, bytes) and b"Content-Length" in answer and b"close" not in answer


async def scan(folder: Path) -> "Seen":
    """Serve them all, and let the command scan them at its defaults."""
    web = Web()
    server = await asyncio.start_server(web.serve, "0.0.0.0", 0, limit=1 << 17, backlog=1024)
    web.place(server.sockets[0].getsockname()[1])
    post = "".join(f"- [{name}](<{url}>)\n" for group in web.urls.values() for name, url in group.items())
    (folder / "post.md").write_text(post, "utf-8")
    command = [sys.executable, "-m", "linkkeeper", "scan", "post.md", "--timeout", "10", "--allow-private"]
    async with server:
        process = await asyncio.create_subprocess_exec(
            *command, "--no-rescue", "--format", "json", cwd=folder, stdout=PIPE, stderr=PIPE
        )
        out, errors = await process.communicate()
    assert b"Traceback" not in errors, errors.decode()
    return web, json.loads(out)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> "Seen":
    """What the command reported."""
    return asyncio.run(scan(tmp_path_factory.mktemp("hostile")))


def wrong(seen: tuple[Web, dict[str, Any]], group: str, allowed: set[str]) -> list[str]:
    """Return the cases of a group with any other verdict."""
    web, report = seen
    rows = {row["url"]: row for row in report["urls"]}
    found = {name: rows.get(url) or {"verdict": "no row"} for name, url in web.urls[group].items()}
    return [
        f"{name}: {row['verdict']} {row.get('rule', '')} {row.get('detail', '')}"
        for name, row in found.items()
        if row["verdict"] not in allowed
    ]


Seen = tuple[Web, dict[str, Any]]


def test_who_lives_is_alive(seen: Seen) -> None:
    assert wrong(seen, "living", {"ok", "redirected"}) == []


def test_who_refuses_us_is_blocked(seen: Seen) -> None:
    assert wrong(seen, "blocked", {"blocked"}) == []


def test_who_only_fails_is_suspect(seen: Seen) -> None:
    assert wrong(seen, "failing", {"suspect"}) == []


def test_who_is_gone_is_dead(seen: Seen) -> None:
    assert wrong(seen, "dead", {"dead"}) == []


def test_nobody_is_asked_too_often(seen: Seen) -> None:
    web, _ = seen
    many = {f"127.44.{at // 200}.{at % 200 + 1}" for at in range(len(web.handlers)) if web.asks}
    names = {url.split("/")[2].partition(":")[0]: name for group in web.urls.values() for name, url in group.items()}
    over = {names[host]: web.asks[host] for host in many if web.asks[host] > 6 and "hops" not in names[host]}
    assert over == {}
    assert max(web.asks.values()) <= 24


def test_every_link_has_its_row_in_time(seen: Seen) -> None:
    web, report = seen
    assert len(report["urls"]) == len(web.handlers)
    assert [row["url"] for row in report["urls"] if row["elapsed_ms"] > 25_000] == []
    assert not [row for row in report["urls"] if row["rule"] == "internal-error"]
