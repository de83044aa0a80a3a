from pathlib import Path

import pytest

from linkkeeper.errors import UsageError
from linkkeeper.net import target
from linkkeeper.net.cookies import CookieFile, Jar

FILE = """# Netscape HTTP Cookie File
a.example\tFALSE\t/\tFALSE\t0\tsession\t1
.b.example\tTRUE\t/in\tTRUE\t4102444800\tmember\t2
c.example\tFALSE\t/\tFALSE\t946684800\tover\t3
"""


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("http://a.example/", "session=1"),
        ("http://www.a.example/", ""),
        ("https://www.b.example/in/x", "member=2"),
        ("http://www.b.example/in/x", ""),
        ("https://www.b.example/inside", ""),
        ("https://evilb.example/in/x", ""),
        ("http://c.example/", ""),
    ],
)
def test_a_cookie_of_the_user_goes_where_it_belongs(tmp_path: Path, url: str, wanted: str) -> None:
    path = tmp_path / "cookies.txt"
    path.write_text(FILE)
    assert CookieFile(str(path)).header(target.parse(url)) == wanted


@pytest.mark.parametrize("text", ["no cookies at all", "\x00\x01", None])
def test_a_file_without_cookies_is_a_usage_error(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "cookies.txt"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError):
        CookieFile(str(path))


def test_a_cookie_goes_back_to_its_very_origin_only() -> None:
    jar = Jar()
    jar.take(target.parse("http://a.example/"), ["x=1; Domain=.example", "y=2", "x=3"])
    assert jar.header(target.parse("http://a.example/other")) == "x=3; y=2"
    for other in ("https://a.example/", "http://a.example:81/", "http://www.a.example/", "http://b.example/"):
        assert jar.header(target.parse(other)) == ""
