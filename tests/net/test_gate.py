"""What may be asked, by the settings; the gate that every hop passes."""

import pytest

from linkkeeper.net import target
from linkkeeper.net.gate import ForbiddenError, Gate
from linkkeeper.net.options import NetOptions
from linkkeeper.net.resolver import Names


class Book:
    """A resolver that knows one private and one public name."""

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Look it up."""
        return {"inside.example": ("10.0.0.1",), "both.example": ("10.0.0.1", "93.184.215.14")}.get(host, ("1.1.1.1",))


def gate(*allowed: str, private: bool = False) -> Gate:
    """A gate with such settings."""
    return Gate(NetOptions(allow_hosts=allowed, allow_private=private), Names(Book()))


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080/"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("127.1", "http://0x7f.0.0.1/"),
        ("LOCALHOST:80", "http://localhost/"),
        ("::1", "http://[::1]/"),
        ("[::1]:8080", "http://[0:0:0:0:0:0:0:1]:8080/"),
        ("[::1]", "http://[::1]:8080/"),
        ("blog.localhost:99", "http://blog.localhost:99/"),
        ("inside.example", "https://inside.example/"),
    ],
)
async def test_a_host_is_allowed_by_its_name(allowed: str, url: str) -> None:
    assert await gate(allowed).addresses(target.parse(url))


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("127.0.0.1:8080", "http://127.0.0.1:8081/"),
        ("127.0.0.1", "http://127.0.0.2/"),
        ("127.0.0.1", "http://localhost/"),
        ("localhost", "http://127.0.0.1/"),
        ("localhost", "http://x.localhost/"),
        ("inside.example:443", "http://inside.example/"),
        ("10.0.0.1", "http://inside.example/"),
        ("127.0.0.1", "http://[::ffff:127.0.0.1]/"),
    ],
)
async def test_what_is_not_named_stays_forbidden(allowed: str, url: str) -> None:
    with pytest.raises(ForbiddenError):
        await gate(allowed).addresses(target.parse(url))


async def test_only_the_public_addresses_of_a_name_are_connected_to() -> None:
    assert await gate().addresses(target.parse("http://both.example/")) == ("93.184.215.14",)


async def test_all_private_addresses_can_be_allowed() -> None:
    for url in ("http://10.0.0.1/", "http://localhost/", "http://inside.example/", "http://169.254.169.254/"):
        assert await gate(private=True).addresses(target.parse(url))
