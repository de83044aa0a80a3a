"""One pass over the parser's events: links with proved spans, HTML, and the ranges where no bare URL can stand."""

from collections.abc import Iterator
from typing import Any

import pyromark

from linkkeeper.extract import markdown_spans
from linkkeeper.extract.base import SKIP_MAIL, Found
from linkkeeper.extract.markdown_html import Piece

PARSER = pyromark.Markdown(
    options=pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_FOOTNOTES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
)
"""No metadata blocks (they match anywhere in a post), no math or wiki links (they swallow URLs)."""
UNPROVED = "no bytes here decode to the destination that the parser reads"
_VERBATIM_TAGS = (b"a", b"code", b"pre", b"kbd", b"samp", b"script", b"style", b"textarea")


class Scan:
    """What the events of one document say. Offsets are bytes of the source."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.found: list[Found] = []
        self.closed: list[tuple[int, int]] = []
        """Ranges without bare URLs: links, code, HTML. Ascending; inner ones may follow outer ones."""
        self.code: list[tuple[int, int]] = []
        self.html: list[list[Piece]] = []
        self.tables: list[tuple[int, int]] = []
        self._open: list[tuple[dict[str, Any], bool]] = []
        self._images = 0
        self._table_end = 0
        self._tags: dict[bytes, int] = {}
        self._block: list[Piece] | None = None

    def run(self, text: str) -> None:
        """Read every event. The loop is the price of the whole extraction: what is common is asked for first."""
        last: Any = None
        events: Iterator[tuple[Any, Any]] = PARSER.events_with_range(text, merge_text=True)
        for event, span in events:
            if event.__class__ is not str and "Text" not in event:
                for key, tag in event.items():
                    if key == "Start":
                        self._start(tag, span)
                    elif key == "End":
                        if tag in ("Link", "Image"):
                            self._end(span, last)
                    else:
                        self._leaf(key, tag, span)
            last = span

    def _start(self, tag: Any, span: Any) -> None:
        if tag.__class__ is str:
            if tag == "HtmlBlock":
                self._block = []
                self.html.append(self._block)
                self.closed.append((span["start"], span["end"]))
            return
        for kind, value in tag.items():
            if kind == "Link" or kind == "Image":
                self._images += kind == "Image"
                self._open.append((value, kind == "Image"))
                self.closed.append((span["start"], span["end"]))
            elif kind == "CodeBlock":
                self.closed.append((span["start"], span["end"]))
                self.code.append((span["start"], span["end"]))
            elif kind == "Table":
                self._table_end = span["end"]
                self.tables.append((span["start"], span["end"]))

    def _end(self, span: Any, last: Any) -> None:
        link, is_image = self._open.pop()
        self._images -= is_image
        if self._images:
            return  # in the text that stands in for an image, nothing can be followed
        how = link["link_type"]
        start, end = span["start"], span["end"]
        if how == "Inline":
            last_end = start + 1 + is_image if last["start"] == start and last["end"] == end else last["end"]
            self._inline(link["dest_url"], last_end, start, end, "image" if is_image else "inline")
        elif how == "Autolink":
            self.found.append(self._made(start + 1, end - 1, link["dest_url"], "autolink", "md-autolink"))
        elif how == "Email":
            url = f"mailto:{link['dest_url']}"
            self.found.append(Found(start + 1, end - 1, url, "autolink", ("md-autolink",), SKIP_MAIL))

    def _inline(self, url: str, after_text: int, start: int, end: int, kind: str) -> None:
        table = start < self._table_end
        span = markdown_spans.inline(self.source, max(after_text, start), end, url, table)
        if span is None:
            self.found.append(Found(max(after_text, start), end, url, kind, unwritable=UNPROVED))
            return
        layer = "md-angle" if markdown_spans.is_angle(self.source, span) else "md-destination"
        self.found.append(self._made(*span, url, kind, layer))

    def _made(self, start: int, end: int, url: str, kind: str, layer: str) -> Found:
        context = (layer, "md-table") if start < self._table_end else (layer,)
        return Found(start, end, url, kind, context, SKIP_MAIL if url[:7].lower() == "mailto:" else "")

    def _leaf(self, key: str, value: Any, span: Any) -> None:
        start, end = span["start"], span["end"]
        if key == "Code":
            self.closed.append((start, end))
            self.code.append((start, end))
        elif key == "InlineHtml":
            self.closed.append((start, end))
            self._tag(value.encode(), start, end)
            if not self._images:
                self.html.append([Piece(value.encode(), start, end)])
        elif key == "Html" and self._block is not None:
            self._block.append(Piece(value.encode(), start, end))

    def _tag(self, tag: bytes, start: int, end: int) -> None:
        """Close the text between `<a>` and `</a>`, `<code>` and `</code>`: it is no bare URL."""
        name = tag[1:11].lstrip(b"/").split(b">")[0].split(None, 1)[:1]
        if not name or name[0].lower() not in _VERBATIM_TAGS:
            return
        if tag[1:2] != b"/":
            self._tags[name[0].lower()] = start
        elif (opened := self._tags.pop(name[0].lower(), None)) is not None:
            self.closed.append((opened, end))


def definitions(source: bytes, text: str) -> Iterator[tuple[Found, tuple[int, int]]]:
    """Yield the destination of every link reference definition that counts, with the definition's range."""
    for known in PARSER.reference_definitions(text).values():
        start, end = known["span"]["start"], known["span"]["end"]
        span = markdown_spans.definition(source, start, end, known["dest"])
        yield _defined(source, span, known["dest"], start, end), (start, end)


def _defined(source: bytes, span: tuple[int, int] | None, url: str, start: int, end: int) -> Found:
    if span is None:
        return Found(start, end, url, "reference", unwritable=UNPROVED)
    layer = "md-angle" if markdown_spans.is_angle(source, span) else "md-destination"
    return Found(*span, url, "reference", (layer,), SKIP_MAIL if url[:7].lower() == "mailto:" else "")
