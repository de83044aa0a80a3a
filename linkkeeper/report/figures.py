"""How rotten a collection is: the figures of a run, as numbers a chart can draw. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from linkkeeper.models.run import Run
from linkkeeper.models.verdict import Verdict
from linkkeeper.report import places
from linkkeeper.report.base import TrendPoint
from linkkeeper.report.hosts import host_of

_ALIVE = frozenset({Verdict.OK, Verdict.REDIRECTED})
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_YEAR_IN_PATH = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})[-/_.]")
_ANSWERED = _ALIVE | {Verdict.DEAD, Verdict.INVALID, Verdict.SUSPECT, Verdict.BLOCKED}


class Bar(Struct, frozen=True):
    """One bar: how many of a group's links need attention."""

    label: str
    bad: int
    all: int

    @property
    def share(self) -> float:
        """Return the part that needs attention, 0 to 1."""
        return self.bad / self.all if self.all else 0.0


class Figures(Struct, frozen=True):
    """All the numbers above the table."""

    verdicts: dict[str, int]
    """Links per verdict, in the order of `Verdict`, those that occur."""
    attention: int = 0
    """Links that are dead or invalid."""
    answered: int = 0
    """Links with an answer: alive or not."""
    rescued: int = 0
    """Failing links with a copy that was played back."""
    share: str = ""
    """Links that need attention, of all with an answer, in percent; never 0 % where there is one."""
    years: list[Bar] = field(default_factory=list)
    hosts: list[Bar] = field(default_factory=list)
    trend: list[tuple[str, int, int]] = field(default_factory=list)
    """Day, dead and suspect URLs per run, oldest first."""


def figures(run: Run, trend: tuple[TrendPoint, ...] = (), years: Mapping[str, str] | None = None) -> Figures:
    """Return the figures of a run, per link: a dead URL in ten posts troubles ten readers.

    years: the year of each post that gives itself a date, by file.
    """
    found = places.places(run, tuple(Verdict))
    counts = Counter(place.row.verdict for place in found)
    bad = [place for place in found if place.row.verdict in places.FAILS]
    answered = sum(counts[verdict] for verdict in _ANSWERED)
    return Figures(
        verdicts={verdict.value: counts[verdict] for verdict in Verdict if counts[verdict]},
        attention=len(bad),
        answered=answered,
        share=_percent(len(bad), answered),
        rescued=sum(places.rescued(place.link.snapshot) for place in bad),
        years=_by_year(found, years or {}),
        hosts=_by_host(found),
        trend=[(places.day(point.at), _of(point, Verdict.DEAD), _of(point, Verdict.SUSPECT)) for point in trend[-60:]],
    )


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole if whole else 0.0
    if 0 < share < 0.1:
        return "< 0.1 %"
    return f"{share:.1f} %" if 0 < share < 10 or 99 < share < 100 else f"{share:.0f} %"


def _of(point: TrendPoint, verdict: Verdict) -> int:
    return point.verdicts.get(verdict.value, 0)


def _by_year(found: list[places.Place], years: Mapping[str, str]) -> list[Bar]:
    """Return a bar per year of post, oldest first.

    A post's year is the one that it gives itself, else that of its links' date where living links have one too, else
    the one in its path: a date that was only looked up for the dead would make every year look rotten.
    """
    dated = any(place.link.date for place in found if place.row.verdict in _ALIVE)
    guess = _year_of_date if dated else _year_of_path
    bars = _bars(found, lambda place: years.get(place.link.file) or guess(place))
    return sorted(bars, key=lambda bar: bar.label)[-30:]


def _by_host(found: list[places.Place], most: int = 8) -> list[Bar]:
    """Return the hosts with the most links that need attention."""
    bars = [bar for bar in _bars(found, lambda place: host_of(place.row.url)) if bar.bad]
    return sorted(bars, key=lambda bar: (-bar.bad, bar.label))[:most]


def _year_of_date(place: places.Place) -> str:
    year = (place.link.date or "")[:4]
    return year if _YEAR.fullmatch(year) else ""


def _year_of_path(place: places.Place) -> str:
    found = _YEAR_IN_PATH.search(place.link.file)
    return found.group(1) if found else ""


def _bars(found: list[places.Place], label_of: Callable[[places.Place], str]) -> list[Bar]:
    bad: defaultdict[str, int] = defaultdict(int)
    total: defaultdict[str, int] = defaultdict(int)
    for place in found:
        label = label_of(place)
        if label and place.row.verdict in _ANSWERED:
            total[label] += 1
            bad[label] += place.row.verdict in places.FAILS
    return [Bar(label, bad[label], count) for label, count in total.items()]
