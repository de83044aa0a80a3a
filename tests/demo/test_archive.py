"""The stand-in archive behaves as the Wayback Machine was observed to (2020 to 2026)."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from linkkeeper.demo.archive import ArchiveServer, Fault
from linkkeeper.demo.captures import Capture, Collection, search
from linkkeeper.models.verdict import Reply
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

URL = "http://gone.example/post"
CAPTURES = (
    Capture(URL, "20150101000000"),
    Capture("https://www.gone.example:443/post/", "20160101000000", revisit=True),
    Capture(URL, "20170101000000", status=404, body=b"gone"),
    Capture(URL, "20180101000000", status=301, body=b"", location="http://new.example/"),
    Capture(URL, "20190101000000", playable=False),
    Capture("http://gone.example/other", "20150101000000"),
)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(NetOptions(allow_private=True)) as client:
        yield client


@pytest.fixture
async def archive() -> AsyncIterator[ArchiveServer]:
    async with ArchiveServer(CAPTURES, excluded=["http://private.example/"]) as archive:
        yield archive


def rows(query: str) -> list[tuple[str, ...]]:
    found = search(Collection(CAPTURES), query)
    assert not isinstance(found, str)
    return found


def stamps(query: str) -> list[str]:
    return [row[1][:4] for row in rows(query)[1:]]


def test_the_index_folds_spellings_and_orders_by_time() -> None:
    assert stamps("url=http://gone.example/post") == ["2015", "2016", "2017", "2018", "2019"]
    assert rows("url=gone.example/post")[2][4] == "-"
    assert rows("url=http://never.example/") == []


def test_closest_needs_its_sort() -> None:
    assert stamps("url=http://gone.example/post&closest=20170601&limit=2") == ["2015", "2016"]
    assert stamps("url=http://gone.example/post&closest=20170601&sort=closest&limit=2") == ["2017", "2018"]


def test_filters_match_whole_fields() -> None:
    assert stamps("url=http://gone.example/post&filter=statuscode:4") == []
    assert stamps("url=http://gone.example/post&filter=!statuscode:[45]..") == ["2015", "2016", "2018", "2019"]
    assert stamps("url=http://gone.example/post&filter=statuscode:200&filter=timestamp:2019.*") == ["2019"]


def test_ranges_limits_collapses_and_prefixes() -> None:
    assert stamps("url=http://gone.example/post&from=2016&to=2017") == ["2016", "2017"]
    assert stamps("url=http://gone.example/post&limit=-1") == ["2019"]
    assert stamps("url=http://gone.example/post&collapse=timestamp:2") == ["2015"]
    assert len(rows("url=http://gone.example/*")) == 7
    assert len(rows("url=gone.example&matchType=host")) == 7
    assert rows("url=http://gone.example/post&fl=timestamp,original&limit=1")[0] == ("timestamp", "original")


def test_a_resume_key_goes_on_where_the_answer_ended() -> None:
    *first, empty, key = rows("url=http://gone.example/post&limit=2&showResumeKey=true")
    assert (len(first), empty) == (3, ())
    assert stamps(f"url=http://gone.example/post&limit=2&resumeKey={key[0]}") == ["2017", "2018"]


async def ask(client: Client, archive: ArchiveServer, path: str, **headers: str) -> Reply:
    sent = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return await client.ask(archive.url + path, follow=False, headers=sent)


async def test_json_has_a_header_row_and_text_has_none(client: Client, archive: ArchiveServer) -> None:
    query = f"/cdx/search/cdx?url={URL}"
    table = msgspec.json.decode((await ask(client, archive, query + "&output=json")).body)
    assert (table[0][0], len(table)) == ("urlkey", 6)
    assert len((await ask(client, archive, query)).body.splitlines()) == 5
    assert (await ask(client, archive, "/cdx/search/cdx?url=http://x.example/&output=json")).body.strip() == b"[]"


async def test_a_capture_plays_at_its_moment(client: Client, archive: ArchiveServer) -> None:
    raw = await ask(client, archive, f"/web/20150101000000id_/{URL}")
    assert raw.header("memento-datetime") == "Thu, 01 Jan 2015 00:00:00 GMT"
    assert raw.header("x-archive-src")
    assert b"toolbar" not in raw.body
    assert b"toolbar" in (await ask(client, archive, f"/web/20150101000000/{URL}")).body


@pytest.mark.parametrize(("asked", "found"), [("2015", "2015"), ("20160201", "2016"), ("20190101000000", "2018")])
async def test_other_moments_lead_to_the_nearest(
    client: Client, archive: ArchiveServer, asked: str, found: str
) -> None:
    reply = await ask(client, archive, f"/web/{asked}id_/{URL}")
    assert (reply.status, reply.header("memento-datetime")) == (302, "")
    assert reply.header("location").startswith(f"{archive.url}/web/{found}0101000000id_/http")
    assert reply.header("x-archive-redirect-reason") == f"found capture at {found}0101000000"


async def test_archived_errors_and_redirects_keep_their_status(client: Client, archive: ArchiveServer) -> None:
    error = await ask(client, archive, f"/web/20170101000000id_/{URL}")
    assert (error.status, bool(error.header("memento-datetime"))) == (404, True)
    redirect = await ask(client, archive, f"/web/20180101000000id_/{URL}")
    assert (redirect.status, bool(redirect.header("memento-datetime"))) == (301, True)
    assert redirect.header("location") == f"{archive.url}/web/20180101000000id_/http://new.example/"
    shown = await ask(client, archive, f"/web/20180101000000/{URL}")
    assert (shown.status, shown.header("memento-datetime")) == (200, "")
    assert b"at crawl time" in shown.body


async def test_the_absent_and_the_excluded_have_their_own_answers(client: Client, archive: ArchiveServer) -> None:
    absent = await ask(client, archive, "/web/2015id_/http://never.example/")
    assert (absent.status, absent.header("memento-datetime")) == (404, "")
    private = await ask(client, archive, "/web/2015id_/http://private.example/a")
    assert (private.status, b"has been excluded" in private.body) == (200, True)
    blocked = await ask(client, archive, "/cdx/search/cdx?url=http://private.example/a")
    assert (blocked.status, b"AdministrativeAccessControlException" in blocked.body) == (403, True)


async def test_the_timegate_and_the_timemap_answer(client: Client, archive: ArchiveServer) -> None:
    gate = await ask(client, archive, f"/web/{URL}", Accept_Datetime="Fri, 01 Jan 2016 10:00:00 GMT")
    assert gate.header("location").startswith(f"{archive.url}/web/20160101000000/")
    timemap = await ask(client, archive, f"/web/timemap/link/{URL}")
    assert timemap.body.count(b'rel="memento"') == 4
    assert len(msgspec.json.decode((await ask(client, archive, f"/web/timemap/json/{URL}")).body)) == 6


async def test_the_availability_interface_answers_both_forms(client: Client, archive: ArchiveServer) -> None:
    reply = await ask(client, archive, f"/wayback/available?url={URL}&timestamp=2016")
    closest = msgspec.json.decode(reply.body)["archived_snapshots"]["closest"]
    assert (closest["timestamp"], closest["status"]) == ("20150101000000", "200")
    assert closest["url"] == f"http://web.archive.org/web/20150101000000/{URL}"
    absent = await ask(client, archive, "/wayback/available?url=http://never.example/")
    assert msgspec.json.decode(absent.body)["archived_snapshots"] == {}


async def test_the_log_measures_politeness(client: Client, archive: ArchiveServer) -> None:
    for _ in range(3):
        await ask(client, archive, f"/web/20150101000000id_/{URL}")
    assert archive.busiest("page") == 3
    assert archive.busiest("page", window_s=1e-6) == 1
    assert [entry.status for entry in archive.seen("page")] == [200] * 3


@pytest.mark.parametrize(("kind", "status"), [("429", 429), ("503", 503), ("html", 200), ("empty", 200)])
async def test_faults_are_served_and_pass(client: Client, kind: str, status: int) -> None:
    async with ArchiveServer(CAPTURES, faults={"index": Fault(kind, times=1, after=1, retry_after="7")}) as archive:
        query = f"/cdx/search/cdx?url={URL}&output=json"
        replies = [await ask(client, archive, query) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, status, 200]
    assert replies[1].body != replies[0].body == replies[2].body
    assert replies[1].header("retry-after") == ("7" if kind == "429" else "")
