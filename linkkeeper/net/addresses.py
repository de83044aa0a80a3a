"""Which addresses belong to everybody, and how one may be written: pure, no look-ups.

Ranges are those of the IANA special-purpose registries (RFC 6890 and its updates), written out here because
the standard library's answer differs between Python versions.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

_V4 = {
    "0.0.0.0/8": "this network (RFC 791)",
    "10.0.0.0/8": "private (RFC 1918)",
    "100.64.0.0/10": "carrier-grade NAT (RFC 6598)",
    "127.0.0.0/8": "loopback (RFC 1122)",
    "169.254.0.0/16": "link-local (RFC 3927)",
    "172.16.0.0/12": "private (RFC 1918)",
    "192.0.0.0/24": "protocol assignments (RFC 6890)",
    "192.0.2.0/24": "documentation (RFC 5737)",
    "192.88.99.0/24": "6to4 relay (RFC 7526)",
    "192.168.0.0/16": "private (RFC 1918)",
    "198.18.0.0/15": "benchmarking (RFC 2544)",
    "198.51.100.0/24": "documentation (RFC 5737)",
    "203.0.113.0/24": "documentation (RFC 5737)",
    "224.0.0.0/4": "multicast (RFC 5771)",
    "240.0.0.0/4": "reserved (RFC 1112)",
}
_V6 = {
    "::/128": "unspecified (RFC 4291)",
    "::1/128": "loopback (RFC 4291)",
    "64:ff9b:1::/48": "local NAT64 (RFC 8215)",
    "100::/64": "discard (RFC 6666)",
    "100:0:0:1::/64": "dummy prefix (RFC 9780)",
    "2001::/23": "protocol assignments, Teredo (RFC 2928, RFC 4380)",
    "2001:db8::/32": "documentation (RFC 3849)",
    "3fff::/20": "documentation (RFC 9637)",
    "5f00::/16": "segment routing (RFC 9602)",
    "fc00::/7": "unique local (RFC 4193)",
    "fe80::/10": "link-local (RFC 4291)",
    "fec0::/10": "site-local (RFC 3879)",
    "ff00::/8": "multicast (RFC 4291)",
}
_V4_NETWORKS = tuple((IPv4Network(network), reason) for network, reason in _V4.items())
_V6_NETWORKS = tuple((IPv6Network(network), reason) for network, reason in _V6.items())

_EMBEDDING = (
    (IPv6Network("::/96"), 0, "v4-compatible"),
    (IPv6Network("::ffff:0:0/96"), 0, "v4-mapped"),
    (IPv6Network("::ffff:0:0:0/96"), 0, "v4-translated"),
    (IPv6Network("64:ff9b::/96"), 0, "NAT64"),
    (IPv6Network("2002::/16"), 80, "6to4"),
)
"""Prefixes that carry a v4 address, and how many bits stand to its right."""
_ISATAP = (0x00005EFE, 0x02005EFE)

_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")


def reserved(address: Address) -> str:
    """Say why an address is not the public's, in a few words; the empty string if it is."""
    if isinstance(address, IPv4Address):
        return next((reason for network, reason in _V4_NETWORKS if address in network), "")
    for network, reason in _V6_NETWORKS:
        if address in network:
            return reason
    return _reserved_inside(address)


def _reserved_inside(address: IPv6Address) -> str:
    for network, shift, name in _EMBEDDING:
        if address in network:
            reason = reserved(IPv4Address((int(address) >> shift) & 0xFFFFFFFF))
            return f"{name} of {reason}" if reason else ""
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        reason = reserved(IPv4Address(int(address) & 0xFFFFFFFF))
        return f"ISATAP of {reason}" if reason else ""
    return ""


def parse(text: str) -> Address:
    """Read an address as resolvers write it; a zone (`%eth0`) is dropped. Raises ValueError."""
    plain = text.partition("%")[0]
    return IPv6Address(plain) if ":" in plain else IPv4Address(plain)


def literal(host: str) -> Address | None:
    """Return the address that a URL's host stands for, None for a name (WHATWG URL, host parsing).

    Browsers read decimal, octal, hexadecimal and shortened v4 addresses: `2130706433`, `0x7f.1`, `0177.0.0.1`.
    Raises ValueError for what looks like an address and is none: `1.2.3.4.5`, `[::zz]`.
    """
    if host.startswith("["):
        inner = host[1:-1] if host.endswith("]") else ""
        return IPv6Address(inner.replace("%25", "%").partition("%")[0])
    labels = host.removesuffix(".").split(".")
    if not labels[-1] or not (labels[-1].isdecimal() or _NUMBER.fullmatch(labels[-1])):
        return None
    return _shortened_v4(labels)


def _shortened_v4(labels: list[str]) -> IPv4Address:
    if len(labels) > 4:
        raise ValueError("too many parts for an IPv4 address")
    *first, last = [_number(label) for label in labels]
    if any(part > 255 for part in first) or last >= 256 ** (5 - len(labels)):
        raise ValueError("a part of the IPv4 address is too large")
    value = last
    for position, part in enumerate(first):
        value += part << (8 * (3 - position))
    return IPv4Address(value)


def _number(label: str) -> int:
    if not _NUMBER.fullmatch(label) or len(label) > 80:
        raise ValueError("not a number in an IPv4 address")
    if label[:2] in ("0x", "0X"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if len(label) > 1 and label[0] == "0" else 10)


def local_name(host: str) -> str:
    """Say why a name never leaves this machine or its link; the empty string if it may."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith((".localhost", "localhost.localdomain")):
        return "loopback name (RFC 6761)"
    return ""
