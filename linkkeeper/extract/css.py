"""URLs in style sheets: `url()`, `@import` and `image-set()` (CSS Syntax 3)."""

import re
from collections.abc import Iterator

from msgspec import Struct

from linkkeeper.extract.unescaped import Unescaped, unescape

_STRING = rb"\"(?:[^\"\\\n\r\f]|\\[\s\S])*+\"?|'(?:[^'\\\n\r\f]|\\[\s\S])*+'?"
_ESCAPED = rb"\\(?:[0-9a-fA-F]{1,6}+(?:\r\n|[\t\n\f\r ])?+|[^\n\r\f0-9a-fA-F])"
_TOKEN = re.compile(
    rb"(?P<comment>/\*)"
    rb"|(?P<url>\burl\([\t\n\f\r ]*+)(?:(?P<quoted>%s)|(?P<plain>(?:[^\"'()\\\t\n\f\r ]|%s)*+)"
    rb"(?=[\t\n\f\r ]*+(?:\)|\Z))|)"
    rb"|(?P<rule>@(?:import|namespace)\b)"
    rb"|(?P<set>\bimage-set\()"
    rb"|(?P<close>[;{}])"
    rb"|(?P<string>%s)" % (_STRING, _ESCAPED, _STRING),
    re.IGNORECASE,
)
_ESCAPE = re.compile(rb"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[\t\n\f\r ])?|(\r\n|[\n\r\f])|([\s\S]))")


class CssUrl(Struct, frozen=True, gc=False):
    """A URL in a style sheet: offsets as written, decoded text, and which escapes hold there."""

    start: int
    end: int
    url: bytes
    context: str


def urls(sheet: bytes) -> Iterator[CssUrl]:
    """Yield what the sheet loads, in order. References into the document itself (`url(#id)`) are left out."""
    if b"(" not in sheet and b"@" not in sheet:
        return  # as nearly every `style` attribute
    position = 0
    rule = b""
    while token := _TOKEN.search(sheet, position):
        position = token.end()
        match token.lastgroup:
            case "comment":
                end = sheet.find(b"*/", position)
                position = len(sheet) if end < 0 else end + 2
            case "rule" | "set":
                rule = token[0].lower()
            case "close":
                rule = b""
            case "string":
                if rule in (b"@import", b"image-set("):
                    yield from _quoted(token.start(), token[0])
            case _:
                if rule != b"@namespace":
                    yield from _url(token)


def _url(token: re.Match[bytes]) -> Iterator[CssUrl]:
    if token["quoted"] is not None:
        yield from _quoted(token.start("quoted"), token["quoted"])
    elif token["plain"]:
        yield from _made(token.start("plain"), token["plain"], "css-url")


def _quoted(start: int, written: bytes) -> Iterator[CssUrl]:
    inner = written[1:-1] if len(written) > 1 and written.endswith(written[:1]) else written[1:]
    context = "css-double" if written.startswith(b'"') else "css-single"
    stripped = inner.strip(b"\t\n\f\r ")
    yield from _made(start + 1 + (inner.find(stripped) if stripped else 0), stripped, context)


def _made(start: int, written: bytes, context: str) -> Iterator[CssUrl]:
    if written and not written.startswith(b"#"):
        yield CssUrl(start, start + len(written), decode(written).data, context)


def decode(written: bytes) -> Unescaped:
    r"""Resolve `\` escapes of an identifier, string or unquoted `url()`."""
    return unescape(written, _ESCAPE, _decoded) if b"\\" in written else Unescaped(written)


def _decoded(match: re.Match[bytes]) -> tuple[int, bytes]:
    if match[1]:
        code = int(match[1], 16)
        valid = 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
        return len(match[0]), (chr(code) if valid else "\ufffd").encode()
    return len(match[0]), b"" if match[2] else match[3]
