"""`linkkeeper history`."""

from typing import TYPE_CHECKING, Annotated

import typer

from linkkeeper.cli import completion, exits, output
from linkkeeper.cli.options import STATE, Loaded, with_settings
from linkkeeper.errors import UsageError

if TYPE_CHECKING:
    from linkkeeper.report.history import Collection

_FORMATS = "terminal, json, or for the whole collection html"
Url = Annotated[
    str | None,
    typer.Argument(metavar="URL", help="The URL to tell about; else the whole collection.", show_default=False),
]
HistoryFormat = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help=f"{_FORMATS}.",
        autocompletion=completion.one_of("terminal", "json", "html"),
    ),
]


@with_settings(STATE, ("rules",))
def history(*, loaded: Loaded, url: Url = None, format: HistoryFormat = "terminal") -> None:  # noqa: A002 - the flag's name
    """Tell what was seen of a URL over time; without one, how the whole collection fares. Asks nobody.

    The collection: broken URLs by run, the half-life of its links, the hosts with the most broken links.

    \b
    Examples:
      linkkeeper history
      linkkeeper history https://example.com/page
      linkkeeper history --format json | jq .half_life.years
      linkkeeper history --format html > history.html

    Exit codes: 0 shown, 1 nothing is remembered of the URL, 2 wrong usage or no run yet.
    """
    if format not in ("terminal", "json", "html") or (url and format == "html"):
        raise UsageError(f"history has no format {format!r}" + (" of one URL" if url else ""), f"choose {_FORMATS}")
    from linkkeeper.pipeline import history as pipeline
    from linkkeeper.report import history as shown

    if url is None:
        collection = pipeline.of_collection(loaded.settings)
        output.data(_of_collection(collection, format))
        return
    found = pipeline.of_url(url, loaded.settings)
    if found is None:
        near = pipeline.known_like(url, loaded.settings)
        output.error(f"nothing is remembered of {url}" + "".join(f"\n  {one}" for one in near))
        raise typer.Exit(exits.ATTENTION)
    output.data(shown.as_json(found) if format == "json" else shown.of_url(found, output.width()))


def _of_collection(collection: "Collection", format_name: str) -> str:
    if format_name == "html":
        from linkkeeper.report import history_page

        return history_page.render(collection)
    from linkkeeper.report import history

    return history.as_json(collection) if format_name == "json" else history.of_collection(collection, output.width())
