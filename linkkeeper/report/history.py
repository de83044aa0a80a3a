"""How a collection, or one URL, fared over time: for the terminal and as JSON (`linkkeeper/history/1`)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from math import exp, log

import msgspec
from msgspec import Struct

from linkkeeper.models.verdict import Verdict
from linkkeeper.report import places, safe, widths
from linkkeeper.report.figures import Bar
from linkkeeper.urls.secrets import mask

SCHEMA = "linkkeeper/history/1"
FEWEST_DEAD, FEWEST_DATED = 3, 20
"""A half-life from less would be a guess."""
_WIDTH = 1.96
"""Of a 95 % interval: of a rate that was counted n times the logarithm varies by about 1/sqrt(n)."""
_HEIGHT = 8
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_YEAR_DAYS = 365.25


class RunPoint(Struct, frozen=True):
    """One run in figures."""

    id: str
    at: datetime
    links: int
    verdicts: dict[str, int]
    """URLs per verdict."""
    accepted: int = 0
    """Of these, broken ones that a baseline or `--new-only` set aside: the run itself did not count them."""

    @property
    def attention(self) -> int:
        """URLs that are dead or invalid."""
        return sum(self.verdicts.get(verdict.value, 0) for verdict in places.FAILS)


class HalfLife(Struct, frozen=True):
    """After how many years half of the links are dead, if they die at an even rate."""

    years: float
    dead: int
    dated: int
    """Links of known age that the estimate is made of, dead ones included."""
    at_least: float
    at_most: float
    """Years: from few dead links nobody knows it well (95 %)."""


class Host(Struct, frozen=True):
    """Links to one host that need attention."""

    host: str
    broken: int
    links: int


class Collection(Struct, frozen=True):
    """How the whole collection fared."""

    runs: list[RunPoint]
    """Oldest first."""
    half_life: HalfLife | None
    worst_hosts: list[Host]
    """By the last report."""
    schema: str = SCHEMA


class Seen(Struct, frozen=True):
    """A verdict that differed from the one before."""

    at: datetime
    verdict: str
    rule: str
    status: int | None
    meaning: str
    """What the rule means."""


class Where(Struct, frozen=True):
    """A place of the URL in the last report."""

    file: str
    line: int
    column: int


class Url(Struct, frozen=True):
    """What was seen of one URL."""

    url: str
    events: list[Seen]
    """Oldest first."""
    since: datetime | None
    """Failing since then, without a success in between."""
    failed_days: list[str]
    """UTC days on which it failed since it last answered."""
    last_asked: datetime | None
    links: list[Where]
    schema: str = SCHEMA


def half_life(alive: Sequence[float], dead: Sequence[float]) -> HalfLife | None:
    """Return the half-life that makes it likeliest that links of these ages (years) are alive, and these dead.

    Each link was seen once, so only "dead by now" is known (current status data): with an even rate r, a link of age
    a is dead with probability 1 - exp(-r a). None: too few links, or too few dead ones, to say.
    """
    if len(dead) < FEWEST_DEAD or len(alive) + len(dead) < FEWEST_DATED or not alive:
        return None
    lived = sum(alive)
    low, high = 1e-6, 1e3
    for _ in range(80):
        rate = (low * high) ** 0.5
        slope = sum(age * exp(-rate * age) / (1 - exp(-rate * age)) for age in dead) - lived
        low, high = (rate, high) if slope > 0 else (low, rate)
    years, doubt = log(2) / low, exp(_WIDTH / len(dead) ** 0.5)
    near, far = max(0.01, round(years / doubt, 2)), round(years * doubt, 2)
    return HalfLife(max(0.01, round(years, 2)), len(dead), len(alive) + len(dead), near, far)


def hosts(bars: Sequence[Bar]) -> list[Host]:
    """Return the worst hosts of a report's figures."""
    return [Host(bar.label, bar.bad, bar.all) for bar in bars]


def comparable(runs: Sequence[RunPoint]) -> list[RunPoint]:
    """Return the runs that looked at about the whole collection: at least half the links of the largest."""
    most = max((run.links for run in runs), default=0)
    return [run for run in runs if run.links * 2 >= most]


def as_json(value: Collection | Url) -> str:
    """Return the JSON of `linkkeeper/history/1`, `schema` first; credentials masked."""
    fields = safe.masked_value(msgspec.to_builtins(value))
    text = msgspec.json.encode({"schema": fields.pop("schema"), **fields})
    return safe.json_text(msgspec.json.format(text, indent=2).decode()) + "\n"


def of_collection(collection: Collection, width: int = 80) -> str:
    """Return the collection's trend for a terminal of so many columns."""
    runs = comparable(collection.runs)
    lines = [*_chart(runs, width), *_now(runs, len(collection.runs) - len(runs), width)]
    lines += ["", *_wrapped(_half_life(collection.half_life), width)]
    lines += ["", *_worst(collection.worst_hosts, width)]
    return safe.log_lines("\n".join(line.rstrip() for line in lines) + "\n")


def _chart(runs: Sequence[RunPoint], width: int) -> Iterator[str]:
    """Yield a column per run (the last of each bucket where there are too many), as high as it has broken URLs."""
    values = [run.attention for run in runs]
    peak = max(values, default=0)
    if not peak:
        yield f"No URL was dead or invalid in {places.plural(len(runs), 'run')}."
        return
    label = len(f"{peak:,}")
    room = max(10, width - label - 3)
    shown = _sampled(runs, room)
    wide = max(1, min(4, room // max(1, len(shown))))
    yield "URLs that are dead or invalid, by run"
    yield ""
    for row in range(_HEIGHT - 1, -1, -1):
        name = f"{peak:,}" if row == _HEIGHT - 1 else "0" if row == 0 else ""
        cells = "".join(_cell(run.attention, peak, row) * (wide - (wide > 1)) + " " * (wide > 1) for run in shown)
        yield f"{name:>{label}} │ {cells}"
    first, last = places.day(shown[0].at), places.day(shown[-1].at)
    long = wide * len(shown)
    gap = long - len(first) - len(last)
    axis = f"{first}{' ' * gap}{last}" if gap > 1 else first if first == last else f"{first} – {last}"
    yield f"{'':>{label}} └{'─' * (long + 1)}"
    yield f"{'':>{label}}   {axis}"


def _sampled(runs: Sequence[RunPoint], most: int) -> list[RunPoint]:
    if len(runs) <= most:
        return list(runs)
    return [runs[(at + 1) * len(runs) // most - 1] for at in range(most)]


def _cell(value: int, peak: int, row: int) -> str:
    eighths = round(value / peak * _HEIGHT * 8) if peak else 0
    if value and not eighths:
        eighths = 1
    return _EIGHTHS[min(8, max(0, eighths - row * 8))]


def _now(runs: Sequence[RunPoint], left_out: int, width: int) -> Iterator[str]:
    last = runs[-1]
    counts = [f"{count:,} {name}" for name, count in last.verdicts.items() if count]
    yield ""
    yield from _wrapped(
        f"last run {last.at:%Y-%m-%d %H:%M} UTC: {places.plural(last.links, 'link')}; URLs: {', '.join(counts)}", width
    )
    if len(runs) > 1:
        compared = ", ".join(_compared(last, one) for one in before(runs))
        yield from _wrapped(f"need attention: {last.attention:,}, {compared}", width)
    if last.accepted:
        yield from _wrapped(
            f"{last.accepted:,} of them did not count in that run: accepted by the baseline, or not new", width
        )
    if left_out:
        yield from _wrapped(f"{places.plural(left_out, 'run')} over a part of the collection left out", width)


def before(runs: Sequence[RunPoint]) -> list[RunPoint]:
    """Return what the last run is compared with: the run before it, and the first."""
    return [runs[-2]] if len(runs) == 2 else [runs[-2], runs[0]]


def _compared(last: RunPoint, one: RunPoint) -> str:
    change = last.attention - one.attention
    words = f"{abs(change):,} {'more' if change > 0 else 'fewer'} than" if change else "as many as"
    same_day = places.day(one.at) == places.day(last.at)
    return f"{words} at {one.at:%H:%M} that day" if same_day else f"{words} on {places.day(one.at)}"


def _half_life(found: HalfLife | None) -> str:
    if found is None:
        return (
            f"Half-life of links: not known yet. It takes {FEWEST_DATED} links in posts that say their date, "
            f"{FEWEST_DEAD} of them dead."
        )
    likely = f"{years_text(found.at_least)} to {years_text(found.at_most)}"
    return (
        f"Half-life of links: about {years_text(found.years)} years, at an even rate (likely {likely}). "
        f"Of {found.dated:,} links of known age {found.dead:,} are dead or lead to an archive."
    )


def years_text(years: float) -> str:
    """Return years as `3.4` or `28`."""
    return f"{years:.1f}" if years < 10 else f"{years:,.0f}"


def _worst(found: Sequence[Host], width: int) -> Iterator[str]:
    if not found:
        yield "No host has links that need attention."
        return
    yield "Hosts with the most broken links (of all links to them)"
    yield ""
    longest = min(max(len(safe.visible(one.host)) for one in found), width - 34)
    most = found[0].broken
    for one in found:
        name = safe.visible(one.host)
        name = name if len(name) <= longest else name[: longest - 1] + "…"
        bar = "█" * max(1, round(one.broken / most * 16))
        yield f"  {widths.padded(name, longest)}  {bar:<16}  {one.broken:,} of {one.links:,}"


def of_url(url: Url, width: int = 80) -> str:
    """Return what was seen of one URL for a terminal."""
    lines = [safe.visible(mask(url.url)), ""]
    for event in url.events:
        status = f", HTTP {event.status}" if event.status else ""
        head = f"  {event.at:%Y-%m-%d %H:%M}  {event.verdict:<10}  "
        text = widths.wrapped(f"{safe.visible(event.meaning)} ({event.rule}{status})", max(20, width - len(head)))
        lines += [(head if not at else " " * len(head)) + line for at, line in enumerate(text)]
    if not url.events:
        lines.append("  no verdict was noted")
    lines.append("")
    if url.since:
        lines += _wrapped(_failing(url.since, len(url.failed_days)), width)
    if url.last_asked:
        lines += _wrapped(f"last asked {url.last_asked:%Y-%m-%d %H:%M} UTC", width)
    lines += [f"in {safe.visible(mask(one.file))}:{one.line}:{one.column}" for one in url.links]
    return safe.log_lines("\n".join(line.rstrip() for line in lines) + "\n")


def _failing(since: datetime, days: int) -> str:
    """Say since when it has been seen failing; one look knows no since."""
    if days < 2:
        return f"failing when last looked at, on {places.day(since)}"
    return f"failing since {places.day(since)}, seen on {days} days"


def _wrapped(text: str, width: int) -> list[str]:
    return widths.wrapped(text, width)


def years_between(then: datetime, now: datetime) -> float:
    """Return an age in years, a day at least."""
    return max(1.0, (now - then).total_seconds() / 86_400) / _YEAR_DAYS


ALIVE = frozenset({Verdict.OK, Verdict.REDIRECTED})
