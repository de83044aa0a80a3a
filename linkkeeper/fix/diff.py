"""A fix as a unified diff, the old and the new URL of each repair marked. Pure.

An edit never adds or removes a line end, so lines stay what they were and no comparison is needed.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from linkkeeper.models.edit import Edit, Plan
from linkkeeper.urls import secrets

CONTEXT = 3
_RED, _GREEN, _CYAN, _BOLD, _RESET = (f"\x1b[{code}m" for code in (31, 32, 36, 1, 0))
_REVERSE, _UNREVERSED = "\x1b[7m", "\x1b[27m"


class _Line(Struct, frozen=True):
    """A line that changes: its number from 0, and the edits in it."""

    number: int
    edits: tuple[Edit, ...]


def unified(plan: Plan, data: bytes, colour: bool = False) -> str:
    """Return the plan as a unified diff of its document; empty if it has no edits.

    Above the file's hunks stands a line for each repair: place, kind, rule, old and new URL. With colour the changed
    bytes are shown in reverse. Credentials are masked and control characters shown as escapes: this is for reading.
    """
    if not plan.edits:
        return ""
    lines = data.split(b"\n")
    starts = _starts(lines)
    out = [mark(edit, colour) for edit in plan.edits]
    name = _name(plan.document)
    out += [_bold(f"--- a/{name}", colour), _bold(f"+++ b/{name}", colour)]
    for hunk in _hunks(_changed(plan.edits, starts)):
        out += _hunk(hunk, lines, starts, colour)
    return "".join(f"{line}\n" for line in out)


def mark(edit: Edit, colour: bool = False) -> str:
    """Return an edit in three lines: where and why, the old URL, the new one."""
    head = f"# {edit.link.line}:{edit.link.column} {edit.repair} ({edit.rule}): {edit.reason}"
    after = f"{edit.url_after} + {edit.adds}" if edit.adds else edit.url_after
    old, new = safe(edit.link.url), safe(after)
    if colour:
        old, new = f"{_RED}{old}{_RESET}", f"{_GREEN}{new}{_RESET}"
    return f"{safe(head)}\n#   {old}\n#   -> {new}"


def _starts(lines: Sequence[bytes]) -> list[int]:
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line) + 1
    return starts


def _changed(edits: Sequence[Edit], starts: Sequence[int]) -> Iterator[_Line]:
    numbered = ((bisect_right(starts, edit.span.start) - 1, edit) for edit in edits)
    for number, group in groupby(numbered, key=lambda pair: pair[0]):
        yield _Line(number, tuple(edit for _, edit in group))


def _hunks(changed: Iterable[_Line]) -> Iterator[list[_Line]]:
    """Group lines whose contexts touch."""
    hunk: list[_Line] = []
    for line in changed:
        if hunk and line.number - hunk[-1].number > 2 * CONTEXT + 1:
            yield hunk
            hunk = []
        hunk.append(line)
    if hunk:
        yield hunk


def _hunk(hunk: Sequence[_Line], lines: Sequence[bytes], starts: Sequence[int], colour: bool) -> Iterator[str]:
    last = len(lines) - (1 if lines[-1] else 2)
    first, end = max(0, hunk[0].number - CONTEXT), min(last, hunk[-1].number + CONTEXT) + 1
    at = f"{first + 1},{end - first}" if end - first != 1 else f"{first + 1}"
    yield f"{_CYAN}@@ -{at} +{at} @@{_RESET}" if colour else f"@@ -{at} +{at} @@"
    changed = {line.number: line.edits for line in hunk}
    for number, group in groupby(range(first, end), key=lambda number: number in changed):
        numbers = list(group)
        if not number:
            yield from (line for n in numbers for line in _shown(" ", safe(_text(lines[n])), n, lines))
            continue
        for sign, side in (("-", False), ("+", True)):
            for n in numbers:
                text = _line(lines[n], starts[n], changed[n], side, colour)
                paint = (_GREEN if side else _RED) if colour else ""
                yield from _shown(paint + sign, text + (_RESET if colour else ""), n, lines)


def _shown(sign: str, text: str, number: int, lines: Sequence[bytes]) -> Iterator[str]:
    yield sign + text
    if number == len(lines) - 1:
        yield "\\ No newline at end of file"


def _line(line: bytes, start: int, edits: Sequence[Edit], new: bool, colour: bool) -> str:
    """Return one side of a changed line, what changes in it shown in reverse where there is colour."""
    if not colour:
        pieces, at = [], 0
        for edit in edits:
            pieces += [line[at : edit.span.start - start], edit.new if new else edit.old]
            at = edit.span.end - start
        return safe(_text(b"".join((*pieces, line[at:]))))
    shown, at = "", 0
    for edit in edits:
        changed = safe(_text(edit.new if new else edit.old))
        shown += safe(_text(line[at : edit.span.start - start])) + f"{_REVERSE}{changed}{_UNREVERSED}"
        at = edit.span.end - start
    return shown + safe(_text(line[at:]))


def _name(document: str) -> str:
    return safe(document.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")).lstrip("/")


def _text(data: bytes) -> str:
    return data.removesuffix(b"\r").decode("utf-8", "backslashreplace")


def safe(text: str) -> str:
    """Mask credentials; show control characters, and what reorders text, as escapes."""
    masked = secrets.mask(text)
    if masked.isprintable():
        return masked
    return "".join(
        letter if letter.isprintable() or letter in "\t\u3000\xa0" else ascii(letter)[1:-1] for letter in masked
    )


def _bold(text: str, colour: bool) -> str:
    return f"{_BOLD}{text}{_RESET}" if colour else text
