"""Links in HTML: files, and the HTML inside other formats."""

import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urljoin

from linkkeeper.extract import css, entities, html_urls, json_ld, meta_refresh, srcset, template
from linkkeeper.extract.base import SKIP_MAIL, SKIP_TEMPLATE, ExtractOptions, Found
from linkkeeper.extract.html_encoding import declared_encoding as declared_encoding
from linkkeeper.extract.html_tokens import Attribute, Comment, RawText, StartTag, attributes, tokens
from linkkeeper.extract.unescaped import Unescaped

SUFFIXES = frozenset({".html", ".htm", ".xhtml", ".xht", ".shtml"})
_QUOTES = {b'"': "html-double", b"'": "html-single", b"": "html-unquoted"}
_SPACE = b"\t\n\f\r "
_IN_URL = str.maketrans("", "", "\t\n\r")
_C0_OR_SPACE = "".join(map(chr, range(0x21)))
_WORDS = re.compile(rb"[^\t\n\f\r ]++")
_HAS_URL = re.compile(
    rb"href|src|cite|poster|longdesc|action|background|codebase|data|icon|manifest|classid|ping|profile"
    rb"|content|value|style",
    re.IGNORECASE,
)
_HAS_ANCHOR = re.compile(rb"\b(?:id|name)\b", re.IGNORECASE)
_JSON_SCRIPTS = frozenset({b"application/ld+json", b"importmap", b"speculationrules"})
_ABSOLUTE = re.compile(r"(?:https?:)?//[^\s/]", re.IGNORECASE)
_IN_DRAWING = "points into the drawing itself"
_Split = Callable[[bytes], Iterable[tuple[int, int]]]


def links(data: bytes, options: ExtractOptions) -> Iterator[Found]:
    """Yield every link in order of position."""
    yield from find(data, include_verbatim=options.include_verbatim)


def find(data: bytes, in_markdown: bool = False, include_verbatim: bool = False) -> Iterator[Found]:
    """Yield the links of HTML bytes, offsets relative to them.

    In Markdown an unquoted `{…}` is an MDX expression and `<base>` means nothing. With `include_verbatim`
    links inside comments count.
    """
    base = "" if in_markdown else _base(data)
    for token in tokens(data, xml=data.startswith(b"<?xml")):
        match token:
            case StartTag():
                if _HAS_URL.search(data, token.rest, token.end):
                    yield from _resolved(_in_tag(data, token, in_markdown), base)
            case RawText():
                yield from _resolved(_in_text(data, token), base)
            case Comment() if include_verbatim:
                inner = find(data[token.start : token.end], in_markdown, include_verbatim)
                yield from _resolved(_moved(inner, token.start), base)
            case _:
                pass


def anchors(data: bytes) -> frozenset[str]:
    """Return the `id` of every element and the `name` of every `<a>` and `<map>`."""
    found = set()
    for token in tokens(data):
        if isinstance(token, StartTag) and _HAS_ANCHOR.search(data, token.rest, token.end):
            for attribute in attributes(data, token):
                if attribute.name == b"id" or (attribute.name == b"name" and token.name == b"a"):
                    found.add(_text(_value(data, attribute).data))
    return frozenset(found - {""})


def url_of(value: bytes) -> str:
    """Return what a browser makes of a decoded URL attribute: trimmed, without tabs and line breaks."""
    return _text(value).strip(_C0_OR_SPACE).translate(_IN_URL)


def _base(data: bytes) -> str:
    """Return the document's base URL as written, or empty: relative links start there, wherever it stands."""
    if re.search(rb"<base[\t\n\f\r /]", data, re.IGNORECASE) is None:
        return ""
    for token in tokens(data):
        if isinstance(token, StartTag) and token.name == b"base" and not token.foreign:
            for attribute in attributes(data, token):
                if attribute.name == b"href":
                    url = url_of(_value(data, attribute).data)
                    return "" if _template(url, False) else url
    return ""


def _resolved(found: Iterable[Found], base: str) -> Iterator[Found]:
    for link in found:
        if base and link.url and not link.skip:
            try:
                url = urljoin(base, link.url)
            except ValueError:  # a broken host in brackets: the check says so
                url = link.url
            yield Found(link.start, link.end, url, link.kind, link.context, link.skip, link.unwritable)
        else:
            yield link


def _moved(found: Iterable[Found], by: int) -> Iterator[Found]:
    for link in found:
        yield Found(link.start + by, link.end + by, link.url, link.kind, link.context, link.skip, link.unwritable)


def _in_tag(data: bytes, tag: StartTag, in_markdown: bool) -> Iterator[Found]:
    values = attributes(data, tag)
    named = {attribute.name: attribute for attribute in values}
    for attribute in values:
        name = attribute.name
        if html_urls.is_url(tag.name, name):
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
        elif name == b"srcdoc" and tag.name == b"iframe":
            yield from _document(data, attribute)
        elif html_urls.bound(tag.name, name) and not attribute.bare:
            yield _one(data, attribute, SKIP_TEMPLATE, in_markdown)


def _template(url: str, expression: bool) -> bool:
    return template.in_url(url.encode()) or (expression and url.startswith("{"))


def _value(data: bytes, attribute: Attribute) -> Unescaped:
    return entities.attribute(data[attribute.start : attribute.end])


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace").replace("\0", "\ufffd")


def _lower(data: bytes, named: dict[bytes, Attribute], name: bytes) -> bytes:
    attribute = named.get(name)
    return b"" if attribute is None else _value(data, attribute).data.strip(_SPACE).lower()


def _one(data: bytes, attribute: Attribute, skip: str, in_markdown: bool) -> Found:
    raw = data[attribute.start : attribute.end]
    start = attribute.start + len(raw) - len(raw.lstrip(_SPACE))
    end = max(start, attribute.start + len(raw.rstrip(_SPACE)))
    url = url_of(entities.attribute(raw).data)
    if not skip and _template(url, in_markdown and not attribute.quote):
        skip = SKIP_TEMPLATE
    elif not skip and url[:7].lower() == "mailto:":
        skip = SKIP_MAIL
    unwritable = "the attribute has no value" if attribute.bare else ""
    return Found(start, end, url, "html", (_QUOTES[attribute.quote],), skip, unwritable)


def _why_not(data: bytes, tag: StartTag, attribute: Attribute, named: dict[bytes, Attribute]) -> str:
    if tag.name == b"base":
        return "where relative links start, not a link"
    if tag.name == b"link" and not html_urls.HINTS.isdisjoint(_lower(data, named, b"rel").split()):
        return "names a host to connect to, not a page"
    if tag.foreign and tag.name != b"a" and data[attribute.start : attribute.start + 1] == b"#":
        return _IN_DRAWING
    return ""


def _words(value: bytes) -> Iterator[tuple[int, int]]:
    for word in _WORDS.finditer(value):
        yield word.span()


def _several(data: bytes, attribute: Attribute, split: _Split, layer: str) -> Iterator[Found]:
    value = _value(data, attribute)
    kind = "srcset" if layer == "srcset" else "html"
    if _template(_text(value.data), False):
        yield Found(attribute.start, attribute.end, _text(value.data), kind, (), SKIP_TEMPLATE)
        return
    for start, end in split(value.data):
        url = url_of(value.data[start:end])
        yield _inside(attribute, value, (start, end), Found(0, 0, url, kind, (layer,)))


def _inside(attribute: Attribute, value: Unescaped, span: tuple[int, int], found: Found) -> Found:
    """Place a link of a decoded attribute value in the document."""
    source = value.source(*span)
    context = (*found.context, _QUOTES[attribute.quote])
    start, end = source or (value.source_of(span[0]), value.source_of(max(span[0], span[1] - 1)) + 1)
    unwritable = found.unwritable or ("" if source else "an escape reaches over the end of the URL")
    return Found(attribute.start + start, attribute.start + end, found.url, found.kind, context, found.skip, unwritable)


def _style(data: bytes, attribute: Attribute) -> Iterator[Found]:
    value = _value(data, attribute)
    for link in _sheet(value.data):
        yield _inside(attribute, value, (link.start, link.end), link)


def _sheet(sheet: bytes) -> Iterator[Found]:
    for found in css.urls(sheet):
        url = url_of(found.url)
        skip = SKIP_TEMPLATE if _template(url, False) else ""
        yield Found(found.start, found.end, url, "css", (found.context,), skip)


def _document(data: bytes, attribute: Attribute) -> Iterator[Found]:
    value = _value(data, attribute)
    for link in find(value.data, in_markdown=True):
        yield _inside(attribute, value, (link.start, link.end), link)


def _meta(data: bytes, attribute: Attribute, named: dict[bytes, Attribute]) -> Iterator[Found]:
    value = _value(data, attribute)
    if _lower(data, named, b"http-equiv") == b"refresh":
        target = meta_refresh.url(value.data)
        if target is not None:
            layer = {b'"': "refresh-double", b"'": "refresh-single"}.get(target[2], "refresh")
            url = url_of(value.data[target[0] : target[1]])
            skip = SKIP_TEMPLATE if _template(url, False) else ""
            yield _inside(attribute, value, target[:2], Found(0, 0, url, "html", (layer,), skip))
        return
    names = {_lower(data, named, name) for name in (b"property", b"name", b"itemprop")}
    url = url_of(value.data)
    if url and (not names.isdisjoint(html_urls.META_URLS) or (_ABSOLUTE.match(url) and " " not in url)):
        yield _one(data, attribute, "", False)


def _in_text(data: bytes, text: RawText) -> Iterator[Found]:
    content = data[text.start : text.end]
    if text.tag.name == b"style":
        yield from _moved(_sheet(content), text.start)
    elif text.tag.name == b"script" and b"//" in content:
        named = {attribute.name: attribute for attribute in attributes(data, text.tag)}
        if _lower(data, named, b"type") in _JSON_SCRIPTS:
            for start, end, url, vocabulary in json_ld.urls(content):
                skip = "names a term, not a page" if vocabulary else ""
                skip = SKIP_TEMPLATE if _template(url, False) else skip
                yield Found(text.start + start, text.start + end, url, "html", ("json",), skip)
