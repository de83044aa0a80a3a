"""The index's answers as recorded between 2020 and 2026, and what never was an answer."""

import subprocess
import sys
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.archive import choose, waybackpy_index
from linkkeeper.archive.cdx import nonsense, parse_rows
from linkkeeper.archive.cdx_query import CdxQuery
from linkkeeper.archive.choose import CdxRow
from linkkeeper.archive.playback import is_excluded
from linkkeeper.demo.archive import BLOCKED, OFFLINE, REFUSAL
from linkkeeper.models.document import Dated
from linkkeeper.models.verdict import Reply

HEADER = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
ROW = ["example,gone)/a", "20150101000000", "http://gone.example/a", "text/html", "200", "A" * 32, "500"]
UNTIL = Dated(datetime(2016, 7, 8, 23, 59, 59, tzinfo=UTC), "front matter", "2016-07-08")


def row(timestamp: str, status: str = "200", digest: str = "A" * 32, url: str = "http://gone.example/a") -> CdxRow:
    kind = "warc/revisit" if status == "-" else "text/html"
    return CdxRow("example,gone)/a", timestamp, url, kind, status, digest)


@pytest.mark.parametrize("body", [b"[]", b"[]\n", b"", b"\n", b"[[]]", msgspec.json.encode([HEADER])])
def test_no_rows_are_no_rows(body: bytes) -> None:
    assert parse_rows(body) == []


def test_json_rows_are_read_by_their_header() -> None:
    assert parse_rows(msgspec.json.encode([HEADER, ROW])) == [ROW[:6]]
    assert parse_rows(msgspec.json.encode([HEADER[::-1], ROW[::-1]])) == [ROW[:6]]


def test_a_resume_key_is_no_row() -> None:
    assert parse_rows(msgspec.json.encode([HEADER, ROW, [], ["Y29tLGV4YW1wbGUp"]])) == [ROW[:6]]
    assert parse_rows(f"{' '.join(ROW)}\n\nexample%2Cgone%29%2Fa+20150101000001\n".encode()) == [ROW[:6]]


def test_plain_rows_are_read_and_dirty_ones_left_out() -> None:
    dirty = (
        "example,gone)/a 20150101000000 http://gone.example/a text/html 200 " + "A" * 32 + " -\n"
        "data:image/png;base64,xx yy 20150101000000 data: text/html 200 " + "A" * 32 + " 1 2\n"
        "broken\n"
    )
    assert [found[1] for found in parse_rows(dirty.encode())] == ["20150101000000"]


@pytest.mark.parametrize(
    "body",
    [
        OFFLINE.encode(),
        REFUSAL.encode(),
        b"null",
        b'{"error": "x"}',
        b"[[",
        msgspec.json.encode([HEADER, ROW])[:-20],
        msgspec.json.encode([["a", "b"], ["c", "d"]]),
        b"org.archive.cdxserver: error\n",
        b"[1, 2]",
        b"\xff\xfe[]",
    ],
)
def test_what_is_no_answer_is_nonsense(body: bytes) -> None:
    assert nonsense(Reply("http://a", status=200, body=body))
    with pytest.raises(ValueError):
        parse_rows(body)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.text('[]",{}: \n\t0123456789abc<>', max_size=200).map(str.encode))
def test_no_bytes_break_the_reading(body: bytes) -> None:
    nonsense(Reply("http://a", status=200, body=body))


def test_a_blocked_site_is_excluded_not_forbidden() -> None:
    assert is_excluded(Reply("http://a", status=403, body=BLOCKED.encode()))
    robots = b"org.archive.wayback.exception.RobotAccessControlException: Blocked By Robots"
    assert is_excluded(Reply("http://a", status=403, body=robots))
    assert is_excluded(Reply("http://a", status=403, headers=(("x-archive-wayback-runtime-error", BLOCKED),)))
    assert not is_excluded(Reply("http://a", status=403, body=b"<h1>Forbidden</h1>"))


def test_the_order_of_the_recorded_sample_is_nearest_first() -> None:
    """Distances in minutes as pasted in the archive's own tracker: 4.4, 7.0, 15.5, 18.5, 41.5, on both sides."""
    stamps = ["20160708235535", "20160709000659", "20160708234429", "20160709001829", "20160708231829"]
    assert choose.nearest_first([row(stamp) for stamp in stamps], UNTIL)
    chosen = choose.candidates([row(stamp) for stamp in stamps], UNTIL, "http://gone.example/a")
    assert [one.timestamp for one in chosen] == [stamps[0], stamps[2], stamps[4], stamps[1], stamps[3]]


def test_rows_far_out_of_order_are_noticed() -> None:
    assert not choose.nearest_first([row("20100101000000"), row("20110101000000")], UNTIL)


def test_revisits_have_the_status_of_their_payload() -> None:
    good, bad = "G" * 32, "B" * 32
    rows = [
        row("20150101000000", "200", good),
        row("20150201000000", "301", bad),
        row("20160101000000", "-", bad),
        row("20160201000000", "-", good),
        row("20160301000000", "-", "U" * 32),
    ]
    chosen = choose.candidates(rows, UNTIL, "http://gone.example/a")
    assert [(one.timestamp, one.certain) for one in chosen] == [
        ("20160301000000", False),
        ("20160201000000", True),
        ("20150101000000", True),
    ]


def test_empty_payloads_are_no_candidates() -> None:
    assert choose.candidates([row("20150101000000", digest=choose.EMPTY_DIGEST)], UNTIL, "http://gone.example/a") == ()


def test_only_a_redirect_after_the_last_page_is_a_sign_of_a_move() -> None:
    page, redirect = row("20150101000000"), row("20160101000000", "301", "R" * 32)
    assert choose.last_redirect([page, redirect]) == redirect
    assert choose.last_redirect([row("20170101000000"), redirect]) is None
    assert choose.last_redirect([page]) is None
    assert choose.last_redirect([]) is None


def test_waybackpy_is_loaded_only_to_ask() -> None:
    code = "import sys, linkkeeper.archive.registry; sys.exit('waybackpy' in sys.modules or 'bs4' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_one_damaged_row_does_not_spoil_the_others() -> None:
    odd = [[*ROW[:1], stamp, *ROW[2:]] for stamp in ("20150000000000", "20150230000000", "2015", "", "20150101000000")]
    odd.append(["a\nb", "20160101000000", "http://gone.example/a b\nc", "", "", "", ""])
    rows, seen = waybackpy_index.ask(lambda _: odd, "http://a.example/cdx", CdxQuery("http://gone.example/a"))
    assert seen == 6
    assert [found.timestamp for found in rows] == ["20150101000000", "20160101000000"]
    assert rows[1].original == "http://gone.example/a%20b%20c"
