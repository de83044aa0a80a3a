"""What `archive save` did and what `archive status` knows, as text and as JSON. Pure."""

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from linkkeeper.models.saving import (
    HAS_COPY,
    Copy,
    CopyState,
    Coverage,
    Saved,
    SavedRow,
    Status,
)
from linkkeeper.report import places, safe, widths
from linkkeeper.urls.secrets import mask

T = TypeVar("T")

_LISTED = 20
"""Links that a terminal names; JSON names all."""
_TOLD = (
    CopyState.FAILED,
    CopyState.UNKNOWN,
    CopyState.REFUSED,
    CopyState.QUEUED,
    CopyState.SUBMITTED,
    CopyState.CAPTURED,
)
"""States that are worth a line each, the worst first."""
_WORDS = {
    CopyState.CAPTURED: "the playback does not show it yet",
    CopyState.SUBMITTED: "how it ended is not known yet",
    CopyState.QUEUED: "the next run goes on here",
    CopyState.UNKNOWN: "it could not be asked",
}
"""What is said of a state where nothing else is."""


def as_json(value: Saved | Status) -> str:
    """Return the JSON of `linkkeeper/archive-save/1` or `-status/1`, `schema` first; credentials masked."""
    fields: dict[str, Any] = safe.masked_value(msgspec.to_builtins(value))
    text = msgspec.json.encode({"schema": fields.pop("schema"), **fields})
    return safe.json_text(msgspec.json.format(text, indent=2).decode()) + "\n"


def of_save(saved: Saved, width: int = 80, *, everything: bool = False) -> str:
    """Return what a run did for a terminal; with everything a line for each link."""
    lines = [*_rows(saved, width, everything=everything), *_problems(saved), *_figures(saved, width)]
    return _text(lines)


def _text(lines: list[str]) -> str:
    return safe.log_lines("\n".join(line.rstrip() for line in lines) + "\n")


def _shown(text: str) -> str:
    return safe.visible(safe.without_surrogates(mask(text)))


def _rows(saved: Saved, width: int, *, everything: bool) -> Iterator[str]:
    told = [(row, copy) for row in saved.urls for copy in row.copies if everything or copy.state in _TOLD]
    order = [*_TOLD, CopyState.SAVED, CopyState.RECENT]
    told.sort(key=lambda item: (order.index(item[1].state), item[1].archive, item[0].url))
    for row, copy in told if everything else told[:_LISTED]:
        yield _shown(row.url)
        yield from _about(row, copy, width, dry_run=saved.dry_run)
    if not everything and len(told) > _LISTED:
        yield f"and {len(told) - _LISTED:,} more: -v lists all"
    if told:
        yield ""


def _about(row: SavedRow, copy: Copy, width: int, *, dry_run: bool) -> Iterator[str]:
    day = f" ({places.day(copy.captured)})" if copy.captured else ""
    wanted = dry_run and copy.state is CopyState.QUEUED
    told = copy.detail or ("would be asked for" if wanted else _WORDS.get(copy.state, ""))
    detail = f": {_shown(told)}" if told else ""
    for at, line in enumerate(widths.wrapped(f"{copy.archive}: {copy.state}{day}{detail}", max(20, width - 4))):
        yield ("  " if not at else "    ") + line
    if copy.url and copy.state in HAS_COPY:
        yield f"  {_shown(copy.url)}"
    more = f" and {places.plural(len(row.posts) - 1, 'other post')}" if len(row.posts) > 1 else ""
    if row.posts:
        yield f"  in {_shown(row.posts[0])}{more}"


def _problems(saved: Saved) -> Iterator[str]:
    for problem in saved.files:
        yield f"{_shown(problem.file)}: {_shown(problem.problem)}"
    if saved.files:
        yield ""


def _figures(saved: Saved, width: int) -> Iterator[str]:
    figures = saved.summary
    yield f"{places.plural(figures.living, 'living link')}, {figures.covered:,} with a copy"
    for archive, states in figures.states.items():
        counts = ", ".join(f"{number:,} {state}" for state, number in states.items())
        yield from _wrapped(f"{archive:<8} {counts or 'nothing to do'}", width)
    yield from _left_out(saved, width)
    if figures.bytes_total:
        new = f", {size(figures.bytes_added)} of it new" if figures.bytes_added else ""
        yield f"  local archive: {size(figures.bytes_total)}{new}"


def _left_out(saved: Saved, width: int) -> Iterator[str]:
    figures = saved.summary
    if figures.dead:
        words = (
            "is dead: linkkeeper fix looks for a copy"
            if figures.dead == 1
            else "are dead: linkkeeper fix looks for copies"
        )
        yield from _wrapped(f"not saved: {figures.dead:,} {words}", width)
    if figures.blocked:
        yield from _wrapped(
            f"not saved: {figures.blocked:,} refused to us or failing, so nobody knows what a copy would hold", width
        )
    if figures.unchecked and saved.dry_run:
        yield from _wrapped(
            f"{figures.unchecked:,} were not asked yet whether they live; only the living are saved", width
        )
    elif figures.unchecked:
        yield from _wrapped(f"not saved: {figures.unchecked:,} not asked yet", width)


def _wrapped(text: str, width: int) -> Iterator[str]:
    for at, line in enumerate(widths.wrapped(text, max(20, width - 4))):
        yield ("  " if not at else "    ") + line


def size(number: int) -> str:
    """Return so many bytes as people say it."""
    amount = float(number)
    for unit in ("bytes", "KB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:,.1f} GB"


def coverage_line(found: Coverage) -> str:
    """Return the coverage of the living in a line."""
    if not found.living:
        return "archived: no living link is known yet"
    where = ", ".join(f"{name} {number:,}" for name, number in found.archives.items() if number)
    share = f"{found.covered / found.living:.0%}" if found.covered in (0, found.living) else f"{_between(found)}%"
    older = f", {found.older:,} an older one" if found.older else ""
    places_text, has = f" ({where})" if where else "", "has" if found.living == 1 else "have"
    links = places.plural(found.living, "living link")
    return f"archived: {found.covered:,} of {links} {has} a copy, {share}{places_text}{older}{_without(found)}"


def _without(found: Coverage) -> str:
    forbidden = f", {found.refused:,} may have none" if found.refused else ""
    return f", {found.never:,} none{forbidden}"


def _between(found: Coverage) -> int:
    """Return the percentage, never 0 or 100 where that would not be the truth."""
    return min(99, max(1, round(100 * found.covered / found.living)))


def of_status(status: Status, width: int = 80, *, everything: bool = False) -> str:
    """Return the coverage for a terminal; with everything every link that lacks a copy."""
    lines = [*widths.wrapped(coverage_line(status.coverage), width)]
    if status.unchecked:
        lines += widths.wrapped(
            f"{places.plural(status.unchecked, 'link')} never asked yet: linkkeeper scan asks", width
        )
    if waiting := [f"{number:,} {state}" for state, number in status.queue.items() if number]:
        lines += widths.wrapped(f"Wayback Machine: {', '.join(waiting)}", width)
    if status.directory:
        lines += widths.wrapped(
            f"{_shown(status.directory)}: {places.plural(status.pages, 'page')}, {size(status.bytes_total)}", width
        )
    for url, why in _some(status.refused, everything):
        lines += ["", _shown(url), f"  {_shown(why)}"]
    if status.missing:
        lines += ["", "without any copy:"]
        lines += [f"  {_shown(url)}" for url in _some(status.missing, everything)]
        if not everything and len(status.missing) > _LISTED:
            lines.append(f"  and {len(status.missing) - _LISTED:,} more: -v lists all")
    return _text(lines)


def _some(items: list[T], everything: bool) -> list[T]:
    return items if everything else items[:_LISTED]
