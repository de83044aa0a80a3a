"""URLs in one value of a data file: the whole value, or what stands bare in a longer text."""

import re
from collections.abc import Iterator

from linkkeeper.extract import bare
from linkkeeper.extract.base import SKIP_TEMPLATE, Found
from linkkeeper.extract.template import in_url
from linkkeeper.extract.unescaped import Unescaped

_WHOLE = re.compile(rb"\s*((?:https?|ftp)://[^\s<>\"]+)\s*\Z", re.IGNORECASE)


def found(text: Unescaped, origin: int, layer: str) -> Iterator[Found]:
    """Yield the URLs of a decoded value; its source stands at `origin`, escaped as `layer` says."""
    whole = _WHOLE.match(text.data)
    if whole is not None:
        skip = SKIP_TEMPLATE if in_url(whole[1]) else ""
        url = whole[1].decode("utf-8", "replace")
        yield _placed(text, Found(*whole.span(1), url, "data", ("whole",), skip), origin, layer)
    elif b"://" in text.data or b"www." in text.data:
        for link in bare.find(text.data):
            yield _placed(text, Found(link.start, link.end, link.url, "data", link.context, link.skip), origin, layer)


def _placed(text: Unescaped, link: Found, origin: int, layer: str) -> Found:
    source = text.source(link.start, link.end)
    start, end = source or (text.source_of(link.start), text.source_of(max(link.start, link.end - 1)) + 1)
    why = "" if source else "an escape reaches over the end of the URL"
    return Found(start + origin, end + origin, link.url, "data", (*link.context, layer), link.skip, why)
