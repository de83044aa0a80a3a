"""What is held of a URL, and payloads taken out."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import brotlicffi
import pytest

from linkkeeper.archive.local import index, lacking, show, wacz
from linkkeeper.archive.local.base import PageCapture
from linkkeeper.archive.local.record import Record
from linkkeeper.archive.local.serve import Replay
from linkkeeper.archive.local.store import LocalArchive
from linkkeeper.errors import LinkkeeperError

Make = Callable[..., Any]
LOGO = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


def test_every_capture_of_a_url_is_shown_oldest_first(filled: Path) -> None:
    found = show.held(filled, "http://example.org/logo.png#top")
    assert [one.ts for one in found] == ["20261120120011", "20261120120021", "20261120120031", "20261120120052"]
    assert [one.revisit for one in found] == [False, True, True, True]
    assert {one.status for one in found} == {"200"}


def test_a_page_is_shown_with_the_posts_that_cite_it(filled: Path) -> None:
    (one,) = show.held(filled, "https://www.example.org/page-1")
    assert (one.url, one.mime, one.posts) == ("http://example.org/page-1", "text/html", ("posts/a.md",))


def test_a_link_that_was_redirected_shows_the_redirect_and_the_page(filled: Path) -> None:
    found = show.held(filled, "http://example.org/old")
    assert [(one.url, one.status) for one in found] == [
        ("http://example.org/old", "301"),
        ("https://example.org/new?a=1", "200"),
    ]
    assert found[1].posts == ("posts/a.md", "posts/b.md")


@pytest.mark.parametrize("url", ["http://example.org/never", "nonsense", "", "http://[", "mailto:a@example.org"])
def test_what_is_not_held_is_nothing(filled: Path, url: str) -> None:
    assert show.held(filled, url) == ()


def test_whether_a_capture_is_held_is_known_from_the_index(filled: Path) -> None:
    assert show.holds(filled, "http://example.org/old#x", "20261120120050")
    assert not show.holds(filled, "http://example.org/old", "20261120120051")
    assert not show.holds(filled, "nonsense", "20261120120050")


def test_a_payload_is_taken_out_byte_for_byte(filled: Path, tmp_path: Path) -> None:
    for capture in show.held(filled, "http://example.org/logo.png"):
        assert show.extract(filled, capture, tmp_path / "logo.png") == len(LOGO)
        assert (tmp_path / "logo.png").read_bytes() == LOGO


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity", ""])
def test_a_content_coding_is_undone(tmp_path: Path, exchange: Make, encoding: str) -> None:
    url, text = "http://example.org/", b"<p>" + b"words " * 1000
    packed = {"gzip": gzip.compress, "br": brotlicffi.compress}.get(encoding, bytes)(text)
    own = exchange(url, packed, headers=(f"Content-Encoding: {encoding}",) if encoding else ())
    with LocalArchive(tmp_path / "archive") as archive:
        archive.keep(PageCapture(url, url, own.when, "", (own,)))
    (capture,) = show.held(tmp_path / "archive", url)
    show.extract(tmp_path / "archive", capture, tmp_path / "page.html")
    assert (tmp_path / "page.html").read_bytes() == text


def test_a_damaged_payload_is_told_and_leaves_no_file(filled: Path, tmp_path: Path) -> None:
    (capture,) = show.held(filled, "http://example.org/page-1")
    path = filled / "warc" / "2026-11.warc.gz"
    data = bytearray(path.read_bytes())
    data[capture.offset + capture.length - 20] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(LinkkeeperError, match="is damaged"):
        show.extract(filled, capture, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_a_payload_that_was_changed_is_told(filled: Path, tmp_path: Path) -> None:
    (capture,) = show.held(filled, "http://example.org/page-2")
    path = filled / "warc" / "2026-11.warc.gz"
    data = path.read_bytes()
    record = gzip.decompress(data[capture.offset : capture.offset + capture.length])
    path.write_bytes(data[: capture.offset] + gzip.compress(record.replace(b"text text", b"test text")))
    with pytest.raises(LinkkeeperError, match=r"is damaged: .*digest"):
        show.extract(filled, capture, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_a_revisit_whose_target_is_gone_is_told(filled: Path, tmp_path: Path) -> None:
    original, revisit = show.held(filled, "http://example.org/logo.png")[:2]
    index = filled / "index.cdxj"
    lines = index.read_bytes().splitlines(keepends=True)
    index.write_bytes(b"".join(line for line in lines if f'"offset": "{original.offset}"'.encode() not in line))
    with pytest.raises(LinkkeeperError, match="is gone"):
        show.extract(filled, revisit, tmp_path / "logo.png")


def test_a_place_that_cannot_be_written_is_told(filled: Path, tmp_path: Path) -> None:
    (capture,) = show.held(filled, "http://example.org/page-1")
    with pytest.raises(LinkkeeperError, match="cannot write"):
        show.extract(filled, capture, tmp_path / "never" / "page.html")


def test_a_directory_without_an_archive_is_told(tmp_path: Path) -> None:
    with pytest.raises(LinkkeeperError, match="no local archive"):
        show.held(tmp_path, "http://example.org/")


def test_a_lost_index_is_named_and_is_not_the_same_as_nothing_held(filled: Path) -> None:
    (filled / "index.cdxj").unlink()
    asking: list[Callable[[], Any]] = [lambda: show.held(filled, "http://example.org/"), Replay(filled).__enter__]
    for asked in asking:
        with pytest.raises(LinkkeeperError, match=r"index\.cdxj is missing") as caught:
            asked()
        assert "linkkeeper archive verify --rebuild" in caught.value.hint


def test_a_lost_warc_is_blamed_and_not_the_file_to_be_written(filled: Path, tmp_path: Path) -> None:
    capture = show.held(filled, "http://example.org/page-1")[-1]
    (filled / "warc" / "2026-11.warc.gz").unlink()
    with pytest.raises(LinkkeeperError) as caught:
        show.extract(filled, capture, tmp_path / "zz")
    assert "2026-11.warc.gz" in str(caught.value)
    assert "zz" not in str(caught.value)
    assert "room" not in caught.value.hint
    assert not (tmp_path / "zz").exists()


_TIMES = 40


def _kept_often(directory: Path, exchange: Make) -> tuple[str, str]:
    """Keep one unchanged page many times, each time found behind the same redirect; return its URL and the link's."""
    link, url = "http://example.org/old", "http://example.org/same"
    with LocalArchive(directory) as archive:
        for hour in range(_TIMES):
            hop = exchange(link, b"", hour * 3600.0, status="301 Moved Permanently", headers=(f"Location: {url}",))
            own = exchange(url, b"the same as ever " * 20, hour * 3600.0 + 1)
            archive.keep(PageCapture(link, url, own.when, "", (hop, own), ("posts/a.md",)))
    return url, link


@contextmanager
def _counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Note each look-up in the index and each record that is read."""
    seen: list[str] = []
    find = index.find

    def finding(directory: Path, key: str) -> list[Any]:
        seen.append("find")
        return find(directory, key)

    def reading(*arguments: Any) -> Record:
        seen.append("record")
        return Record(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(index, "find", finding)
        patch.setattr(lacking, "Record", reading)
        yield seen


def test_an_unchanged_page_that_was_kept_often_is_looked_up_once_and_each_record_read_once(
    tmp_path: Path, exchange: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, link = _kept_often(tmp_path / "archive", exchange)
    with _counted(monkeypatch) as seen:
        found = show.held(tmp_path / "archive", url)
    assert [one.revisit for one in found] == [False] + [True] * (_TIMES - 1)
    assert (seen.count("find"), seen.count("record")) == (2, _TIMES - 1)
    with _counted(monkeypatch) as seen:
        assert len(show.held(tmp_path / "archive", link)) == 2 * _TIMES
    assert seen.count("find") <= 4
    assert seen.count("record") <= 2 * _TIMES
    with _counted(monkeypatch) as seen:
        assert show.holds(tmp_path / "archive", url, found[-1].ts)
        assert not show.holds(tmp_path / "archive", url, "20200101000000")
    assert (seen.count("find"), seen.count("record")) == (3, 1)


def test_what_was_lost_of_a_page_that_was_kept_often_is_told_without_looking_it_up_again(
    tmp_path: Path, exchange: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _ = _kept_often(tmp_path / "archive", exchange)
    (warc,) = (tmp_path / "archive" / "warc").iterdir()
    text = (tmp_path / "archive" / "index.cdxj").read_bytes()
    first = next(line for line in text.splitlines(keepends=True) if b")/same" in line)
    moved = text.replace(first, first.replace(warc.name.encode(), b"2026-10.warc.gz"))
    (tmp_path / "archive" / "index.cdxj").write_bytes(moved)
    with _counted(monkeypatch) as seen:
        assert show.lost(tmp_path / "archive", url) == ("2026-10.warc.gz",)
    assert (seen.count("find"), seen.count("record")) == (2, _TIMES - 1)
    assert show.held(tmp_path / "archive", url) == ()


def test_a_page_that_was_kept_often_is_exported_without_looking_it_up_each_time(
    tmp_path: Path, exchange: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    _kept_often(tmp_path / "archive", exchange)
    with _counted(monkeypatch) as seen:
        wacz.export(tmp_path / "archive", tmp_path / "a.wacz")
    assert seen.count("find") <= 2
