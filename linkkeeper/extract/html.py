"""Links in HTML: files, and the HTML inside other formats."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urljoin

from ahocorasick_rs import BytesAhoCorasick, Implementation

from linkkeeper.extract.base import ExtractOptions, Found
from linkkeeper.extract.html_encoding import declared_encoding as declared_encoding
from linkkeeper.extract.html_ignore import exempt
from linkkeeper.extract.html_tokens import Comment, RawText, StartTag, attributes, tokens
from linkkeeper.extract.html_values import in_tag, in_text, inside, is_template, text_of, url_of, value_of

SUFFIXES = frozenset({".html", ".htm", ".xhtml", ".xht", ".shtml"})
_URL_WORDS = (
    b"href src cite poster longdesc action background codebase data icon manifest classid ping profile"
    b" content value style"
).split()
_HAS_URL = re.compile(b"|".join(_URL_WORDS), re.IGNORECASE)
_HAS_URL_OR_TEXT = BytesAhoCorasick([*_URL_WORDS, b"<script"], implementation=Implementation.DFA)
"""For small letters: takes a fourth of what the regular expressions take."""
_FEW_BYTES = 1 << 14
_WITH_TEXT = re.compile(rb"<(?:style|script)", re.IGNORECASE)
_HAS_ANCHOR = re.compile(rb"\b(?:id|name)\b", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def links(data: bytes, options: ExtractOptions) -> Iterator[Found]:
    """Yield every link in order of position."""
    return exempt(data, find(data, include_verbatim=options.include_verbatim), options)


def find(data: bytes, in_markdown: bool = False, include_verbatim: bool = False) -> Iterator[Found]:
    """Return the links of HTML bytes, offsets relative to them.

    In Markdown an unquoted `{…}` is an MDX expression and `<base>` means nothing. With `include_verbatim`
    links inside comments count.
    """
    base = "" if in_markdown else _base(data)
    found = _found(data, in_markdown, include_verbatim, nested=False)
    return _resolved(found, base) if base else found


def may_have_url(data: bytes) -> bool:
    """Tell whether a look for links is worth it. It is cheaper, and comments do not count."""
    if b"=" not in data:
        return b"<" in data and _WITH_TEXT.search(data) is not None
    if len(data) < _FEW_BYTES:
        return bool(_HAS_URL_OR_TEXT.find_matches_as_indexes(data.lower()))
    return _HAS_URL.search(data) is not None or _WITH_TEXT.search(data) is not None


def anchors(data: bytes) -> frozenset[str]:
    """Return the `id` of every element and the `name` of every `<a>`."""
    found = set()
    for token in tokens(data, plain=False):
        if isinstance(token, StartTag) and _HAS_ANCHOR.search(data, token.rest, token.end):
            for attribute in attributes(data, token):
                if attribute.name == b"id" or (attribute.name == b"name" and token.name == b"a"):
                    found.add(text_of(value_of(data, attribute).data))
    return frozenset(found - {""})


def _names_url(data: bytes, tag: StartTag) -> bool:
    """Tell whether a look at the attributes of a tag is worth it."""
    if tag.end - tag.rest < _FEW_BYTES:
        return bool(_HAS_URL_OR_TEXT.find_matches_as_indexes(data[tag.rest : tag.end].lower()))
    return _HAS_URL.search(data, tag.rest, tag.end) is not None


def _found(data: bytes, in_markdown: bool, include_verbatim: bool, nested: bool) -> Iterator[Found]:
    """Yield links as written. What is inside a comment or a `srcdoc` is looked at once, not what is inside that."""
    for token in tokens(data, xml=data.startswith(b"<?xml"), plain=False):
        match token:
            case StartTag():
                if _names_url(data, token):
                    yield from in_tag(data, token, in_markdown)
                    if token.name == b"iframe" and not nested:
                        yield from _in_srcdoc(data, token)
            case RawText():
                yield from in_text(data, token)
            case Comment() if include_verbatim and not nested:
                for link in _found(data[token.start : token.end], in_markdown, False, nested=True):
                    start, end = link.start + token.start, link.end + token.start
                    yield Found(start, end, link.url, link.kind, link.context, link.skip, link.unwritable)
            case _:
                pass


def _in_srcdoc(data: bytes, tag: StartTag) -> Iterator[Found]:
    for attribute in attributes(data, tag):
        if attribute.name == b"srcdoc":
            value = value_of(data, attribute)
            for link in _found(value.data, in_markdown=True, include_verbatim=False, nested=True):
                yield inside(attribute, value, (link.start, link.end), link)


def _base(data: bytes) -> str:
    """Return the document's base URL as written, or empty: relative links start there, wherever it stands."""
    if re.search(rb"<base[\t\n\f\r /]", data, re.IGNORECASE) is None:
        return ""
    for token in tokens(data, plain=False):
        if isinstance(token, StartTag) and token.name == b"base" and not token.foreign:
            for attribute in attributes(data, token):
                if attribute.name == b"href":
                    url = url_of(value_of(data, attribute).data)
                    return "" if is_template(url) else url
    return ""


def _resolved(found: Iterable[Found], base: str) -> Iterator[Found]:
    for link in found:
        url = link.url
        if url and not link.skip and not _SCHEME.match(url):
            try:
                url = urljoin(base, url)
            except ValueError:  # a broken host in brackets: the check says so
                url = link.url
        yield Found(link.start, link.end, url, link.kind, link.context, link.skip, link.unwritable)
