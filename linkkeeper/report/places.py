"""A run turned round: from one row per URL to what stands in each post."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from linkkeeper.models.run import Accepted, LinkRow, LinkSnapshot, Run, UrlRow
from linkkeeper.models.snapshot import SnapshotState
from linkkeeper.models.verdict import Verdict

FAILS = (Verdict.DEAD, Verdict.INVALID)
"""What `--fail-on` means by default: these need attention."""


ADVISED = frozenset({"private-address", "proxy-failed"})
"""Rules that there is advice about, although nobody was asked."""


class Place(Struct, frozen=True, gc=False):
    """One link in one post, with what is known of its URL."""

    link: LinkRow
    row: UrlRow

    @property
    def where(self) -> str:
        """`path:line:column`, which terminals and editors open."""
        return f"{self.link.file}:{self.link.line}:{self.link.column}"


def places(run: Run, verdicts: tuple[Verdict, ...]) -> list[Place]:
    """Return the links whose URL has one of verdicts, in order of file and position."""
    chosen = frozenset(verdicts)
    found = [Place(link, row) for row in run.urls if row.verdict in chosen for link in row.links]
    return sorted(found, key=lambda place: (place.link.file, place.link.start, place.row.url))


def noteworthy(run: Run, *, verbose: bool = False) -> Run:
    """Return run with only the rows that a short report could mention: most links are well, and masking takes time."""
    dull = (Verdict.OK, Verdict.SKIPPED) if verbose else (Verdict.OK, Verdict.SKIPPED, Verdict.UNCHECKED)
    kept = [row for row in run.urls if row.verdict not in dull or row.wrong_rule or row.rule in ADVISED]
    return replace(run, urls=kept)


def by_file(found: list[Place]) -> dict[str, list[Place]]:
    """Return places under their file's path, files in order."""
    files: dict[str, list[Place]] = {}
    for place in found:
        files.setdefault(place.link.file, []).append(place)
    return files


def why_accepted(one: Accepted) -> str:
    """Return why a broken link does not count, in words."""
    if one.by == "unchanged":
        return "was there before this change"
    until = f" (until {one.expires.isoformat()})" if one.expires else ""
    return f"accepted: {one.reason or 'no reason given'}{until}"


def accepted(run: Run) -> list[tuple[Place, Accepted]]:
    """Return what does not count, as places of rows with their one link, in order of file and position."""
    found = [(Place(one.link, UrlRow(one.url, one.verdict, one.rule, one.detail)), one) for one in run.accepted]
    return sorted(found, key=lambda item: (item[1].link.file, item[1].link.start, item[1].url))


def end_column(link: LinkRow) -> int | None:
    """Return the column just after a link; None if its text was masked or escaped and so has another length."""
    size = len(link.raw.encode("utf-8", "surrogateescape"))
    return link.column + len(link.raw) if size == link.end - link.start else None


def plural(count: int, noun: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def seen(row: UrlRow, rules: dict[str, str]) -> str:
    """Return what was seen of a URL, in one line: its detail, else what the rule means."""
    return row.detail or rules.get(row.rule, row.rule)


def since(row: UrlRow, run: Run) -> str:
    """Return the day since which a URL was seen failing, if that was before this run: a first look knows no since."""
    return day(row.since) if row.since and row.since.date() < run.started.date() else ""


def rescued(snapshot: LinkSnapshot | None) -> bool:
    """Return whether `fix` would put this snapshot into the post."""
    return snapshot is not None and snapshot.url is not None and snapshot.state is SnapshotState.VERIFIED


def day(moment: datetime | None) -> str:
    """Return the UTC day of a moment as `2016-07-08`, or the empty string."""
    return moment.date().isoformat() if moment else ""


def only_local(snapshot: LinkSnapshot | None) -> bool:
    """Return whether the local archive has a copy, and no reader can get at it (no `archive.local_base`)."""
    return snapshot is not None and snapshot.archive == "local" and snapshot.captured is not None and not snapshot.url


NO_RESCUE = {
    SnapshotState.VERIFIED: "verified",
    SnapshotState.UNVERIFIED: "not played back, so not used",
    SnapshotState.NONE: "the archive holds no copy",
    SnapshotState.UNUSABLE: "copies exist, none plays as a page",
    SnapshotState.EXCLUDED: "its owner asked the archive to forget it",
    SnapshotState.UNKNOWN: "the archive could not be asked",
}
"""What each state of a snapshot says about the rescue."""


def rescue(snapshot: LinkSnapshot | None) -> str:
    """Return the rescue in words, without its URL; empty if none was looked for."""
    if snapshot is None:
        return ""
    if only_local(snapshot):
        return snapshot.detail
    words = NO_RESCUE[snapshot.state]
    if snapshot.url and snapshot.captured:
        words = f"{day(snapshot.captured)}, {words}"
    return f"{words} ({snapshot.archive})" if snapshot.archive else words
