import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkkeeper.net import addresses


@pytest.mark.parametrize(
    "text",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.7"),
        *("192.88.99.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::127.0.0.1"),
        *("64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:db8::1", "fc00::1"),
        *("fd00::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "100::1", "5f00::1", "3fff::1"),
        *("::ffff:0:127.0.0.1", "2606:4700::5efe:10.0.0.1", "2606:4700:0:0:200:5efe:192.168.0.1"),
    ],
)
def test_an_address_that_is_not_the_public_s_is_reserved(text: str) -> None:
    assert addresses.reserved(addresses.parse(text))


@pytest.mark.parametrize(
    "text",
    [
        *("1.1.1.1", "8.8.8.8", "93.184.215.14", "100.63.255.255", "100.128.0.0", "172.32.0.1", "192.0.1.1"),
        *("198.17.255.255", "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"),
        *("2002:808:808::1", "2001:4860:4860::8888"),
    ],
)
def test_an_address_of_the_public_is_not_reserved(text: str) -> None:
    assert addresses.reserved(addresses.parse(text)) == ""


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1."),
        *("0x7F.0x0.0x0.0x1", "127.0.1", "00000000177.0.0.0x1"),
    ],
)
def test_every_notation_of_loopback_is_loopback(host: str) -> None:
    assert str(addresses.literal(host)) == "127.0.0.1"


@pytest.mark.parametrize(
    "host", ["1.2.3.4.5", "256.1.1.1", "1.2.3.256", "4294967296", "0x", "09.1.1.1", "[::g]", "[1::2::3]"]
)
def test_what_looks_like_an_address_and_is_none_is_refused(host: str) -> None:
    if host == "0x":  # an empty hexadecimal number is zero (WHATWG URL)
        assert str(addresses.literal(host)) == "0.0.0.0"
        return
    with pytest.raises(ValueError):
        addresses.literal(host)


@pytest.mark.parametrize("host", ["example.com", "1.example", "a.0x7g", "xn--fiqs8s", "127.0.0.1.nip.io"])
def test_names_are_not_addresses(host: str) -> None:
    assert addresses.literal(host) is None


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "localhost.", "a.localhost", "localhost.localdomain"])
def test_local_names_stay_here(name: str) -> None:
    assert addresses.local_name(name)


@given(st.ip_addresses())
def test_embedding_a_v4_address_never_frees_it(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assume_v4 = address if address.version == 4 else ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    assert isinstance(assume_v4, ipaddress.IPv4Address)
    if addresses.reserved(assume_v4):
        for prefix in (0xFFFF << 32, 0x64FF9B << 96, 0):
            assert addresses.reserved(ipaddress.IPv6Address(prefix + int(assume_v4)))


@given(st.text(max_size=40))
def test_any_host_is_an_address_a_name_or_a_value_error(host: str) -> None:
    try:
        found = addresses.literal(host)
    except ValueError:
        return
    assert found is None or found.version in (4, 6)
