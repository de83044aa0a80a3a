"""The candidates of `srcset` and `imagesrcset` (WHATWG HTML 4.8.4.3.10)."""

import re
from collections.abc import Iterator

_CANDIDATE = re.compile(rb"[\t\n\f\r ,]*+([^\t\n\f\r ]++)")
_DESCRIPTORS = re.compile(rb"(?:[^(,]|\([^)]*+(?:\)|$))*+,?")


def urls(value: bytes) -> Iterator[tuple[int, int]]:
    """Yield the offsets of each URL in a decoded value. A comma inside a URL is part of it, at its end not."""
    position = 0
    while candidate := _CANDIDATE.match(value, position):
        url = candidate[1].rstrip(b",")
        yield candidate.start(1), candidate.start(1) + len(url)
        position = candidate.end()
        if len(url) == len(candidate[1]):
            descriptors = _DESCRIPTORS.match(value, position)
            position = descriptors.end() if descriptors else len(value)
