"""Heads of HTTP messages as they are kept: the bytes that came, but for what would no longer be true. Pure.

The payload is kept without its transfer coding, so `Transfer-Encoding` would mislead whoever replays it, and so would
a `Content-Length` that is not the payload's: both are renamed to `X-Orig-…` (warcio #74, #75).
"""

import re

_RENAMED = b"X-Orig-"
_PRIVATE = frozenset({b"cookie", b"authorization", b"proxy-authorization"})
_STATUS = re.compile(rb"HTTP/\d[\d.]*[ \t]+(\d{3})(?!\d)", re.IGNORECASE)
_MIME = re.compile(r"[!-:<-~]{1,200}")
_NO_BODY = re.compile(r"1\d\d|204|304")
UNKNOWN_MIME = "unk"


def response_head(raw: bytes, payload_length: int) -> bytes:
    """Return the head of a response whose payload is so long, ending in an empty line."""
    kept: list[bytes] = []
    told = False
    for line in _lines(raw):
        name, value = _named(line)
        if name == b"transfer-encoding" or (name == b"content-length" and (told or _number(value) != payload_length)):
            kept.append(_RENAMED + line)
            continue
        told = told or name == b"content-length"
        kept.append(line)
    if not told and not _NO_BODY.fullmatch(status_of(raw)):
        kept.append(b"Content-Length: %d" % payload_length)
    return b"\r\n".join([*kept, b"", b""])


def request_head(raw: bytes) -> bytes:
    """Return the head of a request, without what could let others in, ending in an empty line."""
    kept = [line for line in _lines(raw) if _named(line)[0] not in _PRIVATE]
    return b"\r\n".join([*kept, b"", b""])


def status_of(raw: bytes) -> str:
    """Return the three digits of the status line; `-` if there are none."""
    match = _STATUS.match(raw)
    return match[1].decode() if match else "-"


def value_of(raw: bytes, name: str) -> str:
    """Return the value of the first header of that (lower-case) name, or the empty string."""
    wanted = name.encode()
    for line in _lines(raw)[1:]:
        found, value = _named(line)
        if found == wanted:
            return value.decode("utf-8", "replace")
    return ""


def mime_of(raw: bytes) -> str:
    """Return the media type without parameters, `unk` if none is told."""
    match = _MIME.match(value_of(raw, "content-type").strip())
    return match[0] if match else UNKNOWN_MIME


def pairs(raw: bytes) -> tuple[tuple[str, str], ...]:
    """Return the headers of a response, names in lower case."""
    found = (_named(line) for line in _lines(raw)[1:])
    return tuple((name.decode("latin-1"), value.decode("utf-8", "replace")) for name, value in found if name)


def is_blank(line: bytes) -> bool:
    """Say whether a line ends a head for those who read WARCs: warcio strips white space of all of Unicode."""
    try:
        return not line.decode("utf-8").strip()
    except UnicodeDecodeError:
        return not line.decode("latin-1").strip()


def _lines(raw: bytes) -> list[bytes]:
    """Return the lines without their ends, continuations with what they continue; none that would end the head."""
    lines: list[bytes] = []
    for line in raw.split(b"\n"):
        bare = line.rstrip(b"\r")
        if is_blank(bare):
            continue
        if lines[1:] and bare[:1] in (b" ", b"\t"):
            lines[-1] += b"\r\n" + bare
        else:
            lines.append(bare)
    return lines


def _named(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    return (name.strip().lower(), value.strip()) if colon else (b"", b"")


def _number(value: bytes) -> int:
    return int(value) if value.isdigit() and len(value) < 20 else -1
