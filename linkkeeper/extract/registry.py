"""The whole way from a document's bytes to its links."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from itertools import chain, tee
from typing import Protocol, cast

from msgspec import Struct
from msgspec.structs import replace

from linkkeeper.extract import encodings, formats, front_matter
from linkkeeper.extract.base import LONGEST_URL, SKIP_LONG, Extraction, ExtractOptions, Found, LinkSource
from linkkeeper.extract.escape_base import CHARSET
from linkkeeper.extract.portions import Portion
from linkkeeper.extract.spans import Placed, placed
from linkkeeper.models.document import FileProblem
from linkkeeper.models.link import Link, Span

SUFFIXES, DATA_SUFFIXES = formats.SUFFIXES, formats.DATA_SUFFIXES
WIDE = "the document is in {}: reported, not rewritten"
_SHORT = 1 << 12
_SURROGATE = re.compile(r"[\ud800-\udfff]")
LOSSY = "the document has bytes that are no text in {}: offsets cannot be proved"


def source_for(path: str) -> LinkSource | None:
    """Return the format of a file, by its name, or None if it is none of ours."""
    name = formats.module_for(path)
    return _source(name) if name else None


@cache
def _source(name: str) -> LinkSource:
    return cast("LinkSource", import_module(f"linkkeeper.extract.{name}"))


class InSteps(Protocol):
    """A format whose portions have steps."""

    def read(self, data: bytes, portion: Portion, options: ExtractOptions) -> Iterator[Found]:
        """Yield the links of a portion, with the offsets of the whole document."""


class Reading(Struct, frozen=True):
    """A document as it was understood: what was found, and where that is."""

    text: encodings.Text = encodings.Text(b"", "utf-8")
    found: Iterable[Found] = ()
    """In order; may be an iterator."""
    problem: str = ""
    """Why nothing was."""

    def placed(self) -> Iterator[Placed]:
        """Yield each that was found, in order."""
        here = placed(self.text.data, self.found)
        return here if self.text.faithful and not self.text.bom else self._mapped(here)

    def _mapped(self, here: Iterator[Placed]) -> Iterator[Placed]:
        """Give places in the text the offsets that they have in the document."""
        here, again = tee(here)
        offsets = self.text.offsets(offset for _, *span, _, _ in again for offset in span)
        for (one, _, _, line, column), start, end in zip(here, offsets, offsets, strict=True):
            yield one, start, end, line, column


def read(path: str, data: bytes, options: ExtractOptions) -> Reading:
    """Return what a document holds. Never raises: what cannot be read is a problem of the document."""
    reading = begin(path, data, options)
    return Reading(reading.text, list(reading.found), reading.problem)


def begin(path: str, data: bytes, options: ExtractOptions) -> Reading:
    """Return what a document holds, as `read` does, of which as little as possible is held at a time."""
    name = formats.module_for(path)
    if name is None:
        return Reading(problem="not a format that linkkeeper reads")
    if len(data) > options.max_file_bytes:
        return Reading(problem=f"larger than {options.max_file_bytes:,} bytes")
    source = _source(name)
    declares = getattr(source, "declared_encoding", None)
    text = encodings.read(data, declares(data) if declares else None)
    if text is None:
        return Reading(problem="binary, not text")
    found = _found(source, text.data, options, head=name in formats.WITH_HEAD)
    return Reading(text, found)


def portions(path: str, data: bytes, options: ExtractOptions) -> Iterator[Portion]:
    """Yield what of a long document `portion` can read by itself, in order; a single one: there is no such part."""
    name = formats.module_for(path)
    cut = _cutter(name) if name else None
    if cut is None or len(data) > options.max_file_bytes or not _is_plain_utf8(path, data):
        yield Portion(0, len(data))
        return
    body = front_matter.block(data).body_start if name in formats.WITH_HEAD else 0
    for part in cut(data[body:] if body else data, options):
        yield part.moved(body) if body else part


@cache
def _cutter(name: str) -> Callable[[bytes, ExtractOptions], Iterator[Portion]] | None:
    """Return what cuts a text of a format: its `portions`, or else its `pieces`, which need no more than a range."""
    source = _source(name)
    pieces = getattr(source, "pieces", None)
    if pieces is None:
        return getattr(source, "portions", None)
    return lambda data, _: (Portion(start, end) for start, end in pieces(data))


def _is_plain_utf8(path: str, data: bytes) -> bool:
    declares = getattr(source_for(path), "declared_encoding", None)
    text = encodings.read(data, declares(data) if declares else None)
    return text is not None and text.data is data


def portion(path: str, data: bytes, part: Portion, options: ExtractOptions) -> Reading:
    """Return what one of the `portions` of a document holds. Offsets and lines are those of the portion."""
    name = formats.module_for(path) or "text"
    source = _source(name)
    piece = data[part.start : part.end]
    head = not part.start and name in formats.WITH_HEAD
    if not part.steps:
        return Reading(encodings.Text(piece, "utf-8"), _found(source, piece, options, head))
    front = front_matter.block(piece) if head else front_matter.FrontMatter()
    before = front_matter.links(piece, front, options) if front.kind else ()
    found = cast("InSteps", source).read(data, part, options)
    return Reading(encodings.Text(piece, "utf-8"), chain(_apart(before), _apart(found, offset=-part.start)))


def extract(path: str, data: bytes, options: ExtractOptions) -> Extraction:
    """Return every link of a document, as `read` does."""
    reading = begin(path, data, options)
    if reading.problem:
        return Extraction(problems=(FileProblem(path, reading.problem),))
    return Extraction(tuple(_links(path, data, reading)))


def anchors(path: str, data: bytes) -> frozenset[str]:
    """Return the fragments that the built page would have; empty for what is no document of ours."""
    source = source_for(path)
    declares = getattr(source, "declared_encoding", None)
    text = encodings.read(data, declares(data) if declares else None)
    if source is None or text is None:
        return frozenset()
    return source.anchors(text.data[front_matter.block(text.data).body_start :])


def _found(source: LinkSource, data: bytes, options: ExtractOptions, head: bool) -> Iterator[Found]:
    front = front_matter.block(data) if head else front_matter.FrontMatter()
    if not front.kind:
        return _apart(source.links(data, options))
    body = front.body_start
    return chain(
        _apart(front_matter.links(data, front, options)), _apart(source.links(data[body:], options), offset=body)
    )


def _apart(found: Iterable[Found], offset: int = 0) -> Iterator[Found]:
    """Yield the links, moved by offset; of two that overlap, the first stays (an attribute before what is in it)."""
    reach = 0
    for one in found:
        start = one.start
        if start < reach:
            continue
        reach = one.end
        if len(one.url) >= _SHORT or not one.url.isascii():
            one = _sound(one)
        if offset:
            yield Found(start + offset, reach + offset, one.url, one.kind, one.context, one.skip, one.unwritable)
        else:
            yield one


def _sound(one: Found) -> Found:
    """Return a link whose URL can be written down: half of a UTF-16 pair, which some escapes can name, is U+FFFD."""
    if len(one.url) > LONGEST_URL:
        one = _shown(one)
    if one.url.isascii() or not _SURROGATE.search(one.url):
        return one
    return replace(one, url=_SURROGATE.sub("\ufffd", one.url))


def _shown(one: Found) -> Found:
    """Return a link that nobody can follow, with the beginning of its URL."""
    return Found(one.start, one.end, one.url[:100], one.kind, one.context, one.skip or SKIP_LONG, SKIP_LONG)


def _links(path: str, document: bytes, reading: Reading) -> Iterator[Link]:
    text = reading.text
    unwritable = _unwritable(text)
    charset = () if text.encoding == "utf-8" else (f"{CHARSET}{text.encoding}",)
    for one, start, end, line, column in reading.placed():
        yield Link(
            path, Span(start, end), document[start:end], one.url, one.kind, line, column,
            one.context + charset, one.skip, one.unwritable or unwritable,
        )  # fmt: skip


def _unwritable(text: encodings.Text) -> str:
    if not text.extends_ascii:
        return WIDE.format(text.encoding)
    return "" if text.exact else LOSSY.format(text.encoding)
