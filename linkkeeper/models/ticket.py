"""What is known of one URL that is to be saved at the Wayback Machine: a row of the durable queue."""

from enum import StrEnum

from msgspec import Struct

UNKNOWN_JOB = ""


class SaveState(StrEnum):
    """How far a URL has come. Submitted, captured and verified are different things (docs/archiving.md)."""

    QUEUED = "queued"
    """To be submitted, or submitted with unknown success: `intent` tells which."""
    SUBMITTED = "submitted"
    """The archive took the job; how it ended is not known yet."""
    CAPTURED = "captured"
    """The archive says that it captured the page; the playback has not shown it yet (it may take hours)."""
    VERIFIED = "verified"
    """The playback showed the capture."""
    REFUSED = "refused"
    """The archive will not capture it: `code` and `detail` say why."""
    GIVEN_UP = "given up"
    """Tried as often as is decent, without a capture."""


class Ticket(Struct, frozen=True):
    """One URL of the queue. Times are Unix seconds by this machine's clock; 0: never."""

    url: str
    """Cleaned, without fragment and credentials: what is submitted."""
    state: SaveState = SaveState.QUEUED
    version: int = 0
    """Counts the changes, so that nobody builds on a row that another process changed meanwhile."""
    queued: float = 0.0
    changed: float = 0.0
    intent: float = 0.0
    """When a submission was begun whose answer nobody recorded: it may have arrived or not. 0: there is none."""
    counted: int = -1
    """Captures of the account that day, finished or under way, as the service told before that; -1: it did not."""
    unsure: float = 0.0
    """When the first submission was begun of which nothing was ever seen; 0: there is none. It may have arrived."""
    submitted: float = 0.0
    """When the submission that counts was begun."""
    job: str = UNKNOWN_JOB
    """Id of the archive's job; the same URL gets the same id again, so it may describe an older one."""
    reused: bool = False
    """The archive said that it reuses a recent capture: an older timestamp is right then."""
    attempts: int = 0
    """Submissions since the last capture."""
    due: float = 0.0
    """Not to be submitted again before this."""
    timestamp: str = ""
    """14 digits (UTC) of the capture that the archive named, or that the playback showed."""
    original: str = ""
    """The captured URL, where redirects led elsewhere."""
    code: str = ""
    """The archive's own word for why not, without `error:`."""
    detail: str = ""
    """One human line."""
    looked: float = 0.0
    """When the index was last asked for captures of this URL."""
    listed: str = ""
    """14 digits of the newest capture that the index listed then; empty: none."""
    looked_state: str = ""
    """What that look said: a `SnapshotState`."""


class Begun(Struct, frozen=True):
    """Leave to submit a URL, or why there is none."""

    ticket: Ticket | None
    refused: str = ""
    """`taken` (another process is at it or was faster), `daily` (quota used up), `often`
    (this URL, today), `locked` (state not writable now)."""
