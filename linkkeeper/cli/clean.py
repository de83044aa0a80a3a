"""`linkkeeper clean`."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from linkkeeper.cli import output
from linkkeeper.cli.options import Loaded, with_settings
from linkkeeper.errors import UsageError

if TYPE_CHECKING:
    from linkkeeper.urls.clean import Cleaned

_MAX_LINE = 1 << 20
"""Bytes. A longer line is no URL: it goes through as it is, without being held."""

Urls = Annotated[
    list[str] | None,
    typer.Argument(metavar="URL", help="URLs; none, or `-`, reads one a line from stdin.", show_default=False),
]
Explain = Annotated[bool, typer.Option("--explain", help="Say below each URL what went, and by which rule.")]
Json = Annotated[bool, typer.Option("--json", help="One line of JSON for each URL.")]


@with_settings(("rules",))
def clean(*, loaded: Loaded, urls: Urls = None, explain: Explain = False, as_json: Json = False) -> None:
    """Print each URL without tracking parameters and redirect wrappers. Asks nobody.

    Every other byte stays as it is written; signed and archived URLs stay whole.

    \b
    Examples:
      linkkeeper clean --explain 'https://example.com/?id=1&utm_source=rss'
      linkkeeper clean < urls.txt > cleaned.txt
      linkkeeper clean --rules data.min.json --json < urls.txt
    """
    from linkkeeper.pipeline import options
    from linkkeeper.urls import rules
    from linkkeeper.urls.clean import Cleaner

    known = rules.load(options.cleaning(loaded.settings))
    cleaner = Cleaner(known)
    show = _json if as_json else _explanation(known.reasons()) if explain else _plain
    if isinstance(sys.stdout, io.TextIOWrapper):  # bytes that are no text leave as they came
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape", newline="")
    for url, ending in _given(urls):
        output.data(show(cleaner.clean(url), url) + ending if ending else url)


def _given(urls: list[str] | None) -> Iterator[tuple[str, str]]:
    """Yield URL and line ending; without an ending, a piece of a line that is too long to be a URL."""
    if not urls and sys.stdin.isatty():
        raise UsageError("no URL was given", "name URLs, or pipe them in, one a line")
    for url in urls or ["-"]:
        if url == "-":
            yield from _lines(sys.stdin.buffer)
        else:
            yield url, "\n"


def _lines(source: BinaryIO) -> Iterator[tuple[str, str]]:
    within = False
    for line in iter(lambda: source.readline(_MAX_LINE), b""):
        text = line.decode("utf-8", "surrogateescape")
        ends = line.endswith(b"\n") or len(line) < _MAX_LINE
        if within or not ends:
            yield text, ""
        else:
            url = text.rstrip("\r\n")
            yield url, text[len(url) :] or "\n"
        within = not ends


def _plain(cleaned: "Cleaned", _: str) -> str:
    return cleaned.url


def _json(cleaned: "Cleaned", url: str) -> str:
    line = {
        "url": _shown(url, cleaned),
        "clean": cleaned.url,
        "changed": cleaned.url != url,
        "left_whole": cleaned.left_whole or None,
        "steps": [
            {
                "rule": step.rule,
                "kind": step.kind,
                "removed": _shown(step.removed, cleaned),
                "credential": step.credential,
            }
            for step in cleaned.steps
        ],
    }
    return json.dumps(line, ensure_ascii=True)


def _shown(text: str, cleaned: "Cleaned") -> str:
    """Return text without the credentials that were removed, and those that are known by their names."""
    from linkkeeper.urls import secrets  # 20 ms that --help need not wait

    for step in cleaned.steps:
        if step.credential:
            name, equals, _ = step.removed.partition("=")
            text = text.replace(step.removed, name + equals + secrets.MASK)
    return secrets.mask(text)


def _explanation(reasons: dict[str, str]) -> "Callable[[Cleaned, str], str]":
    def lines(cleaned: "Cleaned") -> Iterator[str]:
        if cleaned.left_whole:
            yield f"left whole by {cleaned.left_whole}: {reasons.get(cleaned.left_whole, '')}"
        elif not cleaned.steps:
            yield "nothing to remove"
        for step in cleaned.steps:
            what = "unwrapped" if step.kind == "unwrap" else f"removed {_shown(step.removed, cleaned)}"
            also = " (credential)" if step.credential else ""
            yield f"{what} by {step.rule}{also}: {reasons.get(step.rule, '')}"

    def show(cleaned: "Cleaned", _: str) -> str:
        return "\n  ".join([cleaned.url, *map(output.harmless, lines(cleaned))])

    return show
