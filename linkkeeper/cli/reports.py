"""`--format` and `--output`: judged before anything is asked, written at the end."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from linkkeeper.cli import completion, output
from linkkeeper.errors import UsageError
from linkkeeper.models.run import Run, UrlRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from linkkeeper.report.base import Extras

Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="How stdout shows the run (docs/reports.md).",
        autocompletion=completion.formats,
    ),
]
Outputs = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="[FORMAT=]FILE",
        help="Write the report to FILE, whole or not at all; repeat for more, e.g. `html=report.html`.",
        autocompletion=completion.outputs,
        show_default=False,
    ),
]

SUFFIXES = {
    ".html": "html",
    ".htm": "html",
    ".json": "json",
    ".jsonl": "jsonl",
    ".md": "markdown",
    ".markdown": "markdown",
    ".csv": "csv",
    ".sarif": "sarif",
    ".xml": "junit",
}


class Target(Struct, frozen=True):
    """One report to write: to a file, or with path None to stdout."""

    format: str
    path: Path | None


def targets(format_name: str, outputs: list[str] | None) -> list[Target]:
    """Return what is to be written. Raises UsageError for an unknown format or an impossible file."""
    from linkkeeper.report import registry

    registry.named(format_name)
    found = [_target(text, format_name) for text in outputs or ()]
    registry.check_outputs((target.format, target.path) for target in found if target.path)
    if not any(target.format == format_name for target in found):
        found.append(Target(format_name, None))
    return found


def _by_suffix(text: str) -> str:
    """Return the format that a file name asks for. Raises UsageError if it asks for none."""
    found = SUFFIXES.get(Path(text).suffix.lower())
    if found is None and text.strip() not in ("", "-"):
        raise UsageError(
            f"--output {text!r}: the suffix names no format",
            f"write --output FORMAT=FILE, or a suffix of these: {', '.join(SUFFIXES)}",
        )
    return found or "json"


def _target(text: str, format_name: str) -> Target:
    name, equals, rest = text.partition("=")
    if not equals or "/" in name or "." in name:
        name, rest = (_by_suffix(text) if format_name == "terminal" else format_name), text
    if rest == "-":
        raise UsageError("--output writes files, and `-` is none", f"write --format {name} for stdout")
    if not rest.strip():
        raise UsageError(f"--output {text!r} names no file", "write --output FORMAT=FILE")
    return Target(name, Path(rest))


def write(run: Run, chosen: list[Target], extras: "Extras | None" = None, *, streamed: bool = False) -> None:
    """Write every report; stdout last.

    extras: what only some formats show; streamed: stdout has had its rows already.
    """
    from linkkeeper.check import collector
    from linkkeeper.report import github, registry

    if not any(target.path is None and target.format == "terminal" for target in chosen):
        for sentence in run.notes:
            output.note(sentence)
    with collector.calm():
        for target in sorted(chosen, key=lambda target: target.path is None):
            if target.path is not None:
                registry.write(run, target.format, target.path, extras)
                output.note(f"wrote {target.path}")
            elif not streamed:
                for piece in _pieces(run, target.format, extras):
                    output.data(piece)
    if any(target.format == github.NAME for target in chosen):
        github.append_summary(run)


def streamed(chosen: list[Target]) -> bool:
    """Return whether stdout gets a line per URL as it is known."""
    return any(target.path is None and target.format == "jsonl" for target in chosen)


def row(one: UrlRow) -> None:
    """Write one URL to stdout, now."""
    from linkkeeper.report import jsonl

    output.data(jsonl.line(one))


def _pieces(run: Run, format_name: str, extras: "Extras | None") -> "Iterable[str]":
    from linkkeeper.report import registry, terminal

    if format_name == terminal.NAME:
        return [terminal.render(run, output.coloured(), output.width(), output.verbose())]
    return registry.pieces(run, format_name, extras)
