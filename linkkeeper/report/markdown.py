"""A run as GitHub-flavoured Markdown, for a job summary or an issue.

Everything from outside stands in a code span: there no markup, no HTML, no @mention and no #reference works.
"""

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote

from linkkeeper.models.run import Run
from linkkeeper.models.verdict import Verdict
from linkkeeper.report import advice, places, safe
from linkkeeper.report.hosts import host_of
from linkkeeper.report.saving import coverage_line

NAME = "markdown"

_FOLDED = {
    Verdict.SUSPECT: "Failing now, not proven dead",
    Verdict.BLOCKED: "Refused to us, perhaps not to readers",
    Verdict.REDIRECTED: "Moved for good, alive",
}


def render(run: Run, max_chars: int | None = None) -> str:
    """Return run as Markdown; with max_chars, links that would not fit are counted instead of shown."""
    run = safe.shown(places.noteworthy(run))
    head, tail = "".join(_head(run)), "".join(_tail(run))
    room = None if max_chars is None else max_chars - len(head) - len(tail) - 200
    return safe.log_lines(head + _fitted([*_posts(run), *_accepted(run), *_folded(run)], room) + tail)


def _fitted(blocks: list[str], room: int | None) -> str:
    kept: list[str] = []
    for at, block in enumerate(blocks):
        if room is not None and (room := room - len(block)) < 0:
            return (
                "".join(kept) + f"_{len(blocks) - at} more of the sections do not fit here: see the full report._\n\n"
            )
        kept.append(block)
    return "".join(kept)


def code(text: str) -> str:
    """Return text as a code span: its fence is longer than any run of backticks in it (CommonMark 6.1)."""
    if not text:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def cell(text: str) -> str:
    """Return a code span for a table cell: pipes are escaped (GFM 4.10), or shown as code behind a backslash."""
    return code(re.sub(r"(?<!\\)\|", r"\\|", re.sub(r"\\\|", r"\\\\x7c", text)))


def link(label: str, url: str | None) -> str:
    """Return a Markdown link of our own label to an http(s) URL; anything else is only shown as code."""
    if url is None or not re.match(r"https?://", url, re.IGNORECASE) or "***" in url:
        return f"{label} {cell(url or '')}".rstrip()
    return f"[{label}]({quote(url, safe='/:?#=%~+,;!$.-&').replace('&', '&amp;')})"


def _head(run: Run) -> Iterator[str]:
    figures = run.summary
    attention = sum(figures.verdicts.get(verdict, 0) for verdict in places.FAILS)
    yield f"## {'🔴' if attention else '🟢'} linkkeeper: {_headline(attention)}\n\n"
    counts = [(figures.files, "file"), (figures.links, "link"), (figures.urls, "URL"), (figures.requests, "request")]
    yield " · ".join(places.plural(*count) for count in counts) + "\n\n"
    counted = [(name, count) for name, count in figures.verdicts.items() if count]
    if counted:
        yield f"| {' | '.join(name for name, _ in counted)} |\n|{' --: |' * len(counted)}\n"
        yield f"| {' | '.join(str(count) for _, count in counted)} |\n\n"
    if figures.coverage:
        yield f"{coverage_line(figures.coverage)}\n\n"
    for note in run.notes:
        yield f"> {code(note)}\n>\n"
    yield "\n" if run.notes else ""


def _headline(attention: int) -> str:
    if not attention:
        return "nothing needs attention"
    return "1 URL needs attention" if attention == 1 else f"{attention} URLs need attention"


def _posts(run: Run) -> Iterator[str]:
    for file, found in places.by_file(places.places(run, places.FAILS)).items():
        rows = "".join(_row(place, run) for place in found)
        yield f"### {code(file)}\n\n| Where | Link | What was seen | Rescue |\n| --: | --- | --- | --- |\n{rows}\n"


def _row(place: places.Place, run: Run) -> str:
    row = place.row
    since = f", since {day}" if (day := places.since(row, run)) else ""
    seen = f"{row.verdict}: {cell(places.seen(row, run.rules))}{since}"
    where = f"{place.link.line}:{place.link.column}"
    return f"| {where} | {cell(place.link.raw or '(empty)')} | {seen} | {_rescue(place)} |\n"


def _rescue(place: places.Place) -> str:
    snapshot, parts = place.link.snapshot, []
    if snapshot and snapshot.url:
        parts.append(link(places.day(snapshot.captured) or "copy", snapshot.url))
    if snapshot:
        parts.append(places.NO_RESCUE[snapshot.state])
    if place.row.moved:
        parts.append(link("lives on?", place.row.moved.url))
    return ", ".join(parts)


def _accepted(run: Run) -> Iterator[str]:
    found = places.accepted(run)
    if not found:
        return
    rows = "".join(
        f"| {cell(place.where)} | {cell(one.link.raw or one.url or '(empty)')} | {cell(places.why_accepted(one))} |\n"
        for place, one in found[:200]
    )
    more = f"\n{len(found) - 200} more\n" if len(found) > 200 else ""
    head = f"<details><summary>Broken, and not counted: {len(found)}</summary>\n\n"
    yield f"{head}| Where | Link | Why |\n| --- | --- | --- |\n{rows}{more}\n</details>\n\n"


def _folded(run: Run) -> Iterator[str]:
    for verdict, title in _FOLDED.items():
        rows = [row for row in run.urls if row.verdict is verdict]
        if not rows:
            continue
        hosts = Counter(host_of(row.url) or "this site" for row in rows)
        items = "".join(f"- {code(row.url)} {code(places.seen(row, run.rules))}\n" for row in rows[:100])
        more = f"- and {len(rows) - 100} more\n" if len(rows) > 100 else ""
        most = ", ".join(code(host) for host, _ in hosts.most_common(3))
        yield f"<details><summary>{title}: {len(rows)}</summary>\n\n{most}\n\n{items}{more}\n</details>\n\n"


def _tail(run: Run) -> Iterator[str]:
    if run.files:
        yield "### Files with problems\n\n"
        yield from (f"- {code(problem.file)} {code(problem.problem)}\n" for problem in run.files)
        yield "\n"
    yield "### What to do next\n\n"
    for piece in advice.advise(run)[:3]:
        yield f"- {_advice(piece)}\n"


def _advice(piece: advice.Advice) -> str:
    """Return advice with its outside words (hosts, places) in code spans."""
    words = {name: code(value) if isinstance(value, str) else value for name, value in piece.values.items()}
    text = advice.sentence(advice.Advice(piece.id, words))
    return f"{text} {code(piece.command)}" if piece.command else text
