"""Markdown: CommonMark 0.31 and GFM, with HTML inside and template code around.

pyromark (pulldown-cmark) says what is a link and where; `markdown_spans` proves which bytes are its destination. Bare
URLs are looked for by our own scanner in what is left: no link, code, or HTML.
"""

import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import chain, islice
from operator import lt

from msgspec.structs import replace

from linkkeeper.extract import (
    bare,
    ignore,
    markdown_definitions,
    markdown_html,
    markdown_ignore,
    markdown_long,
    markdown_nested,
    signs,
    slugs,
    template,
)
from linkkeeper.extract.base import SKIP_TEMPLATE, ExtractOptions, Found
from linkkeeper.extract.commonmark import unescape
from linkkeeper.extract.markdown_scan import Scan, definitions
from linkkeeper.extract.portions import Portion

SUFFIXES = frozenset({".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".mdwn", ".qmd", ".rmd"})
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_CELL_END = re.compile(rb"(?<!\\)\|")
_DEEPEST = 5
"""Admonitions in admonitions: deeper ones are code."""
_BARE = ("md-bare",)
_NEVER = (sys.maxsize, sys.maxsize)
_DAMAGED = re.compile("[\udc80-\udcff]")

Range = tuple[int, int]


def links(data: bytes, options: ExtractOptions) -> Iterable[Found]:
    """Return every link of a Markdown text (without front matter), in order of position."""
    return markdown_long.links(data, options, _links) if len(data) > markdown_long.LONG else _links(data, options)


portions = markdown_long.portions


def read(data: bytes, portion: Portion, options: ExtractOptions) -> Iterable[Found]:
    """Return the links of one of the `portions`, with the offsets of the whole text."""
    return markdown_long.read(data, portion, options, _links)


def _links(data: bytes, options: ExtractOptions) -> Iterable[Found]:
    seen = signs.look(data)
    masks = template.pieces(data) if seen.of_templates else []
    return find(seen, signs.masked(seen, masked(data, masks, options)), masks, options)


def anchors(data: bytes) -> frozenset[str]:
    """Return every fragment that one of the usual renderers would give this text."""
    return slugs.anchors(data)


def masked(data: bytes, masks: list[Range], options: ExtractOptions) -> bytes:
    """Return what the parser is to see: template code is letters, and so is what it shows as code or drops."""
    if not masks:
        return data
    hidden = [] if options.include_verbatim else list(template.verbatim(data, masks))
    return template.mask(data, masks + hidden)


def find(
    seen: signs.Signs, parsed: signs.Signs, masks: list[Range], options: ExtractOptions, mdx: bool = False
) -> Iterable[Found]:
    """Return every link, in order. parsed is what the parser sees, of the same length; the text differs from it in the
    masks.
    """
    data, source = seen.source, parsed.source
    if not seen.of_links:
        return ()
    found: Iterable[Found] = _whole(parsed, options, mdx)
    if masks:
        found = list(_filled_in(data, sorted([*found, *_literals(seen, source, masks, options)], key=_position), masks))
    if seen.of_templates or seen.of(b"${"):
        found = map(_judged, found)
    if seen.of(ignore.WORD):
        found = list(ignore.apply(found, markdown_ignore.exempt(source, readable(source), options)))
    return found


def _whole(seen: signs.Signs, options: ExtractOptions, mdx: bool) -> Iterable[Found]:
    """Return what the parser and the scanners find, in order; what can hold no link is not shown to them."""
    links, bare_ones = _all(signs.without_rest(seen), options, mdx)
    if seen.spots is None:  # a long text, which may hold millions
        links.sort(key=_position)
        found = merge(links, bare_ones, key=_position) if links else bare_ones
    else:
        found = _in_order([*links, *bare_ones])
    return signs.back(found, seen.kept) if len(seen.kept) > 1 else found


def _in_order(found: list[Found]) -> list[Found]:
    starts = [one.start for one in found]
    if not all(map(lt, starts, islice(starts, 1, None))):  # asking costs a fourth of sorting
        found.sort(key=_position)
    return found


def readable(data: bytes) -> str:
    """Return data as text; a damaged byte becomes one `?`, so that byte offsets hold."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _DAMAGED.sub("?", data.decode("utf-8", "surrogateescape"))


def _position(link: Found) -> Range:
    return link.start, -link.end


def _all(seen: signs.Signs, options: ExtractOptions, mdx: bool, depth: int = 0) -> tuple[list[Found], Iterable[Found]]:
    """Return the links that the parser knows of, in any order, and the bare URLs, ascending."""
    source = seen.source
    scan, text = Scan(source, options.include_verbatim), readable(source)
    scan.run(text)
    links = scan.found
    for pieces in scan.html:
        if pieces:
            found = markdown_html.links(source, pieces)
            links += map(_in_cell, found) if _inside(pieces[0].start, scan.tables) else found
    closed = scan.closed
    if seen.of_definitions:
        defined = list(definitions(source, text))
        defined += markdown_definitions.repeated(source, text, [span for _, span in defined])
        links += [link for link, _ in defined]
        closed = sorted(closed + [span for _, span in defined])
    if scan.indented and depth < _DEEPEST:
        for place, content in markdown_nested.contents(source, scan.indented, everywhere=mdx):
            scan.code.remove(place)
            links += map(content.back, chain(*_all(signs.look(content.data), options, mdx, depth + 1)))
    if options.include_verbatim:
        links += _verbatim(source, scan)
    return links, _bare(seen, closed, scan.tables)


def _bare(seen: signs.Signs, closed: list[Range], tables: list[Range]) -> Iterator[Found]:
    """Yield bare URLs that begin and end outside the closed ranges (ascending; inner ones after outer ones)."""
    source, floor = seen.source, 0
    ranges = iter(closed)
    start, end = next(ranges, _NEVER)
    for spot in seen.bare:
        while start <= spot:
            if end > floor:
                floor = end
            start, end = next(ranges, _NEVER)
        if spot < floor:
            continue
        table = bool(tables) and _inside(spot, tables)
        if not table and (simple := bare.between_spaces(source, spot, floor, start)):
            begin, floor = simple
            yield Found(begin, floor, source[begin:floor].decode(), "bare", _BARE)
            continue
        stop = min(start, len(source))
        found = bare.at(source, spot, floor, _cell_end(source, spot, stop) if table else stop, escapes=True)
        if found:
            floor = found.end
            yield _in_markdown(source, found, table)


def _cell_end(source: bytes, spot: int, stop: int) -> int:
    """Return where the cell of a table ends that holds spot: at a pipe without a backslash, or with the line."""
    line = source.find(b"\n", spot, stop)
    cell = _CELL_END.search(source, spot, line if line >= 0 else stop)
    return cell.start() if cell else stop


def _inside(spot: int, ranges: list[Range]) -> bool:
    """Tell whether a range (ascending, apart) holds the offset."""
    before = bisect_right(ranges, (spot, sys.maxsize)) - 1
    return before >= 0 and spot < ranges[before][1]


def _in_markdown(source: bytes, found: Found, table: bool) -> Found:
    written = source[found.start : found.end]
    context = ("md-bare", "md-table") if table else ("md-bare",)
    if b"\\" not in written and b"&" not in written:
        return Found(found.start, found.end, found.url, found.kind, context, found.skip)
    url = found.url.replace("\\|", "|") if table else found.url
    return replace(found, url=unescape(url), context=context)


def _in_cell(found: Found) -> Found:
    """A cell of a table knows the pipe only with a backslash (GFM 4.10)."""
    return replace(found, url=found.url.replace("\\|", "|"), context=(*found.context, "md-table"))


def _judged(found: Found) -> Found:
    """Mark a link with template code in it, also where that stands behind what looks like an open code fence."""
    if found.skip or ("{" not in found.url and "%>" not in found.url) or not template.in_url(found.url.encode()):
        return found
    return replace(found, skip=SKIP_TEMPLATE)


def _filled_in(data: bytes, found: Iterable[Found], masks: list[Range]) -> Iterator[Found]:
    """Give links that template code is part of their bytes back, and mark them."""
    for link in found:
        first = bisect_left(masks, (link.start, 0))
        last = bisect_left(masks, (link.end, 0)) - 1
        start, end = masks[last] if last >= 0 else (0, 0)
        if end <= link.start or (start <= link.start and link.end <= end and link.kind == "bare"):
            yield link
        elif link.kind == "bare" and first <= last and template.closes(data, masks[first][0]):
            yield from _between(data, link, masks[first : last + 1])
        else:
            url = data[link.start : link.end].decode("utf-8", "replace")
            yield replace(link, url=url, skip=SKIP_TEMPLATE)


def _between(data: bytes, link: Found, masks: list[Range]) -> Iterator[Found]:
    """Yield the bare URLs in the bytes of a link that template code cuts into pieces."""
    for start, end in zip(
        [link.start, *(end for _, end in masks)], [*(start for start, _ in masks), link.end], strict=True
    ):
        for found in bare.find(data, start, max(start, end), escapes=True):
            yield _in_markdown(data, found, "md-table" in link.context)


def _literals(seen: signs.Signs, source: bytes, masks: list[Range], options: ExtractOptions) -> Iterator[Found]:
    """Yield the URLs that template code (a shortcode, an include) has as literals."""
    data = seen.source
    for start, end in masks if seen.spots is None else _with_spots(masks, seen.spots):
        if source[start:end] != data[start:end] and (options.include_verbatim or not template.is_comment(data, start)):
            yield from bare.find(data, start, end)


def _with_spots(ranges: list[Range], spots: Sequence[int]) -> Iterator[Range]:
    """Yield those ranges in which one of the spots (ascending) is."""
    for start, end in ranges:
        place = bisect_left(spots, start)
        if place < len(spots) and spots[place] < end:
            yield start, end


def _verbatim(source: bytes, scan: Scan) -> Iterator[Found]:
    for start, end in scan.code:
        yield from bare.find(source, start, end)
    for pieces in scan.html:
        if pieces and b"<!--" in source[pieces[0].start : pieces[-1].end]:
            for comment in _COMMENT.finditer(source, pieces[0].start, pieces[-1].end):
                yield from bare.find(source, *comment.span())
