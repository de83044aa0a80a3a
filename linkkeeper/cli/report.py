"""`linkkeeper report`."""

from pathlib import Path
from typing import Annotated

import typer

from linkkeeper.cli import completion, output, reports
from linkkeeper.cli.options import STATE, Loaded, with_settings
from linkkeeper.errors import UsageError

_NAMED = 10

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

    HTML also shows what `fix` would change, in posts that are still as they were in that run.

    \b
    Examples:
      linkkeeper report
      linkkeeper report --format markdown
      linkkeeper report 20261120T094500 --output html=report.html --output sarif=links.sarif

    Exit codes: 0 shown, 2 no such run or wrong usage. What the run found does not count here.
    """
    chosen = reports.targets(format, outputs)
    if not Path(loaded.settings.state).is_dir():
        raise _none(run, [], [])
    from linkkeeper.pipeline.state import trend
    from linkkeeper.report.base import Extras
    from linkkeeper.store.database import open_state
    from linkkeeper.store.runs import Runs

    with open_state(loaded.settings.state) as database:
        runs = Runs(database)
        found = runs.load(run or "")
        known = [runs.named_like(beginning) for beginning in (run or "", "")]
        earlier = trend(database, found) if found else ()
        for note in database.notes:
            output.note(note)
    if found is None:
        raise _none(run, *known)
    extras = Extras(trend=earlier)
    if any(target.format == "html" for target in chosen):
        from msgspec.structs import replace

        from linkkeeper.pipeline import again, post_dates

        years = post_dates.years(found, loaded.settings)
        extras = replace(again.preview(found, loaded.settings), trend=earlier, years=years)
    reports.write(found, chosen, extras)


def _none(run: str | None, like: list[str], known: list[str]) -> UsageError:
    """Say which runs there are: those that begin so, or the last."""
    if not known:
        named = f"there is no report of run {run!r}, nor of any other" if run else "there is no run to report yet"
        return UsageError(named, "linkkeeper scan makes one")
    if like and run:
        return UsageError(f"{len(like)} runs begin with {run!r}", f"name one of {', '.join(like[:_NAMED])}")
    return UsageError(f"there is no report of run {run!r}", f"the last runs are {', '.join(known[:_NAMED])}")
