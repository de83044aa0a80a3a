"""From the range of a Markdown construct to the bytes of its destination.

The parser says where a link is and where it leads; the scanners here say which bytes say so. A span counts only when
decoding it gives exactly the parser's destination.
"""

import re

from linkkeeper.extract.commonmark import unescape

_GAP = re.compile(rb"[ \t]*(?:(?:\r\n?|\n)[ \t>]*)?")
"""White space before a destination; after a line end, the markers of block quotes too."""
_ANGLE = re.compile(rb"<((?:[^\\<>\r\n]|\\.)*)>", re.DOTALL)
_SIMPLE = re.compile(rb"[^\s()\\<]++(?=[\s)])")
_PIECE = re.compile(rb"(?:[^\s()\\]++|\\[!-/:-@\[-`{-~]|\\)+")
_LABEL = re.compile(rb"[ \t>]*\[(?:[^\\\[\]]|\\.)*\]:", re.DOTALL)
_PLAIN_DEFINITION = re.compile(rb"[ ]*\[[^\\\[\]]*\]:[ \t]*(?!<)")
_SPACE = frozenset(b" \t\n\r")
_TRIES = 16
"""How many `](` of a construct are tried before its span counts as unproved."""


def inline(data: bytes, after_text: int, end: int, url: str, table: bool) -> tuple[int, int] | None:
    """Return the span of an inline link's or image's destination, or None if no span decodes to url.

    after_text: where the last child of the link text ends; end: where the construct ends.
    """
    close = data.find(b"](", after_text, end)
    if close >= 0:
        span = destination(data, close + 2, end)
        if span and means(data, span, url, table):
            return span
    return _searched(data, after_text, end, url, table)


def _searched(data: bytes, start: int, end: int, url: str, table: bool) -> tuple[int, int] | None:
    close = end
    for _ in range(_TRIES):
        close = data.rfind(b"](", start, close)
        if close < 0:
            return None
        span = destination(data, close + 2, end)
        if span and means(data, span, url, table):
            return span
    return None


def definition(data: bytes, start: int, end: int, url: str) -> tuple[int, int] | None:
    """Return the span of the destination of a link reference definition, or None."""
    plain = _PLAIN_DEFINITION.match(data, start, end)
    if plain and has_no_escapes(url):  # most: what is written there is the destination, letter for letter
        first, written = plain.end(), url.encode()
        last = first + len(written)
        if written and data.startswith(written, first) and (last >= len(data) or data[last] in _SPACE):
            return first, last
    label = _LABEL.match(data, start, end)
    if label is None:
        return None
    span = destination(data, label.end(), min(end + 1, len(data)))
    return span if span and means(data, span, url, table=False) else None


def destination(data: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Return the span of the link destination (CommonMark 6.3) that begins at or after start."""
    gap = _GAP.match(data, start, end)
    start = gap.end() if gap else start
    simple = _SIMPLE.match(data, start, end)
    if simple:
        return simple.span()
    angle = _ANGLE.match(data, start, end)
    return angle.span(1) if angle else _balanced(data, start, end)


def _balanced(data: bytes, start: int, end: int) -> tuple[int, int]:
    depth, position = 0, start
    while position < end:
        piece = _PIECE.match(data, position, end)
        if piece:
            position = piece.end()
        elif data[position] == 0x28:  # "("
            depth += 1
            position += 1
        elif data[position] == 0x29 and depth:  # ")"
            depth -= 1
            position += 1
        else:
            break
    return start, position


def has_no_escapes(url: str) -> bool:
    """Tell whether the text of a destination stands for itself: no backslash, no character reference."""
    return "\\" not in url and ("&" not in url or ";" not in url) and "\0" not in url


def means(data: bytes, span: tuple[int, int], url: str, table: bool) -> bool:
    """Tell whether the bytes of span stand for url."""
    written = data[span[0] : span[1]]
    try:
        text = written.decode("utf-8")
    except UnicodeDecodeError:
        return False
    if has_no_escapes(text):
        return text == url
    if table:
        text = text.replace("\\|", "|")
    return unescape(text).replace("\0", "\ufffd") == url.replace("\0", "\ufffd")


def is_angle(data: bytes, span: tuple[int, int]) -> bool:
    """Tell whether the span stands between angle brackets."""
    return data[span[0] - 1 : span[0]] == b"<" and data[span[1] : span[1] + 1] == b">"
