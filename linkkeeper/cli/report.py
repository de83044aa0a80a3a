"""`linkkeeper report`."""

from typing import Annotated

import typer

from linkkeeper.cli import completion, output, reports
from linkkeeper.cli.options import STATE, Loaded, with_settings

RunId = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        help="The run to show, or the beginning of its name; else the last.",
        show_default=False,
        autocompletion=completion.runs,
    ),
]


@with_settings(STATE)
def report(
    *,
    loaded: Loaded,
    run: RunId = None,
    format: reports.Format = "terminal",  # noqa: A002  # the flag's name
    outputs: reports.Outputs = None,
) -> None:
    """Show the last run (or a named one) again, in any format. Asks nobody and changes no file.

    \b
    Examples:
      linkkeeper report
      linkkeeper report --format markdown
      linkkeeper report 20261120T094500 --output html=report.html --output sarif=links.sarif

    Exit codes: 0 shown, 2 no such run or wrong usage. What the run found does not count here.
    """
    chosen = reports.targets(format, outputs)
    from linkkeeper.errors import UsageError
    from linkkeeper.store.database import open_state
    from linkkeeper.store.runs import Runs

    with open_state(loaded.settings.state) as database:
        runs = Runs(database)
        found = runs.load(run or "")
        known = [figures.id for figures in runs.figures() if figures.report][-3:]
        for note in database.notes:
            output.note(note)
    if found is None:
        hint = f"the last runs are {', '.join(known)}" if known else "linkkeeper scan makes one"
        raise UsageError(f"there is no report of run {run!r}" if run else "there is no run to report yet", hint)
    reports.write(found, chosen)
