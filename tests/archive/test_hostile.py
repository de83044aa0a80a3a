"""An archive may say anything: every question still gets a state, and no exception gets out."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.archive.base import ArchiveOptions, Rescue, Wanted
from linkkeeper.archive.clocks import MemoryClock
from linkkeeper.archive.registry import rescuer
from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import SnapshotState
from linkkeeper.models.verdict import Reply

NEAR = Dated(datetime(2016, 7, 8, 23, 59, 59, tzinfo=UTC), "front matter", "2016-07-08")
FIELDS = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
ODD = st.sampled_from(
    [
        "",
        "-",
        "http://mailto:a@b.example",
        "http://[::1",
        "http://gone.example:99999/",
        "javascript:alert(1)",
        "http://gone.example/a",
        "https://gone.example:443/a",
        "20160101000000",
        "00000000000000",
        "20160230000000",
        "99999999999999",
        "2016",
        "200",
        "301",
        "data:x,y z",
        "A" * 32,
        "\n",
        "\x00",
        "http://gone.example/<b>\"'",
        "warc/revisit",
        "example,gone)/a",
        "http://xn--a.example/",
        "http://中.example/",
    ]
)
HEADER = st.sampled_from(
    [
        ("memento-datetime", "Fri, 01 Jan 2016 00:00:00 GMT"),
        ("memento-datetime", "x"),
        ("memento-datetime", "Mon, 01 Jan 0001 00:00:00 +1400"),
        ("location", "http://a.example/web/20150101000000id_/http://gone.example/a"),
        ("location", "/web/x"),
        ("location", "//"),
        ("location", ""),
        ("location", "https://web.archive.org/web/20160101000000id_/http://[::1"),
        ("location", "http://[::1"),
        ("retry-after", "1"),
        ("link", '<http://a.example/web/2015/x>; rel="memento"; datetime="Thu, 01 Jan 2015 00:00:00 GMT"'),
        ("link", '<http://[::1>; rel="timemap memento"; datetime="Mon, 01 Jan 0001 00:00:00 +1400"'),
        ("x-archive-wayback-runtime-error", "AccessControlException"),
    ]
)
ROWS = st.lists(st.lists(ODD, min_size=7, max_size=7), max_size=4).map(
    lambda rows: msgspec.json.encode([FIELDS, *rows])
)
BODY = ROWS | st.binary(max_size=40) | st.just(b"[" * 5000) | st.just(b"<html><title>\xff</title>x")
REPLY = st.builds(
    lambda status, headers, body: Reply("http://a.example/", status=status, headers=tuple(headers), body=body),
    st.sampled_from([200, 200, 200, 200, 301, 302, 403, 404, 500]),
    st.lists(HEADER, max_size=3),
    BODY,
)


class _Says:
    """Answers what it is told, whatever is asked: a server could do no worse at this level."""

    def __init__(self, replies: list[Reply]) -> None:
        self._replies = replies
        self._count = 0

    async def ask(self, url: str, method: str = "GET", **_: Any) -> Reply:
        self._count += 1
        assert self._count < 100, "asks without end"
        return msgspec.structs.replace(self._replies[self._count % len(self._replies)], url=url)


async def ask(replies: list[Reply]) -> list[Rescue]:
    options = ArchiveOptions(
        "http://a.example", rate_per_minute=1e9, pause_s=0.0, timegates={"gate": "http://b.example/gate/"}
    )
    wanted = [
        Wanted(url, NEAR) for url in ("http://gone.example/a", "http://gone.example/b", "http://other.example:x/")
    ]
    return list((await rescuer(options, _Says(replies), MemoryClock()).rescue(wanted)).values())


@settings(max_examples=120, deadline=None)
@given(st.lists(REPLY, min_size=1, max_size=5))
def test_no_answer_of_an_archive_gets_out_as_an_exception(replies: list[Reply]) -> None:
    answers = asyncio.run(ask(replies))
    assert len(answers) == 3
    for answer in answers:
        snapshot = answer.snapshot
        assert snapshot.state is not SnapshotState.VERIFIED or (snapshot.url or "").startswith(
            ("http://a.example/", "http://b.example/")
        )


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.text(max_size=40)
        | st.text(max_size=40).map("http://".__add__)
        | st.text(max_size=40).map("http://a.b/".__add__),
        min_size=1,
        max_size=4,
    ),
    st.lists(REPLY, min_size=1, max_size=3),
)
def test_no_url_gets_out_as_an_exception(urls: list[str], replies: list[Reply]) -> None:
    options = ArchiveOptions("http://a.example", rate_per_minute=1e9, pause_s=0.0)
    wanted = [Wanted(url, NEAR, written) for url, written in zip(urls, [*urls[1:], ""], strict=True)]
    answers = asyncio.run(rescuer(options, _Says(replies), MemoryClock()).rescue(wanted))
    assert set(answers) == set(wanted)
