"""What the playback said, from the shapes of recorded answers: Memento-Datetime first, status second."""

import pytest

from linkkeeper.archive.playback import (
    ArchivedRedirect,
    Elsewhere,
    Excluded,
    NoPage,
    NotCaptured,
    Page,
    Played,
    Unreadable,
    as_seen,
    read,
    refuse_dead,
    title_of,
)
from linkkeeper.demo.archive import BLOCKED, EXCLUDED, INTERSTITIAL, OFFLINE, UNKNOWN
from linkkeeper.models.verdict import Reply

BASE = "http://127.0.0.1:9"
ASKED = f"{BASE}/web/20160101000000id_/http://gone.example/a"
MEMENTO = ("memento-datetime", "Fri, 01 Jan 2016 00:00:00 GMT")
HTML = b"<html><title> A\n page </title></html>"


def reply(status: int, *headers: tuple[str, str], body: bytes = HTML) -> Reply:
    return Reply(ASKED, status=status, headers=headers, body=body)


def location(url: str) -> tuple[str, str]:
    return ("location", url)


CASES: list[tuple[str, Reply, Played]] = [
    ("an archived 404", reply(404, MEMENTO), NoPage("captured as HTTP 404", "20160101000000", 404)),
    (
        "an archived 429, whose Retry-After is history",
        reply(429, MEMENTO, ("x-archive-orig-retry-after", "6")),
        NoPage("captured as HTTP 429", "20160101000000", 429),
    ),
    ("an archived 503", reply(503, MEMENTO), NoPage("captured as HTTP 503", "20160101000000", 503)),
    ("an archived 204", reply(204, MEMENTO, body=b""), NoPage("captured as HTTP 204", "20160101000000", 204)),
    ("an empty page", reply(200, MEMENTO, body=b" \r\n"), NoPage("captured without a body", "20160101000000")),
    ("never captured", reply(404, body=UNKNOWN.encode()), NotCaptured()),
    ("excluded, in the form of 2020", reply(200, body=EXCLUDED.encode()), Excluded()),
    ("excluded, with the runtime error", reply(403, ("x-archive-wayback-runtime-error", BLOCKED)), Excluded()),
    ("the archive is offline and says 200", reply(200, body=OFFLINE.encode()), Unreadable("")),
    ("a firewall", reply(403, body=b"<h1>Forbidden</h1>"), Unreadable("")),
    ("a date that is none", reply(200, ("memento-datetime", "yesterday")), Unreadable("")),
    (
        "the nearest capture, by the archive's own name",
        reply(302, location("https://web.archive.org/web/20150503090125id_/http://gone.example/a"), body=b""),
        Elsewhere("20150503090125", "http://gone.example/a"),
    ),
    (
        "the nearest capture, by http and :80",
        reply(302, location("http://web.archive.org/web/20150503090125/http://gone.example:80/a"), body=b""),
        Elsewhere("20150503090125", "http://gone.example:80/a"),
    ),
    (
        "the nearest capture, relative",
        reply(302, location("/web/20150503090125id_/http://gone.example/a?b=http://c//d"), body=b""),
        Elsewhere("20150503090125", "http://gone.example/a?b=http://c//d"),
    ),
    (
        "the nearest capture, with a squeezed scheme",
        reply(302, location("/web/20150503090125id_/http:/gone.example/a"), body=b""),
        Elsewhere("20150503090125", "http://gone.example/a"),
    ),
    (
        "an archived redirect",
        reply(301, MEMENTO, location("https://web.archive.org/web/20160101000000id_/https://gone.example/b"), body=b""),
        ArchivedRedirect(301, "20160101000000", "https://gone.example/b"),
    ),
    (
        "an archived redirect without a place to go",
        reply(302, MEMENTO, body=b""),
        ArchivedRedirect(302, "20160101000000", ""),
    ),
    (
        "an archived redirect in view mode",
        reply(200, body=INTERSTITIAL.format(status=301, to="x").encode()),
        ArchivedRedirect(302, "", ""),
    ),
    ("a redirect out of the archive", reply(302, location("http://evil.example/"), body=b""), Unreadable("")),
    ("a redirect to itself", reply(302, location(ASKED), body=b""), Unreadable("")),
    ("a redirect to nowhere", reply(302, body=b""), Unreadable("")),
]


@pytest.mark.parametrize(("answer", "meaning"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_every_recorded_shape_is_read_rightly(answer: Reply, meaning: Played) -> None:
    found = read(answer, BASE)
    if isinstance(meaning, Unreadable):
        assert isinstance(found, Unreadable)
    else:
        assert found == meaning


def test_a_page_is_a_page() -> None:
    page = reply(200, MEMENTO, ("x-archive-orig-date", "Mon, 01 Jun 2015 00:00:00 GMT"))
    assert read(page, BASE) == Page("20160101000000", page)
    assert title_of(page) == "A page"


def test_a_dead_page_is_refused_as_its_own_server_sent_it() -> None:
    answer = reply(200, MEMENTO, ("x-archive-orig-x-powered-by", "PHP"), ("content-type", "text/html"))
    heard: list[Reply] = []

    def looks_dead(page: Reply) -> str:
        heard.append(page)
        return "a parked page"

    assert refuse_dead(read(answer, BASE), "http://gone.example/a", looks_dead) == NoPage(
        "captured as a parked page", "20160101000000"
    )
    assert (heard[0].url, heard[0].final_url) == ("http://gone.example/a", "http://gone.example/a")
    assert heard[0].header("x-powered-by") == "PHP"
    assert heard[0] == as_seen(answer, "http://gone.example/a")
