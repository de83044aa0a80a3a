"""What a page and a style sheet load, and what a page says of itself. Pure."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from enum import IntEnum
from typing import Any
from urllib.parse import quote_from_bytes

from msgspec import Struct

from linkkeeper.archive import links
from linkkeeper.archive.capture.directives import meta_forbids
from linkkeeper.extract import css, entities, meta_refresh, srcset
from linkkeeper.extract.html_tokens import Attribute, EndTag, RawText, StartTag, attributes, tokens
from linkkeeper.extract.html_values import is_template, text_of, url_of, value_of
from linkkeeper.net import redirects, target

MOST = 2000
"""References of one document that are looked at; the limits of a page lie far below."""
TITLE_LENGTH = 300
_LONGEST = 8192
_PATIENCE_S = 15
"""A meta refresh later than this is no redirect: people read the page."""


class Use(IntEnum):
    """What a reference is for, in the order in which they are fetched: what the page's look needs most comes first."""

    SHEET = 0
    SCRIPT = 1
    IMAGE = 2
    """Also fonts: whatever a style sheet loads."""
    DOCUMENT = 3
    """A frame, or the page that a meta refresh leads to: it has requisites of its own."""
    CANDIDATE = 4
    """One of a `srcset`, or what a script will load when it is scrolled to."""
    ICON = 5
    MEDIA = 6
    """Video and sound, and what is embedded; fetched only if there is room for all of it."""


class Reference(Struct, frozen=True, gc=False):
    """One thing that a document loads: an absolute http or https URL without fragment."""

    url: str
    use: Use


class Contents(Struct, frozen=True):
    """What an HTML page says."""

    title: str = ""
    noarchive: bool = False
    referrer: str = ""
    """Its referrer policy, lower case; empty: the usual one."""
    references: tuple[Reference, ...] = ()
    encoding: str = "utf-8"
    """That it came in, by Python's name."""


_Found = Iterator[tuple[str, Use]]
_SRC = {
    b"img": Use.IMAGE, b"script": Use.SCRIPT, b"iframe": Use.DOCUMENT, b"frame": Use.DOCUMENT, b"embed": Use.MEDIA,
    b"video": Use.MEDIA, b"audio": Use.MEDIA, b"source": Use.MEDIA, b"track": Use.MEDIA, b"input": Use.IMAGE,
    b"bgsound": Use.MEDIA, b"amp-img": Use.IMAGE,
}  # fmt: skip
_DRAWN = {b"image": Use.IMAGE, b"use": Use.IMAGE, b"feimage": Use.IMAGE, b"script": Use.SCRIPT}
"""Elements of SVG whose `href` is loaded."""
_RELS = {
    b"stylesheet": Use.SHEET, b"icon": Use.ICON, b"apple-touch-icon": Use.ICON,
    b"apple-touch-icon-precomposed": Use.ICON, b"mask-icon": Use.ICON, b"fluid-icon": Use.ICON,
    b"modulepreload": Use.SCRIPT, b"manifest": Use.ICON,
}  # fmt: skip
_PRELOADS = {b"style": Use.SHEET, b"script": Use.SCRIPT, b"font": Use.IMAGE, b"image": Use.IMAGE, b"fetch": Use.IMAGE}
_JAVASCRIPT = frozenset({b"module", b"text/javascript", b"application/javascript", b"application/x-javascript"})
_LAZY = frozenset(
    b"data-src data-original data-original-src data-lazy data-lazy-src data-lazyload data-ll-src data-actualsrc"
    b" data-echo data-hires data-hi-res-src data-full-src data-image data-img data-img-src data-img-url data-poster"
    b" data-cfsrc data-ks-lazyload data-real-src data-backsrc data-croporisrc real_src _src file zoomfile".split()
)
"""Where scripts that load pictures late keep their addresses (plugins' documents, and pages as observed, 2026)."""
_LAZY_SETS = frozenset(b"data-srcset data-lazy-srcset data-original-set data-ll-srcset".split())
_LAZY_BACKGROUNDS = frozenset(
    b"data-bg data-background data-background-image data-bgset data-bg-src data-lazy-bg data-lazy-background".split()
)
_LAZY_ON = frozenset({b"img", b"source", b"picture", b"video", b"audio", b"amp-img"})
_BACKGROUND_ON = frozenset(b"body table thead tbody tfoot tr td th".split())
_FORBIDDING = re.compile(rb"noarchive|nocache|&#", re.IGNORECASE)
"""What a page without `noarchive` in its markup has none of; it may be written with character references."""
_IMPORT = re.compile(rb"\b(?:from|import)[\t\n\r ]*+(?:\([\t\n\r ]*+)?[\"']((?:\.{0,2}/|https?://)[!-~]{1,1000}?)[\"']")
_HIGH = re.compile(r"[^\x00-\x7f]++")
_MAP_LIMIT = 256 * 1024
_NO_ADDRESS = re.compile(r"[\s<>{}\"']")
_SECONDS = re.compile(rb"[\t\n\f\r ]*([0-9]{1,9})")
_SCHEME = re.compile(r"https?://[^/?#@]+(?=[/?#\\]|\Z)", re.IGNORECASE)


def read_html(data: bytes, url: str, encoding: str = "utf-8") -> Contents:
    """Return what the page at url says; data in UTF-8. Damaged markup yields what can be read.

    encoding: that the page came in, by Python's name; queries are written in it.
    """
    reader = _Reader(data)
    found = _take(reader.found(), to_the_end=_FORBIDDING.search(data) is not None)
    base = _absolute(url, reader.base) or url
    references = tuple(_resolved(found, base, encoding))
    return Contents(reader.title, reader.noarchive, reader.referrer, references, encoding)


def read_css(sheet: bytes, url: str) -> tuple[Reference, ...]:
    """Return what the style sheet at url loads: imports, pictures, fonts."""
    return tuple(_resolved(_take(_in_sheet(sheet), to_the_end=False), url))


def read_script(script: bytes, url: str) -> tuple[Reference, ...]:
    """Return the modules that the script at url imports by an address of its own (HTML, 8.1.6.2): no bare names."""
    return tuple(_resolved(_take(_imports(script), to_the_end=False), url))


def read_links(field: str, url: str) -> tuple[Reference, ...]:
    """Return what the `Link` field of the answer at url has a browser load (HTML, 4.2.4.4)."""
    found = (
        (written, use)
        for written, rels, values in links.named(field[:_LONGEST])
        if (use := _use_of({rel.encode() for rel in rels}, values.get("as", "").lower().encode())) is not None
    )
    return tuple(_resolved(_take(found, to_the_end=False), url))


def _use_of(rels: Collection[bytes], kind: bytes) -> Use | None:
    """Return what a link of these relations is loaded for; None if it is not. `kind`: its `as`."""
    uses = [_RELS[rel] for rel in rels if rel in _RELS]
    if b"preload" in rels and kind in _PRELOADS:
        uses.append(_PRELOADS[kind])
    return min(uses, default=None)


def _take(found: _Found, to_the_end: bool) -> list[tuple[str, Use]]:
    """Return the first of what is found, having looked at all if asked: a page may say late that it wants no copies."""
    kept: list[tuple[str, Use]] = []
    for one in found:
        if one[0] and len(kept) < MOST:
            kept.append(one)
        elif one[0] and not to_the_end:
            break
    return kept


def _resolved(found: Iterable[tuple[str, Use]], base: str, encoding: str = "utf-8") -> Iterator[Reference]:
    """Make references absolute; each URL once, in the use that comes first."""
    uses: dict[str, Use] = {}
    for written, use in found:
        url = _absolute(base, written if written.isascii() else _query_in(encoding, written))
        if url:
            uses[url] = min(use, uses.get(url, use))
    for url, use in uses.items():
        yield Reference(url, use)


def _absolute(base: str, written: str) -> str:
    """Return the URL as it will be requested; empty for what is not http or https, and for one with userinfo."""
    if not written or len(written) > _LONGEST or written.lstrip()[:1] == "#" or is_template(written):
        return ""
    try:
        url = redirects.join(base, written)
        return target.parse(url).url if _SCHEME.match(url) else ""
    except ValueError:
        return ""


def _query_in(encoding: str, written: str) -> str:
    """Write the query of a URL in the page's own encoding, as browsers do (URL, "query state"; never in UTF-16)."""
    if encoding == "utf-8" or encoding.startswith(("utf-16", "utf-32")):
        return written
    before, mark, rest = written.partition("?")
    query, hash_mark, fragment = rest.partition("#")
    return before + mark + _HIGH.sub(lambda run: _escaped(run[0], encoding), query) + hash_mark + fragment


def _escaped(text: str, encoding: str) -> str:
    data = text.encode(encoding, "xmlcharrefreplace")
    return quote_from_bytes(data, safe="")


def _in_sheet(sheet: bytes, use: Use = Use.IMAGE) -> _Found:
    for found in css.urls(sheet):
        yield url_of(found.url), Use.SHEET if _is_sheet(found.url) else use


def _imports(script: bytes) -> _Found:
    for match in _IMPORT.finditer(script):
        yield match[1].decode("ascii", "ignore"), Use.SCRIPT


def _mapped(text: bytes) -> list[str]:
    """Return the addresses that an import map gives to names (HTML, 8.1.6.4); a folder is none."""
    try:
        told = json.loads(text) if len(text) <= _MAP_LIMIT else None
    except (ValueError, RecursionError):
        return []
    parts = [told.get("imports"), *_values(told.get("scopes"))] if isinstance(told, dict) else []
    urls = [url for part in parts for url in _values(part)]
    return [url for url in urls if isinstance(url, str) and not url.endswith("/")]


def _values(part: object) -> list[Any]:
    return list(part.values()) if isinstance(part, dict) else []


def _is_sheet(url: bytes) -> bool:
    return url.partition(b"?")[0].partition(b"#")[0].lower().endswith(b".css")


class _Reader:
    """One pass over a page."""

    def __init__(self, data: bytes, frames: bool = True) -> None:
        """frames: read the documents that frames have in the markup, too."""
        self._data, self._frames = data, frames
        self.base = self.title = self.referrer = ""
        self.noarchive = False
        self._titled = False

    def found(self) -> _Found:
        """Yield what is loaded, as written, in order; the rest is known once this has ended."""
        drawn_style = -1
        for token in tokens(self._data, plain=False):
            if isinstance(token, StartTag):
                yield from self._tag(token)
                drawn_style = token.end if token.foreign and token.name == b"style" else -1
            elif isinstance(token, RawText):
                yield from self._text(token)
            elif isinstance(token, EndTag) and drawn_style >= 0:  # in SVG a style sheet is text among tags
                yield from _in_sheet(self._data[drawn_style : token.start])
                drawn_style = -1

    def _text(self, text: RawText) -> _Found:
        content = self._data[text.start : text.end]
        if text.tag.name == b"style":
            yield from _in_sheet(content)
        elif text.tag.name == b"script":
            yield from self._script(text, content)
        elif text.tag.name == b"title" and not self._titled:
            self._titled = True
            self.title = " ".join(text_of(entities.text(content[:_LONGEST]).data).split())[:TITLE_LENGTH]

    def _script(self, text: RawText, content: bytes) -> _Found:
        kind = value_of(self._data, values[b"type"]).data if b"type" in (values := self._attributes(text.tag)) else b""
        kind = kind.strip().lower()
        if kind == b"importmap":
            yield from ((url, Use.SCRIPT) for url in _mapped(content))
        elif not kind or kind in _JAVASCRIPT:
            yield from _imports(content)

    def _attributes(self, tag: StartTag) -> dict[bytes, Attribute]:
        return {one.name: one for one in attributes(self._data, tag)}

    def _tag(self, tag: StartTag) -> _Found:
        values, name = self._attributes(tag), tag.name
        if name == b"base":
            self.base = self.base or self._url(values, b"href")
        elif name == b"meta":
            yield from self._meta(values)
        elif name == b"link":
            yield from self._link(values)
        elif tag.foreign and name in _DRAWN:
            yield self._url(values, b"href") or self._url(values, b"xlink:href"), _DRAWN[name]
        elif name in _SRC:
            yield self._url(values, b"src"), _SRC[name]
        elif name == b"object":
            yield self._url(values, b"data"), Use.MEDIA
        yield from self._anywhere(name, values)

    def _anywhere(self, name: bytes, values: dict[bytes, Attribute]) -> _Found:
        for key, value in values.items():
            if key in (b"srcset", b"imagesrcset") or key in _LAZY_SETS:
                yield from self._set(value)
            elif key == b"style":
                yield from _in_sheet(value_of(self._data, value).data)
            elif key == b"poster" or (key == b"background" and name in _BACKGROUND_ON):
                yield self._url(values, key), Use.IMAGE
            elif key == b"srcdoc" and name == b"iframe" and self._frames:  # one inside the other would never end
                yield from _Reader(value_of(self._data, value).data, frames=False).found()
            elif key in _LAZY and name in _LAZY_ON:
                yield from self._lazy(values, key, Use.CANDIDATE)
            elif key == b"data-src" and name == b"iframe":
                yield from self._lazy(values, key, Use.DOCUMENT)
            elif key in _LAZY_BACKGROUNDS:
                yield from self._background(values, key)

    def _meta(self, values: dict[bytes, Attribute]) -> _Found:
        name, content = self._text_of(values, b"name"), self._text_of(values, b"content")
        self.noarchive = self.noarchive or meta_forbids(name, content)
        if name.strip().lower() == "referrer":
            self.referrer = content.strip().lower()
        if self._text_of(values, b"http-equiv").strip().lower() == "refresh":
            order = content.encode("utf-8", "replace")
            seconds, onward = _SECONDS.match(order), meta_refresh.url(order)
            if onward is not None and (seconds is None or int(seconds[1]) <= _PATIENCE_S):
                yield url_of(order[onward[0] : onward[1]]), Use.DOCUMENT

    def _link(self, values: dict[bytes, Attribute]) -> _Found:
        rels = self._text_of(values, b"rel").lower().encode("utf-8", "replace").split()
        use = _use_of(rels, self._text_of(values, b"as").strip().lower().encode("utf-8", "replace"))
        if use is not None:
            yield self._url(values, b"href"), use

    def _set(self, value: Attribute) -> _Found:
        written = value_of(self._data, value).data
        for start, end in srcset.urls(written):
            yield url_of(written[start:end]), Use.CANDIDATE

    def _lazy(self, values: dict[bytes, Attribute], key: bytes, use: Use) -> _Found:
        url = self._url(values, key)
        if len(url) <= _LONGEST and ("/" in url or "." in url) and not _NO_ADDRESS.search(url):
            yield url, use

    def _background(self, values: dict[bytes, Attribute], key: bytes) -> _Found:
        written = value_of(self._data, values[key]).data
        if b"url(" in written.lower():
            yield from _in_sheet(written, Use.CANDIDATE)
        else:
            yield from self._lazy(values, key, Use.CANDIDATE)

    def _url(self, values: dict[bytes, Attribute], key: bytes) -> str:
        return url_of(value_of(self._data, values[key]).data) if key in values else ""

    def _text_of(self, values: dict[bytes, Attribute], key: bytes) -> str:
        return text_of(value_of(self._data, values[key]).data) if key in values else ""
