"""URLs in JSON inside HTML: JSON-LD, import maps, and the strings of JSON in general."""

import re
from collections.abc import Iterator

from linkkeeper.extract.unescaped import Builder, Unescaped, unescape, unescape_into

STRING = re.compile(rb'"((?:[^"\\\n]++|\\.)*+)(")?([\t\n\r ]*+:)?', re.DOTALL)
"""A string, whether it is closed, whether it is a key. An unclosed one is taken too: nothing is read twice."""
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL)
_SIMPLE = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_ABSOLUTE = re.compile(rb"(?:https?:)?//[^\s/]", re.IGNORECASE)
VOCABULARY = frozenset({b"@context", b"@type", b"@vocab", b"@base"})
"""Keys whose URLs name terms: nobody follows them."""


def decode(written: bytes, origin: int = 0) -> Unescaped:
    r"""Resolve the escapes of a JSON string's content, which stands at `origin`; a lone surrogate is U+FFFD."""
    return unescape(written, _ESCAPE, _decoded, origin) if b"\\" in written else Unescaped(written, origin)


def decode_into(builder: Builder, written: bytes, origin: int) -> None:
    """Add the content of a JSON string to a text made of several."""
    unescape_into(builder, written, _ESCAPE, _decoded, origin)


def _decoded(match: re.Match[bytes]) -> tuple[int, bytes]:
    escape = match[0][1:]
    if escape[:1] != b"u" or len(escape) == 1:
        return len(match[0]), _SIMPLE.get(escape, escape)
    units = bytes.fromhex(escape.replace(b"\\u", b"")[1:].decode())
    return len(match[0]), units.decode("utf-16-be", "replace").encode()


def urls(script: bytes) -> Iterator[tuple[int, int, str, bool]]:
    """Yield (start, end, URL, whether it only names a term) of each string that is an absolute URL as a whole."""
    key = b""
    for match in STRING.finditer(script):
        if match[3] is not None:
            key = match[1]
            continue
        value = decode(match[1]).data
        if match[2] and _ABSOLUTE.match(value):
            yield match.start(1), match.end(1), value.decode("utf-8", "replace"), key in VOCABULARY
