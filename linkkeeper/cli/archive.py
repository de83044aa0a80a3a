"""`linkkeeper archive`: the group, and the commands that look at what is held."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkkeeper.cli import archive_text as text_of
from linkkeeper.cli import exits, output
from linkkeeper.cli.archive_save import SaveFormat, save
from linkkeeper.cli.options import ARCHIVE, FINDING, OWN_COPIES, STATE, AllowEmpty, FilePaths, Loaded, with_settings
from linkkeeper.cli.progress import Bars
from linkkeeper.errors import UsageError

if TYPE_CHECKING:
    from linkkeeper.pipeline.holdings import Holding

group = typer.Typer(
    name="archive",
    help="Keep the living: copies of the pages that your posts link to, at the Wayback Machine or on this disk.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Place = Annotated[
    str | None,
    typer.Argument(
        metavar="[DIR|FILE.wacz]", help="A local archive or a WACZ; else `archive.dir`.", show_default=False
    ),
]
Rebuild = Annotated[bool, typer.Option("--rebuild", help="Write the index anew from the WARCs first.")]
Url = Annotated[str, typer.Argument(metavar="URL", help="As in the posts; it is cleaned as they are.")]
Extract = Annotated[
    str,
    typer.Option("--extract", metavar="FILE", help="Write the page as it was received into FILE.", show_default=False),
]
At = Annotated[
    str,
    typer.Option(
        "--at", metavar="TIME", help="Of the capture to extract, 14 digits or the first of them; else the last."
    ),
]
Wacz = Annotated[str, typer.Option("--wacz", metavar="FILE", help="The WACZ to write.", show_default=False)]
Port = Annotated[int, typer.Option("--port", metavar="PORT", min=0, max=65535, help="0: any that is free.")]


_SHOWN = 20
"""Damaged pages that `export` names."""


@with_settings(FINDING, ARCHIVE, ("archive.older_than",), STATE)
def status(
    *,
    loaded: Loaded,
    paths: FilePaths = None,
    format: SaveFormat = "terminal",  # noqa: A002  # the flag's name
    allow_empty: AllowEmpty = False,
) -> None:
    """Tell how many of the living links have a copy, where, and how many never had one. Asks nobody.

    Which links live is what the last scan or save saw.

    \b
    Examples:
      linkkeeper archive status
      linkkeeper archive status --older-than 1y posts/      copies older than a year do not count
      linkkeeper archive status --format json | jq .coverage

    Exit codes: 0 shown, 2 wrong usage.
    """
    _check_format("status", format)
    if "-" in (paths or []):
        raise UsageError("archive status reads files, and `-` is none", "name files or folders")
    from linkkeeper.pipeline import holdings
    from linkkeeper.pipeline.scan import Request
    from linkkeeper.report import saving as shown

    holdings.check_place(loaded.settings.archive.dir, must_exist=_is_flag(loaded))
    bars = Bars()
    try:
        found = holdings.status(Request(paths=tuple(paths or ()), allow_empty=allow_empty), loaded.settings, bars)
    finally:
        bars.close()
    for note in found.notes:
        output.note(note)
    text = (
        shown.as_json(found)
        if format == "json"
        else shown.of_status(found, output.width(), everything=output.verbose())
    )
    output.data(text)


@with_settings(ARCHIVE)
def verify(
    *,
    loaded: Loaded,
    place: Place = None,
    rebuild: Rebuild = False,
    format: SaveFormat = "terminal",  # noqa: A002  # the flag's name
) -> None:
    """Prove a local archive, or a WACZ, record by record: digests, index, revisits, manifest. Names what is damaged.

    \b
    Examples:
      linkkeeper archive verify
      linkkeeper archive verify blog.wacz
      linkkeeper archive verify --rebuild          when the index is lost or damaged

    Exit codes: 0 sound, 1 damage, 2 wrong usage, 3 it could not be read.
    """
    _check_format("verify", format)
    from linkkeeper.archive.local import verify as proof
    from linkkeeper.pipeline import holdings

    path = holdings.existing(place or loaded.settings.archive.dir)
    if rebuild and not path.is_dir():
        raise UsageError(f"{path} is no folder: only a local archive's index can be made anew", "leave out --rebuild")
    found = proof.rebuild(path) if rebuild else proof.verify(path)
    for note in found.notes:
        output.note(note)
    output.data(
        text_of.verification_json(found, str(path)) if format == "json" else text_of.of_verification(found, str(path))
    )
    raise typer.Exit(exits.OK if found.sound else exits.ATTENTION)


@with_settings(("rules",), OWN_COPIES, STATE)
def show(
    *,
    loaded: Loaded,
    url: Url,
    extract: Extract = "",
    at: At = "",
    format: SaveFormat = "terminal",  # noqa: A002  # the flag's name
) -> None:
    """Tell what is held of a URL: every capture on this disk, and what is known of one at the Wayback Machine.

    \b
    Examples:
      linkkeeper archive show https://example.com/page
      linkkeeper archive show https://example.com/page --extract page.html
      linkkeeper archive show https://example.com/page --at 2026 --extract page.html

    Exit codes: 0 shown, 1 nothing is held, 2 wrong usage, 3 it could not be read or written.
    """
    _check_format("show", format)
    if at and not (at.isdigit() and len(at) <= 14):
        raise UsageError(f"--at {at!r} is no time of a capture", "give the first of its 14 digits, e.g. 2026")
    from linkkeeper.pipeline import holdings

    holdings.check_place(loaded.settings.archive.dir, must_exist=_is_flag(loaded))
    found = holdings.of_url(url, loaded.settings)
    if extract:
        _check_target(extract)
        if Path(extract).exists():
            raise UsageError(f"{extract} is there already", "name another file, or remove it first")
    if extract and found.local:
        _extract(found, at, extract, loaded)
    if format == "json":
        output.data(text_of.holding_json(found))
    elif found.any or found.wayback_state:
        output.data(text_of.of_holding(found, loaded.settings.archive.local_base))
    if not found.any or (extract and not found.local):
        from linkkeeper.report import safe

        if found.lost:
            output.error(f"what was held of {safe.visible(url)} lay in {', '.join(found.lost)}, which is missing")
            output.error("  linkkeeper archive verify says more; the next archive save fetches it again if it lives")
            raise typer.Exit(exits.UNFINISHED)
        where = "on this disk" if extract else "yet"
        output.error(f"nothing is held of {safe.visible(url)} {where}")
        output.error("  linkkeeper archive save --to local keeps a copy while it lives")
        raise typer.Exit(exits.ATTENTION)


def _extract(found: "Holding", at: str, target: str, loaded: Loaded) -> None:
    from linkkeeper.archive.local import show as captures

    matching = [held for held in found.local if held.ts.startswith(at)]
    if not matching:
        raise UsageError(f"no capture of {found.url} begins with {at}", "leave out --at to see all")
    readable = [held for held in matching if held.status.startswith("2")] or matching
    captures.extract(Path(loaded.settings.archive.dir), readable[-1], Path(target))
    output.note(f"wrote {target}, as captured at {readable[-1].ts}")


@with_settings(ARCHIVE)
def export(*, loaded: Loaded, wacz: Wacz = "") -> None:
    """Write the local archive as one WACZ file, which ReplayWeb.page plays from any plain web host.

    \b
    Examples:
      linkkeeper archive export --wacz blog.wacz
      linkkeeper archive export --archive copies --wacz public/archive/blog.wacz

    Exit codes: 0 written, 2 wrong usage, 3 it could not be read or written.
    """
    if not wacz:
        raise UsageError("export needs to know the file", "linkkeeper archive export --wacz FILE")
    _check_target(wacz)
    from linkkeeper.archive.local import wacz as exporting

    if Path(wacz).exists() and not _is_wacz(Path(wacz)):
        raise UsageError(f"{wacz} is there already, and no WACZ", "name another file")
    from linkkeeper.pipeline import holdings
    from linkkeeper.report.places import plural
    from linkkeeper.report.saving import size

    made = exporting.export(holdings.existing(loaded.settings.archive.dir), Path(wacz))
    for line in made.repaired:
        output.note(f"{loaded.settings.archive.dir}: {line}")
    for url in made.damaged[:_SHOWN]:
        output.note(f"damaged, and exported so: {url}  (linkkeeper archive verify says more)")
    figures = f"{plural(made.pages, 'page')}, {plural(made.records, 'record')}, {size(made.size_bytes)}"
    output.note(f"wrote {made.file}: {figures}")


@with_settings(ARCHIVE)
def serve(*, loaded: Loaded, port: Port = 0) -> None:
    """Replay the local archive on loopback, with pywb. Says how to get it where it is not installed.

    \b
    Examples:
      linkkeeper archive serve
      linkkeeper archive serve --port 8090

    Exit codes: 0 ended by Ctrl-C, 2 wrong usage, 3 pywb is missing or did not start.
    """
    from linkkeeper.archive.local import serve as serving
    from linkkeeper.pipeline import holdings

    with serving.Replay(holdings.existing(loaded.settings.archive.dir), port) as replay:
        output.note(f"replaying {loaded.settings.archive.dir} at {replay.url}  (Ctrl-C ends it)")
        try:
            replay.wait()
        except KeyboardInterrupt:
            output.note("ended")


def _is_flag(loaded: Loaded) -> bool:
    """Say whether the local archive was named on the command line: then it should be there."""
    return loaded.origins.get("archive.dir", "").startswith("flag")


def _is_wacz(path: Path) -> bool:
    import zipfile

    try:
        with zipfile.ZipFile(path) as found:
            return "datapackage.json" in found.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def _check_target(file: str) -> None:
    """Raise UsageError for a file that cannot be written."""
    path = Path(file)
    if path.is_dir() or (path.exists() and not path.is_file()):
        raise UsageError(f"{file} is no regular file", "name another")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", "make it first, or name another file")


def _check_format(command: str, name: str) -> None:
    if name not in ("terminal", "json"):
        raise UsageError(f"archive {command} has no format {name!r}", "choose terminal or json")


COMMANDS = (save, status, verify, show, export, serve)
