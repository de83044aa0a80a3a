"""Bytes and edits in, bytes out: pure."""

from collections.abc import Sequence
from itertools import pairwise

from linkkeeper.models.edit import Edit
from linkkeeper.models.link import Span


def rewrite(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Return data with every edit made. Edits are in order of position and do not overlap.

    Raises ValueError if they do, or if data does not hold an edit's old bytes: the plan is for another text.
    """
    _check(data, edits)
    pieces: list[bytes] = []
    done = 0
    for edit in edits:
        pieces += (data[done : edit.span.start], edit.new)
        done = edit.span.end
    pieces.append(data[done:])
    return b"".join(pieces)


def overlap(before: Span, after: Span) -> bool:
    """Say whether two spans, in order, share bytes. Insertions at one place do not: they follow each other."""
    return after.start < before.end or (after == before and after.start < after.end)


def _check(data: bytes, edits: Sequence[Edit]) -> None:
    for before, after in pairwise(edits):
        if overlap(before.span, after.span):
            raise ValueError(f"edits overlap at byte {after.span.start}")
    for edit in edits:
        if not 0 <= edit.span.start <= edit.span.end <= len(data):
            raise ValueError(f"an edit lies outside the document, at byte {edit.span.start}")
        if data[edit.span.start : edit.span.end] != edit.old:
            raise ValueError(f"the document differs from what was planned, at byte {edit.span.start}")
