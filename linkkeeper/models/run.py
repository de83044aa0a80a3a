"""All that a report may show. `Run` encodes to the JSON of `linkkeeper/report/1` as it stands."""

from datetime import date, datetime

from msgspec import Struct, field

from linkkeeper.models.document import FileProblem
from linkkeeper.models.saving import Coverage
from linkkeeper.models.snapshot import Moved, SnapshotState
from linkkeeper.models.verdict import Redirect, Verdict

SCHEMA = "linkkeeper/report/1"


class LinkSnapshot(Struct, frozen=True, gc=False):
    """The rescue of one link: it belongs to the link, since posts of different dates need different captures."""

    url: str | None
    captured: datetime | None
    archive: str
    state: SnapshotState
    detail: str = ""


class LinkRow(Struct, frozen=True, gc=False):
    """One place where a URL is written."""

    file: str
    line: int
    column: int
    start: int
    end: int
    kind: str
    raw: str
    fragment: str | None = None
    date: str | None = None
    date_from: str | None = None
    snapshot: LinkSnapshot | None = None
    replacement: str | None = None
    """What `fix` would write in the place of `raw`, escaped for where it stands; None: nothing."""


class UrlRow(Struct, frozen=True, gc=False):
    """One URL (without fragment): one question, its answer, and every place it stands in."""

    url: str
    verdict: Verdict
    rule: str
    detail: str
    status: int | None = None
    final_url: str | None = None
    redirects: tuple[Redirect, ...] = ()
    checked: datetime | None = None
    cached: bool = False
    attempts: int = 0
    elapsed_ms: int = 0
    since: datetime | None = None
    signs: tuple[str, ...] = ()
    wrong_rule: str | None = None
    """The cleaning rule at fault: cleaned, the URL fails; as written, it works."""
    moved: Moved | None = None
    links: list[LinkRow] = field(default_factory=list)


class Accepted(Struct, frozen=True):
    """One broken link that does not count in this run, and why."""

    url: str
    verdict: Verdict
    rule: str
    detail: str
    link: LinkRow
    by: str
    """`baseline`: somebody accepted it; `unchanged`: it was there before the change that is looked at."""
    reason: str = ""
    """As the baseline says it."""
    expires: date | None = None
    """The last day on which the baseline accepts it."""


class Summary(Struct, frozen=True):
    """The figures of a run."""

    files: int = 0
    links: int = 0
    urls: int = 0
    requests: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)
    """URLs per verdict, every verdict of `Verdict` present."""
    skipped_files: int = 0
    """Files seen and not understood (no format of ours)."""
    coverage: Coverage | None = None
    """Of the living, by what this machine knows; None where nothing was ever archived."""


class Run(Struct, frozen=True):
    """One scan, as reported."""

    version: str
    started: datetime
    finished: datetime
    complete: bool
    """False when interrupted, out of time, or the network failed."""
    summary: Summary
    urls: list[UrlRow]
    files: list[FileProblem]
    rules: dict[str, str]
    """What each rule named in `urls` means."""
    schema: str = SCHEMA
    id: str = ""
    """Names the run for `report RUN`; its UTC start, e.g. `20261120T094500Z`."""
    notes: list[str] = field(default_factory=list)
    """Sentences about the run as a whole: offline, archive unreachable, stopped early."""
    accepted: list[Accepted] = field(default_factory=list)
    """Broken links that are in no other figure: set aside by a baseline or by `--new-only`."""
    paths: list[str] = field(default_factory=list)
    """What was scanned, as the user gave it; empty: what the settings say."""
