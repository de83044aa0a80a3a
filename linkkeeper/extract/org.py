"""Links in Org."""

import re
from collections.abc import Callable, Iterator

from linkkeeper.extract import bare, html, ignore
from linkkeeper.extract.base import SKIP_MAIL, SKIP_TEMPLATE, ExtractOptions, Found
from linkkeeper.extract.escape_org import LAYERS
from linkkeeper.extract.org_blocks import Block, blocks
from linkkeeper.extract.pieces import (
    AFTER_BLANK,
    AFTER_COMMA,
    AFTER_PROSE,
    AFTER_URL,
    BEFORE_URL,
    BEFORE_WORDS,
    Range,
    in_text,
    ranges,
    read,
)
from linkkeeper.extract.rst_lines import Lines
from linkkeeper.extract.template import in_url

SUFFIXES = frozenset({".org"})
_START = re.compile(
    rb"(?:\[\[(?=[\[\]]))++|\[\[|<(?=(?:https?|ftp|mailto|file):)|(?<![^\s('\"{-])[=~](?=\S)", re.IGNORECASE
)
_SIGNS = (b":", b"@", b"[[", b"<")
"""A text without any of these and `www.` holds no link."""
_VERBATIM = re.compile(rb"[=~](?<![^\s('\"{-][=~])(?=\S)")
_LASTING = re.compile(rb"#\+(?:begin|link:)", re.IGNORECASE)
_TARGET = re.compile(rb"\[\[((?:[^\[\]\\]|(?:\\\\)*+\\[\[\]]|(?:\\\\)++(?=[\[\]])|\\++(?![\[\]]))++)\]")
"""An odd number of backslashes escapes the bracket behind them, an even one does not (`org-link-bracket-re`)."""
_VERBATIM_END = {mark: re.compile(rb"(?<=\S)%s(?=[\s.,:!?;'\")}\[\-]|\Z)" % mark) for mark in (b"=", b"~")}
_DESCRIPTION_END = re.compile(rb"\]\]")
_SHORT = re.compile(rb"^[ \t]*#\+LINK:[ \t]+(\S+)[ \t]+(\S+)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_PREFIX = re.compile(r"([A-Za-z][\w+.-]*):")
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|bmp|tiff?|avif)\Z", re.IGNORECASE)
_WEB = frozenset({"http", "https", "ftp"})
_Closing = Callable[[bytes, re.Pattern[bytes], int], re.Match[bytes] | None]
_LONGEST_VERBATIM, _LONGEST_ANGLE = 4000, 2000
"""In bytes; what is longer is prose with a stray mark."""
_BY_SEARCH = "found by searching the document"
_ORG_TYPE = "a link type of Org, not a URL"
_HEADING = re.compile(
    r"^\*+[ \t]+(?:(?:TODO|DONE|NEXT|WAITING)[ \t]+)?(?:\[#.\][ \t]+)?(.*?)(?:[ \t]+:[\w@#%:]+:)?[ \t]*$", re.MULTILINE
)
_NAMED = re.compile(r"^[ \t]*(?::CUSTOM_ID:|#\+NAME:)[ \t]*(\S+)|<<<?([^<>\n]+)>>", re.MULTILINE | re.IGNORECASE)


def links(data: bytes, options: ExtractOptions) -> Iterator[Found]:
    """Yield every link in order of position. A long text is read in pieces: what is said of its lines takes memory."""
    return read(data, pieces, lambda piece: _in_piece(piece, options))


def _in_piece(data: bytes, options: ExtractOptions) -> Iterator[Found]:
    if not _has_sign(data):
        return iter(())
    lines = Lines(data)
    found = _links(data, lines, options)
    return ignore.apply(found, _exempt(data, lines, options)) if ignore.WORD in data else found


def _has_sign(text: bytes) -> bool:
    return any(sign in text for sign in _SIGNS) or b"www." in text.lower()


def _has_markup(data: bytes, start: int, end: int) -> bool:
    """Tell whether `_START` may be found, much faster than it would be."""
    return (
        data.find(b"[[", start, end) >= 0
        or data.find(b"<", start, end) >= 0
        or _VERBATIM.search(data, start, end) is not None
    )


def pieces(data: bytes) -> Iterator[Range]:
    """Yield ranges that can be read one by one: a blank line ends what is neither a block nor known everywhere."""
    if not _has_sign(data) or ignore.WORD in data or (b"#+" in data and _LASTING.search(data)):
        return iter(((0, len(data)),))
    inline = () if _has_markup(data, 0, len(data)) else (BEFORE_WORDS, BEFORE_URL, AFTER_PROSE, AFTER_COMMA, AFTER_URL)
    return ranges(data, (AFTER_BLANK, *inline), in_text)


def _links(data: bytes, lines: Lines, options: ExtractOptions) -> Iterator[Found]:
    short = {name.decode("utf-8", "replace"): url.decode("utf-8", "replace") for name, url in _SHORT.findall(data)}
    for block in blocks(lines):
        match block.kind:
            case "text":
                yield from _in_text(data, block, short, options)
            case "html":
                for link in html.find(data[block.start : block.end], in_markdown=True):
                    yield Found(
                        link.start + block.start, link.end + block.start, link.url, link.kind, link.context,
                        link.skip, link.unwritable,
                    )  # fmt: skip
            case "verbatim" | "comment" if options.include_verbatim:
                yield from bare.find(data, block.start, block.end)
            case _:
                pass


def _in_text(data: bytes, block: Block, short: dict[str, str], options: ExtractOptions) -> Iterator[Found]:
    position = block.start
    if not _has_markup(data, position, block.end):
        yield from bare.find(data, position, block.end)
        return
    ahead: dict[bytes, re.Match[bytes] | None] = {}

    def closing(mark: bytes, pattern: re.Pattern[bytes], start: int) -> re.Match[bytes] | None:
        known = ahead.get(mark)
        if mark not in ahead or (known is not None and known.start() < start):
            ahead[mark] = known = pattern.search(data, start, block.end)
        return known

    searched = position
    while start := _START.search(data, searched, block.end):
        searched = start.end()
        made: list[Found] = []
        end = 0
        if start[0][:1] == b"[":
            target = _TARGET.match(data, start.end() - 2, block.end)
            if target is not None:
                end = _bracket_end(data, target, closing)
                made = _bracket(target, short) if end else []
        elif start[0] == b"<":
            end = data.find(b">", start.end(), min(block.end, start.end() + _LONGEST_ANGLE)) + 1
            made = [_angle(data, start.end(), end - 1)] if end and b"\n" not in data[start.end() : end] else []
        else:
            close = closing(start[0], _VERBATIM_END[start[0]], start.end() + 1)
            if close and data.count(b"\n", start.end(), min(close.end(), start.end() + _LONGEST_VERBATIM)) <= 1:
                end = close.end() if close.end() - start.end() < _LONGEST_VERBATIM else 0
                made = list(bare.find(data, start.end(), close.start())) if end and options.include_verbatim else []
        if end:
            yield from bare.find(data, position, start.start())
            yield from made
            position = searched = end
    yield from bare.find(data, position, block.end)


def _bracket_end(data: bytes, target: re.Match[bytes], closing: _Closing) -> int:
    if data[target.end() : target.end() + 1] == b"]":
        return target.end() + 1
    if data[target.end() : target.end() + 1] != b"[":
        return 0
    end = closing(b"]]", _DESCRIPTION_END, target.end() + 1)
    return end.end() if end else 0


def _bracket(target: re.Match[bytes], short: dict[str, str]) -> list[Found]:
    written = LAYERS["org-target"].decode(target[1].decode("utf-8", "replace"))
    url, skip = _meant(re.sub(r"[ \t\r\n]+", " ", written), short)
    if in_url(target[1]):
        skip = SKIP_TEMPLATE
    kind = "image" if _PICTURE.search(url) and target.string[target.end() : target.end() + 1] == b"]" else "inline"
    return [Found(*target.span(1), url, kind, ("org-target",), skip)]


def _meant(written: str, short: dict[str, str]) -> tuple[str, str]:
    """Return what a target points at, and why it is not asked about."""
    prefix = _PREFIX.match(written)
    name = prefix[1] if prefix else ""
    rest = written[len(name) + 1 :]
    if name in short:
        return (short[name].replace("%s", rest).replace("%h", rest) if "%" in short[name] else short[name] + rest), ""
    match name.lower():
        case "file" | "file+emacs" | "file+sys" | "attachment":
            return rest.partition("::")[0], "" if name.lower() != "attachment" else _ORG_TYPE
        case "doi":
            return f"https://doi.org/{rest}", ""
        case "mailto":
            return written, SKIP_MAIL
        case lower if lower in _WEB:
            return written, ""
        case "" if written.startswith(("./", "../", "/", "~")):
            return written.partition("::")[0], ""
        case "" if written.startswith("#"):
            return written, ""
        case "":
            return f"#{written}", _BY_SEARCH
        case _:
            return written, _ORG_TYPE


def _angle(data: bytes, start: int, end: int) -> Found:
    url = data[start:end].decode("utf-8", "replace")
    skip = SKIP_MAIL if url[:7].lower() == "mailto:" else ""
    if url[:5].lower() == "file:":
        url = url[5:].partition("::")[0]
    return Found(start, end, url, "autolink", ("org-angle",), SKIP_TEMPLATE if in_url(data[start:end]) else skip)


def anchors(data: bytes) -> frozenset[str]:
    """Return custom ids, names, dedicated targets and headings (as `*Heading` too)."""
    text = data.decode("utf-8", "replace")
    titles = {title for title in _HEADING.findall(text) if title}
    named = {name for match in _NAMED.finditer(text) for name in match.groups() if name}
    return frozenset(named | titles | {f"*{title}" for title in titles} | {_slug(title) for title in titles})


def _slug(title: str) -> str:
    """GitHub's anchor of an Org heading (observed)."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


def _exempt(data: bytes, lines: Lines, options: ExtractOptions) -> list[ignore.Exempt]:
    comments, others = [], []
    for block in blocks(lines):
        said = ignore.directive(data[block.start : block.end]) if block.kind == "comment" else None
        if said:
            comments.append((block.start, block.end, said))
        else:
            others.append((block.start, block.end))
    return ignore.ranges(comments, sorted(others), len(data), options)
