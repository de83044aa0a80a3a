"""HTML inside Markdown: the parser hands it over in lines, sometimes with the markers of quotes and lists cut out."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from linkkeeper.extract import html
from linkkeeper.extract.base import Found

SPLIT = "the destination runs over several lines of a quote or list"


class Piece(Struct, frozen=True, gc=False):
    """Text of the parser and where it came from."""

    text: bytes
    start: int
    end: int


def is_worth_a_look(text: bytes) -> bool:
    """Tell whether HTML can hold a URL: in an attribute, a style sheet, or structured data."""
    return html.may_have_url(text)


def links(data: bytes, pieces: list[Piece]) -> Iterator[Found]:
    """Yield what the HTML tokenizer finds in these pieces of data, mapped back to offsets of data."""
    start, end = pieces[0].start, pieces[-1].end
    whole = data[start:end]
    if sum(len(piece.text) for piece in pieces) == len(whole):
        for one in html.find(whole, in_markdown=True):
            yield Found(one.start + start, one.end + start, one.url, one.kind, one.context, one.skip, one.unwritable)
        return
    yield from _mapped(data, pieces)


def _mapped(data: bytes, pieces: list[Piece]) -> Iterator[Found]:
    lines = [line for piece in pieces for line in _aligned(data, piece)]
    text = b"".join(line.text for line in lines)
    starts: list[int] = []
    total = 0
    for line in lines:
        starts.append(total)
        total += len(line.text)
    for found in html.find(text, in_markdown=True):
        yield _back(found, lines, starts)


def _back(found: Found, lines: list[Piece], starts: list[int]) -> Found:
    from bisect import bisect_right

    first = bisect_right(starts, found.start) - 1
    last = bisect_right(starts, max(found.start, found.end - 1)) - 1
    start = lines[first].start + found.start - starts[first]
    end = lines[last].start + found.end - starts[last]
    unwritable = found.unwritable or (SPLIT if first != last else "")
    return replace(found, start=start, end=end, unwritable=unwritable)


def _aligned(data: bytes, piece: Piece) -> Iterator[Piece]:
    """Split a piece whose raw bytes hold more than its text: each line of text is the end of a raw line."""
    raw = data[piece.start : piece.end]
    if raw == piece.text:
        yield piece
        return
    position = piece.start
    for text, line in zip(piece.text.splitlines(True), raw.splitlines(True), strict=False):
        stop = position + len(line)
        bare = text.rstrip(b"\r\n")
        at = data.rfind(bare, position, stop)
        yield Piece(text, at if at >= 0 else position, stop)
        position = stop
