"""What can be read of an answer that aiohttp's parser refuses, and that browsers show all the same.

Two Content-Lengths, a header line without a colon, text after the body: the status is plain in each of them, and it
is what a verdict needs. Nothing read here decides where the next answer begins: the connection is closed.
"""

import re

_STATUS = re.compile(rb"[\r\n]*HTTP/[0-9](?:\.[0-9])?[ \t]+([0-9]{3})(?![0-9])[^\r\n]*\r?\n", re.IGNORECASE)
_END = re.compile(rb"\r?\n\r?\n")
_MAX_INTERIM = 20
_MAX_LINES = 2000

Fields = tuple[tuple[bytes, bytes], ...]


def salvage(raw: bytes) -> tuple[int, Fields, bytes] | None:
    """Return status, header fields and what follows of the last answer in raw; None if it is not HTTP at all."""
    for _ in range(_MAX_INTERIM):
        start = _STATUS.match(raw)
        if start is None:
            return None
        end = _END.search(raw, start.end() - 2)
        if end is None:
            return None
        status = int(start[1])
        if status == 101 or not 100 <= status < 200:
            return status, _fields(raw[start.end() : end.start()]), raw[end.end() :]
        raw = raw[end.end() :]
    return None


def _fields(head: bytes) -> Fields:
    """Return the fields that have a name; control characters in values become spaces."""
    found = []
    for line in head.splitlines()[:_MAX_LINES]:
        name, colon, value = line.partition(b":")
        name = name.strip()
        if colon and name:
            found.append((name, re.sub(rb"[\x00-\x08\x0a-\x1f\x7f]", b" ", value).strip()))
    return tuple(found)
