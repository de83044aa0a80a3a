"""Where the constructs of reStructuredText, AsciiDoc and Org end, and how a copy is written behind them. Pure."""

import re

from msgspec import Struct

from linkkeeper.extract import rst
from linkkeeper.models.link import Link


class Ending(Struct, frozen=True):
    """The end of a construct, and the form of a link behind it."""

    offset: int
    before: bytes
    after: bytes
    layer: str
    """How the copy's URL is escaped there."""
    ours: re.Pattern[bytes]
    """A copy that stands there already."""


_LABEL = rb"\[(?![^\]]{0,2000}=[ ]?')[^\[\]\\\"{}]{0,2000}\]"
"""Without what ends a label elsewhere than at first sight: brackets, escapes, quoted or replaced values."""
_NOTHING = re.compile(rb"")
_RST = re.compile(rb">`__?(?![A-Za-z0-9_])")
_ASCIIDOC = {
    "asciidoc-autolink": re.compile(_LABEL),
    "asciidoc-target": re.compile(_LABEL),
    "asciidoc-pass": re.compile(rb"\+\+" + _LABEL),
    "asciidoc-bare": re.compile(rb">?+(?!\[)"),
}
_ORG = {
    "org-target": re.compile(rb"\](?:\[(?:[^\]]|\](?!\])){1,2000}\])?\](?!\])", re.DOTALL),
    "org-angle": re.compile(rb">"),
}
_COPIED = {
    "rst-embedded": rb"(?:[^`<>\\\r\n]|\\[^\r\n])++",
    "asciidoc-autolink": rb"[^\s\[\]]++",
    "org-target": rb"(?:[^\[\]\\\r\n]|\\[^\r\n])++",
}
"""The URL of a copy as `escape` writes it, up to what closes it."""
NO_PLACE = "there is no place beside it for another link"
IN_LABEL = "its label holds brackets, quotes or attributes: where it ends is not sure"
IN_BRACKETS = "it stands inside brackets, perhaps those of another macro"


def ending(data: bytes, link: Link, suffix: str, is_bracketed: bool) -> Ending | str:
    """Return where a copy may stand behind a link of these formats, or why it cannot.

    What AsciiDoc holds in brackets gets none: a bracket of the copy may be taken for theirs.
    """
    layer = link.context[0] if len(link.context) == 1 else ""
    if layer == "bare":  # it may be of the other layer once the copy stands between it and what follows
        layer = "rst-bare" if suffix in rst.SUFFIXES else "asciidoc-bare"
    if layer in ("rst-embedded", "rst-bare"):
        closing = _RST if layer == "rst-embedded" else _NOTHING
        return _after(closing, data, link.span.end, b" (`archived <", b">`__)", "rst-embedded") or NO_PLACE
    if layer in _ASCIIDOC and link.kind != "reference":
        if is_bracketed:
            return IN_BRACKETS
        found = _after(_ASCIIDOC[layer], data, link.span.end, b" (", b"[archived])", "asciidoc-autolink")
        return found or IN_LABEL
    if layer in _ORG:
        return _after(_ORG[layer], data, link.span.end, b" ([[", b"][archived]])", "org-target") or NO_PLACE
    return NO_PLACE


def _after(closing: re.Pattern[bytes], data: bytes, end: int, before: bytes, after: bytes, layer: str) -> Ending | None:
    closed = closing.match(data, end)
    return _ending(closed.end(), before, after, layer) if closed else None


def _ending(offset: int, before: bytes, after: bytes, layer: str) -> Ending:
    ours = re.compile(re.escape(before) + _COPIED[layer] + re.escape(after))
    return Ending(offset, before, after, layer, ours)
