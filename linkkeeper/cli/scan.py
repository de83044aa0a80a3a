"""`linkkeeper scan`."""

import sys
from typing import Annotated

import typer

from linkkeeper.cli import exits, output, reports
from linkkeeper.cli.options import FINDING, NETWORK, RESCUE, STATE, AllowEmpty, Loaded, Paths, StdinName, with_settings
from linkkeeper.cli.progress import Bars

ShowConfig = Annotated[bool, typer.Option("--show-config", help="Print every setting with its origin, and leave.")]


@with_settings(FINDING, NETWORK, RESCUE, ("rescue", "fail_on"), STATE)
def scan(
    *,
    loaded: Loaded,
    paths: Paths = None,
    format: reports.Format = "terminal",  # noqa: A002  # the flag's name
    outputs: reports.Outputs = None,
    stdin_name: StdinName = "stdin.md",
    allow_empty: AllowEmpty = False,
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

    Exit codes: 0 nothing to do, 1 links need attention, 2 wrong usage, 3 could not finish (offline), 130 interrupted.
    """
    if show_config:
        output.data(_settings_text(loaded))
        return
    chosen = reports.targets(format, outputs)
    from linkkeeper.pipeline import scan as pipeline

    streams = reports.streamed(chosen)
    bars = Bars(reports.row if streams else None)
    try:
        result = pipeline.scan(
            pipeline.Request(
                paths=tuple(paths or ()),
                stdin_name=stdin_name,
                stdin=sys.stdin.buffer.read() if "-" in (paths or ()) else None,
                allow_empty=allow_empty,
            ),
            loaded.settings,
            bars,
        )
    finally:
        bars.close()
    reports.write(result.run, chosen, result.extras, streamed=streams)
    raise typer.Exit(exits.INTERRUPTED if result.interrupted else exits.after_scan(result.run, loaded.settings.fail_on))


def _settings_text(loaded: Loaded) -> str:
    from linkkeeper.config.settings import fields

    lines = []
    for item in fields():
        value = loaded.settings
        for name in item.path.split("."):
            value = getattr(value, name)
        lines.append(output.harmless(f"{item.path} = {value!r}  # {loaded.origins.get(item.path, 'default')}"))
    lines += [output.harmless(f"host.{name} = {value!r}") for name, value in loaded.settings.host.items()]
    return "\n".join(lines) + "\n"
