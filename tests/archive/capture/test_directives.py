"""`noarchive` in its forms."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.archive.capture.directives import field_forbids, header_forbids, meta_forbids


@pytest.mark.parametrize(
    ("value", "forbids"),
    [
        ("noarchive", True),
        ("NOARCHIVE", True),
        ("noindex, noarchive", True),
        ("noindex,nofollow , noarchive,", True),
        ("noindex noarchive", True),
        ("none", False),
        ("all", False),
        ("noindex, nofollow", False),
        ("nocache", True),
        ("googlebot: noarchive", False),
        ("googlebot: nofollow, noarchive", False),
        ("linkkeeper: noarchive", True),
        ("LinkKeeper : noarchive", True),
        ("linkkeeper: noindex, noarchive", True),
        ("linkkeeperbot: noarchive", False),
        ("googlebot: noindex, linkkeeper: noarchive", True),
        ("googlebot: noarchive, linkkeeper: noindex", False),
        ("*: noarchive", True),
        ("robots: noarchive", True),
        ("unavailable_after: 25 Jun 2010 15:00:00 PST, noarchive", True),
        ("unavailable_after: Wed, 03 Dec 2025 13:09:53 GMT, noarchive", True),
        ("max-snippet:20, noarchive", True),
        ("max-image-preview: large", False),
        ("googlebot: max-snippet: 20, noarchive", False),
        ("xnoarchive", False),
        ("noarchive-not", False),
        ("", False),
    ],
)
def test_the_header_field(value: str, forbids: bool) -> None:
    assert field_forbids(value) is forbids


def test_every_field_of_the_name_counts() -> None:
    fields = (("X-Robots-Tag", "googlebot: noarchive"), ("x-robots-tag", "noarchive"))
    assert header_forbids(fields)
    assert not header_forbids(fields[:1])
    assert not header_forbids((("X-Robots", "noarchive"),))


@pytest.mark.parametrize(
    ("name", "content", "forbids"),
    [
        ("robots", "noarchive", True),
        (" ROBOTS ", "NoIndex,NoArchive", True),
        ("linkkeeper", "noarchive", True),
        ("googlebot", "noarchive", False),
        ("robots", "none", False),
        ("robots", "index;noarchive", True),
        ("description", "noarchive", False),
        ("robots", "", False),
    ],
)
def test_the_meta_element(name: str, content: str, forbids: bool) -> None:
    assert meta_forbids(name, content) is forbids


@settings(max_examples=150)
@given(st.text(max_size=60), st.text(max_size=60))
def test_nothing_a_server_says_is_too_odd(one: str, two: str) -> None:
    assert header_forbids(((one, two), ("X-Robots-Tag", one + ":" + two))) in (True, False)
    assert meta_forbids(one, two) in (True, False)
    assert meta_forbids("robots", f"{one}, noarchive")


@given(st.lists(st.sampled_from(["noindex", "nofollow", "max-snippet: 3", "unavailable_after: 2030-01-01T00:00:00Z"])))
def test_other_directives_neither_forbid_nor_hide(words: list[str]) -> None:
    assert not field_forbids(", ".join(words))
    assert field_forbids(", ".join([*words, "noarchive"]))
    assert not field_forbids(", ".join(["otherbot: all", *words, "noarchive"]))
