"""One pass over the parser's events: links with proved spans, HTML, and the ranges where no bare URL can stand."""

import re
from collections.abc import Iterator
from typing import Any

import pyromark

from linkkeeper.extract import markdown_spans
from linkkeeper.extract.base import SKIP_MAIL, Found
from linkkeeper.extract.markdown_html import Piece, is_worth_a_look

PARSER = pyromark.Markdown(
    options=pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_FOOTNOTES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
)
"""No metadata blocks (they match anywhere in a post), no math or wiki links (they swallow URLs)."""
UNPROVED = "no bytes here decode to the destination that the parser reads"
_DENSE = 1 << 18
"""Characters above which a text may hold millions of marks that mean nothing: they come as one text then, more slowly
for ordinary posts, four times as fast for floods."""
_ALONE = {layer: (layer,) for layer in ("md-destination", "md-angle", "md-autolink")}
_TAG = re.compile(rb"<(/?)(a|code|pre|kbd|samp|script|style|textarea)(?=[\s>/])", re.IGNORECASE)


class Scan:
    """What the events of one document say. Offsets are bytes of the source."""

    def __init__(self, source: bytes, verbatim: bool = False) -> None:
        self.source = source
        self._verbatim = verbatim
        self.found: list[Found] = []
        self.closed: list[tuple[int, int]] = []
        """Ranges without bare URLs: links, code, HTML. Ascending, once all is read; some lie in others."""
        self.code: list[tuple[int, int]] = []
        self.indented: list[tuple[int, int]] = []
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
        closed, code, opened = self.closed, self.code, self._open
        events: Iterator[tuple[Any, Any]] = PARSER.events_with_range(text, merge_text=len(text) > _DENSE)
        for event, span in events:
            if "Text" in event:
                pass
            elif "End" in event:
                tag = event["End"]
                if tag == "Link" or tag == "Image":
                    self._end(span, last)
            elif "Start" in event:
                tag = event["Start"]
                if tag.__class__ is dict:
                    if "Link" in tag:
                        opened.append((tag["Link"], False))
                        closed.append((span["start"], span["end"]))
                    else:
                        self._start(tag, (span["start"], span["end"]))
                elif tag == "HtmlBlock":
                    self._html(span["start"], span["end"])
            elif "Code" in event:
                here = (span["start"], span["end"])
                closed.append(here)
                code.append(here)
            elif event.__class__ is dict:
                self._leaf(event, span)
            last = span
        closed.sort()

    def _start(self, tag: Any, here: tuple[int, int]) -> None:
        if "Image" in tag:
            self._images += 1
            self._open.append((tag["Image"], True))
            self.closed.append(here)
        elif "CodeBlock" in tag:
            self.closed.append(here)
            self.code.append(here)
            if tag["CodeBlock"] == "Indented":
                self.indented.append(here)
        elif "Table" in tag:
            self._table_end = here[1]
            self.tables.append(here)

    def _html(self, start: int, end: int) -> None:
        """Take up a block of HTML: whole where it stands at the margin, else line by line without what is before."""
        self.closed.append((start, end))
        self._block = None
        text = self.source[start:end]
        if not self._verbatim and not is_worth_a_look(text):
            return
        if start == 0 or self.source[start - 1] == 0x0A:
            self.html.append([Piece(text, start, end)])
        else:
            self._block = []
            self.html.append(self._block)

    def _end(self, span: Any, last: Any) -> None:
        link, is_image = self._open.pop()
        self._images -= is_image
        if self._images:
            return  # in the text that stands in for an image, nothing can be followed
        how = link["link_type"]
        start, end = span["start"], span["end"]
        if how == "Inline":
            last_end = last["end"]
            if last_end == end and last["start"] == start:  # no text
                last_end = start + 1 + is_image
            url, kind = link["dest_url"], "image" if is_image else "inline"
            written = b"](%b)" % url.encode()
            if self.source.startswith(written, last_end):  # nine of ten: no need to look further
                stop = last_end + len(written) - 1
                self.found.append(self._made(last_end + 2, stop, url, kind, "md-destination"))
            else:
                self._inline(url, last_end, start, end, kind)
        elif how == "Autolink":
            url = link["dest_url"].replace("\\|", "|") if start < self._table_end else link["dest_url"]
            self.found.append(self._made(start + 1, end - 1, url, "autolink", "md-autolink"))
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
        context = (layer, "md-table") if start < self._table_end else _ALONE[layer]
        skip = SKIP_MAIL if url[:1] in "mM" and url[:7].lower() == "mailto:" else ""
        return Found(start, end, url, kind, context, skip)

    def _leaf(self, event: Any, span: Any) -> None:
        here = (span["start"], span["end"])
        if "InlineHtml" in event:
            self.closed.append(here)
            self._tag(*here)
            if not self._images:
                text = event["InlineHtml"].encode()
                if self._verbatim or (b"=" in text and is_worth_a_look(text)):
                    self.html.append([Piece(text, *here)])
        elif "Html" in event and self._block is not None:
            self._block.append(Piece(event["Html"].encode(), *here))

    def _tag(self, start: int, end: int) -> None:
        """Close the text between `<a>` and `</a>`, `<code>` and `</code>`: it is no bare URL."""
        name = _TAG.match(self.source, start, end)
        if name is None:
            return
        kind = name.group(2).lower()
        if not name.group(1):
            self._tags[kind] = start
        elif (opened := self._tags.pop(kind, None)) is not None:
            self.closed.append((opened, end))


def definitions(source: bytes, text: str) -> Iterator[tuple[Found, tuple[int, int]]]:
    """Yield the destination of every link reference definition that counts, with the definition's range."""
    for known in PARSER.reference_definitions(text).values():
        start, end = known["span"]["start"], known["span"]["end"]
        yield definition(source, start, end, known["dest"]), (start, end)


def definition(source: bytes, start: int, end: int, url: str) -> Found:
    """Return the destination of the link reference definition that stands there."""
    span = markdown_spans.definition(source, start, end, url)
    if span is None:
        return Found(start, end, url, "reference", unwritable=UNPROVED)
    layer = "md-angle" if markdown_spans.is_angle(source, span) else "md-destination"
    return Found(*span, url, "reference", (layer,), SKIP_MAIL if url[:7].lower() == "mailto:" else "")
