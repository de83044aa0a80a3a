"""What a repair does to the text: the link replaced, a copy put beside it, or a robust link. Pure."""

import re
from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from linkkeeper.extract import escape
from linkkeeper.fix import spelling
from linkkeeper.fix.surroundings import Surroundings
from linkkeeper.models.link import Link, Span
from linkkeeper.urls import archive_links

NEEDS_BYTES = "what surrounds the link is not known"
_ATTRIBUTES = {"html-double": b'"', "html-single": b"'", "html-unquoted": b""}
_ROBUST = re.compile(rb"""(["']?) data-originalurl="[^"<>]*"(?: data-versiondate="[^"<>]*")?""")
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)")


class Wanted(Protocol):
    """What is needed of a wanted repair: `plan.Want` has it."""

    @property
    def link(self) -> Link: ...
    @property
    def repair(self) -> str: ...
    @property
    def date(self) -> str | None: ...
    @property
    def written(self) -> bytes | None: ...


class Made(Struct, frozen=True):
    """The bytes of an edit, and how the links are read afterwards."""

    span: Span
    old: bytes
    new: bytes
    url_after: str
    adds: str = ""
    """URL of the link that the edit adds; empty if it adds none."""


def change(want: Wanted, url: str, style: str, around: Surroundings | None, bases: Sequence[str]) -> list[Made] | str:
    """Return how url gets into the text in a style (nothing if all is as wanted), or the reason why it cannot.

    Styles are forms of the archive repair; the others always replace.
    """
    if want.repair == "archive" and not archive_links.points_into(want.link.url, bases):
        if style == "append":
            return _append(want.link, url, around)
        if style == "robust" and _is_whole_attribute(want.link):
            return _robust(want, url, around)
    if want.repair == "revert" and around is not None and _is_whole_attribute(want.link):
        return _unrobust(want, url, around)
    return _replace(want, url)


def _replace(want: Wanted, url: str) -> list[Made] | str:
    link = want.link
    if want.written is not None and escape.decode(want.written, link.context) == url:
        return _made(link, want.written, url)
    spelled = spelling.spell(url, link)
    if spelled is None:
        return f"{_short(url)} cannot be written here ({link.kind})"
    return _made(link, *spelled)


def _made(link: Link, new: bytes, url: str) -> list[Made]:
    return [] if new == link.written else [Made(link.span, link.written, new, url)]


def _is_whole_attribute(link: Link) -> bool:
    layers = [layer for layer in link.context if not layer.startswith(escape.CHARSET)]
    return len(layers) == 1 and layers[0] in _ATTRIBUTES and link.kind != "srcset"


def _robust(want: Wanted, url: str, around: Surroundings | None) -> list[Made] | str:
    """Put url into the attribute, and what it stands for behind it (robustlinks.mementoweb.org/spec)."""
    if around is None:
        return NEEDS_BYTES
    link, quote = want.link, _ATTRIBUTES[want.link.context[0]]
    spelled = spelling.encoded(url, link.context)
    original = escape.encode(link.url, ("html-double",))
    if spelled is None or original is None:
        return f"{_short(url)} cannot be written here ({link.kind})"
    if around.in_tag_of(link, rb"data-(?:originalurl|versiondate)"):
        return _replace(want, url)
    gap = around.data[link.span.end : link.span.end + 1]
    if quote and gap != quote:
        return "its attribute holds more than the link"
    attributes = b' data-originalurl="%s"' % original
    day = want.date or _day_of(url)
    if day:
        attributes += b' data-versiondate="%s"' % day.encode("ascii", "replace")
    span = Span(link.span.start, link.span.end + len(quote))
    return [Made(span, link.written + quote, spelled[0] + quote + attributes, spelled[1])]


def _unrobust(want: Wanted, url: str, around: Surroundings) -> list[Made] | str:
    """Replace the link, and take away the attributes that `_robust` put behind it."""
    made = _replace(want, url)
    behind = _ROBUST.match(around.data, want.link.span.end)
    if isinstance(made, str) or not made or behind is None:
        return made
    span = Span(want.link.span.start, behind.end())
    return [Made(span, want.link.written + behind[0], made[0].new + behind[1], made[0].url_after)]


def _day_of(url: str) -> str:
    archived = archive_links.parse(url)
    day = _DAY.match(archived.timestamp) if archived else None
    return "-".join(day.groups()) if day else ""


def _append(link: Link, url: str, around: Surroundings | None) -> list[Made] | str:
    """Put a link to url behind the whole construct that holds the link."""
    if around is None:
        return NEEDS_BYTES
    places = around.behind(link)
    if isinstance(places, str):
        return places
    made: list[Made] = []
    for place in places:
        spelled = spelling.encoded(url, place.context)
        if spelled is None:
            return f"{_short(url)} cannot be written behind this link ({link.kind})"
        if not around.already_there(place):
            at = Span(place.offset, place.offset)
            made.append(Made(at, b"", place.before + spelled[0] + place.after, link.url, adds=spelled[1]))
    return made


def _short(url: str) -> str:
    return url if len(url) <= 120 else f"{url[:119]}…"
