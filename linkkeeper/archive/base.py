"""What an archive is."""

from typing import Protocol

from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import Snapshot


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
