"""Plain text: bare URLs, `www.` hosts and mail addresses."""

from collections.abc import Iterator

from linkkeeper.extract import bare
from linkkeeper.extract.base import ExtractOptions, Found

SUFFIXES = frozenset({".txt", ".text"})


def links(data: bytes, options: ExtractOptions) -> Iterator[Found]:
    """Yield every bare URL. Plain text knows no code: `--include-verbatim` changes nothing."""
    del options
    yield from bare.find(data)


def anchors(data: bytes) -> frozenset[str]:
    """Plain text has no anchors."""
    del data
    return frozenset()
