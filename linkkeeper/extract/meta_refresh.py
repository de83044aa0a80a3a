"""The URL in `<meta http-equiv=refresh content>` (WHATWG HTML 4.2.5.3, shared declarative refresh steps)."""

import re

_REFRESH = re.compile(
    rb"[\t\n\f\r ]*+(?:[0-9]++(?:\.[0-9.]*+)?|\.[0-9.]*+)(?=[\t\n\f\r ;,])[\t\n\f\r ]*+[;,]?[\t\n\f\r ]*+"
    rb"(?:url[\t\n\f\r ]*+=[\t\n\f\r ]*+)?([\"']?)",
    re.IGNORECASE,
)


def url(content: bytes) -> tuple[int, int, bytes] | None:
    """Return the offsets of the URL in a decoded value and the quote around it, or None if it only reloads."""
    head = _REFRESH.match(content)
    if head is None:
        return None
    end = content.find(head[1], head.end()) if head[1] else -1
    written = content[head.end() : end if end >= 0 else len(content)]
    stripped = written.strip(b"\t\n\f\r ")
    start = head.end() + (written.find(stripped) if stripped else 0)
    return (start, start + len(stripped), head[1]) if stripped else None
