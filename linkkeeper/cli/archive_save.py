"""`linkkeeper archive save`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from linkkeeper.cli import exits, output
from linkkeeper.cli.options import (
    FINDING,
    NETWORK,
    OWN_COPIES,
    SAVING,
    STATE,
    AllowEmpty,
    FilePaths,
    Loaded,
    Since,
    with_settings,
)
from linkkeeper.cli.progress import Bars
from linkkeeper.errors import UsageError

Max = Annotated[
    int | None,
    typer.Option("--max", metavar="N", min=1, help="Capture at most N pages in this run.", show_default=False),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be asked for, and how long it takes.")]
Screenshots = Annotated[
    str,
    typer.Option("--screenshots", metavar="DIR", help="With --to local: a picture of each page.", show_default=False),
]
Pdfs = Annotated[
    str, typer.Option("--pdf", metavar="DIR", help="With --to local: each page as PDF.", show_default=False)
]
BrowserPath = Annotated[
    str,
    typer.Option(
        "--browser-path", metavar="FILE", help="The Chromium to use; else one that is installed.", show_default=False
    ),
]
SaveFormat = Annotated[str, typer.Option("--format", metavar="FORMAT", help="terminal or json.")]
SaveOutput = Annotated[
    str, typer.Option("--output", "-o", metavar="FILE", help="Write the report to FILE as JSON.", show_default=False)
]


@with_settings(FINDING, NETWORK, SAVING, OWN_COPIES, STATE)
def save(
    *,
    loaded: Loaded,
    paths: FilePaths = None,
    max_count: Max = None,
    dry_run: DryRun = False,
    screenshots: Screenshots = "",
    pdfs: Pdfs = "",
    browser_path: BrowserPath = "",
    format: SaveFormat = "terminal",  # noqa: A002  # the flag's name
    to_file: SaveOutput = "",
    allow_empty: AllowEmpty = False,
    since: Since = "",
) -> None:
    """See which links in PATHS live, and copy each that has no copy: to the Wayback Machine, to this disk, or both.

    Dead links are not saved: `linkkeeper fix` looks for copies of them. A run that was stopped goes on where it was.
    Keys for Save Page Now come from IA_ACCESS_KEY_ID and IA_SECRET_ACCESS_KEY, or from `ia configure`.

    \b
    Examples:
      linkkeeper archive save                        each living link, at the Wayback Machine
      linkkeeper archive save --dry-run posts/       what would be asked for, and how long it takes
      linkkeeper archive save --to local posts/      standard WARC files below archive/
      linkkeeper archive save --to wayback,local --older-than 1y --max 200
      linkkeeper archive save --to local --browser needed      pages that show nothing without their scripts, too

    Exit codes: 0 every living link has its copy or its owner forbids one, 1 some failed, 2 wrong usage, 3 an archive
    or the network could not be asked, no link was seen to live though some may, the run did not get through or its
    report could not be written, 130 interrupted.
    """
    _check(paths or [], format, to_file)
    from linkkeeper.pipeline import saving as pipeline
    from linkkeeper.pipeline.scan import Request
    from linkkeeper.report import saving as shown

    bars = Bars()
    try:
        request = Request(
            paths=tuple(paths or ()), allow_empty=allow_empty, since=since, outputs=(to_file,) if to_file else ()
        )
        looks = pipeline.Looks(browser_path, screenshots, pdfs)
        saved = pipeline.save(pipeline.SaveRequest(request, max_count, dry_run, looks), loaded.settings, bars)
    finally:
        bars.close()
    for note in saved.notes:
        output.note(note)
    if format == "json":
        output.data(shown.as_json(saved))
    else:
        output.data(shown.of_save(saved, output.width(), everything=output.verbose()))
    if to_file:  # last: if the disk is full, all else has been told
        from linkkeeper.report import registry

        registry.save(Path(to_file), shown.as_json(saved))
        output.note(f"wrote {to_file}")
    raise typer.Exit(exits.after_save(saved))


def _check(paths: list[str], format_name: str, to_file: str) -> None:
    """Raise UsageError for what cannot be meant, before anything is asked."""
    if "-" in paths:
        raise UsageError("archive save reads files, and `-` is none", "name files or folders")
    if format_name not in ("terminal", "json"):
        raise UsageError(f"archive save has no format {format_name!r}", "choose terminal or json")
    if to_file:
        from linkkeeper.report import registry

        registry.check_outputs([("json", Path(os.fspath(to_file)))])
