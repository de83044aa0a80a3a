"""Keys of URLs, beside those of the Internet Archive's own package."""

import random
import time

import pytest

from linkkeeper.archive.surt import surt_key

GOLDEN = {
    "http://example.org": "org,example)/",
    "https://www.example.org/": "org,example)/",
    "http://EXAMPLE.org:80/A/B/../c": "org,example)/a/c",
    "https://example.org:8443/x?b=2&a=1&a=0": "org,example:8443)/x?a=0&a=1&b=2",
    "http://example.org/?": "org,example)/",
    "http://example.org/?=&": "org,example)/?&=",
    "http://example.org/a//b/./c/": "org,example)/a/b/c",
    "http://example.org/../a": "org,example)/../a",
    "http://example.org/a//../b": "org,example)/a/b",
    "http://user@example.org/~name/%7Eother?q=%20x": "org,example)/~name/~other?q=%20x",
    "http://example.org/p.php?PHPSESSID=0123456789abcdefghijklmnopqrstuv&x=1": "org,example)/p.php?x=1",
    "http://example.org/p?sid=short&x=1": "org,example)/p?sid=short&x=1",
    "http://example.org/p?cfid=1&cftoken=2&x=1": "org,example)/p?x=1",
    "http://example.org/(S(0123456789abcdefghijklmn))/x.aspx": "org,example)/x.aspx",
    "http://example.org/(S(0123456789abcdefghijklmn))/x.html": "org,example)/(s(0123456789abcdefghijklmn))/x.html",
    "http://192.0.2.1/%C3%A9%25%2520": "1,2,0,192)/%c3%a9%25%20",
    "http://example.org/index.html?utm_source=a": "org,example)/index.html?utm_source=a",
}
PIECES = (
    *"aB1?&=/.%~+;,:@!'([{|^\\`\"<*$",
    *("//", "..", "%20", "%2F", "%zz", "%7e", "%C3%A9", "%25", "%2520", "%0a", "x=1", "index.php", ".aspx"),
    *("sid=0123456789abcdef0123456789abcdef", "jsessionid=0123456789abcdef0123456789abcdef", "cfid=1", "cftoken=2"),
    *("(s(0123456789abcdefghijklmn))", "utm_source=x"),
)
HOSTS = ("example.org", "www3.Example.org:8080", "example.org:80", "m.example.org", "192.168.1.1", "www.example.co.uk")


@pytest.mark.parametrize("url", GOLDEN)
def test_a_key_is_what_the_package_gave(url: str) -> None:
    assert surt_key(url) == GOLDEN[url]


def test_keys_are_those_of_the_package_for_odd_urls_too() -> None:
    surt = pytest.importorskip("surt", reason="NOT CHECKED: `surt` is not installed (pip install surt)")
    dice = random.Random(5)
    for _ in range(3000):
        path, query = ("".join(dice.choices(PIECES, k=dice.randint(0, 7))) for _ in range(2))
        url = f"http://{dice.choice(HOSTS)}/{path}?{query}"
        assert surt_key(url) == surt.surt(url)


@pytest.mark.parametrize("piece", ["cfid=", "cfid=x&", "(s(0123456789abcdefghijklmn))/", "sid=", "&", "../", "%25"])
def test_long_urls_take_no_longer_than_their_length(piece: str) -> None:
    started = time.perf_counter()
    surt_key("http://example.org/" + piece * (60_000 // len(piece)) + ".aspx?" + piece * (60_000 // len(piece)))
    assert time.perf_counter() - started < 2
