"""Host names and addresses as browsers read them (WHATWG URL, host parsing)."""

import ipaddress
import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote_to_bytes

_FORBIDDEN = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f]")
_HEX = re.compile(r"0[xX]([0-9A-Fa-f]*)\Z")
_OCTAL = re.compile(r"0([0-7]+)\Z")
_DECIMAL = re.compile(r"(?:0|[1-9][0-9]*)\Z")
_MAX_LENGTH = 4096
"""No name in the DNS is longer than 253 characters; mapped and escaped spellings may be."""


@lru_cache(maxsize=8192)
def ascii_host(host: str) -> str:
    """Return host as it goes on the wire: lower case, punycode, dotted IPv4, compressed IPv6 in brackets.

    Escapes are decoded, `0x7f.1` is read as the address it is. Raises ValueError with the reason for
    what is no host.
    """
    if len(host) > _MAX_LENGTH:
        raise ValueError("the host name is too long")
    if host.startswith("["):
        return _ipv6(host)
    name = _to_ascii(_decoded(host))
    if not name:
        raise ValueError("there is no host name")
    bad = _FORBIDDEN.search(name)
    if bad:
        raise ValueError(f"the host name holds {_shown(bad[0])}")
    return _ipv4(name) if _ends_in_number(name) else name


def _shown(character: str) -> str:
    return (
        f"the character {character!r}"
        if character.isprintable() and character != " "
        else "a space or control character"
    )


def _decoded(host: str) -> str:
    try:
        raw = unquote_to_bytes(host) if host.isascii() else unquote_to_bytes(host.encode("utf-8"))
        return raw.decode("utf-8")
    except UnicodeError:
        raise ValueError("the host name is not UTF-8 text") from None


def _to_ascii(name: str) -> str:
    if name.isascii() and "xn--" not in name.lower():
        return name.lower()
    return ".".join(_label(label) for label in _mapped(name).split("."))


def _mapped(name: str) -> str:
    import idna  # only names beyond ASCII pay for its tables

    try:
        return idna.uts46_remap(name, std3_rules=False, transitional=False)
    except (idna.IDNAError, UnicodeError) as error:
        raise ValueError(f"the host name holds characters that no domain has: {error}") from None


def _label(label: str) -> str:
    """Return one mapped label in ASCII (UTS 46, 4: processing, without STD3 and length checks)."""
    if label.isascii():
        if label.startswith("xn--"):
            _check_punycode(label)
        return label
    _check_characters(label)
    if label.startswith("xn--"):
        raise ValueError("a label of the host name mixes punycode and other letters")
    return "xn--" + label.encode("punycode").decode("ascii")


def _check_punycode(label: str) -> None:
    try:
        text = label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, IndexError, OverflowError):
        raise ValueError(f"{label[:80]!r} in the host name is not valid punycode") from None
    if not text or text.isascii() or _mapped(text) != text:
        raise ValueError(f"{label[:80]!r} in the host name is not valid punycode")
    _check_characters(text)


def _check_characters(text: str) -> None:
    """Refuse what no registry and no browser takes (UTS 46, 4.1: marks, joiners, directions)."""
    import idna

    try:
        if unicodedata.category(text[0]).startswith("M"):
            raise ValueError("a label of the host name begins with a combining mark")
        for position, character in enumerate(text):
            if character in "\u200c\u200d" and not idna.core.valid_contextj(text, position):
                raise ValueError("the host name holds a joiner out of place")
        idna.core.check_bidi(text)
    except idna.IDNAError as error:
        raise ValueError(f"the host name is not a valid international name: {error}") from None


def _ends_in_number(name: str) -> bool:
    labels = name.removesuffix(".").split(".")
    last = labels[-1]
    return bool(last) and last.isascii() and (last.isdigit() or bool(_HEX.match(last)))


def _number(text: str) -> int:
    found = _HEX.match(text)
    if found:
        return int(found[1] or "0", 16)
    found = _OCTAL.match(text)
    if found:
        return int(found[1], 8)
    if _DECIMAL.match(text):
        return int(text)
    raise ValueError(f"{text[:40]!r} is no part of an IPv4 address")


def _ipv4(name: str) -> str:
    parts = name.removesuffix(".").split(".")
    if len(parts) > 4 or any(len(part) > 300 for part in parts):
        raise ValueError("the host ends in a number and is no IPv4 address")
    numbers = [_number(part) for part in parts]
    if any(number > 255 for number in numbers[:-1]) or numbers[-1] >= 256 ** (5 - len(numbers)):
        raise ValueError("a number in the IPv4 address is too large")
    value = numbers[-1] + sum(number << (8 * (3 - place)) for place, number in enumerate(numbers[:-1]))
    return str(ipaddress.IPv4Address(value))


def _ipv6(host: str) -> str:
    if not host.endswith("]"):
        raise ValueError("the bracket of the IPv6 address is not closed")
    if "%" in host:
        raise ValueError("an IPv6 address with a zone cannot be asked")
    try:
        address = ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        raise ValueError("what stands in brackets is no IPv6 address") from None
    return f"[{_compressed(address)}]"


def _compressed(address: ipaddress.IPv6Address) -> str:
    """Return the address in hexadecimal throughout, as WHATWG serialises it (never `::ffff:1.2.3.4`)."""
    groups = [f"{int(group, 16):x}" for group in address.exploded.split(":")]
    runs = re.finditer(r"(?:(?<=,)|\A)0(?:,0)+(?=,|\Z)", ",".join(groups))
    longest = max(runs, key=lambda run: run.end() - run.start(), default=None)
    if longest is None:
        return ":".join(groups)
    text = ",".join(groups)
    return (
        text[: longest.start()].rstrip(",").replace(",", ":")
        + "::"
        + text[longest.end() :].lstrip(",").replace(",", ":")
    )
