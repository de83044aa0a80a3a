"""Whether what came is a page to keep. Pure but for the rules that the pipeline hands in."""

import msgspec
from msgspec import Struct

from linkkeeper.archive.capture import reading
from linkkeeper.archive.capture.base import BODY_FOR_LOOKS, CaptureOptions, Judge, Why
from linkkeeper.archive.capture.directives import header_forbids
from linkkeeper.archive.capture.fetch import Fetched
from linkkeeper.archive.capture.requisites import Use
from linkkeeper.net.tape import Cut, Recorded, Values

_GONE = frozenset({404, 410})
_REFUSED = frozenset({401, 402, 403, 407, 420, 429, 451, 999})
_EMPTY = frozenset({204, 205})
_ERROR_BODY = 8 * 1024
"""Bytes read of what is not kept: enough, mostly, to use the connection again."""
_NO_SECOND_LOOK = frozenset({401, 407, 410, 451})


class No(Struct, frozen=True):
    """Why not."""

    why: Why
    detail: str
    status: int | None = None
    wait_s: float | None = None
    again: bool = False
    """Another attempt may fare better."""


def answered(fetched: Fetched) -> No | None:
    """Say why an answer, by its status and head, is no page to keep."""
    reply, status = fetched.reply, fetched.reply.status or 0
    if fetched.why is not None:
        again = bool(fetched.reply.requests) and fetched.why in (Why.UNREACHABLE, Why.ERROR)
        return No(fetched.why, fetched.detail, wait_s=fetched.wait_s, again=again)
    if not fetched.hops:
        return No(Why.ERROR, "no answer to keep", again=True)
    said = f"HTTP {status}"
    if status in _GONE:
        return No(Why.DEAD, said, status, again=status not in _NO_SECOND_LOOK)
    if status in _REFUSED:
        return No(Why.BLOCKED, said, status, reply.retry_after_s, again=status not in _NO_SECOND_LOOK)
    if not 200 <= status < 300:
        return No(Why.ERROR, said, status, reply.retry_after_s, again=True)
    return No(Why.DEAD, f"{said}, without a page", status) if status in _EMPTY else None


def whole(hop: Recorded, html: bool, data: bytes | None) -> No | None:
    """Say why the body of a page is not fit to be kept. `data`: its beginning, decoded; None if it cannot be."""
    if hop.cut is not None and (hop.size == 0 or not html):
        if hop.cut is Cut.LENGTH:
            return No(Why.TOO_LARGE, "larger than may be kept of one page", hop.status)
        how = "broke off" if hop.cut is Cut.DISCONNECT else "did not come in time"
        return No(Why.UNREACHABLE, f"the page {how}", hop.status, again=True)
    if data is None:
        return No(Why.ERROR, "its content coding cannot be undone", hop.status)
    return None if data.strip() else No(Why.DEAD, "an empty page", hop.status)


def looked_at(fetched: Fetched, data: bytes, judge: Judge) -> No | None:
    """Say what the rules for pages have against one that came with a good status."""
    more = len(data) > BODY_FOR_LOOKS or fetched.reply.truncated
    reply = msgspec.structs.replace(fetched.reply, body=data[:BODY_FOR_LOOKS], truncated=more)
    blocked = judge.looks_blocked(reply)
    if blocked:
        return No(Why.BLOCKED, blocked, reply.status)
    dead = judge.looks_dead(reply)
    return No(Why.DEAD, dead, reply.status) if dead else None


def forbidden(hops: tuple[Recorded, ...], options: CaptureOptions) -> bool:
    """Say whether a header field on the way forbids a copy."""
    return options.obey_noarchive and any(header_forbids(hop.values) for hop in hops)


class PageLimit(Struct, frozen=True):
    """How much of a page's body is taken."""

    options: CaptureOptions

    def __call__(self, status: int, values: Values) -> int:
        """Return bytes, by status and head; 0 for what is too large anyway."""
        if not 200 <= status < 300:
            return _ERROR_BODY
        kind = reading.named(values, "content-type")
        if not kind or "html" in kind.lower():
            return self.options.max_file_bytes
        return self.options.max_page_bytes if _length(values) <= self.options.max_page_bytes else 0


class RequisiteLimit(Struct, frozen=True):
    """How much of a requisite's body is taken."""

    options: CaptureOptions
    use: Use
    left: int
    """Bytes that the page may still take."""

    def __call__(self, status: int, values: Values) -> int:
        """Return bytes, by status and head."""
        if not 200 <= status < 300:
            return _ERROR_BODY
        most = self.options.max_file_bytes
        return 0 if self.use is Use.MEDIA and _length(values) > min(self.left, most) else most


def _length(values: Values) -> int:
    text = reading.named(values, "content-length").strip()
    return int(text) if text.isdecimal() and len(text) < 19 else 0
