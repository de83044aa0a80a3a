"""What a fix did, and what an undo brought back, as text for a terminal. Pure."""

from collections.abc import Iterator

from linkkeeper.fix import diff
from linkkeeper.fix.apply import FileRow, FixResult
from linkkeeper.fix.interactive import NOT_ASKED
from linkkeeper.fix.journal import RunEntry, UndoResult, shown

_FILES_SHOWN = 5


def of_fix(result: FixResult, everything: bool = False) -> str:
    """Return a line per file and per repair that was not made, then the figures.

    With everything a line per repair that was made, too.
    """
    lines = [line for row in result.files for line in _of_file(row, everything)]
    return "".join(f"{diff.safe(line)}\n" for line in (*lines, _figures(result)))


def _of_file(row: FileRow, everything: bool) -> Iterator[str]:
    if row.problem:
        yield f"{row.file}: left alone: {row.problem}"
    elif row.edits:
        yield f"{row.file}: {_count(len(row.edits), 'repair')} {'made' if row.status == 'written' else 'to make'}"
    if row.warning:
        yield f"  {row.warning}"
    for edit in row.edits if everything else ():
        yield f"  {edit.line}:{edit.column} {edit.repair} ({edit.rule}): {edit.url} -> {edit.adds or edit.url_after}"
    for refusal in row.refusals:
        if refusal.reason == NOT_ASKED:
            continue
        place = f"{row.file}:{refusal.line}:{refusal.column}"
        yield f"{place}: not {_PAST[refusal.repair]}: {refusal.url}: {refusal.reason}"


_PAST = {"archive": "rescued", "clean": "cleaned", "redirect": "redirected", "revert": "reverted"}


def _figures(result: FixResult) -> str:
    summary = result.summary
    repairs = ", ".join(f"{number} {repair}" for repair, number in summary.repairs.items()) or "no repair"
    if result.run is None:
        files = sum(row.status == "planned" for row in result.files)
        done = f"{repairs}: {_count(files, 'file')} would change" if files else "nothing to write"
    else:
        done = f"{repairs}: {_count(summary.files_written, 'file')} written; `linkkeeper undo` takes it back"
    left = f"; {_count(summary.files_left_alone, 'file')} left alone" if summary.files_left_alone else ""
    unasked = sum(refusal.reason == NOT_ASKED for row in result.files for refusal in row.refusals)
    asked = f", {unasked} of them not asked about any more" if unasked else ""
    return done + left + (f"; {_count(summary.refused, 'repair')} not made{asked}" if summary.refused else "")


def of_left(dead: int, unknown: int, ready: int = 0) -> str:
    """Return a line about the dead links that stay.

    unknown of them because no archive could be asked; ready of them though there is a copy, as the lines of the
    files have told.
    """
    stay = "stays as it is" if dead == 1 else "stay as they are"
    line = f"{_count(dead, 'dead link')} {stay}"
    reasons = [f"{unknown} because no archive could be asked"] if unknown else []
    reasons += [f"{ready} for the reason given above"] if ready else []
    others = dead - unknown - ready
    if not reasons:
        return f"{line}: no usable copy; `linkkeeper scan` says why"
    reasons += [f"{others} without a usable copy"] if others else []
    more = "; `linkkeeper scan` says more" if others or unknown else ""
    return f"{line}: {', '.join(reasons)}{more}"


def of_undo(result: UndoResult) -> str:
    """Return what came back, and a line for each file that did not."""
    if result.run is None:
        return "nothing to undo\n"
    refused = [outcome for outcome in result.outcomes if outcome.reason]
    back = len(result.outcomes) - len(refused)
    lines = [f"{shown(outcome.path)}: left alone: {outcome.reason}" for outcome in refused]
    lines.append(
        f"run {result.run}: {_count(back, 'file')} as before" + (f", {len(refused)} left alone" if refused else "")
    )
    return "".join(f"{diff.safe(line)}\n" for line in lines)


def of_runs(runs: list[RunEntry]) -> str:
    """Return the runs that can be undone, the last one first."""
    return "".join(f"{diff.safe(_of_run(run))}\n" for run in reversed(runs)) or "no run has written anything yet\n"


def _of_run(run: RunEntry) -> str:
    state = "undone" if not run.written else f"{run.undone} undone" if run.undone else "can be undone"
    names = ", ".join(run.files[:_FILES_SHOWN]) + (", …" if len(run.files) > _FILES_SHOWN else "")
    damaged = "; its journal is damaged" if run.damaged else ""
    return f"{run.id}  {_count(len(run.files), 'file')} ({state}{damaged}): {names}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
