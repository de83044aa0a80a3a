"""A small web archive on loopback that behaves like the Wayback Machine, faults included.

For `linkkeeper demo`, the tests and the benchmarks. Shapes of requests and answers as observed in recordings
of the real one (2020 to 2026): SURT keys, nearest-capture redirects, archived errors and redirects, revisits,
exclusions, outages.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from email.utils import format_datetime, formatdate, parsedate_to_datetime
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from aiohttp import web
from msgspec import Struct

from linkkeeper.demo.captures import Capture, Collection, key_of, nearest, search
from linkkeeper.demo.save_page_now import SaveService, is_save

CONTROL = Capture("http://example.com/", "20020120142510")
"""A page that every archive holds."""
REFUSAL = "<html><body><h1>429 Too Many Requests</h1>\nYou have sent too many requests.\n</body></html>"
OFFLINE = "<html><head><title>Temporarily Offline</title></head><body>The Internet Archive is offline.</body></html>"
BLOCKED = (
    "org.archive.util.io.RuntimeIOException: org.archive.wayback.exception."
    "AdministrativeAccessControlException: Blocked Site Error\n"
)
EXCLUDED = "<html><body><p>Sorry.</p><p>This URL has been excluded from the Wayback Machine.</p></body></html>"
UNKNOWN = "<html><body><p>The Wayback Machine has not archived that URL.</p></body></html>"
INTERSTITIAL = (
    "<html><body><p>Got an HTTP {status} response at crawl time</p>"
    '<p class="impatient"><a href="{to}">Go</a></p></body></html>'
)


class Fault(Struct, frozen=True):
    """How requests go wrong: a status (`429`, `503`, …), `loop` (a redirect to itself), `hang`, `html`, `empty`,
    `truncated`, `reset`, `drip`, `length` (one that is too long, then silence).
    """

    kind: str
    times: int | None = None
    """Requests it hits; None: all."""
    after: int = 0
    """Requests that it lets pass first."""
    retry_after: str = ""
    done: bool = False
    """A submission is carried out although its answer goes wrong."""


class Seen(Struct, frozen=True):
    """One request, as the archive saw it."""

    at: float
    """Monotonic seconds."""
    route: str
    """`index`, `page`, `availability`, `save`, `status` or `other`."""
    path: str
    status: int
    headers: dict[str, str]
    """As received."""


class ArchiveServer:
    """The stand-in. `async with ArchiveServer(captures) as archive: archive.url`."""

    def __init__(
        self,
        captures: Iterable[Capture] = (),
        *,
        excluded: Iterable[str] = (),
        faults: dict[str, Fault] | None = None,
        official_names: bool = False,
        control: bool = True,
        latency_s: float = 0.0,
        excluded_status: int = 200,
        lower_case: bool = False,
        knows_closest: bool = True,
        redirects_to_nearest: bool = True,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`faults` by route; `official_names`: redirects name https://web.archive.org instead of this server.

        `now` is the archive's clock in Unix seconds: captures that it makes are named after it.
        """
        self.collection = Collection([*captures, *([CONTROL] if control else [])])
        self.excluded = {key_of(url) for url in excluded}
        self.faults = faults or {}
        self.fails_on_prefixes = False
        """Queries over whole sites run into 504, as they do on large ones."""
        self.knows_prefixes = True
        """False: `matchType` is ignored, as by small indexes."""
        self.saving = SaveService(self.collection, now)
        self.on_request: Callable[[str, str, str], None] = lambda *_: None
        """Told of each request `before` and `after` it is carried out, with its route and path; it is answered then."""
        self.log: list[Seen] = []
        self.url = ""
        self._official, self._latency_s, self._lower_case = official_names, latency_s, lower_case
        self._excluded_status, self._knows_closest = excluded_status, knows_closest
        self._redirects_to_nearest = redirects_to_nearest
        self._counts: dict[str, int] = {}
        self._runner = web.ServerRunner(web.Server(self._serve), shutdown_timeout=0.05)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Serve until `stop`; return the base URL."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        address = self._runner.addresses[0]
        self.url = f"http://{address[0]}:{address[1]}"
        return self.url

    async def stop(self) -> None:
        """Close the port and every connection."""
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def seen(self, route: str = "") -> list[Seen]:
        """Return the requests of a route, or all."""
        return [entry for entry in self.log if route in ("", entry.route)]

    def busiest(self, route: str, window_s: float = 60.0) -> int:
        """Return the most requests of a route that fell into any window of so many seconds."""
        times = [entry.at for entry in self.seen(route)]
        return max((sum(t <= other < t + window_s for other in times) for t in times), default=0)

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.raw_path
        route = _route(path)
        at = time.monotonic()
        if self._latency_s:
            await asyncio.sleep(self._latency_s)
        self.on_request("before", route, path)
        body = (await request.read()).decode("utf-8", "replace")
        fault = self._fault_now(route)
        is_lost = fault is not None and route == "save" and not fault.done
        answer = _html(OFFLINE, 200) if is_lost else self._answer(route, path, request, body)
        self.on_request("after", route, path)
        if fault is not None:
            answer = _broken(answer, fault, route, path)
        self.log.append(Seen(at, route, path, answer.status, dict(request.headers)))
        if fault is not None and fault.kind in ("hang", "reset", "drip", "truncated", "length"):
            return await _misbehave(request, answer, fault.kind)
        answer.headers["Date"] = formatdate(self.saving.now(), usegmt=True)
        return self._with_header_case(answer)

    def _fault_now(self, route: str) -> Fault | None:
        fault = self.faults.get(route) or self.faults.get("all")
        if fault is None:
            return None
        name = route if route in self.faults else "all"
        count = self._counts[name] = self._counts.get(name, 0) + 1
        hit = count > fault.after and (fault.times is None or count <= fault.after + fault.times)
        return fault if hit else None

    def _answer(self, route: str, path: str, request: web.BaseRequest, body: str) -> web.Response:
        self.saving.settle()
        try:
            if route == "index":
                return self._index(path)
            if route == "availability":
                return self._availability(path, body if request.method == "POST" else None)
            if route == "page":
                return self._playback(path, request.headers.get("Accept-Datetime", ""))
            if is_save(path):
                return self.saving.answer(request.method, path, request.headers.get("Authorization", ""), body)
        except ValueError:
            return _text("org.archive.cdxserver: bad request\n", 400)
        return _html(UNKNOWN, 404)

    def _index(self, path: str) -> web.Response:
        query = urlsplit(path).query
        if path.startswith("/web/timemap/"):
            kind, _, url = path.removeprefix("/web/timemap/").partition("/")
            if kind == "link":
                return self._timemap(url)
            query = urlencode({"url": url, "output": kind})
        values = dict(parse_qsl(query))
        if self._is_excluded(values.get("url", "")):
            error = {"X-Archive-Wayback-Runtime-Error": BLOCKED.strip(), "X-ts": "403"}
            return _text(BLOCKED, 403, error)
        if self.fails_on_prefixes and "matchType" in values:
            return _html(OFFLINE, 504)
        if not self.knows_prefixes:
            query = urlencode([pair for pair in parse_qsl(query) if pair[0] != "matchType"])
        found = search(self.collection, query, knows_closest=self._knows_closest)
        if isinstance(found, str):
            return _text(found, 400)
        if values.get("output") == "json":
            return _text(msgspec.json.encode(found).decode().replace("],[", "],\n[") + "\n", 200)
        return _text("".join(" ".join(row) + "\n" for row in found[1:]), 200)

    def _timemap(self, url: str) -> web.Response:
        """Every capture in the link format (RFC 7089, 5)."""
        same = [capture for capture in self.collection.of(url) if capture.playable]
        if not same:
            return _text("", 404)
        lines = [f'<{url}>; rel="original"', *(self._link(capture, "memento") for capture in same)]
        return web.Response(text=",\n".join(lines) + "\n", content_type="application/link-format")

    def _link(self, capture: Capture, relation: str) -> str:
        moment = format_datetime(capture.moment, usegmt=True)
        return f'<{self._public}/web/{capture.timestamp}/{capture.url}>; rel="{relation}"; datetime="{moment}"'

    def _availability(self, path: str, body: str | None) -> web.Response:
        if body is None:
            values = dict(parse_qsl(urlsplit(path).query))
            return _json({"url": values.get("url", ""), "archived_snapshots": self._closest(values)})
        results = [
            {**{k: line.get(k, "") for k in ("url", "timestamp", "tag")}, "archived_snapshots": self._closest(line)}
            for line in map(dict, map(parse_qsl, body.splitlines()))
        ]
        return _json({"results": results})

    def _closest(self, values: dict[str, str]) -> dict[str, object]:
        good = [c for c in self.collection.of(values["url"]) if c.status == 200 and not c.revisit]
        found = nearest(good, values["url"], values.get("timestamp", ""))
        if found is None:
            return {}
        url = f"http://web.archive.org/web/{found.timestamp}/{found.url}"
        return {"closest": {"available": True, "url": url, "timestamp": found.timestamp, "status": "200"}}

    def _playback(self, path: str, accept_datetime: str) -> web.Response:
        stamp, flag, url = _split_playback(path)
        if self._is_excluded(url):
            error = {} if self._excluded_status == 200 else {"X-Archive-Wayback-Runtime-Error": BLOCKED.strip()}
            return _html(EXCLUDED, self._excluded_status, error)
        if accept_datetime and not stamp:
            stamp = _from_http_date(accept_datetime)
        found = nearest(self.collection.of(url), url, stamp)
        if found is None:
            return _html(UNKNOWN, 404)
        if found.timestamp != stamp and self._redirects_to_nearest:
            return self._to_nearest(found, flag)
        return self._memento(found, flag)

    def _to_nearest(self, found: Capture, flag: str) -> web.Response:
        headers = {
            "Location": f"{self._public}/web/{found.timestamp}{flag}/{found.url}",
            "X-Archive-Redirect-Reason": f"found capture at {found.timestamp}",
        }
        return web.Response(status=302, reason="FOUND", headers=headers, content_type="text/plain")

    def _memento(self, found: Capture, flag: str) -> web.Response:
        target = f"{self._public}/web/{found.timestamp}{flag}/{found.location}" if found.location else ""
        source = {"X-Archive-Src": "demo-00000.warc.gz", "X-ts": str(found.status)}
        if found.location and not flag:
            return _html(INTERSTITIAL.format(status=found.status, to=target), 200, source)
        headers = source | {
            "Memento-Datetime": format_datetime(found.moment, usegmt=True),
            "Link": self._links(found),
            "X-Archive-Orig-Server": "Apache/1.3",
        }
        headers |= {f"X-Archive-Orig-{name}": value for name, value in found.headers}
        if target:
            headers["Location"] = target
        body = found.body if flag else found.body.replace(b"<head>", b"<head><!-- toolbar -->", 1)
        return web.Response(status=found.status, body=body, headers=headers, content_type=found.mimetype)

    def _links(self, found: Capture) -> str:
        same = [capture for capture in self.collection.of(found.url) if capture.playable]
        place = same.index(found)
        named = [(same[0], "first memento"), (found, "memento"), (same[-1], "last memento")]
        named += [(c, "prev memento") for c in same[:place][-1:]] + [(c, "next memento") for c in same[place + 1 :][:1]]
        web_root = f"{self._public}/web"
        fixed = [
            f'<{found.url}>; rel="original"',
            f'<{web_root}/timemap/link/{found.url}>; rel="timemap"; type="application/link-format"',
            f'<{web_root}/{found.url}>; rel="timegate"',
        ]
        return ", ".join(fixed + [self._link(capture, relation) for capture, relation in named])

    def _is_excluded(self, url: str) -> bool:
        key = key_of(url.rstrip("*")) if url else ""
        return any(key.startswith(prefix) for prefix in self.excluded)

    def _with_header_case(self, answer: web.Response) -> web.Response:
        """The case of header names differs from year to year."""
        if self._lower_case:
            for name in list(answer.headers):
                value = answer.headers.popone(name)
                answer.headers[name.lower()] = value
        return answer

    @property
    def _public(self) -> str:
        return "https://web.archive.org" if self._official else self.url


def _route(path: str) -> str:
    if path.startswith(("/cdx/", "/web/timemap/")):
        return "index"
    if path.startswith("/wayback/available"):
        return "availability"
    if is_save(path):
        return "status" if path.startswith("/save/status") else "save"
    return "page" if path.startswith("/web/") else "other"


def _split_playback(path: str) -> tuple[str, str, str]:
    """Split `/web/<ts><flag>/<url>` or `/web/<url>` without normalising the URL inside."""
    first, _, rest = path.removeprefix("/web/").partition("/")
    digits = first.rstrip("_abcdefghijklmnopqrstuvwxyz")
    if digits.isdigit() and rest:
        return digits, first[len(digits) :], rest
    return "", "", path.removeprefix("/web/")


def _from_http_date(text: str) -> str:
    return parsedate_to_datetime(text).strftime("%Y%m%d%H%M%S")


def _broken(answer: web.Response, fault: Fault, route: str, path: str) -> web.Response:
    match fault.kind:
        case "429":
            return _html(REFUSAL, 429, {"Retry-After": fault.retry_after} if fault.retry_after else {})
        case "loop":
            return web.Response(status=302, headers={"Location": path})
        case kind if kind.isdigit():
            return _html(OFFLINE, int(kind))
        case "html":
            return _html(OFFLINE, 200)
        case "empty":
            return _text("[]\n", 200) if route == "index" else _html(UNKNOWN, 404)
        case _:
            return answer


async def _misbehave(request: web.BaseRequest, answer: web.Response, kind: str) -> web.StreamResponse:
    body = answer.body if isinstance(answer.body, bytes) else b""
    stream = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
    match kind:
        case "hang":
            await asyncio.sleep(3600)
        case "truncated":  # the length is honest, so only a reader of the text can tell
            return web.Response(status=answer.status, body=body[: len(body) // 2], headers=answer.headers)
        case "drip":
            await stream.prepare(request)
            for byte in body:
                await stream.write(bytes([byte]))
                await asyncio.sleep(0.5)
        case _:
            stream.content_length = len(body) + 1000
            await stream.prepare(request)
            await stream.write(body if kind == "length" else body[: len(body) // 2])
            if kind == "length":
                await asyncio.sleep(3600)
    if request.transport is not None:
        request.transport.abort()
    return stream


def _html(text: str, status: int, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(text=text, status=status, headers=headers, content_type="text/html")


def _text(text: str, status: int, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(text=text, status=status, headers=headers, content_type="text/plain")


def _json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")
