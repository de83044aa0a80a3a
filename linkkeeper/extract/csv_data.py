"""URLs in CSV and TSV files (RFC 4180): a data file is read only when it is asked for."""

import re
from collections.abc import Iterator

from linkkeeper.extract import data_text
from linkkeeper.extract.base import ExtractOptions, Found
from linkkeeper.extract.unescaped import Unescaped, unescape

SUFFIXES = frozenset({".csv", ".tsv"})
ON_REQUEST = True
_FIELD = {
    delimiter: re.compile(rb"\"((?:[^\"]|\"\")*+)\"?|([^%s\r\n]++)|[\r\n%s]" % (delimiter, delimiter))
    for delimiter in (b",", b";", b"\t", b"\\|")
}
_IN_QUOTES = re.compile(rb'(?:\A|(?<=[,;\t|]))"(?:[^"]|"")*+"?')
_LONGEST_FIELD = 1 << 20
"""Bytes of a field whose doubled quotes are read as one: each takes memory, and a quote ends a URL in any case."""
_DOUBLED = re.compile(rb'""')


def links(data: bytes, options: ExtractOptions) -> Iterator[Found]:
    """Yield the URLs of every field in order."""
    del options
    for field in _FIELD[_delimiter(data)].finditer(data):
        group = field.lastindex
        if group is not None and (b"://" in field[group] or b"www." in field[group]):
            layer = "csv-quoted" if group == 1 else "csv-plain"
            text = _unquoted(field[1]) if group == 1 else Unescaped(field[2])
            yield from data_text.found(text, field.start(group), layer)


def anchors(data: bytes) -> frozenset[str]:
    """Return nothing: a table has no anchors."""
    del data
    return frozenset()


def _unquoted(written: bytes) -> Unescaped:
    if b'""' not in written or len(written) > _LONGEST_FIELD:
        return Unescaped(written)
    return unescape(written, _DOUBLED, lambda _: (2, b'"'))


def _delimiter(data: bytes) -> bytes:
    """Return the delimiter that the first line has most of, outside of quotes."""
    first = _IN_QUOTES.sub(b"", data[: min(4096, data.find(b"\n") if b"\n" in data[:4096] else 4096)])
    counted = {b",": first.count(b","), b";": first.count(b";"), b"\t": first.count(b"\t"), b"\\|": first.count(b"|")}
    return max(counted, key=lambda delimiter: counted[delimiter])
