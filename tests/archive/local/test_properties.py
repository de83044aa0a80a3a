"""Whatever pages are kept: the archive is sound, and warcio reads the same payloads back."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from linkkeeper.archive.local import verify, wacz
from linkkeeper.archive.local.base import Exchange, LocalOptions, PageCapture, Truncated
from linkkeeper.archive.local.store import LocalArchive

HEADER_LINES = st.lists(
    st.one_of(
        st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b"")),
        st.sampled_from(
            [
                b"Transfer-Encoding: chunked",
                b"Content-Length: 7",
                b"content-length: x",
                b"Content-Encoding: gzip",
                b"Content-Type: text/html; charset=\xff",
                b"Content-Type: ",
                b" folded",
                b"\t\x85",
                b": no name",
                b"Location: /there",
            ]
        ),
    ),
    max_size=6,
)
STATUSES = st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.0 203 ", b"HTTP/1.1 299"])
ANY_STATUSES = st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.1 404 No", b"HTTP/1.1 302 Found", b"nonsense", b""])
PAYLOADS = st.one_of(st.binary(max_size=60), st.sampled_from([b"", b"the same", b"WARC/1.1\r\n\r\n", b"\r\n\r\n" * 3]))
URLS = st.one_of(
    st.sampled_from([f"http{s}://example.org/{path}" for s in ("", "s") for path in ("", "a?b=%20&a", "~c;d", "é")]),
    st.text("abAB019%2F/.:;,?&=+-_~!*'()[]{}<>|^`\\\"$@", max_size=12).map(lambda text: f"http://example.org/{text}"),
)


@st.composite
def exchanges(draw: st.DrawFn, statuses: st.SearchStrategy[bytes]) -> Exchange:
    head = b"\r\n".join([draw(statuses), *draw(HEADER_LINES), b"", b""])
    return Exchange(
        url=draw(URLS).encode("ascii", "xmlcharrefreplace").decode().replace("#", ""),
        when=datetime(2026, 11, 30, 23, 59, 58, tzinfo=UTC) + timedelta(milliseconds=draw(st.integers(0, 4000))),
        request=b"\r\n".join([b"GET / HTTP/1.1", *draw(HEADER_LINES), b"", b""]),
        response=head,
        payload=draw(PAYLOADS),
        address=draw(st.sampled_from(["", "::1", "fe80::1%eth0", "10.0.0.1", "nonsense\r\n"])),
        truncated=draw(st.sampled_from([None, *Truncated])),
    )


@st.composite
def pages(draw: st.DrawFn) -> PageCapture:
    own = draw(exchanges(STATUSES))
    others = draw(st.lists(exchanges(ANY_STATUSES).filter(lambda one: one.url != own.url), max_size=3))
    posts = draw(st.lists(st.text(max_size=5), max_size=2))
    return PageCapture(draw(st.text(max_size=10)), own.url, own.when, "", (own, *others), tuple(posts))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(runs=st.lists(st.lists(pages(), max_size=3), min_size=1, max_size=3), limit=st.sampled_from([1, 1500, 10**8]))
def test_whatever_is_kept_is_sound_and_reads_back(runs: list[list[PageCapture]], limit: int) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
        directory = Path(name) / "archive"
        wanted: set[tuple[str, bytes]] = set()
        for run in runs:
            with LocalArchive(directory, LocalOptions(warc_limit_bytes=limit)) as archive:
                assert archive.repaired == ()
                for page in run:
                    archive.keep(page)
                    wanted |= {(one.url, _bytes(one)) for one in page.exchanges if _is_kept(one)}
        found = verify.verify(directory)
        assert (found.problems, found.notes) == ((), ())
        assert _read_back(directory) == wanted
        if wanted:
            wacz.export(directory, Path(name) / "x.wacz")
            assert verify.verify(Path(name) / "x.wacz").problems == ()


def _bytes(exchange: Exchange) -> bytes:
    assert isinstance(exchange.payload, bytes)
    return exchange.payload


def _is_kept(exchange: Exchange) -> bool:
    return exchange.response.startswith((b"HTTP/1.1 2", b"HTTP/1.0 2", b"HTTP/1.1 3"))


def _read_back(directory: Path) -> set[tuple[str, bytes]]:
    """Return URL and payload of every response that warcio reads, revisits resolved by their digest."""
    payloads: dict[str, bytes] = {}
    found: set[tuple[str, str]] = set()
    for path in (directory / "warc").iterdir():
        with path.open("rb") as file:
            for record in ArchiveIterator(file, check_digests="raise"):
                digest = record.rec_headers.get_header("WARC-Payload-Digest")
                if record.rec_type == "response":
                    payloads[digest] = record.raw_stream.read()
                if record.rec_type in ("response", "revisit"):
                    found.add((record.rec_headers.get_header("WARC-Target-URI"), digest))
    return {(url, payloads[digest]) for url, digest in found}
