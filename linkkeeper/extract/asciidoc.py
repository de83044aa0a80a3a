"""Links in AsciiDoc."""

import re
from collections.abc import Iterator

from linkkeeper.extract import asciidoc_inline, bare, csv_cells, html, ignore
from linkkeeper.extract.asciidoc_blocks import Block, blocks
from linkkeeper.extract.base import SKIP_TEMPLATE, ExtractOptions, Found
from linkkeeper.extract.escape_asciidoc import LAYERS
from linkkeeper.extract.pieces import (
    AFTER_BLANK,
    AFTER_PROSE,
    AFTER_URL,
    BEFORE_URL,
    BEFORE_WORDS,
    Range,
    before_space,
    in_text,
    line_start,
    moved,
    ranges,
    read,
)
from linkkeeper.extract.rst_lines import Lines
from linkkeeper.extract.unescaped import Unescaped, unescape

SUFFIXES = frozenset({".adoc", ".asciidoc", ".asc"})
_LASTING = re.compile(rb"[\r\n](?:-{2,}|\.{4}|\+{4}|/{4}|`{3}|={4}|\*{4}|_{4}|[|,:!]={3})")
"""What may delimit a block."""
_MARKUP = b"[ ] + < \\ { | $$".split()
_INDENTED = re.compile(rb"[\r\n][ \t\x0b\x0c]++\S")
_REFERENCE = re.compile(rb"\\?\{(\w[\w-]*)\}")
_DEFINES = re.compile(rb"[\r\n][ \t]*+:")
"""A text without such a line, but for its first one, defines no attribute."""
_LONG = 1 << 16
_LONGEST_TEXT = 1 << 23
"""Bytes of a paragraph in which attributes are resolved: each use takes memory."""
_USE = re.compile(rb"\{(\w[\w-]*)\}([\w/?#&=%:.~-](?=[^\s\[]))?")
_CELL = re.compile(rb"\\?\|")
_ABSOLUTE = re.compile(rb"(?:https?|ftp)://[^\s\[\]]+\Z", re.IGNORECASE)
_COMMENT_LINE = re.compile(rb"^//[^\n]*$", re.MULTILINE)
_HOSTED = re.compile(rb"(?:youtube|vimeo|wistia)\b")
_MARKS = (b"://", b"link:", b"image:", b"xref:", b"<<", b"@", b"www.", b"mailto:", b"+++", b"pass:")
"""A text without any of these holds no link."""
_ID = re.compile(r"\[\[([A-Za-z_:][\w:.-]*)|\[(?:[\w-]*)#([\w:.-]+)|\banchor:([\w:.-]+)\[|\bid=\"?([\w:.-]+)")
_LONGEST_VALUE = 2000
_MOST_ATTRIBUTES = 50_000
_BUILT_IN = {
    b"empty": b"", b"blank": b"", b"sp": b" ", b"plus": b"+", b"amp": b"&", b"lt": b"<", b"gt": b">", b"tilde": b"~",
    b"startsb": b"[", b"endsb": b"]", b"vbar": b"|", b"caret": b"^", b"asterisk": b"*", b"backslash": b"\\",
    b"apos": b"'", b"quot": b'"', b"two-colons": b"::", b"two-semicolons": b";;", b"cpp": b"C++",
}  # fmt: skip


def links(data: bytes, options: ExtractOptions) -> Iterator[Found]:
    """Yield every link in order of position. Attributes that the document itself defines are resolved.

    A long text is read in pieces: what is said of its lines takes memory.
    """
    return read(data, pieces, lambda piece: _in_piece(piece, options))


def _in_piece(data: bytes, options: ExtractOptions) -> Iterator[Found]:
    if not _has_sign(data):
        return iter(())
    lines = Lines(data)
    found = _links(data, lines, options)
    return ignore.apply(found, _exempt(data, lines, options)) if ignore.WORD in data else found


def _has_sign(text: bytes) -> bool:
    return b":" in text or _has_mark(text)


def pieces(data: bytes) -> Iterator[Range]:
    """Yield ranges that can be read one by one, where no attribute is defined and no block is delimited."""
    if (
        not _has_sign(data)
        or ignore.WORD in data
        or _defines(data)
        or _LASTING.search(data)
        or _LASTING.match(b"\n" + data[:4])
    ):
        return iter(((0, len(data)),))
    plain = not (any(mark in data for mark in _MARKUP) or _INDENTED.search(data) or data[:1].isspace())
    inline = (BEFORE_WORDS, BEFORE_URL, AFTER_PROSE, AFTER_URL) if plain else ()
    return ranges(data, (AFTER_BLANK, *inline), _begins_anew)


def _defines(data: bytes) -> bool:
    return data.startswith((b":", b" ", b"\t")) or _DEFINES.search(data) is not None


def _begins_anew(data: bytes, place: int) -> bool:
    """Tell whether nothing before a place goes on: no style or title of a block waits for the block."""
    if data[place - 1] not in b"\r\n":
        return in_text(data, place)
    end = before_space(data, place)
    return not data.startswith(b"[", line_start(data, end))


def _links(data: bytes, lines: Lines, options: ExtractOptions) -> Iterator[Found]:
    attributes = dict(_BUILT_IN)
    prefixes = _only_prefixes(data) if _defines(data) else set()
    for block in blocks(lines):
        match block.kind:
            case "text" | "title" | "row" | "csv":
                yield from _prose(data, block, attributes)
            case "attribute":
                defined = _attribute(data, block, attributes)
                yield from (link for link in defined if block.name.lower() not in prefixes)
            case "media":
                yield from _media(data, block, attributes)
            case "raw":
                for link in html.find(data[block.start : block.end], in_markdown=True):
                    yield _at(Unescaped(b"", 0), link, block.start)
            case "verbatim" | "comment" if options.include_verbatim:
                yield from bare.find(data, block.start, block.end)
            case _:
                pass


def _only_prefixes(data: bytes) -> set[bytes]:
    """Return the attributes that only begin longer URLs, `{repo}/issues`: no link by themselves."""
    whole: set[bytes] = set()
    prefix: set[bytes] = set()
    for use in _USE.finditer(data):
        (prefix if use[2] else whole).add(use[1].lower())
    return prefix - whole


def _at(text: Unescaped, link: Found, offset: int) -> Found:
    """Place a link of a text in the document; of raw HTML by its offset alone."""
    source: tuple[int, int] | None = (link.start, link.end)
    start, end = link.start, link.end
    if text.is_plain and text.data:
        pass
    elif text.data:
        source = text.source(link.start, link.end)
        start, end = source or (text.source_of(link.start), text.source_of(max(link.start, link.end - 1)) + 1)
    why = link.unwritable or ("" if source else "an attribute reaches over the end of the URL")
    return Found(start + offset, end + offset, link.url, link.kind, link.context, link.skip, why)


def _prose(data: bytes, block: Block, attributes: dict[bytes, bytes]) -> Iterator[Found]:
    written = data[block.start : block.end]
    if b"{" not in written and not _has_mark(written):
        return
    written = csv_cells.apart(written) if block.kind == "csv" else _without_comments(written)
    text = _resolved(written, attributes, block.kind == "row")
    if not _has_mark(text.data):
        return
    plain = text.is_plain
    for link in asciidoc_inline.find(text.data):
        if plain and link.kind == "bare":
            yield moved(link, block.start)
            continue
        placed = _at(text, link, block.start)
        if link.kind == "image":
            placed = _in_images(placed, attributes)
        if not _is_reference(data, placed, link.url, attributes):
            yield placed


def _has_mark(text: bytes) -> bool:
    lower = text.lower()
    return any(mark in lower for mark in _MARKS)


def _without_comments(written: bytes) -> bytes:
    return _COMMENT_LINE.sub(lambda match: b" " * len(match[0]), written) if b"\n//" in written else written


def _is_reference(data: bytes, link: Found, url: str, attributes: dict[bytes, bytes]) -> bool:
    """Whether the whole URL is `{name}` or lies in its value: it was reported where the name is defined."""
    name = _REFERENCE.fullmatch(data, link.start, link.end)
    if name is None:
        return bool(link.unwritable) and data[link.start : link.start + 1] == b"{" and link.kind != "inline"
    value = attributes.get(name[1].lower(), b"")
    return _ABSOLUTE.match(value) is not None or value.decode("utf-8", "replace") != url


def _resolved(written: bytes, attributes: dict[bytes, bytes], row: bool) -> Unescaped:
    budget = 2 * len(written) + 65536
    pattern = re.compile(rb"%s|%s" % (_REFERENCE.pattern, _CELL.pattern)) if row else _REFERENCE

    def value(match: re.Match[bytes]) -> tuple[int, bytes] | None:
        nonlocal budget
        if match[0].endswith(b"|"):
            return len(match[0]), b"\n" if match[0] == b"|" else b"|"
        known = attributes.get(match[1].lower())
        if known is None or match[0].startswith(b"\\") or len(known) > budget:
            return None
        budget -= len(known)
        return len(match[0]), known

    return unescape(written, pattern, value) if row or _names_one(written, attributes) else Unescaped(written)


def _names_one(written: bytes, attributes: dict[bytes, bytes]) -> bool:
    """Whether one of the attributes may be used here. A long text may hold millions of braces with other names."""
    if b"{" not in written or not _LONG <= len(written) <= _LONGEST_TEXT:
        return b"{" in written and len(written) < _LONG
    lower = written.lower()
    return any(b"{%b}" % name in lower for name in attributes)


def _attribute(data: bytes, block: Block, attributes: dict[bytes, bytes]) -> Iterator[Found]:
    name = block.name.strip(b"!").lower()
    written = data[block.start : block.end]
    text = _resolved(written, attributes, row=False)
    if block.name.startswith(b"!") or block.name.endswith(b"!"):
        attributes.pop(name, None)
    elif len(text.data) <= _LONGEST_VALUE and (len(attributes) < _MOST_ATTRIBUTES or name in attributes):
        attributes[name] = re.sub(rb"[ \t]+\\\r?\n[ \t]*", b" ", text.data).strip()
    if _ABSOLUTE.match(text.data):
        skip = SKIP_TEMPLATE if b"{" in text.data else ""
        url = LAYERS["asciidoc-value"].decode(text.data.decode("utf-8", "replace"))
        yield Found(block.start, block.end, url, "reference", ("asciidoc-value",), skip)
    elif b"://" in text.data:
        for link in asciidoc_inline.find(text.data):
            yield _at(text, link, block.start)


def _media(data: bytes, block: Block, attributes: dict[bytes, bytes]) -> Iterator[Found]:
    text = _resolved(data[block.start : block.end], attributes, row=False)
    opening = text.data.find(b"[")
    target = text.data[:opening]
    if block.name == b"image" or not _HOSTED.match(text.data, opening + 1):
        skip = SKIP_TEMPLATE if b"{" in target else ""
        url = target.decode("utf-8", "replace")
        placed = _at(text, Found(0, opening, url, "image", ("asciidoc-media",), skip), block.start)
        yield _in_images(placed, attributes)
    for link in asciidoc_inline.link_option(text.data, opening + 1, len(text.data) - 1, "asciidoc-media"):
        yield _at(text, link, block.start)


def _in_images(link: Found, attributes: dict[bytes, bytes]) -> Found:
    """Relative pictures stand in `imagesdir`, if the document names one."""
    folder = attributes.get(b"imagesdir", b"").decode("utf-8", "replace").rstrip("/")
    if not folder or link.skip or re.match(r"[a-z][a-z0-9.+-]*:|/", link.url, re.IGNORECASE):
        return link
    url = f"{folder}/{link.url}"
    return Found(link.start, link.end, url, link.kind, link.context, link.skip, link.unwritable)


def _exempt(data: bytes, lines: Lines, options: ExtractOptions) -> list[ignore.Exempt]:
    comments, others = [], []
    for block in blocks(lines):
        said = ignore.directive(data[block.start : block.end]) if block.kind == "comment" else None
        if said:
            comments.append((block.start, block.end, said))
        elif block.kind not in ("anchor", "style"):
            others.append((block.start, block.end))
    return ignore.ranges(comments, sorted(others), len(data), options)


def anchors(data: bytes) -> frozenset[str]:
    """Return explicit ids, section ids as Asciidoctor makes them (`_section_title`), and the titles themselves."""
    lines = Lines(data)
    text = data.decode("utf-8", "replace")
    found = {name for match in _ID.finditer(text) for name in match.groups() if name}
    attributes = dict(_BUILT_IN)
    seen: dict[str, int] = {}
    for block in blocks(lines):
        if block.kind == "attribute":
            for _ in _attribute(data, block, attributes):
                pass
        elif block.kind == "title":
            title = _resolved(data[block.start : block.end], attributes, row=False).data.decode("utf-8", "replace")
            found |= _section_ids(title, attributes, seen)
    return frozenset(found)


def _section_ids(title: str, attributes: dict[bytes, bytes], seen: dict[str, int]) -> set[str]:
    prefix = attributes.get(b"idprefix", b"_").decode("utf-8", "replace")
    separator = attributes.get(b"idseparator", b"_").decode("utf-8", "replace")
    plain = re.sub(r"\[\[.*?\]\]|\w+:\S*?\[(.*?)\]|[`*_]{1,2}(?=\S)|(?<=\S)[`*_]{1,2}", r"\1", title).strip()
    kept = re.sub(r"[^\w\-. ]+", "", plain.lower())
    identifier = prefix + re.sub(r"[ .\-]+", separator or "", kept) if separator else prefix + kept.replace(" ", "")
    identifier = identifier.rstrip(separator) if separator else identifier
    seen[identifier] = count = seen.get(identifier, 0) + 1
    numbered = identifier if count == 1 else f"{identifier}{separator}{count}"
    return {numbered, title, plain, kept.replace(" ", "-")}
