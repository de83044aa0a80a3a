"""The text around a link: where its construct ends, and what else its tag holds. Pure."""

import re
from functools import cached_property
from pathlib import PurePath

from msgspec import Struct

from linkkeeper.extract import encodings, escape, front_matter, markdown, mdx, org
from linkkeeper.fix import html_places, markdown_places, markup_places, markup_prose
from linkkeeper.models.link import Link

NO_PLACE = markup_places.NO_PLACE
UNUSED = "nothing in the text refers to it"
NOT_UTF8 = "the text is not UTF-8: a copy can replace the link, not stand beside it"
_HTML = frozenset({"html-double", "html-single", "html-unquoted"})


class Place(Struct, frozen=True):
    """Where another link may be put, and how it is written there."""

    offset: int
    before: bytes
    after: bytes
    context: tuple[str, ...]
    ours: re.Pattern[bytes] | None = None
    """A copy that stands there already; None: what begins with `before`."""


class Surroundings:
    """A document, ready for questions about single links."""

    def __init__(self, document: str, data: bytes) -> None:
        self.data = data
        self._suffix = PurePath(document).suffix.lower()
        self._is_markdown = self._suffix in markdown.SUFFIXES

    def in_tag_of(self, link: Link, pattern: bytes) -> bool:
        """Say whether the tag that holds the link matches a pattern (lower-case)."""
        start = self.data.rfind(b"<", 0, link.span.start)
        end = self.data.find(b">", link.span.end)
        return re.search(pattern, self.data[max(start, 0) : end if end >= 0 else None].lower()) is not None

    def behind(self, link: Link) -> list[Place] | str:
        """Return the places behind the constructs that hold the link, or why there are none.

        Only a definition of Markdown has more than one place, behind each of its uses.
        """
        charset = tuple(layer for layer in link.context if layer.startswith(escape.CHARSET))
        layers = link.context[: len(link.context) - len(charset)]
        if len(layers) == 1 and layers[0] in _HTML and link.kind != "srcset":
            end = self._html.get(link.span.start)
            return NO_PLACE if end is None else [_html_place(end, charset)]
        if markup_prose.is_markup(self._suffix):
            return self._behind_markup(link, layers)
        if layers == ("bare",):
            return [Place(link.span.end, b" (archived: ", b")", link.context)]
        if layers and all(layer.startswith("md-") for layer in layers):
            return NOT_UTF8 if charset else self._behind_markdown(link)
        return NO_PLACE

    def _behind_markup(self, link: Link, layers: tuple[str, ...]) -> list[Place] | str:
        if self._text is None:
            return NOT_UTF8
        offset = link.span.start - self._body
        reason = NO_PLACE if offset < 0 else self._prose.why_not(offset)
        if reason:
            return reason
        if layers == ("bare",) and self._suffix in org.SUFFIXES:
            return [Place(link.span.end, b" (archived: ", b")", link.context)]
        found = markup_places.ending(self.data, link, self._suffix, self._prose.is_bracketed(offset))
        if isinstance(found, str):
            return found
        return [Place(found.offset, found.before, found.after, (found.layer,), found.ours)]

    def already_there(self, place: Place) -> bool:
        """Say whether a link that a fix put there stands there."""
        if place.ours is not None:
            return place.ours.match(self.data, place.offset) is not None
        return self.data.startswith(place.before, place.offset)

    def _behind_markdown(self, link: Link) -> list[Place] | str:
        if self._markdown is None:
            return NOT_UTF8
        offset = link.span.start - self._body
        if link.context[0] == "md-bare":
            return [self._markdown_place(link.span.end, "md-table" in link.context)]
        if link.kind == "reference":
            uses = self._markdown.uses(offset)
            places = [self._markdown_place(use.end + self._body, use.in_table) for use in uses or ()]
            return places or UNUSED
        construct = self._markdown.around(offset)
        return NO_PLACE if construct is None else [self._markdown_place(construct.end + self._body, construct.in_table)]

    def _markdown_place(self, end: int, in_table: bool) -> Place:
        table = ("md-table",) if in_table else ()
        jsx = ("md-jsx",) if self._suffix in mdx.SUFFIXES else ()
        return Place(end, b" ([archived](", b"))", ("md-destination", *table, *jsx))

    @cached_property
    def _html(self) -> dict[int, int]:
        if not self._is_markdown or self._markdown is None:
            return html_places.ends(self.data)
        text = bytearray(self.data)
        for start, end in self._markdown.code:
            text[start + self._body : end + self._body] = b" " * (end - start)
        return html_places.ends(bytes(text))

    @cached_property
    def _prose(self) -> markup_prose.Prose:
        return markup_prose.Prose(self._suffix, self.data[self._body :])

    @cached_property
    def _text(self) -> encodings.Text | None:
        text = encodings.read(self.data)
        return text if text is not None and text.encoding == "utf-8" else None

    @cached_property
    def _body(self) -> int:
        """Where the text begins, behind byte order mark and front matter."""
        return self._text.bom + front_matter.block(self._text.data).body_start if self._text else 0

    @cached_property
    def _markdown(self) -> markdown_places.Constructs | None:
        if self._text is None:
            return None
        return markdown_places.Constructs(self._text.data[self._body - self._text.bom :])


def _html_place(end: int, charset: tuple[str, ...]) -> Place:
    return Place(end, b' (<a href="', b'">archived</a>)', ("html-double", *charset))
