"""The text around a link: where its construct ends, and what else its tag holds. Pure."""

import re
from functools import cached_property

from msgspec import Struct

from linkkeeper.extract import html_tokens
from linkkeeper.models.link import Link

NO_PLACE = "there is no place beside it for another link"
_HTML_SUFFIXES = (".html", ".htm", ".xhtml", ".xht", ".shtml")
_HTML = (b' (<a href="', b'">archived</a>)', ("html-double",))


class Place(Struct, frozen=True):
    """Where another link may be put, and how it is written there."""

    offset: int
    before: bytes
    after: bytes
    context: tuple[str, ...]
    follows: bytes
    """The text that stands there now."""

    def already_there(self) -> bool:
        """Whether such a link stands there."""
        return self.follows.startswith(self.before)


class Surroundings:
    """A document and its links, ready for questions about single ones."""

    def __init__(self, data: bytes, links: tuple[Link, ...]) -> None:
        self.data = data
        self._links = links

    def in_tag_of(self, link: Link, pattern: bytes) -> bool:
        """Say whether the tag that holds the link matches a pattern (lower-case) elsewhere too."""
        start = self.data.rfind(b"<", 0, link.span.start)
        end = self.data.find(b">", link.span.end)
        return re.search(pattern, self.data[max(start, 0) : end if end >= 0 else None].lower()) is not None

    def behind(self, link: Link) -> Place | str:
        """Return the place behind the construct that holds the link, or why there is none."""
        if link.context and link.context[-1] in ("html-double", "html-single", "html-unquoted"):
            return self._behind_element(link)
        return NO_PLACE

    def _behind_element(self, link: Link) -> Place | str:
        if len(link.context) != 1 or link.kind == "srcset":
            return NO_PLACE
        end = self._ends.get(link.span.start)
        if end is None:
            return NO_PLACE
        before, after, context = _HTML
        return Place(end, before, after, context, self.data[end : end + 64])

    @cached_property
    def _ends(self) -> dict[int, int]:
        """Where each `<a href>` ends, by the offset of its destination."""
        return anchor_ends(self.data)


def anchor_ends(data: bytes) -> dict[int, int]:
    """Return the offset after `</a>` for every `<a href>` of HTML bytes, by the offset where its URL starts.

    Elements that are not closed before the next `<a` have no such place.
    """
    ends: dict[int, int] = {}
    waiting: int | None = None
    for token in html_tokens.tokens(data):
        match token:
            case html_tokens.StartTag(name=b"a"):
                waiting = _href(data, token)
            case html_tokens.EndTag(name=b"a"):
                if waiting is not None:
                    ends[waiting] = token.end
                waiting = None
    return ends


def _href(data: bytes, tag: html_tokens.StartTag) -> int | None:
    for attribute in html_tokens.attributes(data, tag):
        if attribute.name == b"href":
            value = data[attribute.start : attribute.end]
            return attribute.start + len(value) - len(value.lstrip(b"\t\n\f\r "))
    return None
