"""Character references of HTML and XML, decoded as browsers do, with the way back to the source."""

import re
from html.entities import html5

from linkkeeper.extract.unescaped import Builder, Unescaped, unescape, unescape_into

_REFERENCE = re.compile(rb"&(?:#(?:[xX][0-9a-fA-F]+|[0-9]+);?|[A-Za-z][A-Za-z0-9]*;?)")
_NAMES: dict[bytes, bytes] = {name.encode(): text.encode() for name, text in html5.items()}
_LONGEST_BARE = max(len(name) for name in _NAMES if not name.endswith(b";"))
_WINDOWS = {number: bytes([number]).decode("cp1252", "ignore") for number in range(0x80, 0xA0)}
"""Numeric references to C1 controls mean what Windows-1252 has there (WHATWG 13.2.5.80)."""
_LONGEST_VALUE = 1 << 20
"""A longer attribute value is no address: it stays as it is written."""
_ALPHANUMERIC = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")


def attribute(raw: bytes) -> Unescaped:
    """Decode an attribute value: `&copy=2` and `&copy2` stay as they are, `&copy;` does not."""
    if b"&" not in raw or len(raw) > _LONGEST_VALUE:
        return Unescaped(raw)
    return unescape(raw, _REFERENCE, _in_attribute)


def in_value(raw: bytes) -> bytes:
    """Decode an attribute value when nobody asks where its bytes came from."""
    if b"&" not in raw or len(raw) > _LONGEST_VALUE:
        return raw
    return _REFERENCE.sub(_replaced, raw)


def _replaced(match: re.Match[bytes]) -> bytes:
    reference = _in_attribute(match)
    return match[0] if reference is None else reference[1] + match[0][reference[0] :]


def text(raw: bytes) -> Unescaped:
    """Decode text content, where `&copy2` is `©2`."""
    return unescape(raw, _REFERENCE, _in_text) if b"&" in raw else Unescaped(raw)


def xml(raw: bytes) -> Unescaped:
    """Decode XML text or an XML attribute value: five names, numbers, always with a semicolon.

    Feeds in the wild use HTML's names too: those with a semicolon are understood.
    """
    return unescape(raw, _REFERENCE, _in_xml) if b"&" in raw else Unescaped(raw)


def xml_into(builder: Builder, raw: bytes, origin: int) -> None:
    """Add XML text that stands at `origin` to a text made of several pieces."""
    unescape_into(builder, raw, _REFERENCE, _in_xml, origin)


def _in_attribute(match: re.Match[bytes]) -> tuple[int, bytes] | None:
    reference = _reference(match)
    if reference is None or match[0][1:2] == b"#" or (reference[0] == len(match[0]) and match[0].endswith(b";")):
        return reference
    after = match.string[match.start() + reference[0] : match.start() + reference[0] + 1]
    return None if after == b"=" or (after and after[0] in _ALPHANUMERIC) else reference


def _in_text(match: re.Match[bytes]) -> tuple[int, bytes] | None:
    return _reference(match)


def _in_xml(match: re.Match[bytes]) -> tuple[int, bytes] | None:
    return _reference(match) if match[0].endswith(b";") else None


def _reference(match: re.Match[bytes]) -> tuple[int, bytes] | None:
    """Return how many bytes the reference takes and what they stand for, or None if it is none."""
    written = match[0]
    if written[1:2] == b"#":
        return len(written), _number(written[2:].rstrip(b";"))
    name = written[1:]
    if name in _NAMES:
        return len(written), _NAMES[name]
    for length in range(min(len(name), _LONGEST_BARE), 1, -1):
        if name[:length] in _NAMES:
            return 1 + length, _NAMES[name[:length]]
    return None


def _number(digits: bytes) -> bytes:
    hexadecimal = digits[:1] in (b"x", b"X")
    significant = digits.lstrip(b"xX0") or b"0"
    code = int(significant, 16 if hexadecimal else 10) if len(significant) <= 7 else 0x110000
    if code == 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        code = 0xFFFD
    return (_WINDOWS.get(code) or chr(code)).encode()
