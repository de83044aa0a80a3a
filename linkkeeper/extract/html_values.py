"""The URLs in one HTML tag or one text-only element, placed in the document."""

import re
from collections.abc import Callable, Iterable, Iterator

from linkkeeper.extract import css, entities, html_urls, json_ld, meta_refresh, srcset, template
from linkkeeper.extract.base import SKIP_MAIL, SKIP_TEMPLATE, Found
from linkkeeper.extract.html_tokens import Attribute, RawText, StartTag, attributes
from linkkeeper.extract.unescaped import Unescaped

_QUOTES = {b'"': "html-double", b"'": "html-single", b"": "html-unquoted"}
_SPACE = b"\t\n\f\r "
_IN_URL = str.maketrans("", "", "\t\n\r")
_C0_OR_SPACE = "".join(map(chr, range(0x21)))
_WORDS = re.compile(rb"[^\t\n\f\r ]++")
_JSON_SCRIPTS = frozenset({b"application/ld+json", b"importmap", b"speculationrules"})
_ABSOLUTE = re.compile(r"(?:https?:)?//[^\s/]", re.IGNORECASE)
_MAY_BE_EMPTY = frozenset({b"href", b"src", b"xlink:href"})
"""Where nothing stands although a link was meant; an empty `action` means this page."""
_BASE = "where relative links start, not a link"
_HOST = "names a host to connect to, not a page"
_IN_DRAWING = "points into the drawing itself"
_TERM = "names a term, not a page"
_MAY_LOAD = re.compile(rb"[(@&]")
"""What a style sheet has in it that loads something, or a reference that may stand for it."""
_Split = Callable[[bytes], Iterable[tuple[int, int]]]


def url_of(value: bytes) -> str:
    """Return what a browser makes of a decoded URL attribute: trimmed, without tabs and line breaks."""
    text = text_of(value)
    if text.isprintable():  # nearly all: there is no tab, no line break, and no space but " "
        return text.strip(" ")
    return text.strip(_C0_OR_SPACE).translate(_IN_URL)


def text_of(value: bytes) -> str:
    """Return the text of a decoded attribute value."""
    return value.decode("utf-8", "replace").replace("\0", "\ufffd")


def value_of(data: bytes, attribute: Attribute) -> Unescaped:
    """Return an attribute's value with its character references decoded."""
    return entities.attribute(data[attribute.start : attribute.end])


def is_template(url: str, expression: bool = False) -> bool:
    """Whether a URL has yet to be filled in; with `expression`, an unquoted `{…}` is one (MDX, JSX)."""
    if "{" not in url and "}" not in url and "<" not in url and "%>" not in url:
        return False
    return template.in_url(url.encode()) or "<?" in url or "#{" in url or (expression and url.startswith("{"))


def in_tag(data: bytes, tag: StartTag, in_markdown: bool) -> Iterator[Found]:
    """Yield the links in the attributes of a tag."""
    values = attributes(data, tag)
    named = {attribute.name: attribute for attribute in values}
    for attribute in values:
        name = attribute.name
        if not html_urls.may_hold_one(tag.name, name):
            continue
        if html_urls.is_url(tag.name, name):
            if attribute.start == attribute.end and name not in _MAY_BE_EMPTY:
                continue
            yield _one(data, attribute, _why_not(data, tag, attribute, named), in_markdown)
        elif name in html_urls.SRCSETS:
            yield from _several(data, attribute, srcset.urls, "srcset")
        elif tag.name in html_urls.LISTS.get(name, ()):
            yield from _several(data, attribute, _words, "url-list")
        elif name == b"style":
            yield from _style(data, attribute)
        elif name == b"content" and tag.name == b"meta":
            yield from _meta(data, attribute, named)
        elif name == b"value" and tag.name == b"param" and _lower(data, named, b"name") in html_urls.PARAMETERS:
            yield _one(data, attribute, "", in_markdown)
        elif html_urls.bound(tag.name, name) and not attribute.bare:
            yield _one(data, attribute, SKIP_TEMPLATE, in_markdown)


def _lower(data: bytes, named: dict[bytes, Attribute], name: bytes) -> bytes:
    attribute = named.get(name)
    return b"" if attribute is None else entities.in_value(data[attribute.start : attribute.end]).strip(_SPACE).lower()


def _one(data: bytes, attribute: Attribute, skip: str, in_markdown: bool) -> Found:
    raw = data[attribute.start : attribute.end]
    start = attribute.start + len(raw) - len(raw.lstrip(_SPACE))
    end = max(start, attribute.start + len(raw.rstrip(_SPACE)))
    url = url_of(entities.in_value(raw))
    if not skip and is_template(url, in_markdown and not attribute.quote):
        skip = SKIP_TEMPLATE
    elif not skip and url[:7].lower() == "mailto:":
        skip = SKIP_MAIL
    unwritable = "the attribute has no value" if attribute.bare else ""
    return Found(start, end, url, "html", (_QUOTES[attribute.quote],), skip, unwritable)


def _why_not(data: bytes, tag: StartTag, attribute: Attribute, named: dict[bytes, Attribute]) -> str:
    if tag.name == b"base":
        return _BASE
    if tag.name == b"link" and not html_urls.HINTS.isdisjoint(_lower(data, named, b"rel").split()):
        return _HOST
    if tag.foreign and tag.name != b"a" and data[attribute.start : attribute.start + 1] == b"#":
        return _IN_DRAWING
    return ""


def _words(value: bytes) -> Iterator[tuple[int, int]]:
    for word in _WORDS.finditer(value):
        yield word.span()


def _several(data: bytes, attribute: Attribute, split: _Split, layer: str) -> Iterator[Found]:
    value = value_of(data, attribute)
    kind = "srcset" if layer == "srcset" else "html"
    if is_template(text_of(value.data)):
        yield Found(attribute.start, attribute.end, text_of(value.data), kind, (), SKIP_TEMPLATE)
        return
    for start, end in split(value.data):
        url = url_of(value.data[start:end])
        yield inside(attribute, value, (start, end), Found(0, 0, url, kind, (layer,)))


def inside(attribute: Attribute, value: Unescaped, span: tuple[int, int], found: Found) -> Found:
    """Place a link of a decoded attribute value in the document."""
    source = value.source(*span)
    context = (*found.context, _QUOTES[attribute.quote])
    start, end = source or (value.source_of(span[0]), value.source_of(max(span[0], span[1] - 1)) + 1)
    unwritable = found.unwritable or ("" if source else "an escape reaches over the end of the URL")
    return Found(attribute.start + start, attribute.start + end, found.url, found.kind, context, found.skip, unwritable)


def _style(data: bytes, attribute: Attribute) -> Iterator[Found]:
    if not _MAY_LOAD.search(data, attribute.start, attribute.end):
        return  # as nearly all
    value = value_of(data, attribute)
    for link in _sheet(value.data):
        yield inside(attribute, value, (link.start, link.end), link)


def _sheet(sheet: bytes) -> Iterator[Found]:
    for found in css.urls(sheet):
        url = url_of(found.url)
        skip = SKIP_TEMPLATE if is_template(url) else ""
        yield Found(found.start, found.end, url, "css", (found.context,), skip)


def _meta(data: bytes, attribute: Attribute, named: dict[bytes, Attribute]) -> Iterator[Found]:
    value = value_of(data, attribute)
    if _lower(data, named, b"http-equiv") == b"refresh":
        target = meta_refresh.url(value.data)
        if target is not None:
            layer = {b'"': "refresh-double", b"'": "refresh-single"}.get(target[2], "refresh")
            url = url_of(value.data[target[0] : target[1]])
            skip = SKIP_TEMPLATE if is_template(url) else ""
            yield inside(attribute, value, target[:2], Found(0, 0, url, "html", (layer,), skip))
        return
    names = {_lower(data, named, name) for name in (b"property", b"name", b"itemprop")}
    url = url_of(value.data)
    if url and (not names.isdisjoint(html_urls.META_URLS) or (_ABSOLUTE.match(url) and " " not in url)):
        yield _one(data, attribute, "", False)


def in_text(data: bytes, text: RawText) -> Iterator[Found]:
    """Yield the links in a style sheet or in JSON-LD."""
    content = data[text.start : text.end]
    if text.tag.name == b"style":
        for link in _sheet(content):
            start, end = link.start + text.start, link.end + text.start
            yield Found(start, end, link.url, link.kind, link.context, link.skip)
    elif text.tag.name == b"script" and b":" in content:
        named = {attribute.name: attribute for attribute in attributes(data, text.tag)}
        if _lower(data, named, b"type") in _JSON_SCRIPTS:
            for start, end, url, vocabulary in json_ld.urls(content):
                skip = _TERM if vocabulary else ""
                skip = SKIP_TEMPLATE if is_template(url) else skip
                yield Found(text.start + start, text.start + end, url, "html", ("json-ld",), skip)
