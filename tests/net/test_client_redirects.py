"""Redirects: followed as browsers do, told hop by hop, and what may not travel with them."""

from typing import Any

import msgspec
import pytest

from linkkeeper.models.verdict import Failure
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"


def _redirect(location: str | bytes, more: bytes = b"") -> bytes:
    where = location.encode() if isinstance(location, str) else location
    return b"HTTP/1.1 302 Found\r\nLocation: " + where + b"\r\n" + more + b"Content-Length: 0\r\n\r\n"


async def test_redirects_are_followed_and_told(raw: Any, client: Client) -> None:
    base = await raw.serve([_redirect("/b?x"), _redirect(b"c\xc3\xa9"), _redirect(b"/d\xe9"), OK])
    reply = await client.ask(base + "/a/")
    assert [hop.url for hop in reply.redirects] == [base + "/a/", base + "/b?x", base + "/c%C3%A9"]
    assert (reply.final_url, reply.status, reply.requests) == (base + "/d%E9", 200, 4)


async def test_a_loop_is_noticed_at_its_first_turn(raw: Any, client: Client) -> None:
    reply = await client.ask(await raw.serve([_redirect("/b"), _redirect("/a")]) + "/a")
    assert (reply.failure, reply.requests) == (Failure.REDIRECT_LOOP, 2)


async def test_a_loop_that_a_cookie_opens_is_no_loop(raw: Any, client: Client) -> None:
    base = await raw.serve([_redirect("/a", b"Set-Cookie: seen=1; Path=/\r\n"), OK])
    reply = await client.ask(base + "/a")
    assert (reply.status, reply.failure) == (200, None)
    assert b"Cookie: seen=1\r\n" in raw.requests[1]


async def test_a_loop_with_a_fresh_cookie_each_time_ends(raw: Any, client: Client) -> None:
    answers = [_redirect("/a", b"Set-Cookie: n=%d\r\n" % number) for number in range(40)]
    reply = await client.ask(await raw.serve(answers) + "/a")
    assert (reply.failure, reply.requests) == (Failure.TOO_MANY_REDIRECTS, 21)


@pytest.mark.parametrize(
    "location",
    [
        "mailto:a@b.example",
        "ftp://a.example/",
        "http://",
        "https://[::g]/",
        "http://a b.example/",
        "javascript:alert(1)",
        "",
        " ",
    ],
)
async def test_a_redirect_to_nowhere_is_told_as_such(raw: Any, client: Client, location: str) -> None:
    reply = await client.ask(await raw.serve(_redirect(location)))
    assert (reply.failure, reply.status) == (Failure.BAD_REDIRECT, 302)


async def test_without_following_the_redirect_itself_is_the_answer(raw: Any, client: Client) -> None:
    base = await raw.serve(_redirect("/b"))
    reply = await client.ask(base, follow=False)
    assert (reply.status, reply.header("location"), reply.failure) == (302, "/b", None)


@pytest.mark.parametrize(
    "location",
    [
        *("http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://0x7f.2/"),
        *(
            "http://[::ffff:10.0.0.1]/",
            "http://2130706434/",
            "//192.168.0.1/x",
            "http://localhost.:1/",
            "http://x.localhost/",
        ),
    ],
)
async def test_a_redirect_to_a_private_address_is_not_followed(raw: Any, client: Client, location: str) -> None:
    reply = await client.ask(await raw.serve(_redirect(location)))
    assert reply.failure is Failure.PRIVATE_ADDRESS
    assert reply.requests == 1


async def test_credentials_cookies_and_fields_stay_at_their_origin(raw: Any, local: NetOptions) -> None:
    other = type(raw)()
    there = await other.serve(OK)
    base = await raw.serve(_redirect(there + "/x", b"Set-Cookie: secret=1\r\n"))
    options = msgspec.structs.replace(local, headers=(("X-Key", "k"),))
    async with Client(options) as client:
        await client.ask(base.replace("//", "//us%65r:p%40ss@"), headers=(("X-Also", "a"),))
    assert b"Authorization: Basic dXNlcjpwQHNz\r\n" in raw.requests[0]
    assert b"X-Key: k\r\n" in raw.requests[0]
    assert b"X-Also: a\r\n" in raw.requests[0]
    seen = other.requests[0].lower()
    assert not any(word in seen for word in (b"authorization", b"cookie", b"x-key", b"x-also"))
    await other.close()


async def test_userinfo_is_not_shown_in_where_it_ended(raw: Any, client: Client) -> None:
    base = await raw.serve(OK)
    reply = await client.ask(base.replace("//", "//user:secret@") + "/a")
    assert reply.final_url == base + "/a"


async def test_a_redirect_with_a_damaged_head_is_followed(raw: Any, client: Client) -> None:
    base = await raw.serve([_redirect("/b", b"damaged line\r\n"), OK])
    assert (await client.ask(base)).final_url == base + "/b"
