"""How a URL is written in the place of a link: pure."""

import re

from linkkeeper.extract import escape
from linkkeeper.models.link import Link
from linkkeeper.urls import normalise

_PIECE = re.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?|\\.|.[\x80-\xbf]*", re.DOTALL)
_SENDABLE = "!#$%&'()*+,-./:;=?@[\\]^_{|}~"
"""What browsers send as it is, somewhere in a URL. All else may be escaped without another page being asked for."""
_WWW = "http://www."
_INNER = re.compile(r"(?<=.)https?://.*", re.DOTALL)
"""The URL that stands behind an archive's address."""


def spell(url: str, link: Link) -> tuple[bytes, str] | None:
    """Return the bytes that stand for url where link is, and the URL they are read as; None if there are none.

    That URL is url itself, or url with what cannot stand here percent-encoded as a browser would send it.
    """
    kept = _kept_spelling(url, link) or _led_spelling(url, link)
    if kept is not None:
        return kept, url
    return encoded(url, link.context)


def _led_spelling(url: str, link: Link) -> bytes | None:
    """Return the author's own bytes behind those of what url has before them; None if they do not end it.

    A copy is the archive's address and the link, perhaps cleaned, behind it: how the author escaped the link is his
    business.
    """
    own, kept = escape.decode(link.written, link.context), link.written
    if not url.endswith(own) and (inner := _INNER.search(url)):
        own = inner[0]
        kept = _kept_spelling(own, link) or b""
    before = escape.encode(url.removesuffix(own), link.context)
    if not kept or not own or before is None or len(url) <= len(own) or not url.endswith(own):
        return None
    written = before + kept
    is_same = escape.decode(written, link.context) == url and not re.search(rb"[\r\n]", written)
    return written if is_same else None


def encoded(url: str, context: tuple[str, ...]) -> tuple[bytes, str] | None:
    """Return the bytes that stand for url in a context, and the URL they are read as; None if there are none."""
    for candidate in (url, _sendable(url)):
        written = escape.encode(candidate, context) if candidate else None
        if written and escape.decode(written, context) == candidate and not re.search(rb"[\r\n]", written):
            return written, candidate
    return None


def _sendable(url: str) -> str:
    """Return url with what is not ASCII, and white space, quotes and angle brackets, as escapes.

    Empty where that is not the same thing: in a host name.
    """
    _, mark, rest = url.partition("//")
    host = re.split(r"[/?#]", rest, maxsplit=1)[0] if mark else ""
    return normalise.quote_bytes(url, _SENDABLE) if host.isascii() else ""


def _kept_spelling(url: str, link: Link) -> bytes | None:
    """Return the author's own bytes without those that url has not; None if url is no such part of the link.

    Cleaning takes parameters away; how the author escaped the others is his business. A `www.` host stays bare.
    """
    prefix = "http://" if link.url.startswith(_WWW) and not link.written.lower().startswith(b"http") else ""
    if not url.startswith(prefix) or len(url) >= len(link.url):
        return None
    if not prefix and escape.encode(link.url, link.context) == link.written:
        return None  # the author wrote as we would
    pieces = [(piece, escape.decode(piece, link.context)) for piece in _PIECE.findall(link.written)]
    if prefix + "".join(text for _, text in pieces) != link.url:
        return None
    kept = _subsequence(pieces, url[len(prefix) :])
    return kept if kept is not None and prefix + escape.decode(kept, link.context) == url else None


def _subsequence(pieces: list[tuple[bytes, str]], wanted: str) -> bytes | None:
    """Return the pieces that spell wanted, as far to the front as possible; None if they do not hold it."""
    kept, at = [], 0
    for piece, text in pieces:
        if text and wanted.startswith(text, at):
            kept.append(piece)
            at += len(text)
    return b"".join(kept) if at == len(wanted) else None
