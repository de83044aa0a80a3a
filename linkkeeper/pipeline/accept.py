"""What a run fails on: all that is broken, less what a baseline accepts, less what this change did not bring."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from linkkeeper.config.settings import Settings
from linkkeeper.errors import UsageError
from linkkeeper.models.run import Run
from linkkeeper.pipeline.scan import Result
from linkkeeper.pipeline.state import amend
from linkkeeper.report import baseline
from linkkeeper.report.baseline import Baseline


class Acceptance(Struct, frozen=True):
    """What was asked for, its files read."""

    known: Baseline | None = None
    """What is accepted so far; None: no baseline was named."""
    write_to: str = ""
    """Where the baseline of this run goes; empty: nowhere."""
    new_only: bool = False

    @property
    def changes_anything(self) -> bool:
        """Whether the report may differ from the run: then nothing can be shown before its end."""
        return self.known is not None or bool(self.write_to) or self.new_only


def prepare(read_from: str, write_to: str, *, new_only: bool, since: str) -> Acceptance:
    """Read what is accepted, before anything is asked. Raises UsageError for files and flags that cannot be meant."""
    if write_to and since:
        raise UsageError(
            "a baseline is about the whole collection, and --since is not", "leave out --since or --write-baseline"
        )
    if new_only and not (since or read_from):
        raise UsageError(
            "--new-only needs to know what was there before",
            "name a revision with --since REV, or a baseline with --baseline FILE",
        )
    known = baseline.read(Path(read_from)) if read_from else None
    if write_to:
        old = baseline.read_known(Path(write_to))
        known = _both(known, old) if known else old
    return Acceptance(known, write_to, new_only)


def _both(first: Baseline, second: Baseline) -> Baseline:
    """Return the entries of both; where both know a link, the first counts."""
    entries = {(entry.file, entry.url): entry for entry in (*second.entries, *first.entries)}
    return Baseline(tuple(sorted(entries.values())))


def apply(wanted: Acceptance, result: Result, settings: Settings) -> Run:
    """Return the run as it is judged and reported, now and by `report`; write the new baseline if one was asked for.

    Raises UsageError.
    """
    run, today = result.run, datetime.now(UTC).date()
    verdicts = baseline.judged(settings.fail_on)
    unread = _unread(result, only_changed=result.changes is not None and not wanted.new_only)
    known = wanted.known
    if wanted.write_to and not result.interrupted:
        known = baseline.updated(run, known or Baseline(), today, verdicts, unread)
        baseline.write(Path(wanted.write_to), known)
    if known is not None:
        leave_expired = wanted.new_only and result.changes is None
        run = baseline.apply(run, known, today, verdicts, expired_too=leave_expired, unread=unread)
    if wanted.new_only and result.changes is not None:
        run = baseline.new_only(run, result.changes.touch, verdicts)
    if run is not result.run:
        amend(settings, run)
    return run


def _unread(result: Result, *, only_changed: bool) -> Callable[[str], bool]:
    """Return the question whether this run can say nothing about a file: it was not read, and is still there.

    only_changed: what is gone is no news either, it may have another name now.
    """
    read = {baseline.file_key(file) for file in result.documents}
    return lambda file: file not in read and (only_changed or Path(file).exists())
