"""Plain text: bare URLs, `www.` hosts and mail addresses."""

from collections.abc import Iterator

from linkkeeper.extract import bare
from linkkeeper.extract.base import ExtractOptions, Found
from linkkeeper.extract.pieces import AFTER_COMMA, AFTER_PROSE, AFTER_URL, BETWEEN_SPACE, Range, ranges

SUFFIXES = frozenset({".txt", ".text"})


def links(data: bytes, options: ExtractOptions) -> Iterator[Found]:
    """Yield every bare URL. Plain text knows no code: `--include-verbatim` changes nothing."""
    del options
    yield from bare.find(data)


def pieces(data: bytes) -> Iterator[Range]:
    """Yield ranges that can be read one by one: between words, or else behind what ends a URL."""
    return ranges(data, (BETWEEN_SPACE, AFTER_PROSE, AFTER_COMMA, AFTER_URL))


def anchors(data: bytes) -> frozenset[str]:
    """Plain text has no anchors."""
    del data
    return frozenset()
