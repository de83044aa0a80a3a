"""What `archive save` and `archive status` know of the living: which links have copies, where, and why not."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from linkkeeper.models.document import FileProblem
from linkkeeper.models.verdict import Verdict

SAVE_SCHEMA = "linkkeeper/archive-save/1"
STATUS_SCHEMA = "linkkeeper/archive-status/1"


class CopyState(StrEnum):
    """How a link stands with one archive at the end of a run."""

    RECENT = "recent"
    """It had a copy that is young enough, so nothing was asked for."""
    SAVED = "saved"
    """Captured in this run, and the copy was seen to be there."""
    CAPTURED = "captured"
    """Captured in this run, says the archive, and not to be seen there yet: later runs look."""
    SUBMITTED = "submitted"
    """The archive took it and nobody knows yet how it ended: later runs look."""
    QUEUED = "queued"
    """Not asked yet; the next run goes on here."""
    REFUSED = "refused"
    """The owner (robots.txt, noarchive, exclusion) or our own rules forbid a copy."""
    FAILED = "failed"
    """It was tried, and no copy came of it."""
    UNKNOWN = "unknown"
    """The archive, or robots.txt of the site, could not be asked, or whether a page lives that robots.txt lets us not
    read: the next run tries again."""


HAS_COPY = frozenset({CopyState.RECENT, CopyState.SAVED, CopyState.CAPTURED})
SETTLED = HAS_COPY | {CopyState.REFUSED}


class Copy(Struct, frozen=True):
    """How one link stands with one archive."""

    archive: str
    """`wayback` or `local`."""
    state: CopyState
    detail: str = ""
    """One human line: why."""
    captured: datetime | None = None
    """UTC; of the copy there is, whatever the state."""
    url: str | None = None
    """Where a reader finds the copy; None: nowhere in public."""


class SavedRow(Struct, frozen=True):
    """One living URL (without fragment) and its copies."""

    url: str
    verdict: Verdict
    posts: list[str]
    copies: list[Copy]


class SaveSummary(Struct, frozen=True):
    """The figures of a run of `archive save`."""

    files: int = 0
    links: int = 0
    living: int = 0
    """Distinct URLs that live and may be asked for."""
    dead: int = 0
    """Distinct URLs that are dead: `fix` looks for copies of them."""
    blocked: int = 0
    """Refused to us, so that nobody knows whether they live."""
    unchecked: int = 0
    covered: int = 0
    """Living URLs that have a copy, recent or new, wherever."""
    states: dict[str, dict[str, int]] = field(default_factory=dict)
    """Archive → state → living URLs."""
    bytes_added: int = 0
    """To the local archive, compressed."""
    bytes_total: int = 0
    """Of the local archive after the run."""


class Saved(Struct, frozen=True):
    """One run of `archive save`, as reported: encodes to the JSON of `linkkeeper/archive-save/1` as it stands."""

    version: str
    started: datetime
    finished: datetime
    complete: bool
    """False when interrupted, out of time, or an archive or the network could not be asked."""
    to: list[str]
    dry_run: bool
    summary: SaveSummary
    urls: list[SavedRow]
    files: list[FileProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False
    schema: str = SAVE_SCHEMA


class Coverage(Struct, frozen=True):
    """How many living links have a copy, by what this machine knows. Nobody was asked."""

    living: int
    """Distinct URLs that lived when they were last asked."""
    covered: int
    """Of these, with a copy that is recent enough, wherever."""
    older: int
    """With an older copy only."""
    never: int
    """With none that is known of, though they could have one."""
    archives: dict[str, int] = field(default_factory=dict)
    """Archive → living URLs with a recent copy there."""
    refused: int = 0
    """With none, and none is to be had: their owners or our own rules forbid it in every archive that is used."""


class Status(Struct, frozen=True):
    """What `archive status` tells; encodes to `linkkeeper/archive-status/1`."""

    coverage: Coverage
    unchecked: int
    """URLs that nobody has asked about yet."""
    queue: dict[str, int] = field(default_factory=dict)
    """State → URLs waiting for, or given by, the Wayback Machine."""
    refused: list[tuple[str, str]] = field(default_factory=list)
    """URL and reason: what has no copy, and will have none or was given up."""
    missing: list[str] = field(default_factory=list)
    """Living URLs without any copy that could have one."""
    directory: str = ""
    """Of the local archive; empty: there is none."""
    pages: int = 0
    bytes_total: int = 0
    notes: list[str] = field(default_factory=list)
    schema: str = STATUS_SCHEMA
