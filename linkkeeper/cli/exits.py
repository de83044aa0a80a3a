"""The exit codes, and which one a finished command earns."""

from collections.abc import Iterable

from linkkeeper.models.run import Run
from linkkeeper.models.saving import CopyState, Saved

OK = 0
ATTENTION = 1
USAGE = 2
UNFINISHED = 3
INTERRUPTED = 130

MEANINGS = {
    OK: "nothing to do",
    ATTENTION: "links need attention (`--fail-on`), `fix` left dead links that have no copy, or `archive` failed to "
    "save, prove or find something",
    USAGE: "wrong usage or settings; nothing was asked and nothing was written",
    UNFINISHED: "the run could not finish or the answer is not known: offline, archive unreachable, a full disk, "
    "a crash",
    INTERRUPTED: "interrupted; what is known was saved and reported",
}


def after_scan(run: Run, fail_on: Iterable[str]) -> int:
    """Return the exit code of a scan: what is known to need attention wins over what is unknown."""
    verdicts = run.summary.verdicts
    if any(verdicts.get(str(name), 0) for name in fail_on):
        return ATTENTION
    unread = bool(run.files) and not run.summary.files
    return UNFINISHED if not run.complete or verdicts.get("unchecked", 0) or unread else OK


def after_fix(run: Run, left: int, unknown: int, *, interrupted: bool, would_write: bool, failed: bool = False) -> int:
    """Return the exit code of a fix.

    left: dead links that stay; unknown: those of them that only an unreachable archive or network bars;
    would_write: `--check` found something to write; failed: the system refused to read or write a file.
    """
    if interrupted:
        return INTERRUPTED
    if would_write or left > unknown:
        return ATTENTION
    return UNFINISHED if unknown or failed or not run.complete else OK


def after_save(saved: Saved) -> int:
    """Return the exit code of `archive save`: a link that failed wins over one that is not known yet."""
    if saved.interrupted:
        return INTERRUPTED
    if saved.dry_run:
        return OK
    if any(copy.state is CopyState.FAILED for row in saved.urls for copy in row.copies):
        return ATTENTION
    return OK if saved.complete else UNFINISHED
