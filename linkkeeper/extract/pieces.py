"""Where a long text may be cut so that its pieces, read one by one, hold what the whole holds.

A format says where it begins anew; this finds such places at good distances. Pieces bound what is held at a time, and
several processes can share them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from linkkeeper.extract import bare
from linkkeeper.extract.base import Found

Range = tuple[int, int]
IsCut = Callable[[bytes, int], bool]
LONG = 1 << 21
"""Bytes of a text that is worth cutting."""
PIECE = 1 << 20
LINE_END = rb"(?>\r\n|\n|\r)"
AFTER_LINE = re.compile(rb"\n")
AFTER_BLANK = re.compile(rb"%b[ \t\x0b\x0c]*+%b(?=[^\s])" % (LINE_END, LINE_END))
"""Just before a line at the margin that a blank one precedes."""
BEFORE_WORDS = re.compile(rb"%b(?=https?://|[A-Za-z][A-Za-z]++ )" % LINE_END)
"""Just before a line at the margin that begins with a word or a URL, which is no markup in any format."""
BEFORE_URL = re.compile(rb" (?=https?://)")
BETWEEN_SPACE = re.compile(rb"[ \r\n](?=[^\s])")
_WINDOW = 1 << 13
_TRIES = 256


def alternatives(characters: str) -> re.Pattern[bytes]:
    """Return what matches one of the characters before another character beyond ASCII."""
    return re.compile(b"(?:%b)(?=[\xc0-\xff])" % b"|".join(re.escape(one.encode()) for one in characters))


AFTER_PROSE = alternatives("，、）；")
"""Between punctuation that ends every URL and other text beyond ASCII."""
AFTER_COMMA = re.compile(rb",(?=https?://)")
AFTER_URL = re.compile(rb"(?!)")
"""Within the text beyond ASCII that follows a bare URL: not a pattern, but found by looking for URLs."""


def ranges(data: bytes, places: tuple[re.Pattern[bytes], ...], is_cut: IsCut | None = None) -> Iterator[Range]:
    """Yield the pieces of a text in order: it is cut where one of the patterns ends and is_cut agrees."""
    start = floor = 0
    while len(data) - floor > LONG:
        end = _first(data, floor + PIECE, floor + LONG, places, is_cut)
        if end:
            yield start, end
            start = floor = end
        else:
            floor += PIECE
    yield start, len(data)


def _first(data: bytes, floor: int, limit: int, places: tuple[re.Pattern[bytes], ...], is_cut: IsCut | None) -> int:
    for place in places:
        if place is AFTER_URL:
            if end := _after_url(data, floor):
                return end
            continue
        for match in islice(place.finditer(data, floor, limit), _TRIES):
            if is_cut is None or is_cut(data, match.end()):
                return match.end()
    return 0


def _after_url(data: bytes, floor: int) -> int:
    """Return a place, soon behind floor, within the text beyond ASCII that follows a bare URL; 0: there is none."""
    for found in list(bare.find(data, floor, min(len(data), floor + _WINDOW)))[1:-1]:
        place = found.end + 1
        while 0x80 <= data[place] < 0xC0:
            place += 1
        if data[found.end] >= 0xC0 and data[place] >= 0xC0:
            return place
    return 0


def in_text(data: bytes, place: int) -> bool:
    """Tell whether a place is in a line that begins with a letter or digit at the margin, or before any line."""
    line = line_start(data, place)
    return line == place or data[line : line + 2].isalnum() or data[line] >= 0xC0


def line_start(data: bytes, place: int) -> int:
    """Return where the line begins in which a place is."""
    line = data.rfind(b"\n", 0, place) + 1
    return max(line, data.rfind(b"\r", line, place) + 1)


def before_space(data: bytes, place: int) -> int:
    """Return where the white space before a place begins."""
    while place and (before := data[max(0, place - 4096) : place]).isspace():
        place -= len(before)
    return place - len(before) + len(before.rstrip()) if place else 0


def read(
    data: bytes, cut: Callable[[bytes], Iterator[Range]], links: Callable[[bytes], Iterable[Found]]
) -> Iterator[Found]:
    """Yield what `links` finds in the pieces of a text, in order; a text that is not long is one piece."""
    for start, end in cut(data) if len(data) > LONG else ((0, len(data)),):
        for found in links(data[start:end]):
            yield moved(found, start) if start else found


def moved(found: Found, by: int) -> Found:
    """Return what was found in a piece that begins at `by`."""
    start, end = found.start + by, found.end + by
    return Found(start, end, found.url, found.kind, found.context, found.skip, found.unwritable)
