"""URLs that point into an archive: known as such, read, and mended when they are broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkkeeper.urls.archive_links import diagnose, original_of, parse, points_into

WB = "https://web.archive.org"
POINTS_INTO_AN_ARCHIVE = [
    f"{WB}/web/20200101000000/http://a.example/",
    "http://web.archive.org/web/20200101000000/http://a.example:80/",
    "//web.archive.org/web/20200101000000id_/http://a.example/",
    f"{WB}/web/2020/http://a.example/",
    f"{WB}/web/http://a.example/",
    f"{WB}/web/*/http://a.example/*",
    f"{WB}:443/web/20200101000000/a.example/x",
    "https://WEB.ARCHIVE.ORG/web/20200101000000/http://a.example/",
    "https://archive.org/web/20200101000000/http://a.example/",
    "https://archive.ph/abcde",
    "https://archive.today/2020/http://a.example/",
    "https://perma.cc/ABCD-1234",
    "https://webcache.googleusercontent.com/search?q=cache:x",
    "http://replay.waybackmachine.org/20200101000000/http://a.example/",
]
NO_ARCHIVE_LINK = [
    "https://archive.org/details/book",
    f"{WB}/",
    f"{WB}/save/http://a.example/",
    "https://a.example/web/20200101000000/http://b.example/",
    "https://web.archive.org.evil.example/web/20200101000000/http://b.example/",
    "https://a.example/?u=https://web.archive.org/web/2020/http://b.example/",
    "https://user@a.example/web.archive.org/",
    "post.html",
    "",
    "#",
    "mailto:web.archive.org",
]


@pytest.mark.parametrize("url", POINTS_INTO_AN_ARCHIVE)
def test_a_link_into_an_archive_is_known(url: str) -> None:
    assert points_into(url)


@pytest.mark.parametrize("url", NO_ARCHIVE_LINK)
def test_other_links_are_not_taken_for_one(url: str) -> None:
    assert not points_into(url)


def test_a_configured_archive_is_known_by_its_base() -> None:
    bases = ("http://127.0.0.1:8080", "https://pywb.example/coll/")
    assert points_into("http://127.0.0.1:8080/web/20200101000000/http://a.example/", bases)
    assert points_into("https://pywb.example/coll/20200101000000mp_/http://a.example/", bases)
    assert not points_into("http://127.0.0.1:8080/gone", bases)
    assert not points_into("http://127.0.0.1:80801/web/20200101000000/http://a.example/", bases)
    assert points_into(f"{WB}/web/20200101000000/http://a.example/", bases)


ORIGINALS = {
    f"{WB}/web/20200101000000/http://a.example/x?y=1&z=/#part": "http://a.example/x?y=1&z=/#part",
    f"{WB}/web/20200101000000/http://a.example:80/": "http://a.example/",
    f"{WB}/web/20200101000000/https://a.example:443/x": "https://a.example/x",
    f"{WB}/web/20200101000000/https://a.example:8080/x": "https://a.example:8080/x",
    f"{WB}/web/20200101000000/http:/a.example/x": "http://a.example/x",
    f"{WB}/web/20200101000000/a.example/x": "http://a.example/x",
    f"{WB}/web/20200101000000/http%3A%2F%2Fa.example%2Fx": "http://a.example/x",
    f"{WB}/web/20200101000000/{WB}/web/20190101000000/http://a.example/": "http://a.example/",
    f"{WB}/web/http://a.example/": "http://a.example/",
    f"{WB}/web/20200101000000/https://a.example/?u=http://b.example:80/": "https://a.example/?u=http://b.example:80/",
}


@pytest.mark.parametrize("url", ORIGINALS)
def test_the_original_is_read_out_of_an_archive_url(url: str) -> None:
    assert original_of(url) == ORIGINALS[url]


@pytest.mark.parametrize("url", ["https://archive.ph/abcde", f"{WB}/web/*/http://a.example/", "https://a.example/"])
def test_what_names_no_original_gives_none(url: str) -> None:
    assert original_of(url) is None


def test_a_well_formed_archive_link_needs_no_mending() -> None:
    for url in (
        f"{WB}/web/20200101000000/http://a.example/x#part",
        f"{WB}/web/20200101000000im_/http://a.example/x.png",
        f"{WB}/web/*/http://a.example/",
        "https://a.example/",
    ):
        assert diagnose(url) is None


BROKEN = {
    "http://web.archive.org/web/20200101000000/http://a.example:80/x": f"{WB}/web/20200101000000/http://a.example/x",
    "http://web.archive.org/web/20200101000000/http://a.example/x": f"{WB}/web/20200101000000/http://a.example/x",
    f"{WB}/web/20210101000000/{WB}/web/20200101000000/http://a.example/x": f"{WB}/web/20200101000000/http://a.example/x",
    f"{WB}/web/20200101000000if_/http:/a.example/x": f"{WB}/web/20200101000000if_/http://a.example/x",
    f"{WB}/web/http://a.example/x": None,
    f"{WB}/web/2020/http://a.example/x": None,
}


@pytest.mark.parametrize("url", BROKEN)
def test_a_broken_archive_link_is_mended_or_names_the_page_to_look_up(url: str) -> None:
    broken = diagnose(url)
    assert broken is not None
    assert broken.faults
    assert broken.original == "http://a.example/x"
    assert broken.candidate == BROKEN[url]


def test_a_mended_link_is_written_with_the_configured_base() -> None:
    broken = diagnose("http://web.archive.org/web/20200101000000/http://a.example/", ("http://127.0.0.1:9",))
    assert broken is not None
    assert broken.candidate == "http://127.0.0.1:9/web/20200101000000/http://a.example/"
    assert diagnose(broken.candidate, ("http://127.0.0.1:9",)) is None


@given(st.text(max_size=80), st.sampled_from(["", WB, f"{WB}/web/", f"{WB}/web/20200101000000/", "http:"]))
def test_no_text_makes_the_reader_fail_and_mending_is_final(text: str, before: str) -> None:
    url = before + text
    points_into(url)
    parse(url)
    original_of(url)
    broken = diagnose(url)
    if broken is not None and broken.candidate is not None:
        assert diagnose(broken.candidate) is None
