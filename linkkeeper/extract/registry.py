"""The whole way from a document's bytes to its links."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from itertools import tee
from typing import Protocol, cast

from msgspec import Struct

from linkkeeper.extract import encodings, formats, front_matter
from linkkeeper.extract.base import Extraction, ExtractOptions, Found, LinkSource
from linkkeeper.extract.escape_base import CHARSET
from linkkeeper.extract.portions import Portion
from linkkeeper.extract.spans import FoundFrom, Placed, placed
from linkkeeper.models.document import FileProblem
from linkkeeper.models.link import Link, Span

SUFFIXES, DATA_SUFFIXES = formats.SUFFIXES, formats.DATA_SUFFIXES
WIDE = "the document is in {}: reported, not rewritten"
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

    def read(self, data: bytes, portion: Portion, options: ExtractOptions) -> Iterable[Found]:
        """Yield the links of a portion, with the offsets of the whole document."""


class Reading(Struct, frozen=True):
    """A document as it was understood: what was found, and where that is."""

    text: encodings.Text = encodings.Text(b"", "utf-8")
    found: tuple[FoundFrom, ...] = ()
    """In order."""
    problem: str = ""
    """Why nothing was."""

    def placed(self) -> Iterator[Placed]:
        """Yield each that was found, in order; of two that overlap, the first."""
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
    return Reading(reading.text, tuple((start, list(found)) for start, found in reading.found), reading.problem)


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
    return Reading(encodings.Text(piece, "utf-8"), ((0, before), (-part.start, found)))


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


def _found(source: LinkSource, data: bytes, options: ExtractOptions, head: bool) -> tuple[FoundFrom, ...]:
    front = front_matter.block(data) if head else front_matter.FrontMatter()
    if not front.kind:
        return ((0, source.links(data, options)),)
    body = front.body_start
    return (0, front_matter.links(data, front, options)), (body, source.links(data[body:], options))


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
