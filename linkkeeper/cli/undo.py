"""`linkkeeper undo`."""

from typing import Annotated

import typer

from linkkeeper.cli import exits, output
from linkkeeper.cli.options import STATE, Loaded, with_settings
from linkkeeper.errors import UsageError

RunId = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        help="The run to take back, or the first letters of its name; else the last that wrote.",
        show_default=False,
    ),
]
List = Annotated[bool, typer.Option("--list", "-l", help="Name the runs that the journal remembers, the last first.")]


@with_settings(STATE)
def undo(*, loaded: Loaded, run: RunId = None, list_runs: List = False) -> None:
    """Take back a fix run, byte for byte.

    A file that was changed since the run is left alone and named; the others are done.

    \b
    Examples:
      linkkeeper undo                       the last run that wrote
      linkkeeper undo --list
      linkkeeper undo 20261120T094500Z-3fa9c1

    Exit codes: 0 everything is as before, 1 some files were left alone, 2 no such run, 3 it could not be done.
    """
    if list_runs and run is not None:
        raise UsageError("--list takes no RUN", "leave out one of them")
    from linkkeeper.fix import listing
    from linkkeeper.fix.journal import Journal

    with Journal(loaded.settings.state) as journal:
        if list_runs:
            output.data(listing.of_runs(journal.runs()))
            return
        result = journal.undo(run)
    refused = any(outcome.reason for outcome in result.outcomes)
    (output.error if refused else output.note)(listing.of_undo(result).rstrip("\n"))
    raise typer.Exit(exits.ATTENTION if refused else exits.OK)
