"""A run for people at a terminal: grouped by post, what to do next on the last line."""

import re
from collections import Counter
from collections.abc import Generator, Iterator

from linkkeeper.models.run import Run
from linkkeeper.models.snapshot import SnapshotState
from linkkeeper.models.verdict import Verdict
from linkkeeper.report import advice, places, safe, widths
from linkkeeper.report.hosts import host_of
from linkkeeper.report.saving import coverage_line

NAME = "terminal"

_COLOURS = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2"}
_FOLDED = {
    Verdict.SUSPECT: "failing now, not proven dead",
    Verdict.BLOCKED: "the server refuses us; readers may well get through",
}
_ACCEPTED = 5
"""So many links that a baseline accepts are listed: the author knows them."""
_MOST_ADVICE = 3
_NOTED = {
    Verdict.UNCHECKED: "not asked",
    Verdict.PLACEHOLDER: "points nowhere: # or empty",
    Verdict.REDIRECTED: "moved for good, alive",
}


def render(run: Run, color: bool = False, width: int = 80, verbose: bool = False) -> str:
    """Return run as text for a terminal.

    Prose is wrapped at width columns; a URL or path is never cut, so that it can be copied and found.
    color adds ANSI colours; verbose lists what is else only counted, with the signs and where redirects end.
    """
    run = safe.shown(places.noteworthy(run, verbose=verbose))
    paint = _Paint(color)
    lines = [*_notes(run, paint, width), *_posts(run, paint, width, verbose), *_accepted(run, paint, width, verbose)]
    lines += [*_folded(run, paint, width, verbose)]
    lines += [*_problems(run, paint, width), *_summary(run, paint, width), *_next(run, paint, width, verbose)]
    return safe.log_lines("\n".join(line.rstrip() for line in lines) + "\n")


class _Paint:
    """Colours words, or leaves them."""

    def __init__(self, color: bool) -> None:
        self._on = color

    def __call__(self, text: str, *names: str) -> str:
        if not self._on or not text:
            return text
        return f"\x1b[{';'.join(_COLOURS[name] for name in names)}m{text}\x1b[0m"


def _indented(text: str, width: int, indent: str, first: str | None = None, whole: str = "") -> list[str]:
    """Return text wrapped to width, each line after indent (the first one after `first`); whole is not broken."""
    lines = widths.wrapped(text, max(20, width - len(indent)), whole)
    return [(indent if at or first is None else first) + line for at, line in enumerate(lines)]


def _notes(run: Run, paint: _Paint, width: int) -> Iterator[str]:
    for note in run.notes:
        for line in _indented(note, width, "  ", first="! "):
            yield paint(line, "yellow")
    if run.notes:
        yield ""


def _posts(run: Run, paint: _Paint, width: int, verbose: bool) -> Iterator[str]:
    shown = (*places.FAILS, *((_FOLDED | _NOTED) if verbose else ()))
    for file, found in places.by_file(places.places(run, shown)).items():
        yield from _indented(f"{file} · {_counts(found)}", width, "  ", first="")
        for place in found:
            yield from _place(place, run, paint, width)
            yield from _details(place, width) if verbose else ()
        yield ""


def _accepted(run: Run, paint: _Paint, width: int, verbose: bool) -> Iterator[str]:
    """Yield what a baseline accepts, with its reason; what was there before is counted."""
    found = places.accepted(run)
    listed = [item for item in found if verbose or item[1].by == "baseline"]
    if others := len(found) - len(listed):
        text = (
            f"{places.plural(others, 'broken link')} that {'was' if others == 1 else 'were'} there before this change"
        )
        yield from (paint(line, "dim") for line in _indented(text, width, "  ", first=""))
    more = 0 if verbose else max(0, len(listed) - _ACCEPTED)
    if listed:
        yield "broken, and not counted:"
    for place, one in listed[: len(listed) - more]:
        yield f"  {paint(place.where, 'dim')}"
        yield from _indented(f"{one.verdict.value}: {places.why_accepted(one)}", width, "      ", first="    ")
        yield f"    {one.link.raw or one.url or '(empty)'}"
    if more:
        yield paint(f"  and {more:,} more, which -v lists", "dim")
    if found:
        yield ""


def _counts(found: list[places.Place]) -> str:
    counts = Counter(place.row.verdict for place in found)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])


def _place(place: places.Place, run: Run, paint: _Paint, width: int) -> Iterator[str]:
    row = place.row
    color = "red" if row.verdict in places.FAILS else "yellow"
    yield f"  {paint(place.where, 'bold')}"
    since = f", since {day}" if (day := places.since(row, run)) else ""
    words = _indented(f"{row.verdict.value}: {places.seen(row, run.rules)}{since}", width, "      ", first="    ")
    yield from (paint(line, color) for line in words)
    yield f"    {place.link.raw or row.url or '(empty)'}"
    yield from _rescue(place, paint, width)


def _details(place: places.Place, width: int) -> Iterator[str]:
    for sign in place.row.signs:
        yield from _indented(f"sign: {sign}", width, "      ", first="    ")
    if place.row.final_url:
        yield f"    ended at {place.row.final_url}"


def _rescue(place: places.Place, paint: _Paint, width: int) -> Iterator[str]:
    snapshot = place.link.snapshot
    words = places.rescue(snapshot)
    if words and snapshot:
        good = snapshot.state is SnapshotState.VERIFIED
        for line in _indented(f"rescue: {words}", width, "      ", first="    "):
            yield paint(line, "green") if good else line
    if snapshot and snapshot.url:
        yield f"    {paint(snapshot.url, 'cyan')}"
    if moved := place.row.moved:
        yield from _indented(f"lives on? {moved.evidence}", width, "      ", first="    ")
        yield f"    {paint(moved.url, 'cyan')}"


def _folded(run: Run, paint: _Paint, width: int, verbose: bool) -> Iterator[str]:
    """Yield a line for each verdict that is counted and not listed, where one occurs."""
    before = yield from _wrong_rules(run, width)
    for verdict, meaning in (_FOLDED | _NOTED).items():
        count = run.summary.verdicts.get(verdict, 0)
        if not count or verbose:
            continue
        hosts = Counter(host_of(row.url) or "this site" for row in run.urls if row.verdict is verdict)
        text = f"{meaning}: {_few(hosts)}" if verdict in _FOLDED else meaning
        head = f"{verdict.value:<11} {count:>5}  "
        yield from _indented(text, width, " " * len(head), first=paint(head, "dim"))
        before = True
    if before:
        yield ""


def _wrong_rules(run: Run, width: int) -> Generator[str, None, bool]:
    """Yield where cleaning broke a URL: it stays as it is written; return whether there was one."""
    wrong = [row for row in run.urls if row.wrong_rule]
    for row in wrong[:5]:
        yield from _indented(f"rule {row.wrong_rule} breaks this URL, which stays as written:", width, "  ", "")
        yield f"  {row.links[0].raw if row.links else row.url}"
    return bool(wrong)


def _few(hosts: Counter[str], most: int = 5) -> str:
    ordered = sorted(hosts.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{host} {count}" if count > 1 else host for host, count in ordered[:most]]
    others = len(ordered) - most
    return ", ".join(named) + (f" and {others} other host{'s' if others > 1 else ''}" if others > 0 else "")


def _problems(run: Run, paint: _Paint, width: int) -> Iterator[str]:
    for problem in run.files:
        yield from (paint(line, "yellow") for line in _indented(f"{problem.file}: {problem.problem}", width, "  ", ""))
    if run.summary.skipped_files:
        yield from _indented(
            f"{places.plural(run.summary.skipped_files, 'file')} of other formats not read", width, "  ", ""
        )
    if run.files or run.summary.skipped_files:
        yield ""


def _summary(run: Run, paint: _Paint, width: int) -> Iterator[str]:
    figures = run.summary
    counts = [(figures.files, "file"), (figures.links, "link"), (figures.urls, "URL"), (figures.requests, "request")]
    parts = [places.plural(*count) for count in counts]
    seconds = (run.finished - run.started).total_seconds()
    parts.append(f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s")
    verdicts = [f"{count} {name}" for name, count in figures.verdicts.items() if count]
    text = ", ".join(parts) + (": " + ", ".join(verdicts) if verdicts else "")
    for line in _indented(re.sub(r"(?<=[0-9]) ", "\u00a0", text), width, "  ", ""):
        yield paint(line.replace("\u00a0", " "), "bold")
    if figures.coverage:
        yield from _indented(coverage_line(figures.coverage), width, "  ", "")
    if not run.complete:
        yield from _indented("This run is not complete: what was not reached is unchecked.", width, "  ", "")


def _next(run: Run, paint: _Paint, width: int, verbose: bool) -> Iterator[str]:
    """Yield advice, the best last: it stands above the prompt."""
    pieces = advice.advise(run)
    shown = pieces if verbose else pieces[:_MOST_ADVICE]
    if left := len(pieces) - len(shown):
        yield f"→ {places.plural(left, 'more suggestion')}: -v shows {'it' if left == 1 else 'them'}."
    for piece in reversed(shown):
        yield from _indented(f"→ {advice.sentence(piece)}", width, "  ", "", str(piece.values.get("where", "")))
        if piece.command:
            yield f"  {paint(piece.command, 'bold', 'cyan')}"
