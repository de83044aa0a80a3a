"""URLs in YAML files, read as the head of a post is: a data file is read only when it is asked for."""

from collections.abc import Iterator
from functools import partial

from msgspec.structs import replace

from linkkeeper.extract import bare, front_matter
from linkkeeper.extract.base import ExtractOptions, Found
from linkkeeper.extract.pieces import AFTER_LINE, Range, ranges

SUFFIXES = frozenset({".yaml", ".yml"})
ON_REQUEST = True
_PART_BYTES = 16_384


def links_of(kind: str, data: bytes, options: ExtractOptions) -> Iterator[Found]:
    """Yield the URLs of a YAML or TOML text in order. Values do not cross lines here, so parts of it do as well."""
    for start, end in _parts(data):
        if end - start > 4 * _PART_BYTES:  # one enormous line: what stands in which quotes would take too long
            found = bare.find(data, start, end)
        else:
            part = data[start:end]
            head = front_matter.FrontMatter(kind, 0, len(part), len(part))
            found = (
                replace(one, start=one.start + start, end=one.end + start)
                for one in front_matter.links(part, head, options)
            )
        for link in found:
            whole = () if "bare" in link.context else ("whole",)
            yield replace(link, kind="data", context=whole + link.context)


def _parts(data: bytes) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(data):
        end = data.find(b"\n", min(len(data), start + _PART_BYTES)) + 1 or len(data)
        yield start, end
        start = end


links = partial(links_of, "yaml")


def pieces(data: bytes) -> Iterator[Range]:
    """Yield ranges that can be read one by one: values do not cross lines here."""
    return ranges(data, (AFTER_LINE,))


def anchors(data: bytes) -> frozenset[str]:
    """Return nothing: data has no anchors."""
    del data
    return frozenset()
