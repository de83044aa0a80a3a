"""Which capture a link gets, seen from outside: the stand-in archive, the real client, one link.

Each case says what the archive holds, which link of which day asks, and what the post must get.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, structs

from linkkeeper.archive.base import Wanted
from linkkeeper.archive.rescue import Rescuer
from linkkeeper.config.settings import Settings
from linkkeeper.demo.archive import ArchiveServer
from linkkeeper.demo.captures import PAGE, Capture
from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import SnapshotState as State
from linkkeeper.models.verdict import Finding, Judgement, Reply, Verdict
from linkkeeper.pipeline.state import State as RunState

U = "http://gone.example/post"
DAY = "2016-07-08"
BEFORE, LATER, AFTER, MUCH_LATER = "20160101000000", "20160708101112", "20160710000000", "20200101000000"
OTHER = b"<html><head><title>Another</title></head><body>Another text.</body></html>"
THIRD = b"<html><head><title>A third</title></head><body>A third text.</body></html>"
LOST = b"<html><head><title>Page not found</title></head><body>Sorry.</body></html>"


class Case(Struct, frozen=True):
    """`form` None: the link as written must be in the snapshot's URL."""

    name: str
    captures: tuple[Capture, ...]
    state: State
    timestamp: str = ""
    url: str = U
    written: str = ""
    form: str | None = None
    date: str = DAY
    requests: int = 2
    archive: dict[str, Any] = {}


def captured(*stamps: str, url: str = U, **more: Any) -> tuple[Capture, ...]:
    return tuple(Capture(url, stamp, **more) for stamp in stamps)


def many(count: int, start: int, **more: Any) -> tuple[Capture, ...]:
    """So many captures, one a minute, from 2016-07-09 00:start on."""
    return captured(*(f"20160709{n // 60:02d}{n % 60:02d}00" for n in range(start, start + count)), **more)


def moves(year: str, count: int) -> tuple[Capture, ...]:
    """So many archived redirects, one a minute."""
    stamps = (f"{year}0601{n // 60:02d}{n % 60:02d}00" for n in range(count))
    return captured(*stamps, status=301, body=b"", location="http://gone.example/new")


V, N, X, E = State.VERIFIED, State.NONE, State.UNUSABLE, State.EXCLUDED
CASES = (
    # which moment
    Case("only one before", captured(BEFORE), V, BEFORE),
    Case("only one after", captured(AFTER), V, AFTER),
    Case("the last before, not the first", captured(BEFORE, LATER), V, LATER),
    Case("the first after, not the last", captured(AFTER, MUCH_LATER), V, AFTER),
    Case("long before is better than just after", captured("19980101000000", AFTER), V, "19980101000000"),
    Case("the whole day counts", captured("20160708235959", "20160709000000"), V, "20160708235959"),
    Case("one second too late is after", captured(BEFORE, "20160709000000"), V, BEFORE),
    Case(
        "so many just after that the one before is not among the nearest",
        (*captured("19990101000000"), *many(40, 0)),
        V,
        "19990101000000",
        requests=3,
    ),
    Case("many after and none before", many(40, 0), V, "20160709000000", requests=3),
    Case(
        "redirects all around the date, and the page long before",
        (*captured("20010101000000"), *moves("2015", 40), *moves("2017", 40)),
        V,
        "20010101000000",
        requests=3,
    ),
    Case(
        "redirects all around the date, and the page long after",
        (*moves("2015", 40), *moves("2017", 40), *captured(MUCH_LATER)),
        V,
        MUCH_LATER,
        requests=3,
    ),
    Case("redirects and nothing else, many", (*moves("2015", 40), *moves("2017", 40)), X, requests=2),
    Case("rows repeated", captured(BEFORE, BEFORE, BEFORE), V, BEFORE),
    Case(
        "an index that ignores sort=closest",
        (
            *many(40, 0),
            *captured(*(f"2010{n:02d}01000000" for n in range(1, 13)), *(f"2011{n:02d}01000000" for n in range(1, 13))),
            *captured("20140101000000", "20150101000000"),
        ),
        V,
        "20150101000000",
        requests=3,
        archive={"knows_closest": False},
    ),
    # what is no page
    Case("an archived 404 is passed over", (*captured(BEFORE), *captured(LATER, status=404, body=LOST)), V, BEFORE),
    Case("an archived 500 is passed over", (*captured(BEFORE), *captured(LATER, status=500, body=LOST)), V, BEFORE),
    Case("an archived 429 is passed over", (*captured(BEFORE), *captured(LATER, status=429, body=LOST)), V, BEFORE),
    Case(
        "an archived redirect is passed over",
        (*captured(BEFORE), *captured(LATER, status=301, body=b"", location="http://gone.example/")),
        V,
        BEFORE,
        requests=3,
    ),
    Case("an empty capture is passed over", (*captured(BEFORE), *captured(LATER, body=b"")), V, BEFORE),
    Case(
        "a capture of white space is passed over",
        (*captured(BEFORE), *captured(LATER, body=b" \n ")),
        V,
        BEFORE,
        requests=3,
    ),
    Case(
        "an archived soft-404 is passed over", (*captured(BEFORE), *captured(LATER, body=LOST)), V, BEFORE, requests=3
    ),
    Case(
        "a row of one and the same soft-404 costs one request",
        (*captured(BEFORE), *captured("20160701000000", "20160702000000", "20160703000000", LATER, body=LOST)),
        V,
        BEFORE,
        requests=3,
    ),
    Case(
        "after the date when all before are errors",
        (*captured(BEFORE, status=404, body=LOST), *captured(AFTER)),
        V,
        AFTER,
    ),
    Case("only archived errors", captured(BEFORE, LATER, status=404, body=LOST), X, requests=3),
    Case("only an archived 500", captured(BEFORE, status=503, body=LOST), X, requests=3),
    Case(
        "only an archived redirect",
        captured(BEFORE, status=301, body=b"", location="http://gone.example/"),
        X,
        requests=3,
    ),
    Case("only soft-404s", captured(BEFORE, LATER, body=LOST), X),
    Case("only empty captures", captured(BEFORE, LATER, body=b""), X, requests=1),
    Case("a picture", captured(BEFORE, mimetype="image/png", body=b"\x89PNG\r\n\x1a\n123"), V, BEFORE),
    Case("a large page", captured(BEFORE, body=PAGE + b"x" * 300_000), V, BEFORE),
    # revisits
    Case("a revisit of a page counts as the page", (*captured(BEFORE), *captured(LATER, revisit=True)), V, LATER),
    Case(
        "a revisit of an error counts as the error",
        (
            *captured("20150101000000", body=OTHER),
            *captured(BEFORE, status=302, body=LOST, location="http://gone.example/x"),
            *captured(LATER, revisit=True, status=302, body=LOST, location="http://gone.example/x"),
        ),
        V,
        "20150101000000",
        requests=3,
    ),
    Case(
        "a revisit counts as what was captured before it, whatever the same text was later",
        (
            *captured("20150101000000"),
            *captured(BEFORE, revisit=True),
            *captured(AFTER, status=302, location="http://gone.example/x"),
        ),
        V,
        BEFORE,
    ),
    Case(
        "a revisit of an error that was a page before",
        (*captured("20150101000000"), *captured(BEFORE, status=404), *captured(LATER, status=404, revisit=True)),
        V,
        "20150101000000",
        requests=3,
    ),
    Case("an unresolved revisit is judged by playing: a page", captured(LATER, revisit=True), V, LATER),
    Case(
        "an unresolved revisit is judged by playing: an error",
        (*captured(BEFORE, body=OTHER), *captured(LATER, revisit=True, status=404, body=THIRD)),
        V,
        BEFORE,
        requests=3,
    ),
    Case(
        "an unresolved revisit of an archived 429 is no refusal of the archive",
        (*captured(BEFORE, body=OTHER), *captured(LATER, revisit=True, status=429, body=THIRD)),
        V,
        BEFORE,
        requests=3,
    ),
    # what the archive lists and cannot play
    Case(
        "an archive that shows the nearest capture without a word is not believed to show the one asked for",
        (*captured(BEFORE), *captured(LATER, playable=False), *captured(AFTER, body=OTHER)),
        V,
        BEFORE,
        requests=3,
        archive={"redirects_to_nearest": False},
    ),
    Case(
        "an unplayable capture is passed over",
        (*captured(BEFORE), *captured(LATER, playable=False)),
        V,
        BEFORE,
        requests=3,
    ),
    Case("the unplayable one is the only one", captured(LATER, playable=False), X, requests=2),
    Case(
        "unplayable before, playable after", (*captured(LATER, playable=False), *captured(AFTER)), V, AFTER, requests=3
    ),
    Case("an excluded page", captured(BEFORE), E, requests=1, archive={"excluded": [U]}),
    Case("an excluded site", captured(BEFORE), E, requests=1, archive={"excluded": ["http://gone.example/"]}),
    # the form of the URL
    Case("https captured, http written", captured(BEFORE, url="https://gone.example/post"), V, BEFORE),
    Case("www captured", captured(BEFORE, url="http://www.gone.example/post"), V, BEFORE),
    Case("port 80 captured", captured(BEFORE, url="http://gone.example:80/post"), V, BEFORE),
    Case("a slash more captured", captured(BEFORE, url="http://gone.example/post/"), V, BEFORE),
    Case("arguments in another order", captured(BEFORE, url=U + "?b=2&a=1"), V, BEFORE, url=U + "?a=1&b=2"),
    Case(
        "plays only as captured: the captured form is written",
        captured(BEFORE, url="https://www.gone.example/post", only_as_captured=True),
        V,
        BEFORE,
        form="https://www.gone.example/post",
        requests=3,
    ),
    Case(
        "the captured form is written without its port 80",
        captured(BEFORE, url="http://www.gone.example:80/post", only_as_captured=True),
        V,
        BEFORE,
        form="http://www.gone.example/post",
        requests=3,
    ),
    Case(
        "the same page in another case before comes after the right case",
        (*captured(BEFORE, url="http://gone.example/POST", body=OTHER), *captured(AFTER, only_as_captured=True)),
        V,
        AFTER,
    ),
    Case("another case is better than nothing", captured(BEFORE, url="http://gone.example/POST"), V, BEFORE),
    Case("a fragment is not asked for", captured(BEFORE), V, BEFORE, url=U + "#part", form=U),
    Case(
        "Chinese in the path is written as the author wrote it",
        captured(BEFORE, url="http://gone.example/%E6%96%87%E7%AB%A0"),
        V,
        BEFORE,
        url="http://gone.example/文章",
    ),
    Case("a Chinese host", captured(BEFORE, url="http://xn--fiqs8s.example/a"), V, BEFORE, url="http://中国.example/a"),
    Case(
        "a star in the URL is no wildcard",
        captured(BEFORE, url="http://gone.example/a*"),
        V,
        BEFORE,
        url="http://gone.example/a*",
    ),
    Case(
        "a URL in the query",
        captured(BEFORE, url=U + "?to=http://b.example//c?d=1&e=2"),
        V,
        BEFORE,
        url=U + "?to=http://b.example//c?d=1&e=2",
    ),
    Case(
        "percent escapes stay",
        captured(BEFORE, url="http://gone.example/a%2Fb%20c"),
        V,
        BEFORE,
        url="http://gone.example/a%2Fb%20c",
    ),
    Case("a type that the index does not know", captured(BEFORE, mimetype="application/x-unknown"), V, BEFORE),
    Case("https written, http captured", captured(BEFORE), V, BEFORE, url="https://gone.example/post"),
    Case(
        "port 443 captured",
        captured(BEFORE, url="https://gone.example:443/post"),
        V,
        BEFORE,
        url="https://gone.example/post",
    ),
    Case("upper case in the host", captured(BEFORE), V, BEFORE, url="http://GONE.Example/post"),
    Case("a slash more written", captured(BEFORE), V, BEFORE, url=U + "/"),
    Case("an empty query written", captured(BEFORE), V, BEFORE, url=U + "?"),
    Case(
        "a session in the captured URL",
        captured(BEFORE, url=U + "?PHPSESSID=0123456789abcdef0123456789abcdef&a=1"),
        V,
        BEFORE,
        url=U + "?a=1",
    ),
    Case("www. written, captured without", captured(BEFORE), V, BEFORE, url="http://www.gone.example/post"),
    Case(
        "an IPv4 host on a port",
        captured(BEFORE, url="http://192.0.2.1:8080/a"),
        V,
        BEFORE,
        url="http://192.0.2.1:8080/a",
    ),
    Case("a mobile host is another host", captured(BEFORE, url="http://m.gone.example/post"), N, requests=3),
    Case("another port is another page", captured(BEFORE, url="http://gone.example:8080/post"), N, requests=3),
    Case(
        "captured with the tracking that cleaning took",
        captured(BEFORE, url=U + "?utm_source=x"),
        V,
        BEFORE,
        written=U + "?utm_source=x",
        form=U + "?utm_source=x",
        requests=3,
    ),
    Case(
        "cleaned and as written both captured: cleaned",
        (*captured(BEFORE), *captured(LATER, url=U + "?utm_source=x")),
        V,
        BEFORE,
        written=U + "?utm_source=x",
    ),
    # nothing
    Case("never captured", (), N, requests=3),
    Case("a sibling captured is no capture", captured(BEFORE, url=U + "2"), N, requests=3),
    Case("too fresh for the index", captured(LATER, listed=False), V, LATER, requests=3),
    Case("too fresh for the index and an error", captured(LATER, listed=False, status=404, body=LOST), X, requests=3),
    # shapes of answers
    Case("header names in lower case", captured(BEFORE), V, BEFORE, archive={"lower_case": True}),
    Case(
        "redirects to archive.org's own names",
        (*captured(BEFORE), *captured(LATER, playable=False)),
        V,
        BEFORE,
        requests=3,
        archive={"official_names": True},
    ),
    Case(
        "a page that was excluded only from the playback",
        captured(BEFORE),
        E,
        requests=1,
        archive={"excluded": [U], "excluded_status": 403},
    ),
)


def looks_dead(reply: Reply) -> str:
    return "a soft-404 page" if b"not found" in reply.body else ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_the_right_capture(
    case: Case,
    start_archive: Callable[..., Awaitable[ArchiveServer]],
    make_rescuer: Callable[..., Awaitable[Rescuer]],
    day: Callable[[str], Dated],
) -> None:
    archive = await start_archive(*case.captures, **case.archive)
    rescuer = await make_rescuer(archive, looks_dead=looks_dead, hints=False)
    wanted = Wanted(case.url, day(case.date), case.written)
    snapshot = (await rescuer.rescue([wanted]))[wanted].snapshot
    assert snapshot.state is case.state, snapshot
    if case.state is V:
        form = case.url if case.form is None else case.form
        assert snapshot.url == f"{archive.url}/web/{case.timestamp}/{form}"
    else:
        assert snapshot.url is None
    assert len(archive.log) <= case.requests, [entry.path for entry in archive.log]


TOGETHER = [case for case in CASES if not case.archive]
PLACES: dict[str, Callable[[str, int], str]] = {
    "each on a host of its own": lambda url, n: url.replace("gone.example", f"gone{n}.example"),
    "all in folders of one host": lambda url, n: url.replace("gone.example/", f"gone.example/d{n}/"),
}


@pytest.mark.parametrize("place", PLACES)
async def test_the_right_captures_of_all_cases_asked_in_one_run(
    place: str,
    start_archive: Callable[..., Awaitable[ArchiveServer]],
    make_rescuer: Callable[..., Awaitable[Rescuer]],
    day: Callable[[str], Dated],
) -> None:
    def moved(url: str, n: int) -> str:
        plain = re.sub(r"gone\.example(?::80|:443)?/", "gone.example/", url, flags=re.IGNORECASE)
        return PLACES[place](plain, n)

    captures = [
        structs.replace(one, url=moved(one.url, n), location=moved(one.location, n))
        for n, case in enumerate(TOGETHER)
        for one in case.captures
    ]
    archive = await start_archive(*captures)
    rescuer = await make_rescuer(archive, looks_dead=looks_dead, hints=False)
    wanted = [Wanted(moved(case.url, n), day(case.date), moved(case.written, n)) for n, case in enumerate(TOGETHER)]
    answers = await rescuer.rescue(wanted)
    for n, (case, question) in enumerate(zip(TOGETHER, wanted, strict=True)):
        snapshot = answers[question].snapshot
        form = moved(case.url if case.form is None else case.form, n)
        expected = f"{archive.url}/web/{case.timestamp}/{form}" if case.state is V else None
        assert (case.name, snapshot.state, snapshot.url) == (case.name, case.state, expected)
    assert len(archive.log) <= 3 * len(TOGETHER)


class Post(Struct, frozen=True):
    """One case as a post; `after` is what a fix must make of it."""

    name: str
    link: str
    before: str
    after: str


def post(number: int, case: Case, base: str) -> Post:
    def moved(url: str) -> str:
        return PLACES["each on a host of its own"](re.sub(r"(?i)gone\.example", "gone.example", url), number)

    link = moved(case.written or case.url)
    form = moved(case.url if case.form is None else case.form) + link.partition("#")[1] + link.partition("#")[2]
    text = f"---\ndate: {case.date}\n---\n看[链接]({{}} 'title')，<a href='{{}}'>b</a>。\n"
    copy = f"{base}/web/{case.timestamp}/{form}" if case.state is V else link
    return Post(f"{number}.md", link, text.format(link, link), text.format(copy, copy))


async def test_all_cases_through_the_command_twice_and_back(
    start_archive: Callable[..., Awaitable[ArchiveServer]], tmp_path: Path
) -> None:
    """Every byte as expected, the second fix writes nothing, undo gives everything back."""
    cases = [case for case in TOGETHER if not re.search(r":\d|\d\.\d", case.url)]
    captures = [
        structs.replace(one, url=place(one.url, n), location=place(one.location, n))
        for n, case in enumerate(cases)
        for one in case.captures
        for place in (PLACES["each on a host of its own"],)
    ]
    archive = await start_archive(*captures)
    posts = [post(n, case, archive.url) for n, case in enumerate(cases)]
    for one in posts:
        (tmp_path / one.name).write_bytes(one.before.encode())

    async def run(*arguments: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "linkkeeper", *arguments),
            cwd=tmp_path,
            env=os.environ | {"LINKKEEPER_WAYBACK_RATE": "60000"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said = (await process.communicate())[0].decode()
        return process.returncode or 0, said

    gone = Judgement(Verdict.DEAD, "http-gone", "HTTP 404")
    found = [json.loads(row)["clean"] for row in (await run("links", "."))[1].splitlines()]
    with RunState(Settings(state=str(tmp_path / ".linkkeeper"))) as state:
        for url in found:
            state.memory.put(Finding(url.partition("#")[0], gone, 404, checked=datetime.now(UTC)))

    def contents() -> dict[str, str]:
        return {one.name: (tmp_path / one.name).read_bytes().decode() for one in posts}

    fixed = await run("fix", ".", "--wayback-url", archive.url)
    wrong = [(cases[n].name, contents()[one.name]) for n, one in enumerate(posts) if contents()[one.name] != one.after]
    assert wrong == [], fixed
    assert fixed[0] == 1, "some have no copy"
    assert sum(case.state is V for case in cases) >= 50
    requests = len(archive.log)
    again = await run("fix", ".", "--wayback-url", archive.url)
    assert "nothing to write" in again[1]
    assert len(archive.log) == requests, "all was known"
    assert (await run("undo"))[0] == 0
    assert contents() == {one.name: one.before for one in posts}
