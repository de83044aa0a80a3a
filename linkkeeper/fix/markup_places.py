"""Where the constructs of reStructuredText, AsciiDoc and Org end, and how a copy is written behind them. Pure."""

import re

from msgspec import Struct

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


_LABEL = rb"\[(?:[^\]\\]|\\.){0,2000}\]"
_RST = re.compile(rb">`__?(?![A-Za-z0-9_])")
_ASCIIDOC = {
    "asciidoc-autolink": re.compile(_LABEL, re.DOTALL),
    "asciidoc-target": re.compile(_LABEL, re.DOTALL),
    "asciidoc-pass": re.compile(rb"\+\+" + _LABEL, re.DOTALL),
    "asciidoc-bare": re.compile(rb">?"),
}
_ORG = {
    "org-target": re.compile(rb"\](?:\[(?:[^\]]|\](?!\])){1,2000}\])?\]", re.DOTALL),
    "org-angle": re.compile(rb">"),
}
_UNDERLINE = re.compile(rb"[^\n]*\n[ \t]*([!-/:-@\[-`{-~])\1{2,}[ \t]*\r?(?:\n|\Z)")
"""The rest of a title of reStructuredText: the line below is as long as it was."""


def ending(data: bytes, link: Link) -> Ending | None:
    """Return where a copy may stand behind a link of these formats; None if nowhere, or if it is of another format."""
    layer = link.context[0] if len(link.context) == 1 else ""
    if layer in ("rst-embedded", "rst-bare"):
        return _rst(data, link.span.end, embedded=layer == "rst-embedded")
    if layer in _ASCIIDOC and link.kind != "reference":
        return _after(_ASCIIDOC[layer], data, link.span.end, b" (", b"[archived])", "asciidoc-autolink")
    if layer in _ORG:
        return _after(_ORG[layer], data, link.span.end, b" ([[", b"][archived]])", "org-target")
    return None


def _rst(data: bytes, end: int, *, embedded: bool) -> Ending | None:
    closing = _RST.match(data, end) if embedded else None
    if (embedded and closing is None) or _UNDERLINE.match(data, end):
        return None
    return _ending(closing.end() if closing else end, b" (`archived <", b">`__)", "rst-embedded")


def _after(closing: re.Pattern[bytes], data: bytes, end: int, before: bytes, after: bytes, layer: str) -> Ending | None:
    closed = closing.match(data, end)
    return _ending(closed.end(), before, after, layer) if closed else None


def _ending(offset: int, before: bytes, after: bytes, layer: str) -> Ending:
    ours = re.compile(re.escape(before) + rb"[^\s\[\]<>`]{1,4000}" + re.escape(after))
    return Ending(offset, before, after, layer, ours)
