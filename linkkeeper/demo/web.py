"""A small web on loopback, with the kinds of host that links meet: for `linkkeeper demo`, tests and benchmarks.

Every host is a name below `.localhost` (RFC 6761: always this machine) on one port, so its URLs read like a web:
`http://moved.localhost:40123/old/about`.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from aiohttp import web
from msgspec import Struct

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_SLOW_S = 0.6
_PARAGRAPH = "The river was high that spring, and the ferry ran late on most mornings. "


class Seen(Struct, frozen=True):
    """One request as it came."""

    host: str
    method: str
    path: str
    """Path and query, byte for byte."""
    headers: tuple[tuple[str, str], ...]


def page(title: str, text: str = "", status: int = 200) -> web.Response:
    """Return a small HTML page."""
    head = f"<!doctype html><html lang=en><head><title>{title}</title></head>"
    body = f"{head}<body><h1>{title}</h1><p>{text}</p></body></html>"
    return web.Response(text=body, content_type="text/html", status=status)


class SmallWeb:
    """The servers. An async context manager; requests that came are in `seen`."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.port = 0
        self.revived: set[str] = set()
        """Paths of `gone` that answer again."""
        self._visits: Counter[str] = Counter()
        self._runner: web.AppRunner | None = None
        self._hosts: dict[str, Handler] = {
            "living": _living,
            "moved": self._moved,
            "gone": self._gone,
            "blocked": _blocked,
            "botwall": _bot_wall,
            "flaky": self._flaky,
            "slow": _slow,
            "softgone": _soft_gone,
            "login": self._login,
            "loop": _loop,
            "cookie": _cookie_loop,
            "headless": _headless,
            "limited": self._limited,
            "down": _down,
            "picky": _picky,
        }

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def hosts(self) -> tuple[str, ...]:
        """What `--allow-host` needs for this web."""
        return tuple(f"{name}.localhost:{self.port}" for name in self._hosts)

    def url(self, host: str, path: str = "/") -> str:
        """Return the URL of a path on a host: `url("gone", "/2019/tea")`."""
        return f"http://{host}.localhost:{self.port}{path}"

    def requests_of(self, host: str) -> list[Seen]:
        """Return what came for one host, in order."""
        return [seen for seen in self.seen if seen.host == host]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        host = request.host.partition(".localhost")[0]
        self.seen.append(Seen(host, request.method, request.raw_path, tuple(request.headers.items())))
        self._visits[f"{host}{request.path}"] += 1
        handler = self._hosts.get(host)
        return await handler(request) if handler else page("No such host", status=421)

    def _visit(self, request: web.Request) -> int:
        return self._visits[f"{request.host.partition('.localhost')[0]}{request.path}"]

    async def _moved(self, request: web.Request) -> web.StreamResponse:
        """Old addresses under /old/ lead to the same page without it, for good; /gone/ leads to a page that is gone."""
        if request.path.startswith("/old/"):
            raise web.HTTPMovedPermanently(request.path.removeprefix("/old"))
        if request.path.startswith("/away/"):
            raise web.HTTPFound(self.url("living", request.path.removeprefix("/away")))
        if request.path.startswith("/lost/"):
            raise web.HTTPMovedPermanently(self.url("gone", request.path.removeprefix("/lost")))
        return await _living(request)

    async def _flaky(self, request: web.Request) -> web.StreamResponse:
        """Fails the first time, works from then on."""
        return page("Try again", status=503) if self._visit(request) == 1 else await _living(request)

    async def _gone(self, request: web.Request) -> web.StreamResponse:
        """Answer on the home page only, and for what came back."""
        if request.path == "/" or request.path in self.revived:
            return await _living(request)
        return page("Not found", "Nothing is here any more.", 404)

    async def _login(self, request: web.Request) -> web.StreamResponse:
        """Wants to know who asks."""
        if request.path == "/login":
            return page("Log in", "<form><input type=password name=p></form>")
        raise web.HTTPFound(f"/login?next={request.path}")

    async def _limited(self, request: web.Request) -> web.StreamResponse:
        """Takes one request, then wants a second's pause."""
        clock = asyncio.get_running_loop().time()
        if clock < getattr(self, "_free_at", 0.0):
            return web.Response(status=429, headers={"Retry-After": "1"})
        self._free_at = clock + 1
        return await _living(request)


async def _living(request: web.Request) -> web.StreamResponse:
    """Answer with a page; its home page, too."""
    if request.path.endswith(".pdf"):
        return web.Response(body=b"%PDF-1.4\n%%EOF\n", content_type="application/pdf")
    name = request.path.strip("/").replace("-", " ").replace("/", ", ") or "Home"
    return page(name.capitalize(), _PARAGRAPH * 6)


async def _blocked(request: web.Request) -> web.StreamResponse:
    """Refuse everyone."""
    return page("Forbidden", f"{request.method} is not for you.", 403)


async def _bot_wall(request: web.Request) -> web.StreamResponse:
    """Show a challenge, as a content delivery network in front would."""
    answer = page("Just a moment...", f"Checking your browser before you go on to {request.path}.", 403)
    answer.headers["cf-mitigated"] = "challenge"
    answer.headers["Server"] = "cloudflare"
    return answer


async def _slow(request: web.Request) -> web.StreamResponse:
    """Take a while."""
    await asyncio.sleep(_SLOW_S)
    return await _living(request)


async def _soft_gone(request: web.Request) -> web.StreamResponse:
    """Say 200 whatever is asked, and "not found" to whoever reads."""
    if request.path == "/":
        return await _living(request)
    return page("404 - Page not found", "Sorry, the page you are looking for does not exist or has been removed.")


async def _loop(request: web.Request) -> web.StreamResponse:
    """Lead in a circle."""
    raise web.HTTPFound("/b" if request.path == "/a" else "/a")


async def _cookie_loop(request: web.Request) -> web.StreamResponse:
    """Lead back to the same address until the cookie comes along."""
    if "seen" in request.cookies:
        return await _living(request)
    answer = web.HTTPFound(request.path)
    answer.set_cookie("seen", "1")
    raise answer


async def _headless(request: web.Request) -> web.StreamResponse:
    """Know nothing of HEAD."""
    return web.Response(status=405) if request.method == "HEAD" else await _living(request)


async def _down(request: web.Request) -> web.StreamResponse:
    """Fail, always."""
    return page("Service unavailable", request.path, 503)


async def _picky(request: web.Request) -> web.StreamResponse:
    """Want the parameter that others only track by."""
    wanted = request.path == "/" or "utm_source" in request.query
    return await _living(request) if wanted else page("Not found", "Nothing is here.", 404)
