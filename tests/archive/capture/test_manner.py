"""What requests of a capture say."""

import pytest

from linkkeeper.archive.capture.manner import page_fields, referer, requisite_fields
from linkkeeper.net.options import NetOptions

HTTPS, HTTP = "https://a.example/dir/page?x=1", "http://a.example/dir/page?x=1"


@pytest.mark.parametrize(
    ("source", "url", "policy", "told"),
    [
        (HTTPS, "https://a.example/i.png", "", HTTPS),
        (HTTPS, "https://b.example/i.png", "", "https://a.example/"),
        (HTTPS, "http://a.example/i.png", "", ""),
        (HTTP, "http://A.example/i.png", "", HTTP),
        (HTTP, "https://b.example/i.png", "", "http://a.example/"),
        (HTTP, "http://a.example:8080/i.png", "", "http://a.example/"),
        (HTTPS, "https://a.example/i.png", "no-referrer", ""),
        (HTTPS, "https://a.example/i.png", "never", ""),
        (HTTPS, "https://b.example/i.png", "same-origin", ""),
        (HTTPS, "https://a.example/i.png", "same-origin", HTTPS),
        (HTTPS, "https://a.example/i.png", "origin", "https://a.example/"),
        (HTTPS, "https://b.example/i.png", "unsafe-url", "https://a.example/"),
        ("https://a.example/\r\nX: y", "https://a.example/i.png", "", ""),
    ],
)
def test_the_referer(source: str, url: str, policy: str, told: str) -> None:
    assert referer(source, url, policy) == told


def test_we_say_who_asks_and_what_we_can_read() -> None:
    fields = page_fields(NetOptions(), browser=False)
    assert "linkkeeper" in fields
    assert "Accept-Encoding: gzip, br\r\n" in fields
    assert "Referer" not in fields
    fields = requisite_fields(NetOptions(user_agent="me"), browser=True, referer=HTTP)
    assert "User-Agent: me\r\n" in fields
    assert f"Referer: {HTTP}\r\n" in fields
    assert "Sec-Fetch" not in fields
