"""Links in RSS, Atom, sitemaps and OPML. Other XML holds none that we know of."""

from collections.abc import Iterator

from linkkeeper.extract import entities, html, xml_tokens
from linkkeeper.extract.base import SKIP_MAIL, SKIP_TEMPLATE, ExtractOptions, Found
from linkkeeper.extract.html_encoding import declared_encoding as declared_encoding
from linkkeeper.extract.template import in_url
from linkkeeper.extract.unescaped import Builder, Unescaped

SUFFIXES = frozenset({".xml", ".rss", ".atom", ".opml"})
_ROOTS = frozenset({b"rss", b"rdf", b"feed", b"urlset", b"sitemapindex", b"opml"})
_URL_ELEMENTS = frozenset(
    b"link comments guid docs loc icon logo uri commentrss content_loc player_loc thumbnail_loc origlink url"
    b" origenclosurelink".split()
)
"""Elements whose text is a URL (by local name, lower case); `url` is that of a channel's image."""
_HTML_ELEMENTS = frozenset(b"description encoded summary content title subtitle rights tagline info".split())
_TEXT_ELEMENTS = _URL_ELEMENTS | _HTML_ELEMENTS
_URL_ATTRIBUTES = frozenset(b"href src url uri xmlurl htmlurl".split())
_QUOTES = {b'"': "xml-double", b"'": "xml-single"}
_SPACE = b" \t\r\n"


class _Open:
    """An element whose text is collected."""

    def __init__(self, name: bytes, is_html: bool) -> None:
        self.name = name
        self.is_html = is_html
        self.builder = Builder()
        self.cdata = False
        self.plain = False


def links(data: bytes, options: ExtractOptions) -> Iterator[Found]:
    """Yield every link in order of position."""
    del options  # comments in feeds are nobody's text
    root = b""
    collecting: _Open | None = None
    for token in xml_tokens.tokens(data):
        match token:
            case xml_tokens.Start():
                root = root or _local(token.name)
                if root not in _ROOTS:
                    return
                if token.rest[0] < token.rest[1]:
                    yield from _in_tag(data, token)
                collecting = None if token.empty else _opened(data, token)
            case xml_tokens.Text() if collecting is not None:
                _collect(data, token, collecting)
            case xml_tokens.End():
                if collecting is not None and token.name == collecting.name:
                    yield from _in_element(collecting)
                collecting = None
            case xml_tokens.Instruction():
                yield from _style_sheet(data, token)
            case _:
                pass


def anchors(data: bytes) -> frozenset[str]:
    """Return nothing: nobody links into a feed."""
    del data
    return frozenset()


def _local(name: bytes) -> bytes:
    return name.rpartition(b":")[2].lower()


def _opened(data: bytes, tag: xml_tokens.Start) -> _Open | None:
    local = _local(tag.name)
    if local not in _TEXT_ELEMENTS:
        return None
    values = {
        attribute.name.lower(): data[attribute.start : attribute.end].strip().lower()
        for attribute in xml_tokens.attributes(data, *tag.rest)
    }
    if local in _HTML_ELEMENTS:
        return None if values.get(b"type") == b"xhtml" else _Open(tag.name, is_html=True)
    if local in _URL_ELEMENTS and b"href" not in values:
        return None if local == b"guid" and values.get(b"ispermalink") == b"false" else _Open(tag.name, is_html=False)
    return None


def _collect(data: bytes, text: xml_tokens.Text, element: _Open) -> None:
    written = data[text.start : text.end]
    if text.cdata:
        element.cdata = True
        element.builder.plain(written, text.start)
    elif element.cdata and not written.strip():
        return  # white space after the CDATA section
    else:
        element.plain = element.plain or bool(written.strip())
        entities.xml_into(element.builder, written, text.start)


def _in_element(element: _Open) -> Iterator[Found]:
    text = element.builder.done()
    layer = "xml-cdata" if element.cdata else "xml-text"
    mixed = "its element mixes CDATA with other text" if element.cdata and element.plain else ""
    if element.is_html:
        for link in html.find(text.data, in_markdown=True):
            yield _placed(text, link, layer, mixed)
        return
    start = len(text.data) - len(text.data.lstrip(_SPACE))
    end = len(text.data.rstrip(_SPACE))
    if start < end and not (_local(element.name) == b"guid" and b"://" not in text.data):
        yield _placed(text, _found(text.data[start:end], start, end, ()), layer, mixed)


def _found(url: bytes, start: int, end: int, context: tuple[str, ...]) -> Found:
    text = url.decode("utf-8", "replace")
    skip = SKIP_TEMPLATE if in_url(url) else SKIP_MAIL if text[:7].lower() == "mailto:" else ""
    return Found(start, end, text, "feed", context, skip)


def _placed(text: Unescaped, link: Found, layer: str, mixed: str) -> Found:
    source = text.source(link.start, link.end)
    start, end = source or (text.source_of(link.start), text.source_of(max(link.start, link.end - 1)) + 1)
    why = link.unwritable or mixed or ("" if source else "the URL runs over several pieces of text")
    return Found(start, end, link.url, link.kind, (*link.context, layer), link.skip, why)


def _in_tag(data: bytes, tag: xml_tokens.Start) -> Iterator[Found]:
    for attribute in xml_tokens.attributes(data, *tag.rest):
        if _local(attribute.name) in _URL_ATTRIBUTES and not attribute.name.lower().startswith(b"xmlns"):
            yield from _in_attribute(data, attribute)


def _in_attribute(data: bytes, attribute: xml_tokens.Attribute) -> Iterator[Found]:
    raw = data[attribute.start : attribute.end]
    written = raw.strip(_SPACE)
    if written:
        start = attribute.start + raw.find(written)
        link = _found(entities.xml(written).data, start, start + len(written), (_QUOTES[attribute.quote],))
        yield link


def _style_sheet(data: bytes, instruction: xml_tokens.Instruction) -> Iterator[Found]:
    if data.startswith(b"xml-stylesheet", instruction.start):
        for attribute in xml_tokens.attributes(data, instruction.start, instruction.end):
            if attribute.name == b"href":
                yield from _in_attribute(data, attribute)
