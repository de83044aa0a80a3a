"""The proof before saving: reading the new bytes again shows the planned changes and no others. Pure."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import zip_longest

from msgspec import Struct

from linkkeeper.extract import registry
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.models.edit import Edit, Plan
from linkkeeper.models.link import Link


class _Expected(Struct, frozen=True):
    """A link that must be read from the new bytes."""

    start: int
    url: str
    kind: str | None
    """None for a link that an edit adds: its syntax is ours to choose."""
    skip: str = ""
    written: bytes | None = None
    """For links that no edit touches."""
    slack: int = 0
    """It may begin so many bytes later: somewhere in what an edit adds."""


def prove(
    document: str,
    data: bytes,
    new: bytes,
    plan: Plan,
    options: ExtractOptions = ExtractOptions(),  # noqa: B008  # frozen
    links: Sequence[Link] | None = None,
) -> str | None:
    """Return None if the links of new are those of data with exactly the plan's changes, else what differs.

    links are those of data, if the caller has them; else data is read again as well.
    """
    before = registry.extract(document, data, options).links if links is None else links
    after = registry.extract(document, new, options).links
    if sum(len(edit.new) - len(edit.old) for edit in plan.edits) != len(new) - len(data):
        return "the new text has another length than planned"
    expected = _expected(before, plan.edits)
    if isinstance(expected, str):
        return expected
    for wanted, found in zip_longest(expected, after):
        if wanted is None or found is None or not _is(wanted, found):
            return _difference(wanted, found)
    return None


def _expected(before: Sequence[Link], edits: Sequence[Edit]) -> list[_Expected] | str:
    """Return what must be found in the new bytes, in order; or that an edit's link is not among those before."""
    by_start = {edit.link.span.start: edit for edit in edits if edit.span.start < edit.span.end}
    if not {edit.link.span.start for edit in edits} <= {link.span.start for link in before}:
        return "a link that was to be changed is not found again in the file"
    expected: list[_Expected] = []
    shifts = _Shifts(edits)
    for link in before:
        edit = by_start.get(link.span.start)
        start = shifts.after(link.span.start)
        if edit is None:
            expected.append(_Expected(start, link.url, link.kind, link.skip, link.written))
        else:
            expected.append(_Expected(start, edit.url_after, link.kind, link.skip))
    added = [(shifts.of(number), edit) for number, edit in enumerate(edits) if edit.adds]
    expected += (_Expected(start, edit.adds, None, slack=len(edit.new)) for start, edit in added)
    return sorted(expected, key=lambda one: one.start) if added else expected


class _Shifts:
    """Where bytes of the old text are in the new one."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = edits
        self._keys = [(edit.span.start, edit.span.end > edit.span.start) for edit in edits]
        self._sums = [0]
        for edit in edits:
            self._sums.append(self._sums[-1] + len(edit.new) - len(edit.old))

    def after(self, offset: int) -> int:
        """Return where the byte at offset is: behind what is inserted there, at the start of what is replaced."""
        return offset + self._sums[bisect_left(self._keys, (offset, True))]

    def of(self, number: int) -> int:
        """Return where an edit's new bytes begin."""
        return self._edits[number].span.start + self._sums[number]


def _is(wanted: _Expected, found: Link) -> bool:
    if (wanted.url, wanted.skip) != (found.url, found.skip):
        return False
    if not wanted.start <= found.span.start <= wanted.start + wanted.slack:
        return False
    if wanted.kind is not None and wanted.kind != found.kind:
        return False
    return wanted.written is None or wanted.written == found.written


def _difference(wanted: _Expected | None, found: Link | None) -> str:
    if wanted is None and found is not None:
        return f"a link appears that is not planned: {found.url}"
    if wanted is not None and found is None:
        return f"a link would be lost: {wanted.url}"
    assert wanted is not None
    assert found is not None
    return f"instead of {wanted.url} a reader would find {found.url}"
