"""`linkkeeper fix`."""

import sys
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from linkkeeper.cli import completion, exits, output
from linkkeeper.cli.options import (
    FINDING,
    NETWORK,
    OWN_COPIES,
    RESCUE,
    STATE,
    AllowEmpty,
    Loaded,
    Paths,
    Since,
    with_settings,
)
from linkkeeper.cli.progress import Bars
from linkkeeper.errors import UsageError

if TYPE_CHECKING:
    from linkkeeper.fix.apply import FixResult, Prepared

Diff = Annotated[bool, typer.Option("--diff", help="Show what would change, as a unified diff; write nothing.")]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if there is something to write.")]
Only = Annotated[
    str,
    typer.Option(
        "--only",
        metavar="REPAIRS",
        help="Repairs to make: archive, clean, redirect, revert.",
        autocompletion=completion.list_of("archive", "clean", "redirect", "revert"),
    ),
]
Interactive = Annotated[bool, typer.Option("--interactive", "-i", help="Ask before each repair.")]
StyleName = Annotated[
    str,
    typer.Option(
        "--style",
        metavar="STYLE",
        help="How a copy gets in: replace, append or robust (docs/fixing.md).",
        autocompletion=completion.one_of("replace", "append", "robust"),
    ),
]
ApplyMoved = Annotated[bool, typer.Option("--apply-moved", help="Write the new address of moved pages, too.")]
AllowUnverified = Annotated[bool, typer.Option("--allow-unverified", help="Write captures that were not played back.")]
RevertAny = Annotated[
    bool, typer.Option("--revert-any", help="With --only revert: take back archive links of others as well.")
]
FixFormat = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="terminal or json.",
        autocompletion=completion.one_of("terminal", "json"),
    ),
]


@with_settings(FINDING, NETWORK, RESCUE, OWN_COPIES, STATE)
def fix(
    *,
    loaded: Loaded,
    paths: Paths = None,
    diff: Diff = False,
    check: Check = False,
    only: Only = "archive,clean",
    interactive: Interactive = False,
    style: StyleName = "replace",
    apply_moved: ApplyMoved = False,
    allow_unverified: AllowUnverified = False,
    revert_any: RevertAny = False,
    format: FixFormat = "terminal",  # noqa: A002  # the flag's name
    allow_empty: AllowEmpty = False,
    since: Since = "",
) -> None:
    """Scan, then rewrite the posts: dead links lead to their archived copy, tracking parameters go.

    Only the bytes of a link change. `linkkeeper undo` takes everything back.

    \b
    Examples:
      linkkeeper fix --diff posts/          look first
      linkkeeper fix posts/
      linkkeeper fix --only archive --style append posts/
      linkkeeper fix --since HEAD           only lines that are not committed yet
      linkkeeper fix --check                in CI: exit 1 if there is something to write
      linkkeeper fix --local-base /archive/     link to your own copies, where nobody else has one

    Exit codes: 0 no dead link is left, 1 some have no copy (or --check found work), 2 wrong usage, 3 the archive or
    the network could not be asked, 130 interrupted.
    """
    repairs = _repairs(only)
    _check(paths or [], interactive, style, format, diff)
    if since and "revert" in repairs:
        raise UsageError("--since does not go with --only revert", "what is taken back stands on old lines")
    from linkkeeper.fix import apply, listing
    from linkkeeper.fix.interactive import Chooser
    from linkkeeper.fix.journal import Journal
    from linkkeeper.pipeline import fix as pipeline
    from linkkeeper.pipeline.scan import Request

    wanted = pipeline.options(
        loaded.settings,
        style=style,  # type: ignore[arg-type]  # judged above
        only=repairs,
        apply_moved=apply_moved,
        allow_unverified=allow_unverified,
        revert_any=revert_any,
    )
    with Journal(loaded.settings.state) as journal:
        if not (diff or check):
            journal.acquire()
        bars = Bars()
        try:
            request = Request(paths=tuple(paths or ()), allow_empty=allow_empty, since=since)
            planned = pipeline.plan(request, loaded.settings, wanted, bars)
            stopped = planned.scanned.interrupted
            bars.close()
            chooser = Chooser(output.ask) if interactive and not stopped else None
            chosen = [chooser.choose(plan) if chooser else plan for plan in planned.plans]
            if not diff:
                bars.stage("writing", len(chosen))
            result = apply.apply(
                chosen,
                None if diff or check or stopped else journal,
                pipeline.extraction(loaded.settings),
                progress=lambda files: bars.advance("writing", files=files),
                show=_show_diff if diff else _show_nothing,
            )
        finally:
            bars.close()
    for note in planned.scanned.run.notes:
        output.note(note)
    if stopped:
        output.note("interrupted: nothing was written; what was answered is kept for the next run")
    unread = [one for one in planned.scanned.run.files if one.file not in planned.scanned.collection.digests]
    _report(pipeline.explained(apply.with_unread(result, unread)), format)
    left = pipeline.left_over(planned, result) if "archive" in repairs else pipeline.Left(0)
    if why := pipeline.held_back(planned):
        output.note(why)
    if left.dead:
        output.note(listing.of_left(left.dead, left.unknown, left.ready))
    found_work = check and any(row.edits for row in result.files)
    scanned = planned.scanned
    raise typer.Exit(
        exits.after_fix(
            scanned.run,
            left.dead,
            left.dead if why else left.unknown,
            interrupted=scanned.interrupted or result.interrupted,
            would_write=found_work,
            failed=bool(result.summary.files_failed),
        )
    )


def _repairs(only: str) -> frozenset[str]:
    from linkkeeper.fix.plan import STRENGTH

    names = frozenset(name.strip().lower() for name in only.split(",") if name.strip())
    unknown = sorted(names.difference(STRENGTH))
    if unknown or not names:
        named = f"there is no repair {unknown[0]!r}" if unknown else "--only names no repair"
        raise UsageError(named, f"choose among {', '.join(STRENGTH)}, with commas between them")
    return names


def _check(paths: list[str], interactive: bool, style: str, format_name: str, diff: bool) -> None:
    """Raise UsageError for what cannot be meant, before anything is asked."""
    from linkkeeper.fix.plan import Style

    if "-" in paths:
        raise UsageError("fix rewrites files, and `-` is none", "name files or folders")
    if style not in get_args(Style):
        raise UsageError(f"there is no style {style!r}", f"choose among {', '.join(get_args(Style))}")
    if format_name not in ("terminal", "json"):
        raise UsageError(f"fix has no format {format_name!r}", "choose terminal or json")
    if diff and format_name == "json":
        raise UsageError(
            "--diff is text and --format json is not", "leave one out; --check --format json writes nothing"
        )
    if interactive and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("--interactive needs a terminal to ask on", "look with --diff, then choose with --only")


def _show_diff(prepared: "Prepared") -> None:
    from linkkeeper.fix import diff

    output.data(diff.unified(prepared.plan, prepared.data, output.coloured()))


def _show_nothing(_: "Prepared") -> None:
    pass


def _report(result: "FixResult", format_name: str) -> None:
    """Say what was done: JSON is what was asked for, text accompanies the files."""
    if format_name == "json":
        import msgspec

        output.data(msgspec.json.format(msgspec.json.encode(result), indent=2).decode() + "\n")
    else:
        from linkkeeper.fix import listing

        say = output.error if result.summary.files_left_alone else output.note
        say(listing.of_fix(result, everything=output.verbose()).rstrip("\n"))
