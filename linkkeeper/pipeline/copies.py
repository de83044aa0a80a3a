"""The local archive as a run meets it: a place to look for copies of the dead, and links that lead into its replay."""

from pathlib import Path
from typing import TYPE_CHECKING

from linkkeeper.check import archived
from linkkeeper.check.local import SITE_ONLY
from linkkeeper.config.settings import Settings
from linkkeeper.errors import LinkkeeperError
from linkkeeper.models.verdict import Judgement
from linkkeeper.pipeline import options
from linkkeeper.urls import archive_links

if TYPE_CHECKING:
    from linkkeeper.archive.base import ArchiveProvider, LooksDead

NAME = "local"
_INDEX = "index.cdxj"


def providers(settings: Settings, looks_dead: "LooksDead") -> "tuple[ArchiveProvider, ...]":
    """Return the local archive as a place to look in, if there is one."""
    directory = Path(settings.archive.dir)
    if not (directory / _INDEX).is_file():
        return ()
    from linkkeeper.archive.local.provider import LocalProvider

    return (LocalProvider(directory, settings.archive.local_base, looks_dead),)


class OwnLinks:
    """Judges the links that lead into the replay of the local archive: by what it holds, not by the site's files."""

    def __init__(self, settings: Settings) -> None:
        self._bases = options.local_base(settings)
        self._directory = Path(settings.archive.dir)

    def judge(self, url: str) -> Judgement | None:
        """Judge a link as written; None: it leads elsewhere."""
        named = archive_links.parse(url, self._bases)
        if named is None or not url.startswith(self._bases):
            return None
        original = archive_links.unsqueezed(named.original)
        if self._holds(original, named.timestamp):
            return archived.PLAYS.judge(f"the local archive holds {original} of {named.timestamp}")
        return SITE_ONLY.judge("it leads into the replay of the local archive, which does not hold it here")

    def _holds(self, url: str, timestamp: str) -> bool:
        if not (self._directory / _INDEX).is_file():
            return False
        from linkkeeper.archive.local import show

        try:
            return show.holds(self._directory, url, timestamp)
        except LinkkeeperError:
            return False
