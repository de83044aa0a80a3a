"""Where a URL stands in a document."""

from msgspec import Struct


class Span(Struct, frozen=True, order=True, gc=False):
    """A range of bytes in a document: `start` inside, `end` just after."""

    start: int
    end: int


class Link(Struct, frozen=True, gc=False):
    """One URL where an author wrote it. A fix may replace these bytes, none around them."""

    document: str
    """Path as the user gave it, with forward slashes."""
    span: Span
    """Byte offsets into the document of the destination, without quotes or angle brackets."""
    written: bytes
    """The bytes of the span, escapes and entities included."""
    url: str
    """What a browser would request: escapes and entities decoded, relative ones as written, a bare
    `www.` host with `http://` before it. Empty or `#` for a placeholder."""
    kind: str
    """Which syntax holds it: inline, image, reference, autolink, bare, html, srcset, frontmatter, …"""
    line: int
    """1-based."""
    column: int
    """1-based, in characters."""
    context: tuple[str, ...] = ()
    """How a replacement must be escaped here, innermost layer first: names known to
    `extract.escape`. An HTML attribute in a notebook cell is `("html-double", "json")`."""
    skip: str = ""
    """Why nobody asks about this link: template code, an ignore comment with its reason. Else empty."""
    unwritable: str = ""
    """Why these bytes may not be rewritten although the link is checked (span unproved). Else empty."""
