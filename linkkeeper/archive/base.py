"""What an archive is, what is asked of archives, and what they need from the rest of the house."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, runtime_checkable

from msgspec import Struct, field

from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import Snapshot
from linkkeeper.models.verdict import Reply

WAYBACK = "https://web.archive.org"
LooksDead = Callable[[Reply], str]
"""Says why a page that came with status 200 is none (`soft-404`, `parked`); empty if it is one."""


class ArchiveOptions(Struct, frozen=True):
    """How archives are asked (SPEC, section 8)."""

    wayback_url: str = WAYBACK
    """Base that stands for both archive.org and web.archive.org. Empty: Wayback is not asked."""
    public_url: str = ""
    """What posts get begins with it; empty: the same as `wayback_url`."""
    rate_per_minute: float = 24.0
    """Index requests. The archive asks for 80 % of its hard limit of 30 (EDGI wayback 0.5.1, 2026-06-19)."""
    pause_s: float = 60.0
    """Silence after the first refusal (HTTP 429); doubles with each further one of the run."""
    timeout_s: float = 60.0
    """For one request; the index was seen to take up to 52 s (2026-09-28)."""
    max_archive_time_s: float | None = None
    """Budget for one `Rescuer.rescue`; what was not reached is `unknown`."""
    timegates: dict[str, str] = field(default_factory=dict)
    """Further archives: name → TimeGate URL (RFC 7089), asked in this order after Wayback."""
    play: bool = True
    """Look at a capture before it is named; without, snapshots are `unverified`."""
    hints: bool = True
    """Spend one request on a redirect that the archive saw after the last good capture (see `moved`)."""


class Wanted(Struct, frozen=True):
    """One question: a dead URL and the day somebody linked it."""

    url: str
    """Cleaned, as the author wrote it otherwise. A fragment is ignored."""
    near: Dated
    written: str = ""
    """Before cleaning, without credentials; asked when the cleaned form was never captured."""


class Rescue(Struct, frozen=True):
    """What the archives said to one question."""

    snapshot: Snapshot
    redirected_to: str = ""
    """Where an archived redirect led after the page was last captured: worth asking whether it lives."""
    redirect_seen: datetime | None = None
    """UTC; when the archive saw that redirect."""
    asked: datetime | None = None
    """UTC; when the archive was asked (not the cache)."""
    cached: bool = False


class Replay(Struct, frozen=True):
    """What a link that points into an archive shows to whoever follows it."""

    plays: bool
    detail: str
    """One human line."""


class ArchiveProvider(Protocol):
    """Somewhere that may hold a copy of a page."""

    @property
    def name(self) -> str:
        """Shown in reports: `wayback`, `local`, or the TimeGate's configured name."""

    async def lookup(self, url: str, near: Dated) -> Snapshot:
        """Return the capture of url that suits near: the last up to it, else the first after.

        The state is VERIFIED, UNVERIFIED, NONE, UNUSABLE or EXCLUDED.
        Raises ArchiveError if the archive could not be asked (down, refusing, too slow): never NONE then.
        """


@runtime_checkable
class Batching(Protocol):
    """An archive that answers many questions with fewer requests if it is told them beforehand."""

    def expect(self, questions: list[tuple[str, Dated]]) -> None:
        """Be told what `lookup` will be asked."""


@runtime_checkable
class Hinting(Protocol):
    """An archive that may know where a page went."""

    async def redirect_after(self, url: str, near: Dated) -> tuple[str, datetime] | None:
        """Return the target and the UTC time of a redirect captured after the last page, or None."""


@runtime_checkable
class Replaying(Protocol):
    """An archive that can say whether a link into it still shows something."""

    async def replay(self, url: str) -> Replay:
        """Follow the link as a reader would. Raises ArchiveError if the archive could not be asked."""


class Answers(Protocol):
    """Something that remembers rescues between runs. `lifetime_s` of `rescue` says for how long."""

    def get(self, url: str, near: Dated) -> Rescue | None:
        """Return what `put` was given for the same url and `near.until`, if it is still fresh."""

    def put(self, url: str, near: Dated, rescue: Rescue, lifetime_s: float) -> None:
        """Remember for so many seconds."""


class Pace(Struct, frozen=True):
    """What all runs on this machine must know of each other to stay polite. Unix times in seconds."""

    next_index: float = 0.0
    """Before this no index request may start."""
    next_page: float = 0.0
    """Before this no other request may start."""
    paused_until: float = 0.0
    """Before this nothing may start: the archive refused somebody."""
    index_busy_until: float = 0.0
    """Before this an index request is under way, of whichever process; 0 when it ended."""
    index_holder: str = ""
    """Whose request that is (models.holder)."""
    next_save: float = 0.0
    """Before this no page may be submitted."""


class Clock(Protocol):
    """Where the pace is kept, for parallel and later runs too."""

    def update(self, change: Callable[[Pace], Pace]) -> Pace:
        """Replace the kept pace by change(pace) in one transaction and return the new one.

        Quick and synchronous; `change` is pure and may be called again if another process was faster.
        """
