"""A tokenizer for XML as feeds have it: well formed or nearly so. One pass, exact byte offsets."""

import re
from collections.abc import Iterator

from msgspec import Struct

_MARKUP = re.compile(
    rb"<(?:(?P<comment>!--)|(?P<cdata>!\[CDATA\[)|(?P<instruction>\?)|(?P<doctype>!)|/(?P<end>[^\s<>/]+)[^<>]*+>"
    rb"|(?P<start>[A-Za-z_:][^\s<>/=]*+)(?P<rest>(?:[^<>\"']|\"[^\"<]*+\"|'[^'<]*+')*+)>)"
)
_ATTRIBUTE = re.compile(rb"([^\s=\"'/<>]++)\s*+=\s*+(?:\"([^\"<]*)\"|'([^'<]*)')")


class Start(Struct, frozen=True, gc=False):
    """A start tag: name as written, where its attributes stand, whether it is empty (`<x/>`)."""

    name: bytes
    start: int
    rest: tuple[int, int]
    end: int
    empty: bool


class End(Struct, frozen=True, gc=False):
    """An end tag."""

    name: bytes
    start: int


class Text(Struct, frozen=True, gc=False):
    """Character data (`cdata`: taken as it is)."""

    start: int
    end: int
    cdata: bool


class Instruction(Struct, frozen=True, gc=False):
    """A processing instruction, offsets inside `<?` and `?>`."""

    start: int
    end: int


Token = Start | End | Text | Instruction


class Attribute(Struct, frozen=True, gc=False):
    """An attribute: name as written, offsets of its value, its quote."""

    name: bytes
    start: int
    end: int
    quote: bytes


def tokens(data: bytes) -> Iterator[Token]:
    """Yield the document's parts in order; a `<` that begins nothing is text."""
    position = text = 0
    while markup := _MARKUP.search(data, position):
        if markup.start() > text:
            yield Text(text, markup.start(), cdata=False)
        position = text = markup.end()
        match markup.lastgroup:
            case "comment":
                position = text = _after(data, b"-->", position)
            case "cdata":
                position = text = _after(data, b"]]>", position)
                yield Text(markup.end(), position - 3 * data.endswith(b"]]>", markup.end(), position), cdata=True)
            case "instruction":
                position = text = _after(data, b"?>", position)
                yield Instruction(markup.end(), position)
            case "doctype":
                position = text = _after(data, b">", position)
            case "end":
                yield End(markup["end"], markup.start())
            case _:
                empty = data[markup.end() - 2 : markup.end() - 1] == b"/"
                yield Start(markup["start"], markup.start(), markup.span("rest"), markup.end(), empty)
    if text < len(data):
        yield Text(text, len(data), cdata=False)


def attributes(data: bytes, start: int, end: int) -> Iterator[Attribute]:
    """Yield the attributes between these offsets."""
    for match in _ATTRIBUTE.finditer(data, start, end):
        group = match.lastindex or 2
        yield Attribute(match[1], match.start(group), match.end(group), b'"' if group == 2 else b"'")


def _after(data: bytes, end: bytes, position: int) -> int:
    at = data.find(end, position)
    return len(data) if at < 0 else at + len(end)
