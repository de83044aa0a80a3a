"""Names of captures, keys of the index, and how like two URLs are."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.archive.archive_urls import (
    MementoName,
    instant,
    map_to,
    memento_url,
    read_memento,
    resolve,
    stamp,
)
from linkkeeper.archive.batch import plan_batches, rows_by_path
from linkkeeper.archive.cdx import CdxAnswer
from linkkeeper.archive.choose import CdxRow
from linkkeeper.archive.grade import Grade, grade
from linkkeeper.archive.surt import surt_key
from linkkeeper.urls.archive_links import without_default_port

BASE = "https://web.archive.org"
SAMPLES = [
    "http://Example.com/A/B?b=1&a=2",
    "https://www.example.com:443/",
    "http://example.com:8080/x/",
    "http://www2.a.example/%7Efoo",
    "http://ww2.a.example/",
    "http://m.a.example/index.html",
    "http://a.example/x//y/../z?",
    "http://a.example/x?PHPSESSID=0123456789abcdef0123456789abcdef&x=1",
    "http://a.example/x;jsessionid=0123456789ABCDEF0123456789abcdef?y=1",
    "http://u:p@a.example/x#f",
    "http://127.0.0.1:8000/a",
    "http://中文.example/路径?q=值",
    "http://a.example/%E8%B7%AF",
    "http://a.example/a%20b+c",
    "http://a.example?utm_source=x&b=",
    "http://a.example/100%25",
    "http://a.example/a%2Fb",
    "http://a.example/x/?y=1",
    "http://a.example/x?b=2&a=1&a=0&&c",
    "http://a.example/x?url=http://c.example//e",
    "http://localhost:80/a",
]


@pytest.mark.parametrize("url", SAMPLES)
def test_keys_are_those_of_the_archives_own_library(url: str) -> None:
    surt = pytest.importorskip("surt")
    assert surt_key(url) == surt.surt(url)


def test_keys_without_that_library() -> None:
    assert surt_key("http://www.Example.com:80/A/?b=1&a=2#x") == "com,example)/a?a=2&b=1"
    with pytest.raises(ValueError, match="no host"):
        surt_key("mailto:a@b.example")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_a_key_of_anything_is_a_key_or_a_value_error(text: str) -> None:
    for url in (text, "http://a.example/" + text):
        with suppress(ValueError):
            surt_key(url)


@pytest.mark.parametrize(
    ("asked", "captured", "expected"),
    [
        ("http://a.example/x", "http://a.example:80/x", Grade.EXACT),
        ("http://a.example/x#f", "http://a.example/x", Grade.EXACT),
        ("http://A.example/x", "http://a.example/x", Grade.SPELLING),
        ("http://a.example", "http://a.example/", Grade.SPELLING),
        ("http://a.example/文", "http://a.example/%E6%96%87", Grade.SPELLING),
        ("http://中国.example/", "http://xn--fiqs8s.example/", Grade.SPELLING),
        ("http://a.example/x", "https://www.a.example/x", Grade.ORIGIN),
        ("http://a.example/x?a=1&b=2", "http://a.example/x?b=2&a=1", Grade.ARGUMENTS),
        ("http://a.example/x", "https://a.example/x/", Grade.ARGUMENTS),
        ("http://a.example/x", "http://a.example/X", Grade.DIFFERENT),
        ("http://a.example/x?a=1", "http://a.example/x?a=2", Grade.DIFFERENT),
        ("http://a.example/x", "http://b.example/x", Grade.DIFFERENT),
        ("http://a.example:8080/x", "http://a.example/x", Grade.DIFFERENT),
        ("http://a.example:99999/x", "http://a.example/x", Grade.DIFFERENT),
    ],
)
def test_urls_are_graded(asked: str, captured: str, expected: Grade) -> None:
    assert grade(asked, captured) is expected


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (f"{BASE}/web/20150101000000id_/http://a.example/?b=//c", ("20150101000000", "id_", "http://a.example/?b=//c")),
        (f"{BASE}/web/2015/http://a.example/", ("2015", "", "http://a.example/")),
        ("http://archive.org/web/2015/http:/a.example/", ("2015", "", "http://a.example/")),
        ("http://web.archive.org:80/web/2015/https%3A//a.example/", ("2015", "", "https://a.example/")),
    ],
)
def test_names_of_captures_are_read(url: str, name: tuple[str, str, str]) -> None:
    assert read_memento(url, "http://127.0.0.1:1/x") == MementoName(*name)


@pytest.mark.parametrize("url", [f"{BASE}/", f"{BASE}/web/*/http://a.example", "http://a.example/web/2015/x", ""])
def test_other_urls_are_no_names(url: str) -> None:
    assert read_memento(url, BASE) is None


def test_names_and_moments_are_built() -> None:
    assert memento_url(BASE + "/", "2015", "http://a", "id_") == f"{BASE}/web/2015id_/http://a"
    assert stamp(instant("20150203040506")) == "20150203040506"
    assert stamp(instant("2015")) == "20150101000000"
    assert stamp(instant("20150231999999")) == "20150228235959"
    assert stamp(instant("20150000000000")) == "20150101000000"
    assert without_default_port("http://a.example:80/x:80/") == "http://a.example/x:80/"
    assert without_default_port("https://a.example:80/") == "https://a.example:80/"


def test_archive_org_stands_for_the_base() -> None:
    assert map_to("https://web.archive.org/web/1/x", "http://b:1/") == "http://b:1/web/1/x"
    assert map_to("https://web.archive.org.evil.example/web/1/x", "http://b:1").endswith("evil.example/web/1/x")
    assert resolve("//web.archive.org/web/1/x", "http://b:1/y", "http://b:1") == "http://b:1/web/1/x"
    assert resolve("", "http://b:1/y", "http://b:1") == ""


def test_an_archive_that_wants_a_password_need_not_say_it() -> None:
    base = "http://me:hunter2@b.example:1/mirror"
    assert map_to("http://b.example:1/mirror/web/1/x", base) == f"{base}/web/1/x"
    assert map_to("http://b.example:1/mirrored/web/1/x", base) == "http://b.example:1/mirrored/web/1/x"
    found = read_memento("http://b.example:1/mirror/web/20150503090125id_/http://a.example/", base)
    assert found is not None
    assert found.original == "http://a.example/"


def test_shared_queries_name_the_common_folder_and_every_key() -> None:
    (batch,) = plan_batches(["http://a.example/x/1", "https://www.a.example/x/2?b=1", "http://b.example/1"])
    assert batch.query.url == "http://a.example/x"
    assert sorted(batch.keys) == ["/x/1", "/x/2?b=1"]


def test_a_cut_off_answer_covers_only_what_comes_before_its_end() -> None:
    (batch,) = plan_batches([f"http://a.example/{name}" for name in "abc"])
    row = CdxRow("example,a)/b", "20150101000000", "http://a.example/b", "text/html", "200", "A" * 32)
    assert rows_by_path(CdxAnswer((row,), full=True), batch) == {"/a": ()}
    assert rows_by_path(CdxAnswer((row,), full=False), batch) == {"/a": (), "/b": (row,), "/c": ()}


def test_giants_are_asked_one_by_one() -> None:
    assert plan_batches(["https://github.com/a/b", "https://www.github.com/a/c"]) == []


def test_long_filters_are_split() -> None:
    batches = plan_batches([f"http://a.example/{n:04d}/{'x' * 100}" for n in range(60)])
    assert sum(len(batch.keys) for batch in batches) == 60
    assert all(len(batch.query.filters[1]) < 1700 for batch in batches)


def test_a_url_that_is_wanted_often_is_in_one_query_only() -> None:
    spellings = ("http://a.example", "https://a.example", "http://www.a.example", "http://A.example")
    urls = [f"{spellings[n % 4]}/{n // 5:04d}/{'x' * 100}" for n in range(400)]
    keys = [key for batch in plan_batches(urls) for key in batch.keys.values()]
    assert len(keys) == len(set(keys)) == 80
