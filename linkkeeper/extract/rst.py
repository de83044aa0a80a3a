"""Links in reStructuredText."""

import re
import unicodedata
from collections.abc import Iterator

from linkkeeper.extract import bare, csv_cells, html, ignore, rst_inline
from linkkeeper.extract.base import ExtractOptions, Found
from linkkeeper.extract.pieces import (
    AFTER_BLANK,
    AFTER_PROSE,
    AFTER_URL,
    BEFORE_URL,
    BEFORE_WORDS,
    Range,
    before_space,
    in_text,
    ranges,
    read,
)
from linkkeeper.extract.rst_blocks import Block, blocks
from linkkeeper.extract.rst_ignore import exempt
from linkkeeper.extract.rst_lines import Lines
from linkkeeper.extract.rst_tables import cells

SUFFIXES = frozenset({".rst", ".rest"})
_REFERENCE = re.compile(r"(?:[\w.+:-]+|`[^`]+`)__?\Z")
_ABSOLUTE = re.compile(r"(?:https?|ftp)://\S+\Z", re.IGNORECASE)
_UNDERLINE = re.compile(rb"([!-/:-@\[-`{-~])\1+$")
_INLINE_TARGET = re.compile(r"_`([^`]+)`")


_IN_CELL = "in a table whose columns would no longer line up"


_MARKUP = (b"`", b"*", b"|", b"\\", b">>>")
_SIGNS = (b":", b"@", b"`_", b"__")
"""A text without any of these and `www.` holds no link."""
_SIMPLE_TABLE = re.compile(rb"=++[ ]++=")


def links(data: bytes, options: ExtractOptions) -> Iterator[Found]:
    """Yield every link in order of position. A long text is read in pieces: what is said of its lines takes memory."""
    return read(data, pieces, lambda piece: _in_piece(piece, options))


def _in_piece(data: bytes, options: ExtractOptions) -> Iterator[Found]:
    if not _has_sign(data):
        return iter(())
    lines = Lines(data)
    return exempt(data, lines, _links(data, lines, options), options)


def _has_sign(text: bytes) -> bool:
    return any(sign in text for sign in _SIGNS) or b"www." in text.lower()


def pieces(data: bytes) -> Iterator[Range]:
    """Yield ranges that can be read one by one: at the margin, after a blank line, a document begins anew.

    But for quoted literal blocks, and for simple tables, which may hold blank lines.
    """
    if not _has_sign(data) or ignore.WORD in data or (b"= " in data and _SIMPLE_TABLE.search(data)):
        return iter(((0, len(data)),))
    inline = () if any(mark in data for mark in _MARKUP) else (BEFORE_WORDS, BEFORE_URL, AFTER_PROSE, AFTER_URL)
    return ranges(data, (AFTER_BLANK, *inline), _begins_anew)


def _begins_anew(data: bytes, place: int) -> bool:
    end = before_space(data, place)
    return data[max(0, end - 2) : end] != b"::" and in_text(data, place)


def _links(data: bytes, lines: Lines, options: ExtractOptions) -> Iterator[Found]:
    for block in blocks(lines):
        match block.kind:
            case "text":
                yield from _moved(rst_inline.find(data[block.start : block.end], options.include_verbatim), block.start)
            case "csv":
                text = csv_cells.apart(data[block.start : block.end], block.name)
                yield from _moved(rst_inline.find(text, options.include_verbatim), block.start)
            case "target" | "option" | "uri":
                yield from _explicit(data, block)
            case "raw":
                yield from _moved(html.find(data[block.start : block.end], in_markdown=True), block.start)
            case "grid" | "simple":
                yield from _in_table(lines, block, options)
            case _:
                if options.include_verbatim:
                    yield from bare.find(data, block.start, block.end)


def _moved(found: Iterator[Found], by: int) -> Iterator[Found]:
    for link in found:
        yield Found(link.start + by, link.end + by, link.url, link.kind, link.context, link.skip, link.unwritable)


def _explicit(data: bytes, block: Block) -> Iterator[Found]:
    written = data[block.start : block.end].decode("utf-8", "surrogateescape")
    if not written:
        return
    if block.kind == "uri":
        yield rst_inline.made(written, block.start, block.end, "rst-argument", "image")
        return
    if block.kind == "option" and block.name != b"target" and (block.name == b"alt" or not _ABSOLUTE.match(written)):
        return
    if written.endswith("_") and _REFERENCE.match(" ".join(written.split())):
        return  # points at another target
    kind = "reference" if block.kind == "target" else "inline"
    yield rst_inline.made(written, block.start, block.end, "rst-target", kind)


def _in_table(lines: Lines, block: Block, options: ExtractOptions) -> Iterator[Found]:
    found: list[Found] = []
    for cell, may_grow in cells(lines, block):
        if cell is None:  # a row ends: links of its cells stand in no order
            yield from sorted(found, key=lambda link: link.start)
            found.clear()
            continue
        for link in rst_inline.find(cell.data, options.include_verbatim):
            source = cell.source(link.start, link.end)
            start, end = source or (cell.source_of(link.start), cell.source_of(link.end - 1) + 1)
            why = "" if source and may_grow else _IN_CELL
            found.append(Found(start, end, link.url, link.kind, link.context, link.skip, link.unwritable or why))
    yield from sorted(found, key=lambda link: link.start)


def anchors(data: bytes) -> frozenset[str]:
    """Return the ids that docutils and Sphinx give: titles, targets, inline targets, and its numbered ones."""
    lines = Lines(data)
    names = [name for line in range(len(lines)) if (name := _title(lines, line))]
    names += [block.name.decode("utf-8", "replace") for block in blocks(lines) if block.kind == "target"]
    names += _INLINE_TARGET.findall(data.decode("utf-8", "replace"))
    found = {identifier(name) for name in names} | {name.lower() for name in names}
    numbered = {f"{prefix}{number}" for prefix in ("id", "section-") for number in range(1, len(names) + 1)}
    return frozenset((found | numbered) - {""})


def _title(lines: Lines, line: int) -> str:
    if lines.blank(line) or lines.blank(line + 1) or not _UNDERLINE.match(lines.text(line + 1)):
        return ""
    title = lines.text(line)
    return "" if _UNDERLINE.match(title) else re.sub(r"[`*]", "", title.decode("utf-8", "replace"))


def identifier(name: str) -> str:
    """Return docutils' identifier for a name: lower case ASCII letters and digits, joined by hyphens."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"^[-0-9]+|-+$", "", re.sub(r"[^a-z0-9]+", "-", " ".join(plain.split())))
