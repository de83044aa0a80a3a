"""Markdown: CommonMark 0.31 and GFM, with HTML inside and template code around.

pyromark (pulldown-cmark) says what is a link and where; `markdown_spans` proves which bytes are its destination. Bare
URLs are looked for by our own scanner in what is left: no link, code, or HTML.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from linkkeeper.extract import bare, ignore, markdown_definitions, markdown_html, markdown_ignore, slugs, template
from linkkeeper.extract.base import SKIP_TEMPLATE, ExtractOptions, Found
from linkkeeper.extract.commonmark import unescape
from linkkeeper.extract.markdown_scan import Scan, definitions

SUFFIXES = frozenset({".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".mdwn", ".qmd", ".rmd"})
_SIGNS = (b"](", b"://", b"<", b"]:", b"www.", b"WWW.", b"@")
"""Bytes without which Markdown holds no link."""
_EMPHASIS = re.compile(rb"\*\*|~~")
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_CELL_END = re.compile(rb"(?<!\\)\|")
_DAMAGED = re.compile("[\udc80-\udcff]")

Range = tuple[int, int]


def links(data: bytes, options: ExtractOptions) -> Iterator[Found]:
    """Yield every link of a Markdown text (without front matter), in order of position."""
    return find(data, options, template.pieces(data) if template.is_near(data) else [])


def anchors(data: bytes) -> frozenset[str]:
    """Return every fragment that one of the usual renderers would give this text."""
    return slugs.anchors(data)


def find(data: bytes, options: ExtractOptions, masks: list[Range]) -> Iterator[Found]:
    """Yield every link; masks are the ranges that a template engine fills in, ascending."""
    if not any(sign in data for sign in _SIGNS):
        return
    hidden = [] if options.include_verbatim or not masks else list(template.verbatim(data, masks))
    source = template.mask(data, masks + hidden) if masks else data
    text = readable(source)
    found = sorted(_all(data, source, text, masks, options), key=_position)
    if masks:
        found = list(_filled_in(data, found, masks))
    if ignore.WORD in data:
        found = list(ignore.apply(found, markdown_ignore.exempt(source, text, options)))
    yield from found


def readable(data: bytes) -> str:
    """Return data as text; a damaged byte becomes one `?`, so that byte offsets hold."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _DAMAGED.sub("?", data.decode("utf-8", "surrogateescape"))


def _position(link: Found) -> Range:
    return link.start, -link.end


def _all(data: bytes, source: bytes, text: str, masks: list[Range], options: ExtractOptions) -> Iterator[Found]:
    scan = Scan(source)
    scan.run(text)
    yield from scan.found
    for pieces in scan.html:
        if pieces:
            yield from markdown_html.links(source, pieces)
    closed = scan.closed
    if b"]:" in source:
        defined = list(definitions(source, text))
        defined += markdown_definitions.repeated(source, text, [span for _, span in defined])
        yield from (link for link, _ in defined)
        closed = sorted(closed + [span for _, span in defined])
    yield from _bare(data, source, closed, scan.tables)
    yield from _literals(data, masks, scan.code)
    if options.include_verbatim:
        yield from _verbatim(source, scan)


def _bare(data: bytes, source: bytes, closed: list[Range], tables: list[Range]) -> Iterator[Found]:
    """Yield bare URLs that begin and end outside the closed ranges (ascending; inner ones after outer ones)."""
    spots = bare.candidates(source)
    if not spots:
        return
    floor, at = 0, 0
    for spot in spots:
        while at < len(closed) and closed[at][0] <= spot:
            floor = max(floor, closed[at][1])
            at += 1
        if spot < floor:
            continue
        stop = closed[at][0] if at < len(closed) else len(source)
        found = bare.at(source, spot, floor, _stop(source, spot, stop, tables), escapes=True)
        if found:
            floor = found.end
            yield _in_markdown(data, found, _inside(spot, tables))


def _stop(source: bytes, spot: int, stop: int, tables: list[Range]) -> int:
    emphasis = _EMPHASIS.search(source, spot, min(stop, spot + 4096))
    stop = emphasis.start() if emphasis else stop
    cell = _CELL_END.search(source, spot, min(stop, spot + 4096)) if _inside(spot, tables) else None
    return cell.start() if cell else stop


def _inside(spot: int, ranges: list[Range]) -> bool:
    return any(start <= spot < end for start, end in ranges)


def _in_markdown(data: bytes, found: Found, table: bool) -> Found:
    written = data[found.start : found.end]
    context = ("md-bare", "md-table") if table else ("md-bare",)
    if template.in_url(written):  # the scanner saw it masked
        return replace(found, url=written.decode("utf-8", "replace"), context=context, skip=SKIP_TEMPLATE)
    if b"\\" not in written and b"&" not in written:
        return replace(found, context=context)
    url = found.url.replace("\\|", "|") if table else found.url
    return replace(found, url=unescape(url), context=context)


def _filled_in(data: bytes, found: Iterable[Found], masks: list[Range]) -> Iterator[Found]:
    """Give links that touch template code their bytes back, and mark them."""
    starts = [start for start, _ in masks]
    for link in found:
        before = bisect_left(starts, link.end) - 1
        if before < 0 or masks[before][1] <= link.start or link.kind == "bare":
            yield link
        else:
            url = data[link.start : link.end].decode("utf-8", "replace")
            yield replace(link, url=url, skip=SKIP_TEMPLATE)


def _literals(data: bytes, masks: list[Range], code: list[Range]) -> Iterator[Found]:
    """Yield the URLs that template code (a shortcode, an include) has as literals."""
    starts = [start for start, _ in code]
    for start, end in masks:
        around = bisect_right(starts, start) - 1
        if around < 0 or code[around][1] <= start:
            yield from bare.find(data, start, end)


def _verbatim(source: bytes, scan: Scan) -> Iterator[Found]:
    for start, end in scan.code:
        yield from bare.find(source, start, end)
    for pieces in scan.html:
        if pieces and b"<!--" in source[pieces[0].start : pieces[-1].end]:
            for comment in _COMMENT.finditer(source, pieces[0].start, pieces[-1].end):
                yield from bare.find(source, *comment.span())
