"""A payload as it is kept -> what can be read of it: content coding undone, in UTF-8. Within bounds."""

import re
from pathlib import Path

from linkkeeper.extract import encodings
from linkkeeper.extract.encodings import Text
from linkkeeper.extract.html_encoding import codec, declared_encoding
from linkkeeper.extract.html_tokens import StartTag, tokens
from linkkeeper.net.headers import charset, media_type
from linkkeeper.net.inflate import InflateError, inflate
from linkkeeper.net.tape import Recorded, Values

PARSED = 4 * 1024 * 1024
"""Bytes of a document that are looked at for requisites, and bytes read of what is kept."""
_SOME_TEXT = 200
"""Bytes of visible text, white space apart, from which on a page says something by itself."""
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_LOOKS_LIKE = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,200}<(?:!doctype\s+html|html|head|body|title|script)", re.IGNORECASE)


def first_bytes(body: bytes | Path, most: int = PARSED) -> bytes:
    """Return the beginning of a payload."""
    if isinstance(body, bytes):
        return body[:most]
    with body.open("rb") as file:
        return file.read(most)


def decoded(hop: Recorded, limit: int = PARSED) -> bytes | None:
    """Return the beginning of a body without its content coding; None if it cannot be read."""
    data = first_bytes(hop.body, limit)
    coding = ",".join(value for name, value in hop.values if name.lower() == "content-encoding")
    if not coding:
        return data[:limit]
    try:
        return inflate(data, coding, limit)[0]
    except InflateError:
        return None


def kind(hop: Recorded) -> str:
    """Return the media type of an answer, lower case; empty if it names none."""
    return media_type(named(hop.values, "content-type"))


def is_html(hop: Recorded, data: bytes) -> bool:
    """Say whether a browser would show it as a page; without a type by its first bytes."""
    said = kind(hop)
    return said in _HTML or (not said and _LOOKS_LIKE.match(data[:1000]) is not None)


def is_drawing(hop: Recorded) -> bool:
    """Say whether it is an SVG: in a frame a document, with requisites of its own."""
    return kind(hop) == "image/svg+xml"


def is_css(hop: Recorded) -> bool:
    """Say whether it is a style sheet."""
    return kind(hop) == "text/css"


def in_utf8(hop: Recorded, data: bytes) -> bytes:
    """Return a page's markup in UTF-8, by what its header or the page itself declares."""
    return text_of(hop, data).data


def text_of(hop: Recorded, data: bytes) -> Text:
    """Return a page's markup in UTF-8, and which encoding it came in."""
    declared = codec(charset(named(hop.values, "content-type"))) or declared_encoding(data)
    return encodings.read(data, declared) or Text(data, "utf-8")


def shows_nothing(markup: bytes) -> bool:
    """Say whether a page, in UTF-8, has scripts and next to no text of its own: without them it is nothing."""
    position, shown, scripts = 0, 0, False
    for token in tokens(markup):
        shown += len(b"".join(markup[position : token.start].split()))
        if shown >= _SOME_TEXT:
            return False
        position = token.end
        scripts = scripts or (isinstance(token, StartTag) and token.name == b"script")
    return scripts


def named(values: Values, name: str) -> str:
    """Return the first header field of that (lower-case) name; empty if there is none."""
    return next((value for key, value in values if key.lower() == name), "")
