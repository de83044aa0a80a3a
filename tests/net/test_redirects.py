from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkkeeper.net import redirects, target

BASE = "http://a.example/b/c/d;p?q"


@pytest.mark.parametrize(
    ("reference", "wanted"),
    [
        # RFC 3986, 5.4.1 and 5.4.2, for http
        ("g", "http://a.example/b/c/g"),
        ("./g", "http://a.example/b/c/g"),
        ("g/", "http://a.example/b/c/g/"),
        ("/g", "http://a.example/g"),
        ("//g.example", "http://g.example"),
        ("?y", "http://a.example/b/c/d;p?y"),
        ("g?y", "http://a.example/b/c/g?y"),
        ("", "http://a.example/b/c/d;p?q"),
        (".", "http://a.example/b/c/"),
        ("..", "http://a.example/b/"),
        ("../..", "http://a.example/"),
        ("../../../g", "http://a.example/g"),
        ("g..", "http://a.example/b/c/g.."),
        ("./../g", "http://a.example/b/g"),
        ("g?y/./x", "http://a.example/b/c/g?y/./x"),
        ("http:g", "http://a.example/b/c/g"),
        # as browsers forgive
        ("https:g.example/x", "https://g.example/x"),
        ("https:///g.example/x", "https://g.example/x"),
        (r"\\g.example\x", "http://g.example/x"),
        (r"/a\b", "http://a.example/a/b"),
        ("/%2e%2e/x", "http://a.example/x"),
        ("/a//b", "http://a.example/a//b"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("/s?u=http://x/../y", "http://a.example/s?u=http://x/../y"),
        ("/signed?X-Amz-Signature=a%2fb%2B==", "http://a.example/signed?X-Amz-Signature=a%2fb%2B=="),
    ],
)
def test_a_location_leads_where_a_browser_would_go(reference: str, wanted: str) -> None:
    found = redirects.join(BASE, reference)
    assert found == wanted if found.startswith("mailto:") else target.parse(found).url == target.parse(wanted).url


def test_bytes_of_a_location_come_back_as_they_were_sent() -> None:
    assert redirects.location("/caf\u00e9".encode()) == "/caf\u00e9"
    assert redirects.location(b"/caf\xe9") == "/caf%E9"
    assert redirects.location(b" \t/a\r\nb ") == "/ab"


@given(st.binary(max_size=200))
def test_any_location_is_resolved_or_refused(raw: bytes) -> None:
    try:
        found = redirects.join(BASE, redirects.location(raw))
    except ValueError:
        return
    assert not {"\n", "\r"} & set(found)


@given(st.text("abc./?=&%2e", max_size=30))
def test_plain_references_resolve_as_the_standard_library_does(reference: str) -> None:
    if "//" in reference or "%" in reference or reference.endswith("?") or not reference:
        return
    ours = urlsplit(target.parse(redirects.join(BASE, reference)).url)
    theirs = urlsplit(target.parse(urljoin(BASE, reference)).url)
    assert (ours.path, ours.query) == (theirs.path, theirs.query)
