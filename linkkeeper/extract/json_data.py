"""URLs in JSON and JSON Lines: a data file is read only when it is asked for. Keys are no URLs."""

from collections.abc import Iterator

from linkkeeper.extract import data_text, json_ld, json_walk
from linkkeeper.extract.base import ExtractOptions, Found

SUFFIXES = frozenset({".json", ".jsonl", ".ndjson", ".webmanifest"})
ON_REQUEST = True


def links(data: bytes, options: ExtractOptions) -> Iterator[Found]:
    """Yield the URLs of every string value in order."""
    del options
    if b"/" not in data and b"www." not in data:
        return
    for event in json_walk.walk(data):
        if isinstance(event, json_walk.String) and event.end - event.start > 4:
            written = data[event.start : event.end]
            if b"/" in written or b"www." in written:
                yield from data_text.found(json_ld.decode(written), event.start, "json")


def anchors(data: bytes) -> frozenset[str]:
    """Return nothing: data has no anchors."""
    del data
    return frozenset()
