"""robots.txt as RFC 9309 has it."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkkeeper.archive.capture.base import AGENT
from linkkeeper.archive.capture.robots import LIMIT, parse

RFC_GROUPS = """\
User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
"""
"""RFC 9309, 5.1."""


@pytest.mark.parametrize(
    ("agent", "path", "allowed"),
    [
        ("anybot", "/example/page.html", False),
        ("anybot", "/publications/a.gif", True),
        ("anybot", "/a.gif", False),
        ("anybot", "/a.gif?x", True),
        ("foobot", "/example/page.html", True),
        ("foobot", "/example/allowed.gif", True),
        ("foobot", "/other", False),
        ("barbot", "/example/page.html", False),
        ("bazbot", "/example/page.html", False),
        ("bazbot", "/example/", True),
        ("quxbot", "/example/page.html", True),
        ("FooBot", "/other", False),
    ],
)
def test_the_example_of_the_rfc(agent: str, path: str, allowed: bool) -> None:
    assert parse(RFC_GROUPS.encode(), agent).allows(path) is allowed


def test_the_longest_match_of_the_rfc() -> None:
    text = b"User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n"
    rules = parse(text, "foobot")
    assert rules.allows("/example/page/allowed.gif")
    assert not rules.allows("/example/page/disallowed.gif")


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/", "/anything", True),
        ("/fish", "/fish.html", True),
        ("/fish", "/Fish.asp", False),
        ("/fish", "/catfish", False),
        ("/fish*", "/fishheads/yummy.html", True),
        ("/fish/", "/fish", False),
        ("/fish/", "/fish/?id=anything", True),
        ("/*.php", "/folder/any.php.file.html", True),
        ("/*.php", "/windows.PHP", False),
        ("/*.php$", "/filename.php?parameters", False),
        ("/*.php$", "/folder/filename.php", True),
        ("/fish*.php", "/fishheads/catfish.php?x", True),
        ("/fish*.php", "/Fish.PHP", False),
        ("/$", "/", True),
        ("/$", "/a", False),
        ("/a$b", "/a$bc", True),
        ("/*a*b$", "/xaxbxb", True),
        ("/aa*aa$", "/aaa", False),
        ("/aa*aa$", "/aaaa", True),
        ("*", "/x", True),
        ("/foo/bar?baz=http://foo.bar", "/foo/bar?baz=http%3A%2F%2Ffoo.bar", True),
        ("/*/c", "/a?b=x/c", True),
        ("/foo/bar/ツ", "/foo/bar/%E3%83%84", True),
        ("/foo/bar/%E3%83%84", "/foo/bar/%e3%83%84", True),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz", True),
        ("/~joe/", "/%7Ejoe/x", True),
        ("/a%2fb", "/a/b", False),
        ("/a%2fb", "/a%2Fb", True),
        ("/path/file-with-a-%2A.html", "/path/file-with-a-%2a.html", True),
        ("/path/file-with-a-%2A.html", "/path/file-with-a-x.html", False),
        ("/path/foo-%24", "/path/foo-%24", True),
        ("fish", "/fish", False),
        ("", "/fish", False),
    ],
)
def test_patterns(pattern: str, path: str, matches: bool) -> None:
    assert parse(f"User-agent: *\nDisallow: {pattern}\n".encode(), AGENT).allows(path) is not matches


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", True),
        ("User-agent: linkkeeper\nDisallow: /\n", False),
        ("User-agent: LinkKeeper/2.0 (archiver)\nDisallow: /\n", False),
        ("User-agent: link\nDisallow: /\n", True),
        ("User-agent: linkkeeperbot\nDisallow: /\n", True),
        ("User-agent: link-keeper\nDisallow: /\n", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: linkkeeper\nAllow: /x\n", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: linkkeeper\nDisallow:\n", True),
        (
            "User-agent: linkkeeper\nDisallow: /x\n\nUser-agent: a\nDisallow: /y\n\nUser-agent: linkkeeper\nAllow: /\n",
            True,
        ),
        (
            "User-agent: linkkeeper\nDisallow: /y\n\nUser-agent: a\nAllow: /\n\nUser-agent: linkkeeper\nDisallow: /p\n",
            False,
        ),
        ("User-agent: a\nUser-agent: linkkeeper\nUser-agent: b\nDisallow: /\n", False),
        ("User-agent: linkkeeper\nSitemap: http://x/\n\n# no\nUser-agent: a\nDisallow: /\n", False),
        ("User-agent: *\nCrawl-delay: 3\n\nUser-agent: badbot\nDisallow: /\n", True),
        ("User-agent: linkkeeper\nSitemap: http://x/\nDisallow: /\n", False),
        ("User-agent: linkkeeper\n\n\nDisallow: /\n", False),
        ("Disallow: /\n", True),
        ("user-AGENT : linkkeeper\ndisALLOW : /  # all of it\n", False),
        ("User-agent: linkkeeper\rDisallow: /\r", False),
        ("User-agent: linkkeeper\r\nDisallow: /\r\n", False),
        ("\ufeffUser-agent: linkkeeper\nDisallow: /\n", False),
        ("User-agent: linkkeeper\nDisallow: /page\nAllow: /page\n", True),
        ("User-agent: linkkeeper\nDisallow: /page\nAllow: /p*e\n", False),
        ("User-agent: linkkeeper\nDisallow: /p*e\nAllow: /page\n", True),
        ("User-agent: linkkeeper\nDisallow: /p*e\nAllow: /p*e\n", True),
        ("<!DOCTYPE html><html><p>not found: /</p></html>", True),
        ("User-agent: *\nDissallow: /\n", False),
    ],
)
def test_groups(text: str, allowed: bool) -> None:
    assert parse(text.encode(), AGENT).allows("/page") is allowed


@pytest.mark.parametrize(
    ("text", "delay_s"),
    [
        ("User-agent: *\nCrawl-delay: 10\n", 10),
        ("User-agent: *\nCrawl-delay: 10\n\nUser-agent: linkkeeper\nCrawl-delay: 2.5\nDisallow: /x\n", 2.5),
        ("User-agent: *\nCrawl-delay: 10\n\nUser-agent: linkkeeper\nDisallow: /x\n", 0),
        ("User-agent: *\nCrawl-delay: 99999\n", 30),
        ("User-agent: *\nCrawl-delay: -1\nCrawl-delay: nan\nCrawl-delay: 1e9\nCrawl-delay:\n", 0),
        ("Crawl-delay: 10\n", 0),
    ],
)
def test_a_pause_between_visits_is_understood(text: str, delay_s: float) -> None:
    assert parse(text.encode(), AGENT).delay_s == delay_s


def test_robots_txt_itself_may_always_be_fetched() -> None:
    assert parse(b"User-agent: *\nDisallow: /\n", AGENT).allows("/robots.txt")


def test_what_lies_beyond_the_limit_is_not_read() -> None:
    head = b"User-agent: linkkeeper\nDisallow: /a\n"
    filler = b"# " + b"x" * 97 + b"\n"
    beyond = head + filler * (LIMIT // 100 + 1) + b"Disallow: /b\n"
    rules = parse(beyond, AGENT)
    assert not rules.allows("/a")
    assert rules.allows("/b")


def test_a_line_cut_by_the_limit_forbids_no_more_than_it_meant() -> None:
    data = b"User-agent: *\n" + b"#" * (LIMIT - 14 - 12) + b"\nDisallow: /private\n"
    assert data[:LIMIT].endswith(b"Disallow: /")
    assert parse(data, AGENT).allows("/public")


def test_hostile_files_take_no_time() -> None:
    stars = b"User-agent: *\nDisallow: /" + b"a*" * 20_000 + b"b$\n"
    many = b"User-agent: *\n" + b"".join(b"Disallow: /*%d\n" % number for number in range(30_000))
    agents = b"User-agent: a\n" * 35_000
    started = time.process_time()
    for data in (stars, many, agents, b":" * LIMIT, b"\n" * LIMIT):
        rules = parse(data, AGENT)
        for _ in range(5):
            rules.allows("/" + "a" * 8000)
    assert time.process_time() - started < 4.0


LINES = st.lists(
    st.tuples(
        st.sampled_from(["User-agent", "user-AGENT", "Allow", "Disallow", "Sitemap", "nonsense", ""]),
        st.sampled_from([":", " : ", "", "\t:"]),
        st.one_of(st.sampled_from(["*", "linkkeeper", "other", "/", "/a", "/*b$", "/%7e", "$"]), st.text(max_size=12)),
        st.sampled_from(["\n", "\r\n", "\r", "\n\n", " #c\n"]),
    ).map("".join),
    max_size=20,
).map("".join)


@settings(max_examples=150)
@given(
    st.one_of(LINES.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=200)),
    st.text(max_size=20),
)
def test_no_bytes_are_too_odd(data: bytes, path: str) -> None:
    rules = parse(data, AGENT)
    assert rules.allows("/" + path) in (True, False)
    assert rules.allows("/robots.txt")


@settings(max_examples=150)
@given(st.text(alphabet="ab/*$.", max_size=8), st.text(alphabet="ab/.$", max_size=10))
def test_matching_agrees_with_a_regular_expression(pattern: str, path: str) -> None:
    import re

    pattern, path = "/" + pattern, "/" + path
    end = pattern.endswith("$")
    told = "".join(".*" if char == "*" else re.escape(char) for char in pattern.removesuffix("$")) + (
        r"\Z" if end else ""
    )
    allowed = parse(f"User-agent: *\nDisallow: {pattern}".encode(), AGENT).allows(path)
    assert allowed is (re.match(told, path) is None)
