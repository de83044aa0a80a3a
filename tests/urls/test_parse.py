"""Taking URLs apart."""

from importlib import resources

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from publicsuffixlist import PublicSuffixList

from linkkeeper.urls import parse


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_what_was_split_can_be_joined(url: str) -> None:
    assert parse.join(parse.split(url)) == url


_HEADS = st.lists(
    st.sampled_from(
        ["http", "https", "HTTP", ":", "//", "/", "\\", "a.example", "A", "-", ":80", ":", "@", "[", "\n", "中"]
    ),
    max_size=8,
).map("".join)


@settings(max_examples=500, deadline=None)
@given(_HEADS | _HEADS.map("https://a.b".__add__) | st.text())
@example("https://a.example:80//b\n")
@example("http://a.example:")
@example("http://a.example\n")
def test_plain_urls_are_read_as_all_others(head: str) -> None:
    head = head.partition("#")[0].partition("?")[0]
    assert parse.split(head + "?a?b#c#d") == parse._taken_apart(head, "a?b", "c#d")


def test_every_part_is_as_written() -> None:
    parts = parse.split("HTTPS://User:P%40@Example.COM:8443/A%2f?B=c#D")
    assert (parts.scheme, parts.userinfo, parts.host, parts.port) == ("https", "User:P%40", "example.com", "8443")
    assert (parts.head, parts.path, parts.query, parts.fragment) == (
        "HTTPS://User:P%40@Example.COM:8443/A%2f",
        "/A%2f",
        "B=c",
        "D",
    )


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http:\\\\a.example\\b@c.example/", "a.example"),
        ("https:///a.example/", "a.example"),
        ("http:a.example", "a.example"),
        ("//a.example/b", "a.example"),
        ("www.a.example/b", "www.a.example"),
        ("http://u@x@a.example/", "a.example"),
        ("http://[::1]:80/", "[::1]"),
        ("http://a.exa\tmple/", "a.example"),
        ("a.example/b", ""),
        ("/b", ""),
        ("mailto:a@b.example", ""),
        ("", ""),
    ],
)
def test_the_host_is_the_one_a_browser_would_ask(url: str, host: str) -> None:
    assert parse.split(url).host == host


def test_empty_and_missing_parts_are_told_apart() -> None:
    assert parse.split("http://a/?").query == ""
    assert parse.split("http://a/").query is None
    assert parse.split("http://a/#").fragment == ""
    assert parse.split("http://a/").fragment is None


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("news.bbc.co.uk", "bbc.co.uk"),
        ("WWW.Example.COM.", "example.com"),
        ("me.github.io", "me.github.io"),
        ("a.公司.cn", "a.公司.cn"),
        ("www.a.com.cn", "a.com.cn"),
        ("localhost", "localhost"),
        ("192.168.0.1", "192.168.0.1"),
        ("[::1]", "[::1]"),
        ("com", "com"),
        ("", ""),
        ("a..b", "a..b"),
    ],
)
def test_the_registrable_domain_follows_the_public_suffix_list(host: str, domain: str) -> None:
    assert parse.registrable_domain(host) == domain


def test_userinfo_is_cut_and_nothing_else() -> None:
    assert parse.without_userinfo("https://a:b@c@Example.com/d@e") == "https://Example.com/d@e"
    assert parse.without_userinfo("https://example.com/@d") == "https://example.com/@d"


def test_what_registries_sell_right_below_a_flat_suffix_is_what_the_list_says() -> None:
    rules = [line.decode() for line in _icann_rules()]
    assert [rule for rule in rules if rule.rpartition(".")[2] in parse._FLAT and "." in rule] == []
    assert set(rules) >= parse._FLAT


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.google.com", "google.com"),
        ("Google.COM.", "google.com"),
        ("com", ""),
        ("www.google.com.hk", "google.com.hk"),
        ("com.hk", ""),
        ("10.0.0.1", ""),
        ("a.github.io", "github.io"),
    ],
)
def test_the_domain_bought_of_a_registry(host: str, domain: str) -> None:
    assert parse.registry_domain(host) == domain


def test_the_rules_for_one_top_level_domain_say_what_the_whole_list_says() -> None:
    whole = PublicSuffixList(only_icann=True)
    names = [rule.decode().strip("!*.") for rule in _icann_rules()]
    hosts = [f"b.a.{name}" for name in [*names, *(name.encode("idna").decode() for name in names[::7])]]
    assert [host for host in hosts if parse.registry_domain(host) != (whole.privatesuffix(host) or "")] == []


def _icann_rules() -> list[bytes]:
    file = resources.files("publicsuffixlist") / "public_suffix_list.dat"
    icann = file.read_bytes().partition(b"===END ICANN")[0]
    return [line.strip() for line in icann.splitlines() if line.strip() and not line.startswith(b"//")]
