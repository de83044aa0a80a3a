"""`linkkeeper scan`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkkeeper.cli import exits, output, reports
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
    StdinName,
    with_settings,
)
from linkkeeper.cli.progress import Bars
from linkkeeper.errors import UsageError

if TYPE_CHECKING:
    from linkkeeper.config.settings import Settings
    from linkkeeper.pipeline.scan import Result
    from linkkeeper.report.base import Extras

ShowConfig = Annotated[
    bool, typer.Option("--show-config", help="Print every setting as TOML, with its origin, and leave.")
]
BaselineFile = Annotated[
    str,
    typer.Option(
        "--baseline", metavar="FILE", help="Broken links that are accepted for now do not count.", show_default=False
    ),
]
WriteBaseline = Annotated[
    str,
    typer.Option(
        "--write-baseline",
        metavar="FILE",
        help="Accept every link that is broken now; reasons and days in FILE stay.",
        show_default=False,
    ),
]
NewOnly = Annotated[
    bool,
    typer.Option(
        "--new-only", help="Check all, count only what is new: on lines changed --since REV, or not in the --baseline."
    ),
]


@with_settings(FINDING, NETWORK, RESCUE, OWN_COPIES, ("rescue", "fail_on"), STATE)
def scan(
    *,
    loaded: Loaded,
    paths: Paths = None,
    format: reports.Format = "terminal",  # noqa: A002  # the flag's name
    outputs: reports.Outputs = None,
    stdin_name: StdinName = "stdin.md",
    allow_empty: AllowEmpty = False,
    since: Since = "",
    baseline: BaselineFile = "",
    write_baseline: WriteBaseline = "",
    new_only: NewOnly = False,
    show_config: ShowConfig = False,
) -> None:
    """Find every link in PATHS, ask whether it lives, look up copies of the dead, and report. Changes no file.

    \b
    Examples:
      linkkeeper scan                       the folder that the settings name, content/, or this one
      linkkeeper scan posts/ README.md
      linkkeeper scan --no-rescue --format json posts/ > report.json
      linkkeeper scan --output html=report.html posts/
      git show HEAD:post.md | linkkeeper scan - --stdin-name post.md
      linkkeeper scan --write-baseline links-baseline.toml     accept what is broken today
      linkkeeper scan --baseline links-baseline.toml           fail on what broke since
      linkkeeper scan --since origin/main                      only links on lines that this branch changed

    Exit codes: 0 nothing to do, 1 links need attention, 2 wrong usage, 3 could not finish (offline), 130 interrupted.
    """
    if show_config:
        from linkkeeper.config.show import as_toml

        output.data(as_toml(loaded))
        return
    chosen = reports.targets(format, outputs)
    _check(chosen, baseline, write_baseline, loaded.settings.state)
    from linkkeeper.pipeline import accept
    from linkkeeper.pipeline import scan as pipeline

    wanted = accept.prepare(baseline, write_baseline, new_only=new_only, since=since)
    streams = reports.streamed(chosen) and not wanted.changes_anything
    bars = Bars(reports.row if streams else None)
    try:
        result = pipeline.scan(
            pipeline.Request(
                paths=tuple(paths or ()),
                stdin_name=stdin_name,
                stdin=sys.stdin.buffer.read() if "-" in (paths or ()) else None,
                allow_empty=allow_empty,
                since=since,
                outputs=_written(chosen, write_baseline),
                ask_all=new_only,
                rows_only=not wanted.changes_anything and not _shows_diffs(chosen),
            ),
            loaded.settings,
            bars,
        )
    finally:
        bars.close()
    run = accept.apply(wanted, result, loaded.settings)
    reports.write(run, chosen, _extras(chosen, result, loaded.settings), streamed=streams)
    if write_baseline and not result.interrupted:
        output.note(f"wrote {write_baseline}; from now on: --baseline {write_baseline}, also in CI")
    raise typer.Exit(exits.INTERRUPTED if result.interrupted else exits.after_scan(run, loaded.settings.fail_on))


def _extras(chosen: list[reports.Target], result: "Result", settings: "Settings") -> "Extras | None":
    """Return what only the HTML report shows beside the run: the trend, and what `fix` would write."""
    if result.interrupted or not _shows_diffs(chosen):
        return result.extras
    from linkkeeper.pipeline import fix, post_dates
    from linkkeeper.report.base import Extras

    diffs, more = fix.preview(result, settings)
    years = post_dates.years(result.run, settings)
    return Extras(result.extras.trend if result.extras else (), diffs, more, years=years)


def _shows_diffs(chosen: list[reports.Target]) -> bool:
    return any(target.format == "html" for target in chosen)


def _check(chosen: list[reports.Target], baseline: str, write_baseline: str, state: str) -> None:
    """Raise UsageError if a report would be written over a baseline, or among what linkkeeper remembers."""
    from linkkeeper.report.registry import same_file

    reports_to = [target.path for target in chosen if target.path is not None]
    for flag, name in (("--baseline", baseline), ("--write-baseline", write_baseline)):
        if name and any(same_file(path, Path(name)) for path in reports_to):
            raise UsageError(f"--output and {flag} both name {name}", "give each a file of its own")
    folder = Path(state).resolve()
    for path in (*reports_to, *(Path(name) for name in (write_baseline,) if name)):
        if folder in path.resolve().parents:
            raise UsageError(f"{path} lies in the state directory {state}", "choose another place")


def _written(chosen: list[reports.Target], write_baseline: str) -> tuple[str, ...]:
    """Return the files that this command will write."""
    return tuple(filter(None, (*(str(target.path or "") for target in chosen), write_baseline)))
