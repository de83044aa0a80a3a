"""The local archive as one of the archives that `fix` asks: for the dead that nobody else has.

What is written into posts is `<base><timestamp>/<original>`, as pywb and Wayback name captures; base is where the
author publishes a replay. Without a base no link could lead a reader there: captures are then `unusable`, with a word
on how that changes, and nothing is written.
"""

import asyncio
from pathlib import Path

from linkkeeper.archive import choose
from linkkeeper.archive.archive_urls import instant, joined, without_fragment
from linkkeeper.archive.base import LooksDead
from linkkeeper.archive.choose import Candidate, CdxRow
from linkkeeper.archive.grade import Grade, grade
from linkkeeper.archive.local import index
from linkkeeper.archive.local.cdxj import Line
from linkkeeper.archive.local.layout import is_archive, require_index
from linkkeeper.archive.local.member import DamageError
from linkkeeper.archive.local.payloads import beginning
from linkkeeper.archive.playback import title_of
from linkkeeper.archive.surt import surt_key
from linkkeeper.errors import ArchiveError, LinkkeeperError
from linkkeeper.models.document import Dated
from linkkeeper.models.snapshot import Snapshot, SnapshotState
from linkkeeper.models.verdict import Reply
from linkkeeper.urls.archive_links import without_default_port

NAME = "local"
_MAX_HOPS, _MAX_PLAYED = 10, 5
_REDIRECTS = frozenset({"301", "302", "303", "307", "308"})


class LocalProvider:
    """Looks into the archive in a directory; see ArchiveProvider."""

    def __init__(self, directory: Path, base: str, looks_dead: LooksDead = lambda _: "") -> None:
        self._directory, self._looks_dead = directory, looks_dead
        self._base = base and base.rstrip("/") + "/"

    @property
    def name(self) -> str:
        """As reports show it."""
        return NAME

    async def lookup(self, url: str, near: Dated) -> Snapshot:
        """Return the capture that suits near, having read it and proved its digest; see ArchiveProvider."""
        return await asyncio.to_thread(self._lookup, without_fragment(url), near)

    def _lookup(self, url: str, near: Dated) -> Snapshot:
        if not is_archive(self._directory):
            return self._no(SnapshotState.NONE, "nothing is kept locally")
        try:
            require_index(self._directory)
            return self._best(url, near)
        except LinkkeeperError as error:
            raise ArchiveError(f"the local archive cannot be asked: {error}") from error
        except OSError as error:
            raise ArchiveError(f"the local archive cannot be read: {(error.strerror or str(error)).lower()}") from error

    def _best(self, url: str, near: Dated) -> Snapshot:
        lines = {(line.ts, line.url, line.digest): line for line in self._find(url)}
        if not lines:
            return self._no(SnapshotState.NONE, "never kept locally")
        objection = "kept only as an error or an empty page"
        for one in choose.candidates(map(_row, lines.values()), near, url)[:_MAX_PLAYED]:
            reply = self._play(lines[one.timestamp, one.original, one.digest])
            if isinstance(reply, Reply):
                return self._yes(url, one, near, reply)
            objection = reply
        return self._no(SnapshotState.UNUSABLE, objection)

    def _play(self, line: Line) -> Reply | str:
        """Return the page that a capture leads to, through archived redirects; or why it is none."""
        for _ in range(_MAX_HOPS):
            try:
                seen = beginning(self._directory, line)
            except DamageError as damage:
                return str(damage)
            if line.status not in _REDIRECTS:
                return self._objection(seen.reply) or seen.reply
            target = self._nearest(joined(line.url, seen.location), line)
            if target is None:
                return "kept as a redirect, without the page it leads to"
            line = target
        return "kept as a redirect in a circle"

    def _nearest(self, url: str, origin: Line) -> Line | None:
        """Return the capture of a redirect's target that was made with it, or the nearest to that."""
        when = instant(origin.ts)
        others = [line for line in self._find(without_fragment(url)) if line != origin]
        exact = [line for line in others if line.url == without_fragment(url)]
        return min(exact or others, key=lambda line: abs((instant(line.ts) - when).total_seconds()), default=None)

    def _find(self, url: str) -> list[Line]:
        try:
            return index.find(self._directory, surt_key(url))
        except ValueError:
            return []

    def _objection(self, reply: Reply) -> str:
        if reply.status != 200:
            return f"kept as HTTP {reply.status}"
        if not reply.body.strip():
            return "kept without a body"
        why = self._looks_dead(reply)
        return f"kept as {why}" if why else ""

    def _yes(self, url: str, one: Candidate, near: Dated, reply: Reply) -> Snapshot:
        if not self._base:
            told = f"kept locally on {one.captured:%Y-%m-%d}; --local-base names where readers find that"
            return Snapshot(SnapshotState.UNUSABLE, NAME, None, one.captured, one.original, told, title_of(reply))
        side = "last capture up to" if one.captured <= near.until else "first capture after"
        detail = f"{side} {near.text or near.until.date().isoformat()}"
        same = grade(url, one.original) in (Grade.EXACT, Grade.SPELLING)
        named = f"{self._base}{one.timestamp}/{without_default_port(url if same else one.original)}"
        return Snapshot(SnapshotState.VERIFIED, NAME, named, one.captured, one.original, detail, title_of(reply))

    def _no(self, state: SnapshotState, detail: str) -> Snapshot:
        return Snapshot(state, NAME, detail=detail)


def _row(line: Line) -> CdxRow:
    """Return an index line as other archives' indexes say it; a redirect may lead to a page, so it may be one."""
    status = "-" if line.status in _REDIRECTS else line.status
    return CdxRow(line.key, line.ts, line.url, line.mime, status, line.digest)
