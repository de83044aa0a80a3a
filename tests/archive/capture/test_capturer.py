"""Pages captured from a site that does what sites do."""

import asyncio
import gzip
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotlicffi
import pytest

from linkkeeper.archive.capture.base import Cited, Judge, Outcome, Refusal, Why
from linkkeeper.archive.local.base import PageCapture, Truncated
from linkkeeper.net.options import NetOptions

Answering = Callable[..., bytes]


def urls(page: Outcome) -> list[str]:
    assert isinstance(page, PageCapture), page
    return [exchange.url for exchange in page.exchanges]


def paths(page: Outcome) -> list[str]:
    return ["/" + url.split("/", 3)[3] for url in urls(page)]


def why(outcome: Outcome) -> Why:
    assert isinstance(outcome, Refusal), outcome
    return outcome.why


def payload(page: Outcome, url: str) -> bytes:
    assert isinstance(page, PageCapture), page
    found = next(exchange.payload for exchange in page.exchanges if exchange.url == url)
    return found.read_bytes() if isinstance(found, Path) else found


async def test_a_page_comes_with_what_it_loads(site: Any, make_capturer: Any, answer: Answering) -> None:
    site.pages |= {
        "/p": "<title>The &amp; page</title>"
        "<link rel=stylesheet href=css/a.css><img src=/i.png><script src=s.js></script>",
        "/css/a.css": answer("@import 'b.css'; body{background:url(../bg.png)}", "text/css"),
        "/css/b.css": answer("@font-face{src:url(f.woff2)}", "text/css"),
        "/css/f.woff2": answer(b"font", "font/woff2"),
        "/bg.png": answer(b"bg", "image/png"),
        "/i.png": answer(b"png", "image/png"),
        "/s.js": answer("1", "text/javascript"),
    }
    capturer = await make_capturer()
    page = await capturer.capture(Cited(site.url + "/p#part", ("post.md",)))
    assert isinstance(page, PageCapture)
    assert (page.url, page.page, page.title, page.posts) == (
        site.url + "/p",
        site.url + "/p",
        "The & page",
        ("post.md",),
    )
    assert paths(page)[0] == "/p"
    assert set(paths(page)) == {"/p", "/css/a.css", "/css/b.css", "/css/f.woff2", "/bg.png", "/i.png", "/s.js"}
    assert page.when == page.exchanges[0].when
    assert page.exchanges[0].address == "127.0.0.1"
    assert payload(page, site.url + "/css/f.woff2") == b"font"


async def test_every_hop_is_an_exchange_of_its_own(
    site: Any, make_capturer: Any, moved: Answering, answer: Answering
) -> None:
    site.pages |= {
        "/old": moved("/older", "301 Moved Permanently"),
        "/older": moved("/new"),
        "/new": "<img src=/pic>",
        "/pic": moved("/real.png"),
        "/real.png": answer(b"png", "image/png"),
    }
    page = await (await make_capturer()).capture(Cited(site.url + "/old"))
    assert paths(page) == ["/old", "/older", "/new", "/pic", "/real.png"]
    assert isinstance(page, PageCapture)
    assert (page.url, page.page) == (site.url + "/old", site.url + "/new")
    assert [exchange.response.split(b" ")[1] for exchange in page.exchanges] == [b"301", b"302", b"200", b"302", b"200"]


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("br", brotlicffi.compress)])
async def test_content_coding_is_kept_and_read(
    site: Any, make_capturer: Any, answer: Answering, coding: str, pack: Callable[[bytes], bytes]
) -> None:
    packed = pack(b"<title>packed</title><link rel=stylesheet href=a.css>")
    sheet = pack(b"p{background:url(bg.png)}")
    site.pages |= {
        "/p": answer(packed, Content_Encoding=coding),
        "/a.css": answer(sheet, "text/css", Content_Encoding=coding),
        "/bg.png": answer(b"png", "image/png"),
    }
    page = await (await make_capturer()).capture(Cited(site.url + "/p"))
    assert paths(page) == ["/p", "/a.css", "/bg.png"]
    assert isinstance(page, PageCapture)
    assert page.title == "packed"
    assert payload(page, site.url + "/p") == packed
    assert "Accept-Encoding: gzip, br\r\n" in site.head_of("/p")
    assert "Accept-Encoding: gzip, br\r\n" in site.head_of("/a.css")


async def test_requisites_that_fail_are_left_out(
    site: Any, make_capturer: Any, answer: Answering, moved: Answering
) -> None:
    site.pages |= {
        "/p": "<img src=gone.png><img src=broken.png><img src=loop><img src=good.png><img src='http://127.0.0.1:1/x.png'>",
        "/broken.png": answer("sorry", status="500 No"),
        "/loop": moved("/loop2"),
        "/loop2": moved("/loop"),
        "/good.png": answer(b"png", "image/png"),
    }
    assert paths(await (await make_capturer()).capture(Cited(site.url + "/p"))) == ["/p", "/good.png"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("404 Not Found", Why.DEAD),
        ("410 Gone", Why.DEAD),
        ("403 Forbidden", Why.BLOCKED),
        ("401 Unauthorized", Why.BLOCKED),
        ("451 Unavailable", Why.BLOCKED),
        ("999 No", Why.BLOCKED),
        ("500 Oops", Why.ERROR),
        ("304 Not Modified", Why.ERROR),
        ("204 No Content", Why.DEAD),
    ],
)
async def test_an_error_is_no_page(
    site: Any, make_capturer: Any, answer: Answering, status: str, expected: Why
) -> None:
    site.pages["/p"] = answer("", status=status)
    outcome = await (await make_capturer()).capture(Cited(site.url + "/p", ("a.md",)))
    assert isinstance(outcome, Refusal)
    assert (outcome.why, outcome.posts, outcome.url) == (expected, ("a.md",), site.url + "/p")


async def test_rules_for_pages_are_heard(site: Any, make_capturer: Any) -> None:
    site.pages |= {
        "/a": "<title>not found</title>",
        "/b": "<title>captcha</title>",
        "/c": "<title>page</title>",
        "/d": " \n",
    }
    judge = Judge(
        looks_dead=lambda reply: "soft-404" if b"not found" in reply.body else "",
        looks_blocked=lambda reply: "bot-wall" if b"captcha" in reply.body else "",
    )
    capturer = await make_capturer(judge)
    outcomes = [await capturer.capture(Cited(site.url + path)) for path in ("/a", "/b", "/c", "/d")]
    assert [why(outcomes[0]), why(outcomes[1]), why(outcomes[3])] == [Why.DEAD, Why.BLOCKED, Why.DEAD]
    assert paths(outcomes[2]) == ["/c"]


async def test_a_server_that_refuses_robots_is_asked_once_more_as_browsers_ask(
    site: Any, make_capturer: Any, answer: Answering
) -> None:
    site.pages |= {
        "/p": [answer("no", status="403 Forbidden"), answer("<img src=i.png>")],
        "/i.png": answer(b"png", "image/png"),
    }
    assert paths(await (await make_capturer()).capture(Cited(site.url + "/p"))) == ["/p", "/i.png"]
    assert "Sec-Fetch-Mode: navigate" in site.head_of("/p")
    assert "Firefox" in site.head_of("/i.png")


async def test_robots_txt_holds_for_pages_redirects_and_requisites(
    site: Any, make_capturer: Any, answer: Answering, moved: Answering
) -> None:
    site.pages |= {
        "/robots.txt": answer("User-agent: *\nDisallow: /private\n", "text/plain"),
        "/private/page": "secret",
        "/leads": moved("/private/page"),
        "/p": "<img src=/private/a.png><img src=/b.png><img src=/c.png>",
        "/b.png": moved("/private/b.png"),
        "/c.png": answer(b"png", "image/png"),
    }
    capturer = await make_capturer()
    assert why(await capturer.capture(Cited(site.url + "/private/page"))) is Why.ROBOTS
    assert why(await capturer.capture(Cited(site.url + "/leads"))) is Why.ROBOTS
    assert paths(await capturer.capture(Cited(site.url + "/p"))) == ["/p", "/c.png"]
    assert [path for path in site.asked if path.startswith("/private")] == []
    assert site.asked.count("/robots.txt") == 1


async def test_pages_of_a_site_that_asks_for_pauses_stand_apart(
    site: Any, make_capturer: Any, answer: Answering
) -> None:
    site.pages |= {f"/{number}": f"<img src=/{number}.png>" for number in range(3)}
    site.pages |= {f"/{number}.png": answer(b"png", "image/png") for number in range(3)}
    site.pages["/robots.txt"] = answer("User-agent: *\nCrawl-delay: 0.4\n", "text/plain")
    capturer = await make_capturer()
    started = time.monotonic()
    outcomes = [page async for page in capturer.capture_all(Cited(f"{site.url}/{number}") for number in range(3))]
    assert sum(len(paths(page)) for page in outcomes) == 6
    assert 0.75 < time.monotonic() - started < 20


async def test_robots_txt_can_be_overridden(site: Any, make_capturer: Any, answer: Answering) -> None:
    site.pages |= {"/robots.txt": answer("User-agent: *\nDisallow: /", "text/plain"), "/p": "page"}
    assert paths(await (await make_capturer(obey_robots=False)).capture(Cited(site.url + "/p"))) == ["/p"]
    assert "/robots.txt" not in site.asked


@pytest.mark.parametrize(
    ("robots", "expected"),
    [
        ([("nothing here", "404 Not Found")], None),
        ([("forbidden", "403 Forbidden")], None),
        ([("", "500 Oops")], Why.ROBOTS_UNKNOWN),
        ([("", "429 Slow down")], Why.ROBOTS_UNKNOWN),
        ([("", "503 Later"), ("", "200 OK")], None),
    ],
)
async def test_a_robots_txt_that_is_not_there(
    site: Any, make_capturer: Any, answer: Answering, robots: list[tuple[str, str]], expected: Why | None
) -> None:
    site.pages |= {"/robots.txt": [answer(body, "text/plain", status) for body, status in robots], "/p": "page"}
    outcome = await (await make_capturer()).capture(Cited(site.url + "/p"))
    assert (outcome.why if isinstance(outcome, Refusal) else None) is expected


async def test_a_robots_txt_that_hangs_or_breaks_off_lets_nothing_through(site: Any, make_capturer: Any) -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nUser-agent: *\nAllow: /\nDis")
        await writer.drain()

    site.pages |= {"/p": "page", "/robots.txt": never}
    net = NetOptions(timeout_s=0.5, allow_private=True)
    started = time.monotonic()
    assert why(await (await make_capturer(net=net)).capture(Cited(site.url + "/p"))) is Why.ROBOTS_UNKNOWN
    assert time.monotonic() - started < 20
    site.pages["/robots.txt"] = half
    assert why(await (await make_capturer()).capture(Cited(site.url + "/p"))) is Why.ROBOTS_UNKNOWN
    assert "/p" not in site.asked


@pytest.mark.parametrize(("hops", "expected"), [(5, Why.ROBOTS), (6, None)])
async def test_robots_txt_is_followed_five_times(
    site: Any, make_capturer: Any, answer: Answering, moved: Answering, hops: int, expected: Why | None
) -> None:
    site.pages |= {f"/r{number}": moved(f"/r{number + 1}") for number in range(1, hops)}
    site.pages |= {
        "/robots.txt": moved("/r1"),
        f"/r{hops}": answer("User-agent: *\nDisallow: /", "text/plain"),
        "/p": "page",
    }
    outcome = await (await make_capturer()).capture(Cited(site.url + "/p"))
    assert (outcome.why if isinstance(outcome, Refusal) else None) is expected


async def test_a_host_that_cannot_be_reached_is_not_said_to_forbid(make_capturer: Any) -> None:
    capturer = await make_capturer()
    assert why(await capturer.capture(Cited("http://127.0.0.1:1/p"))) is Why.UNREACHABLE
    assert why(await capturer.capture(Cited("http://name.invalid/p"))) is Why.UNREACHABLE
    assert why(await capturer.capture(Cited("http://[::1/p"))) is Why.BAD_URL


async def test_noarchive_in_header_or_page_keeps_nothing(
    site: Any, make_capturer: Any, answer: Answering, moved: Answering
) -> None:
    hop = b"HTTP/1.1 302 Found\r\nLocation: /fine\r\nX-Robots-Tag: noarchive\r\nContent-Length: 0\r\n\r\n"
    site.pages |= {
        "/header": answer("<img src=/only.png>", X_Robots_Tag="noindex, noarchive"),
        "/meta": "<meta name=robots content=noarchive><img src=/only.png>",
        "/hop": hop,
        "/fine": answer("<img src=/kept.png><img src=/tagged.png>", X_Robots_Tag="googlebot: noarchive"),
        "/only.png": answer(b"png", "image/png"),
        "/kept.png": answer(b"png", "image/png"),
        "/tagged.png": answer(b"png", "image/png", X_Robots_Tag="noarchive"),
    }
    capturer = await make_capturer()
    for path in ("/header", "/meta", "/hop"):
        assert why(await capturer.capture(Cited(site.url + path))) is Why.NOARCHIVE
    assert "/only.png" not in site.asked
    assert paths(await capturer.capture(Cited(site.url + "/fine"))) == ["/fine", "/kept.png"]
    capturer = await make_capturer(obey_noarchive=False)
    assert paths(await capturer.capture(Cited(site.url + "/meta"))) == ["/meta", "/only.png"]


async def test_private_addresses_are_refused_on_every_way(
    site: Any, make_site: Any, make_capturer: Any, moved: Answering, answer: Answering
) -> None:
    inside = await make_site()
    inside.pages |= {"/secret": "secret", "/robots.txt": answer("", "text/plain")}
    site.pages |= {
        "/p": f"<img src={inside.url}/secret><iframe src={inside.url}/secret></iframe><img src=/hop><img src=http://localhost/x>",
        "/hop": moved(inside.url + "/secret"),
        "/page-hop": moved(inside.url + "/secret"),
    }
    net = NetOptions(timeout_s=2.0, allow_hosts=(site.url.removeprefix("http://"),))
    capturer = await make_capturer(net=net)
    assert paths(await capturer.capture(Cited(site.url + "/p"))) == ["/p"]
    assert why(await capturer.capture(Cited(site.url + "/page-hop"))) is Why.PRIVATE
    assert why(await capturer.capture(Cited(inside.url + "/secret"))) is Why.PRIVATE
    assert inside.asked == []


async def test_configured_fields_stay_with_the_origin_that_was_asked(
    site: Any, make_site: Any, make_capturer: Any, answer: Answering
) -> None:
    other = await make_site()
    site.pages |= {"/p": f"<img src=/own.png><img src={other.url}/theirs.png>", "/own.png": answer(b"p", "image/png")}
    other.pages |= {"/theirs.png": answer(b"p", "image/png")}
    net = NetOptions(timeout_s=2.0, allow_private=True, headers=(("X-Key", "secret"),))
    page = await (await make_capturer(net=net)).capture(Cited(site.url + "/p"))
    assert len(urls(page)) == 3
    assert "X-Key: secret" in site.head_of("/p")
    assert "X-Key: secret" in site.head_of("/own.png")
    assert "secret" not in "".join(head.decode() for head in other.heads)
    assert f"Referer: {site.url}/p\r\n" in site.head_of("/own.png")
    assert f"Referer: {site.url}/\r\n" in other.head_of("/theirs.png")
    assert isinstance(page, PageCapture)
    assert all(b"secret" not in exchange.request for exchange in page.exchanges)


async def test_requisites_of_a_run_are_fetched_once(site: Any, make_capturer: Any, answer: Answering) -> None:
    for number in range(12):
        site.pages[f"/p{number}"] = f"<link rel=stylesheet href=/a.css><img src=/own{number}.png>"
        site.pages[f"/own{number}.png"] = answer(b"png", "image/png")
    site.pages |= {"/a.css": answer("p{background:url(bg.png)}", "text/css"), "/bg.png": answer(b"bg", "image/png")}
    capturer = await make_capturer()
    found = [page async for page in capturer.capture_all(Cited(f"{site.url}/p{number}") for number in range(12))]
    every = [path for page in found for path in paths(page)]
    assert len(found) == 12
    assert sorted(every) == sorted(path for path in site.pages)
    assert [path for path in set(site.asked) if site.asked.count(path) > 1] == []


async def test_requisites_of_a_page_that_was_not_kept_come_again(
    site: Any, make_capturer: Any, answer: Answering
) -> None:
    site.pages |= {"/a": "<img src=i.png>", "/b": "<img src=i.png>", "/i.png": answer(b"png", "image/png")}
    capturer = await make_capturer()
    first = await capturer.capture(Cited(site.url + "/a"))
    assert paths(await capturer.capture(Cited(site.url + "/b"))) == ["/b"]
    capturer.done(first, kept=False)
    assert paths(await capturer.capture(Cited(site.url + "/b"))) == ["/b", "/i.png"]


async def test_frames_and_refreshes_bring_what_they_load(site: Any, make_capturer: Any, answer: Answering) -> None:
    site.pages |= {
        "/p": "<iframe src=/f></iframe><iframe srcdoc='&lt;img src=/in.png>'></iframe>",
        "/f": "<img src=/i.png><iframe src=/deep></iframe>",
        "/deep": "too deep",
        "/i.png": answer(b"png", "image/png"),
        "/in.png": answer(b"png2", "image/png"),
        "/r": "<meta http-equiv=refresh content='0; url=/target'>",
        "/target": "<img src=/t.png>",
        "/t.png": answer(b"png", "image/png"),
    }
    capturer = await make_capturer(frames=1)
    assert set(paths(await capturer.capture(Cited(site.url + "/p")))) == {"/p", "/f", "/i.png", "/in.png"}
    assert paths(await capturer.capture(Cited(site.url + "/r"))) == ["/r", "/target", "/t.png"]


async def test_frames_of_frames_and_what_is_embedded_bring_what_they_load(
    site: Any, make_capturer: Any, answer: Answering
) -> None:
    drawing = "<svg xmlns='http://www.w3.org/2000/svg'><image href='/in.png'/><script href='/in.js'/></svg>"
    site.pages |= {
        "/p": "<iframe src=/f1></iframe><object data=/o.svg></object><embed src=/e>",
        "/f1": "<iframe src=/f2>",
        "/f2": "<iframe src=/f3>",
        "/f3": "<img src=/i.png><iframe src=/f4>",
        "/f4": "deeper than anybody looks",
        "/i.png": answer(b"png", "image/png"),
        "/o.svg": answer(drawing, "image/svg+xml"),
        "/in.png": answer(b"png2", "image/png"),
        "/in.js": answer("1", "text/javascript"),
        "/e": "<img src=/e.png>",
        "/e.png": answer(b"png3", "image/png"),
    }
    expected = {"/p", "/f1", "/f2", "/f3", "/i.png", "/o.svg", "/in.png", "/in.js", "/e", "/e.png"}
    assert set(paths(await (await make_capturer()).capture(Cited(site.url + "/p")))) == expected


async def test_what_the_link_field_announces_is_fetched(site: Any, make_capturer: Any, answer: Answering) -> None:
    site.pages |= {
        "/dir/p": answer("<p>text", Link="<a.css>; rel=preload; as=style, </next>; rel=next"),
        "/dir/a.css": answer("p { background: url(b.png) }", "text/css"),
        "/dir/b.png": answer(b"png", "image/png"),
    }
    expected = ["/dir/p", "/dir/a.css", "/dir/b.png"]
    assert paths(await (await make_capturer()).capture(Cited(site.url + "/dir/p"))) == expected


async def test_modules_bring_what_they_import(site: Any, make_capturer: Any, answer: Answering) -> None:
    site.pages |= {
        "/p": "<script type=module src=/js/main.js></script>",
        "/js/main.js": answer("import './part.js'", "text/javascript"),
        "/js/part.js": answer("import './part.js'; import './main.js'", "application/javascript; charset=utf-8"),
    }
    assert paths(await (await make_capturer()).capture(Cited(site.url + "/p"))) == ["/p", "/js/main.js", "/js/part.js"]


async def test_what_is_no_html_is_kept_alone(site: Any, make_capturer: Any, answer: Answering) -> None:
    data = b"%PDF-1.7 <img src=/i.png>" * 10_000
    site.pages |= {"/a.pdf": answer(data, "application/pdf")}
    capturer = await make_capturer()
    page = await capturer.capture(Cited(site.url + "/a.pdf"))
    assert paths(page) == ["/a.pdf"]
    assert payload(page, site.url + "/a.pdf") == data
    assert isinstance(page, PageCapture)
    assert isinstance(page.exchanges[0].payload, Path)
    capturer.done(page)
    assert not page.exchanges[0].payload.exists()


async def test_limits_of_number_and_size_cut_and_say_so(site: Any, make_capturer: Any, answer: Answering) -> None:
    site.pages["/p"] = "".join(f"<img src={number}.png>" for number in range(30))
    site.pages |= {f"/{number}.png": answer(b"x" * 100, "image/png") for number in range(30)}
    assert len(paths(await (await make_capturer(max_requisites=10)).capture(Cited(site.url + "/p")))) == 11

    site.pages |= {"/big": "<img src=big.png><video src=v.mp4></video>", "/v.mp4": answer(b"v" * 5000, "video/mp4")}
    site.pages["/big.png"] = answer(b"x" * 5000, "image/png")
    page = await (await make_capturer(max_file_bytes=1000)).capture(Cited(site.url + "/big"))
    assert paths(page) == ["/big", "/big.png"]
    assert isinstance(page, PageCapture)
    assert page.exchanges[1].truncated is Truncated.LENGTH
    assert page.exchanges[1].payload == b"x" * 1000

    capturer = await make_capturer(max_page_bytes=3000)
    page = await capturer.capture(Cited(site.url + "/p"))
    assert isinstance(page, PageCapture)
    assert sum(len(exchange.payload) for exchange in page.exchanges if isinstance(exchange.payload, bytes)) <= 3000
    assert len(page.exchanges) > 20


async def test_a_page_larger_than_its_limit(site: Any, make_capturer: Any, answer: Answering) -> None:
    site.pages |= {
        "/long": "<title>long</title>" + "x" * 5000,
        "/a.pdf": answer(b"%PDF" * 2000, "application/pdf"),
        "/b.pdf": b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nConnection: close\r\n\r\n" + b"%PDF" * 2000,
    }
    capturer = await make_capturer(max_file_bytes=1000, max_page_bytes=4000)
    page = await capturer.capture(Cited(site.url + "/long"))
    assert isinstance(page, PageCapture)
    assert page.exchanges[0].truncated is Truncated.LENGTH
    assert why(await capturer.capture(Cited(site.url + "/a.pdf"))) is Why.TOO_LARGE
    assert why(await capturer.capture(Cited(site.url + "/b.pdf"))) is Why.TOO_LARGE


async def test_a_page_that_breaks_off_is_asked_again_and_then_kept_as_it_is(site: Any, make_capturer: Any) -> None:
    broken = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: 999\r\n\r\n<p>hi"

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(broken)
        await writer.drain()

    site.pages["/p"] = hang_up
    page = await (await make_capturer()).capture(Cited(site.url + "/p"))
    assert isinstance(page, PageCapture)
    assert (page.exchanges[0].truncated, page.exchanges[0].payload) == (Truncated.DISCONNECT, b"<p>hi")


async def test_a_page_has_a_time_and_no_more(site: Any, make_capturer: Any) -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    site.pages["/p"] = "".join(f"<img src=/{number}.png>" for number in range(20))
    site.pages |= {f"/{number}.png": never for number in range(20)}
    started = time.monotonic()
    page = await (await make_capturer(max_page_s=1.0)).capture(Cited(site.url + "/p"))
    assert paths(page) == ["/p"]
    assert time.monotonic() - started < 20


async def test_a_host_is_not_asked_more_than_it_may(site: Any, make_capturer: Any, answer: Answering) -> None:
    site.pages["/p"] = "".join(f"<img src={number}.png>" for number in range(40))
    site.pages |= {f"/{number}.png": answer(b"x", "image/png") for number in range(40)}
    page = await (await make_capturer(per_host=4)).capture(Cited(site.url + "/p"))
    assert len(paths(page)) == 41
    assert site.most_at_once <= 4


async def test_a_host_that_says_wait_is_waited_for_or_left(site: Any, make_capturer: Any, answer: Answering) -> None:
    slow = answer("", status="429 Slow", Retry_After="1")
    site.pages |= {
        "/p": [slow, answer("page")],
        "/long": answer("", status="503 Later", Retry_After="3600"),
        "/after": "page",
    }
    capturer = await make_capturer()
    started = time.monotonic()
    assert paths(await capturer.capture(Cited(site.url + "/p"))) == ["/p"]
    assert time.monotonic() - started >= 0.9
    outcome = await capturer.capture(Cited(site.url + "/long"))
    assert isinstance(outcome, Refusal)
    assert outcome.wait_s == 3600
    outcome = await capturer.capture(Cited(site.url + "/after"))
    assert isinstance(outcome, Refusal)
    assert (outcome.why, "/after" in site.asked) == (Why.WAIT, False)


async def test_a_slow_host_holds_up_no_other(site: Any, make_site: Any, make_capturer: Any) -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    slow = await make_site()
    slow.pages |= {f"/{number}": never for number in range(50)}
    site.pages |= {f"/{number}": "page" for number in range(50)}
    capturer = await make_capturer(pages_at_once=10, per_host=4, max_page_s=30.0)
    both = [Cited(f"{where.url}/{number}") for where in (slow, site) for number in range(50)]
    quick = 0
    outcomes = capturer.capture_all(both)
    async with asyncio.timeout(5):
        async for outcome in outcomes:
            quick += isinstance(outcome, PageCapture)
            if quick == 50:
                break
    await outcomes.aclose()
    assert quick == 50


async def test_leaving_clears_the_spool(site: Any, make_capturer: Any, answer: Answering, tmp_path: Path) -> None:
    site.pages |= {"/p": "<img src=i.png>", "/i.png": answer(b"x" * 200_000, "image/png")}
    left_behind = tmp_path / "spool" / "linkkeeper-capture-4194999-abc"
    in_use = tmp_path / "spool" / "linkkeeper-capture-4194998-abc"
    for folder in (left_behind, in_use):
        folder.mkdir(parents=True)
    os.utime(left_behind, (1e9, 1e9))
    capturer = await make_capturer()
    assert (left_behind.exists(), in_use.exists()) == (False, True)
    in_use.rmdir()
    page = await capturer.capture(Cited(site.url + "/p"))
    assert isinstance(page.exchanges[1].payload, Path)
    await capturer.__aexit__(None, None, None)
    assert list((tmp_path / "spool").iterdir()) == []


async def test_an_abandoned_run_ends_at_once(site: Any, make_capturer: Any) -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    site.pages |= {"/p": never}
    capturer = await make_capturer()
    task = asyncio.ensure_future(anext(capturer.capture_all([Cited(site.url + "/p")])))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_hostile_pages_end_in_time(site: Any, make_capturer: Any, answer: Answering) -> None:
    bomb = gzip.compress(b"<img src=x.png>" * 3_000_000)
    site.pages |= {
        "/bomb": answer(bomb, Content_Encoding="gzip"),
        "/many": "".join(f"<img src=/{number}.png>" for number in range(100_000)),
        "/self": "<img src=/self><link rel=stylesheet href=/self><iframe src=/self></iframe>",
        "/css": "<link rel=stylesheet href=/0.css>",
        "/garbage": answer(bytes(range(256)) * 1000),
    }
    site.pages |= {f"/{number}.css": answer(f"@import '{number + 1}.css';", "text/css") for number in range(100)}
    capturer = await make_capturer(max_requisites=50)
    started = time.process_time()
    found = {
        path: await capturer.capture(Cited(site.url + path)) for path in ("/bomb", "/many", "/self", "/css", "/garbage")
    }
    assert paths(found["/self"]) == ["/self"]
    assert len(paths(found["/css"])) == 51
    assert time.process_time() - started < 10
