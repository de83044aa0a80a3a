"""Any TimeGate: the stand-in's own, and a real pywb over WARCs that are written here."""

import gzip
import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.archive.base import Wanted
from linkkeeper.archive.links import framed_memento, memento_links
from linkkeeper.archive.rescue import Rescuer
from linkkeeper.demo.archive import ArchiveServer, Fault
from linkkeeper.demo.captures import Capture
from linkkeeper.errors import UsageError
from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import Snapshot
from linkkeeper.models.snapshot import SnapshotState as State
from linkkeeper.models.verdict import Reply
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

Start = Callable[..., Awaitable[ArchiveServer]]
Make = Callable[..., Awaitable[Rescuer]]
Day = Callable[[str], Dated]
URL = "http://gone.example/post"
RECORDS = (
    (URL, "2015-01-01T00:00:00Z", "200 OK", b"<html><title>early</title><body>early</body></html>"),
    (URL, "2016-08-01T00:00:00Z", "200 OK", b"<html><title>late</title><body>late</body></html>"),
    ("http://gone.example/error", "2015-01-01T00:00:00Z", "404 Not Found", b"gone"),
    ("http://gone.example/mixed", "2015-01-01T00:00:00Z", "200 OK", b"<html><body>good</body></html>"),
    ("http://gone.example/mixed", "2016-07-01T00:00:00Z", "503 Down", b"<html><body>bad</body></html>"),
    ("http://gone.example/empty", "2015-01-01T00:00:00Z", "200 OK", b""),
    ("http://gone.example/soft", "2015-01-01T00:00:00Z", "200 OK", b"<html><title>not found</title></html>"),
    ("http://gone.example/query?b=2&a=1", "2015-01-01T00:00:00Z", "200 OK", b"<html><body>query</body></html>"),
    ("http://gone.example/%E6%96%87", "2015-01-01T00:00:00Z", "200 OK", b"<html><body>wen</body></html>"),
)


def looks_dead(reply: Reply) -> str:
    return "a soft-404 page" if b"not found" in reply.body else ""


async def look_up(rescuer: Rescuer, url: str, near: Dated) -> Snapshot:
    wanted = Wanted(url, near)
    return (await rescuer.rescue([wanted]))[wanted].snapshot


def write_warc(path: Path) -> None:
    with path.open("wb") as file:
        for url, moment, status, body in RECORDS:
            answer = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
            head = (
                f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{uuid.uuid4()}>\r\n"
                f"WARC-Target-URI: {url}\r\nWARC-Date: {moment}\r\n"
                "Content-Type: application/http; msgtype=response\r\n"
                f"Content-Length: {len(answer) + len(body)}\r\n\r\n"
            )
            file.write(gzip.compress((head + answer).encode() + body + b"\r\n\r\n"))


@pytest.fixture(scope="module")
def pywb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real pywb with its default, framed replay: the URL of its TimeGate."""
    wayback = shutil.which("wayback", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if wayback is None:
        pytest.skip("pywb is not installed")
    folder = tmp_path_factory.mktemp("pywb")
    write_warc(folder / "a.warc.gz")
    manager = str(Path(wayback).with_name("wb-manager"))
    for command in (["init", "old"], ["add", "old", "a.warc.gz"]):
        subprocess.run([manager, *command], cwd=folder, check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([wayback, "-b", "127.0.0.1", "-p", str(port)], cwd=folder, stdout=log, stderr=log)
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}/old/"
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("pywb did not start")


@pytest.mark.parametrize(
    ("url", "date", "state", "stamp"),
    [
        (URL, "2016-07-08", State.VERIFIED, "20150101000000"),
        (URL, "2016-08-02", State.VERIFIED, "20160801000000"),
        (URL, "2014-01-01", State.VERIFIED, "20150101000000"),
        (URL + "#part", "2016-07-08", State.VERIFIED, "20150101000000"),
        ("http://gone.example/query?b=2&a=1", "2016-07-08", State.VERIFIED, "20150101000000"),
        ("http://gone.example/文", "2016-07-08", State.VERIFIED, "20150101000000"),
        ("http://gone.example/mixed", "2016-07-08", State.VERIFIED, "20150101000000"),
        ("http://gone.example/error", "2016-07-08", State.UNUSABLE, ""),
        ("http://gone.example/empty", "2016-07-08", State.UNUSABLE, ""),
        ("http://gone.example/soft", "2016-07-08", State.UNUSABLE, ""),
        ("http://never.example/", "2016-07-08", State.NONE, ""),
    ],
)
async def test_a_real_pywb_is_understood(
    pywb: str, make_rescuer: Make, day: Day, url: str, date: str, state: State, stamp: str
) -> None:
    rescuer = await make_rescuer(None, timegates={"old": pywb}, looks_dead=looks_dead, timeout_s=20.0)
    snapshot = await look_up(rescuer, url, day(date))
    assert snapshot.state is state, snapshot
    assert snapshot.archive == "old"
    if stamp:
        assert snapshot.url is not None
        assert snapshot.url.startswith(f"{pywb}{stamp}/http://gone.example/")


async def test_what_a_pywb_link_shows_is_the_page(pywb: str, make_rescuer: Make, day: Day) -> None:
    """The frame that a reader gets names the capture that was looked at."""
    rescuer = await make_rescuer(None, timegates={"old": pywb}, timeout_s=20.0)
    snapshot = await look_up(rescuer, URL, day("2016-07-08"))
    async with Client(NetOptions(allow_private=True)) as client:
        frame = await client.ask(snapshot.url or "")
    assert frame.status == 200
    assert "20150101000000" in frame.header("link")


@pytest.mark.parametrize(
    ("captures", "date", "state", "stamp"),
    [
        (["20150101000000", "20160709000000"], "2016-07-08", State.VERIFIED, "20150101000000"),
        (["20160709000000", "20170101000000"], "2016-07-08", State.VERIFIED, "20160709000000"),
        ([], "2016-07-08", State.NONE, ""),
    ],
)
async def test_a_redirecting_timegate_is_understood(
    start_archive: Start, make_rescuer: Make, day: Day, captures: list[str], date: str, state: State, stamp: str
) -> None:
    archive = await start_archive(*[Capture(URL, moment) for moment in captures])
    rescuer = await make_rescuer(None, timegates={"mine": archive.url + "/web/"})
    snapshot = await look_up(rescuer, URL, day(date))
    assert snapshot.state is state
    assert snapshot.url == (f"{archive.url}/web/{stamp}/{URL}" if stamp else None)


async def test_an_excluded_page_is_excluded(start_archive: Start, make_rescuer: Make, day: Day) -> None:
    archive = await start_archive(Capture(URL, "20150101000000"), excluded=[URL])
    rescuer = await make_rescuer(None, timegates={"mine": archive.url + "/web/"})
    assert (await look_up(rescuer, URL, day("2016-07-08"))).state is State.EXCLUDED


@pytest.mark.parametrize("kind", ["429", "503", "html", "reset", "hang"])
async def test_a_timegate_that_cannot_be_asked_never_says_none(
    kind: str, start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    archive = await start_archive(Capture(URL, "20150101000000"), faults={"all": Fault(kind)})
    gates = {"mine": archive.url + "/web/"}
    rescuer = await make_rescuer(None, timegates=gates, timeout_s=0.3, pause_s=0.02)
    assert (await look_up(rescuer, URL, day("2016-07-08"))).state is State.UNKNOWN


async def test_archives_are_asked_in_order_until_one_has_a_copy(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    first = await start_archive()
    second = await start_archive(Capture(URL, "20150101000000"))
    third = await start_archive(Capture(URL, "20160101000000"))
    gates = {"second": second.url + "/web/", "third": third.url + "/web/"}
    rescuer = await make_rescuer(first, timegates=gates)
    snapshot = await look_up(rescuer, URL, day("2016-07-08"))
    assert (snapshot.archive, snapshot.url) == ("second", f"{second.url}/web/20150101000000/{URL}")
    assert not third.log


async def test_one_unreachable_archive_keeps_the_answer_open(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    up, down = await start_archive(), await start_archive(faults={"all": Fault("503")})
    rescuer = await make_rescuer(up, timegates={"down": down.url + "/web/"})
    assert (await look_up(rescuer, URL, day("2016-07-08"))).state is State.UNKNOWN


async def test_one_unreachable_archive_does_not_hide_anothers_copy(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    down = await start_archive(faults={"all": Fault("503")})
    up = await start_archive(Capture(URL, "20150101000000"))
    rescuer = await make_rescuer(down, timegates={"up": up.url + "/web/"})
    assert (await look_up(rescuer, URL, day("2016-07-08"))).state is State.VERIFIED


@pytest.mark.parametrize(
    "url", ["https://archive.ph/timegate/", "https://www.archive.today/", "ftp://a.example/", "x", "http://[::1"]
)
async def test_what_can_be_no_timegate_is_a_wrong_setting(url: str, make_rescuer: Make) -> None:
    with pytest.raises(UsageError, match=r"timegate\.wrong"):
        await make_rescuer(None, timegates={"wrong": url})


async def test_the_most_telling_no_of_several_archives_counts(
    start_archive: Start, make_rescuer: Make, day: Day
) -> None:
    excluding, empty = await start_archive(excluded=[URL]), await start_archive()
    rescuer = await make_rescuer(excluding, timegates={"empty": empty.url + "/web/"})
    assert (await look_up(rescuer, URL, day("2016-07-08"))).state is State.EXCLUDED


def test_a_frame_is_not_taken_for_what_it_frames() -> None:
    """pywb that redirects to exact moments sends Memento-Datetime with its frame too."""
    moment = "Thu, 01 Jan 2015 00:00:00 GMT"
    link = f'<http://m.example/old/20150101000000mp_/http://a.example/>; rel="memento"; datetime="{moment}"'
    dated = ("memento-datetime", moment)
    address = "http://m.example/old/20150101000000/http://a.example/"
    framed = framed_memento(Reply(address, status=200, headers=(("link", link), dated)))
    assert framed is not None
    assert "mp_/" in framed.url
    plain = link.replace("mp_/", "/")
    assert framed_memento(Reply(address, status=200, headers=(("link", plain), dated))) is None


def test_link_headers_are_read() -> None:
    text = (
        '<http://a.example/>; rel="original", <http://m/2015/http://a.example/?a=1&amp;b=2>; rel="first memento"; '
        'datetime="Thu, 01 Jan 2015 00:00:00 GMT", <http://m/x>; rel=memento; datetime="nonsense"'
    )
    (link,) = memento_links(text)
    assert link.url == "http://m/2015/http://a.example/?a=1&b=2"
    assert link.relations == {"first", "memento"}
    assert link.captured.year == 2015


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="<>;, =\"'rel mento datetime/:", max_size=300))
def test_no_link_header_breaks_the_reading(text: str) -> None:
    memento_links(text)
