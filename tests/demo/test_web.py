"""The small web: each host is what its name says, to any client."""

from collections.abc import AsyncIterator

import pytest

from linkkeeper.demo.web import SmallWeb
from linkkeeper.net.client import Client
from linkkeeper.net.options import NetOptions


@pytest.fixture
async def web() -> AsyncIterator[SmallWeb]:
    async with SmallWeb() as made:
        yield made


@pytest.mark.parametrize(
    ("host", "path", "statuses"),
    [
        ("living", "/tea", [200, 200]),
        ("gone", "/tea", [404, 404]),
        ("gone", "/", [200, 200]),
        ("blocked", "/tea", [403, 403]),
        ("flaky", "/tea", [503, 200]),
        ("limited", "/tea", [200, 429]),
        ("softgone", "/tea", [200, 200]),
        ("moved", "/old/tea", [200, 200]),
        ("down", "/tea", [503, 503]),
        ("no-such-host", "/", [None, None]),
    ],
)
async def test_a_host_is_what_its_name_says(web: SmallWeb, host: str, path: str, statuses: list[int | None]) -> None:
    async with Client(NetOptions(timeout_s=3, allow_hosts=web.hosts)) as client:
        assert [(await client.ask(web.url(host, path))).status for _ in statuses] == statuses


async def test_what_came_is_remembered_byte_for_byte(web: SmallWeb) -> None:
    async with Client(NetOptions(timeout_s=3, allow_hosts=web.hosts)) as client:
        await client.ask(web.url("living", "/a%7eb?c=%2F"), "HEAD")
    (seen,) = web.requests_of("living")
    assert (seen.method, seen.path) == ("HEAD", "/a%7eb?c=%2F")
