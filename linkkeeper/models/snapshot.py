"""A copy of a page in an archive (RFC 7089: a memento)."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class SnapshotState(StrEnum):
    """What is known of a rescue (SPEC: machine formats)."""

    VERIFIED = "verified"
    """Played back and looked at."""
    UNVERIFIED = "unverified"
    """Named by the index, not played."""
    NONE = "none"
    """The index itself said that there is no capture."""
    UNUSABLE = "unusable"
    """Captures exist; none plays as a page."""
    EXCLUDED = "excluded"
    """The owner asked the archive to forget it."""
    UNKNOWN = "unknown"
    """The archive could not be asked."""


class Snapshot(Struct, frozen=True):
    """The answer of an archive for one URL near one date."""

    state: SnapshotState
    archive: str = ""
    """Name of the provider: `wayback`, `local`, or a TimeGate's configured name."""
    url: str | None = None
    """What is written into a post: view mode, public base, no fragment. None where there is no copy."""
    captured: datetime | None = None
    """UTC."""
    original: str = ""
    """The captured URL, which may differ from the asked one in scheme, `www`, argument order."""
    detail: str = ""
    """One human line: why this state."""
    title: str = ""
    """Title of the captured page, where it was played and has one."""


class Moved(Struct, frozen=True):
    """A living page that seems to be the successor. Suggested, never applied by itself."""

    url: str
    evidence: str
