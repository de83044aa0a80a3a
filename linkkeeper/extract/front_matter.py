"""The YAML, TOML or JSON head of a post: where it ends, what it says, and the URLs in it."""

import json
import re
import sys
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import tomli
from msgspec import Struct, field

from linkkeeper.extract import bare, template
from linkkeeper.extract.base import SKIP_TEMPLATE, ExtractOptions, Found
from linkkeeper.extract.escape_text import LAYERS

_YAML_MARK = rb"(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)"
_YAML = re.compile(rb"---[ \t]*\r?\n((?:(?!%b)[^\n]*+\n)*+)%b" % (_YAML_MARK, _YAML_MARK))
_TOML_MARK = rb"\+\+\+[ \t]*(?:\r?\n|\Z)"
_TOML = re.compile(rb"\+\+\+[ \t]*\r?\n((?:(?!%b)[^\n]*+\n)*+)%b" % (_TOML_MARK, _TOML_MARK))
_MAPPING = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?:[^\s:#\-\[{>*`!|][^:\n]*:(?:[ \t\r\n]|\Z)|\Z)")
_HEADLESS = re.compile(rb"(?:(?:title|date|layout|tags|categories|permalink|author)[ \t]*:[^\n]*\n)", re.IGNORECASE)
_HEADLESS_LINES = re.compile(
    rb"((?:[A-Za-z_][\w.-]*[ \t]*:[^\n]*\n|[ \t]*-[ \t][^\n]*\n|[ \t]+[^\n]*\n|\r?\n){1,200}?)---[ \t]*(?:\r?\n|\Z)"
)
_LARGEST = 1 << 20
"""A longer head is none: it would be the post."""
_QUOTED = re.compile(rb"(?:^|[:\-\[,{=(\n])[ \t]*(\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\n]|'')*')")
_COMMENT = re.compile(rb"(?:^|(?<=[\s]))#[^\n]*", re.MULTILINE)
_IS_KEY = re.compile(rb"[ \t]*(?::(?=\s|\Z)|=)")
_PLAIN = re.compile(
    rb"(?:^|\n)[ \t]*(?:-[ \t]+)*(?:[^\s:#\"'][^:\n]*?:[ \t]+)?"
    rb"([^\s\"'\[{,#|>&*!%@`][^\s,]*)[ \t]*(?:\s#[^\n]*)?\r?(?=\n|\Z)"
)
_SIMPLE_FIELD = re.compile(rb"^([A-Za-z_][\w-]*)[ \t]*[:=][ \t]*(.*?)[ \t\r]*$", re.MULTILINE)
_WHOLE = re.compile(r"(?:(?:https?|ftp)://|www\.)\S+", re.IGNORECASE)
_LAYER_OF = {
    "yaml": ("yaml-double", "yaml-single"),
    "toml": ("toml-basic", "toml-literal"),
    "json": ("yaml-double", ""),
}


Range = tuple[int, int]


class FrontMatter(Struct, frozen=True):
    """The head of a post. Offsets are bytes of the document it was read from."""

    kind: str = ""
    """`yaml`, `toml`, `json`, or empty: there is none."""
    start: int = 0
    end: int = 0
    """The range of what stands between the markers."""
    body_start: int = 0
    """Where the text of the post begins."""
    fields: dict[str, Any] = field(default_factory=dict)
    """As parsed; a head that does not parse gives its plain `key: value` lines as strings."""


def block(data: bytes) -> FrontMatter:
    """Find the head without reading it: `fields` stay empty. A BOM must have been cut off."""
    first = data[:1]
    if first == b"-" or first == b"+":
        return _fenced(data, *((_YAML, "yaml") if first == b"-" else (_TOML, "toml")))
    if first == b"{":
        return _json_block(data[:_LARGEST])
    if _HEADLESS.match(data, 0, 4096):  # Hexo allows the first marker to be left out
        match = _HEADLESS_LINES.match(data, 0, 16384)
        return FrontMatter("yaml", *match.span(1), match.end()) if match else FrontMatter()
    return FrontMatter()


def read(data: bytes) -> FrontMatter:
    """Find the head and parse it; a document without one gives an empty FrontMatter. Never raises."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    head = block(data)
    if not head.kind:
        return head
    text = data[head.start : head.end]
    fields = _parsed(head.kind, text.decode("utf-8", "replace"))
    if fields is None:
        fields = {key.decode(): value.decode("utf-8", "replace") for key, value in _SIMPLE_FIELD.findall(text)}
    return FrontMatter(head.kind, head.start, head.end, head.body_start, fields)


def _fenced(data: bytes, pattern: re.Pattern[bytes], kind: str) -> FrontMatter:
    match = pattern.match(data, 0, _LARGEST)
    if match is None or (kind == "yaml" and not _MAPPING.match(match.group(1))):
        return FrontMatter()  # a thematic break opens this text, not a head
    return FrontMatter(kind, *match.span(1), match.end())


def _json_block(data: bytes) -> FrontMatter:
    text = data.decode("utf-8", "replace")
    try:
        _, length = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return FrontMatter()
    end = len(text[:length].encode())
    if text[length : length + 2].strip(" \t\r")[:1] not in ("", "\n"):
        return FrontMatter()
    return FrontMatter("json", 0, end, end)


def _parsed(kind: str, text: str) -> dict[str, Any] | None:
    try:
        match kind:
            case "toml":
                return tomli.loads(text.replace("\r\n", "\n"))
            case "json":
                loaded = json.loads(text)
            case _:
                loaded = _yaml(text)
    except (ValueError, RecursionError, AttributeError, TypeError, LookupError, OverflowError):
        return None
    if loaded is None:
        return {}
    return {str(key): value for key, value in loaded.items()} if isinstance(loaded, dict) else None


def _yaml(text: str) -> Any:
    """Raises ValueError for what is no YAML, and what PyYAML lets through."""
    import yaml  # 20 ms, for documents with such a head only

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def links(data: bytes, head: FrontMatter, options: ExtractOptions) -> Iterator[Found]:
    """Yield the URLs in the head, comments left out (`include_verbatim` takes them)."""
    spots = list(bare.candidates(data, head.start, head.end))
    if not spots:
        return
    quoted = [match.span(1) for match in _QUOTED.finditer(data, head.start, head.end)]
    plain = [match.span(1) for match in _PLAIN.finditer(data, max(0, head.start - 1), head.end)]
    comments = [] if head.kind == "json" or options.include_verbatim else _comments(data, head, quoted)
    done = head.start
    for spot in spots:
        if spot < done or _holding(spot, comments):
            continue
        string = _holding(spot, quoted)
        if string and _IS_KEY.match(data, string[1], head.end):
            continue
        found = _value(data, head, spot, done, string, _holding(spot, plain))
        if found:
            done = found.end
            yield found


def _holding(spot: int, ranges: list[Range]) -> Range | None:
    """Return the range (ascending, apart) that holds the offset, or None."""
    before = bisect_right(ranges, (spot, sys.maxsize)) - 1
    return ranges[before] if before >= 0 and spot < ranges[before][1] else None


def _comments(data: bytes, head: FrontMatter, quoted: list[Range]) -> list[Range]:
    spans = [match.span() for match in _COMMENT.finditer(data, head.start, head.end)]
    return [span for span in spans if not _holding(span[0], quoted)]


def _value(
    data: bytes, head: FrontMatter, spot: int, floor: int, quoted: Range | None, plain: Range | None
) -> Found | None:
    if quoted:
        start, end = quoted[0] + 1, quoted[1] - 1
        double, single = _LAYER_OF[head.kind]
        layer = double if data[start - 1] == 0x22 else single
        return _whole(data, start, end, layer) or _within(data, spot, max(floor, start), end, layer)
    whole = _whole(data, *plain, "yaml-plain") if plain and head.kind == "yaml" else None
    return whole or _within(data, spot, floor, head.end, "")


def _whole(data: bytes, start: int, end: int, layer: str) -> Found | None:
    """Return the value as a URL if it is one from its first to its last character."""
    written = data[start:end].decode("utf-8", "replace")
    url = LAYERS[layer].decode(written) if layer else written
    if not _WHOLE.fullmatch(url):
        return None
    skip = SKIP_TEMPLATE if template.in_url(data[start:end]) else ""
    context = (layer,) if layer else ()
    return Found(start, end, f"http://{url}" if url[:4].lower() == "www." else url, "frontmatter", context, skip)


def _within(data: bytes, spot: int, floor: int, stop: int, layer: str) -> Found | None:
    found = bare.at(data, spot, floor, stop)
    if found is None:
        return None
    context = ("bare", layer) if layer else ("bare",)
    url = LAYERS[layer].decode(found.url) if layer else found.url
    return Found(found.start, found.end, url, "frontmatter", context, found.skip)
