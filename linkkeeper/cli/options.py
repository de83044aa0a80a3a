"""Flags that commands share, made from the settings themselves: one name, one help text, one place."""

import functools
import inspect
import types
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal, get_args, get_origin

import typer

from linkkeeper.cli import completion, output
from linkkeeper.config.settings import Field, Loaded, fields

FINDING = ("include", "exclude", "include_verbatim", "root", "rules")
NETWORK = (
    *("timeout", "retries", "concurrency", "per_host", "user_agent", "header", "proxy", "insecure", "cookies"),
    *("ca_file", "client_cert", "remap"),
    *("allow_host", "allow_private", "max_time", "max_wait", "cache", "max_age", "fragments"),
)
RESCUE = ("wayback.url", "max_archive_time")
ARCHIVE = ("archive.dir",)
OWN_COPIES = ("archive.dir", "archive.local_base")
SAVING = (
    *("wayback.url", "max_archive_time", "archive.to", "archive.older_than"),
    *("archive.robots", "archive.noarchive", "archive.browser"),
)
STATE = ("state",)

Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATHS",
        help="Files and folders; `-` reads a document from stdin, `@list.txt` reads paths from a file.",
        show_default=False,
    ),
]
FilePaths = Annotated[
    list[str] | None,
    typer.Argument(metavar="PATHS", help="Files and folders; `@list.txt` reads paths from a file.", show_default=False),
]
"""Without `-`: what is kept of a document is found again by its name."""
StdinName = Annotated[
    str, typer.Option("--stdin-name", metavar="NAME", help="Name (and so format) of the document on stdin.")
]
Since = Annotated[
    str,
    typer.Option(
        "--since",
        metavar="REV",
        help="Only links on lines changed since this git revision; renamed files are followed.",
        show_default=False,
    ),
]
AllowEmpty = Annotated[bool, typer.Option("--allow-empty", help="Finding nothing to scan is not an error.")]


def with_settings(*groups: Iterable[str]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the flags of these settings, `--config`, `-q` and `-v`.

    The command takes `loaded: Loaded` instead of the flags.
    """
    wanted = [name for group in groups for name in group]
    by_path = {item.path: item for item in fields()}
    flags = {_parameter_name(path): by_path[path] for path in wanted}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(**given: Any) -> None:
            from linkkeeper.config.load import load

            output.setup(given.pop("quiet"), given.pop("verbose"))
            config_file = given.pop("config_file")
            values = {item.path: given.pop(name) for name, item in flags.items()}
            loaded = load({path: value for path, value in values.items() if value not in (None, [])}, config_file)
            for line in loaded.notes:
                output.note(line)
            command(loaded=loaded, **given)

        own = [item for item in inspect.signature(command).parameters.values() if item.name != "loaded"]
        shared = [_parameter(name, item) for name, item in flags.items()] + _ALWAYS
        everything = [item.replace(kind=inspect.Parameter.KEYWORD_ONLY) for item in (*own, *shared)]
        run.__signature__ = inspect.Signature(everything)  # type: ignore[attr-defined]  # what typer reads
        run.__annotations__ = {item.name: item.annotation for item in everything} | {"return": None}
        del run.__wrapped__  # else its annotations are resolved instead
        return run

    return decorate


def _parameter_name(path: str) -> str:
    return path.replace(".", "_")


def _parameter(name: str, item: Field) -> inspect.Parameter:
    kind = _plain_type(item)
    declarations = [item.flag or "--" + name.replace("_", "-")]
    shown = f" [default: {_shown(item.default)}]" if item.default and item.default is not True else ""
    option = typer.Option(
        *declarations,
        help=item.description + shown,
        metavar=item.metavar,
        show_default=False,
        rich_help_panel="Shared settings",
        autocompletion=completion.list_of(*words) if (words := _words(item.type)) else None,
    )
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]
    )


def _words(annotation: Any) -> tuple[str, ...]:
    """Return the words that a setting is made of; empty where it takes others as well."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next((words for part in get_args(annotation) if (words := _words(part))), ())


def _shown(default: Any) -> str:
    if isinstance(default, list):
        return ",".join(default)
    return f"{default:g}" if isinstance(default, float) else str(default)


def _plain_type(item: Field) -> Any:
    """Return bool, int, float, str or list[str]: what the command line can say; `load` does the rest."""
    if isinstance(item.default, bool):
        return bool
    if isinstance(item.default, list):
        return str if item.path == "fail_on" else list[str]
    base = get_args(item.type)[0] if get_origin(item.type) is Annotated else item.type
    return str if isinstance(base, types.UnionType) else base


_ALWAYS = [
    inspect.Parameter(
        "config_file",
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[
            str | None, typer.Option("--config", metavar="FILE", help="Settings file to use.", show_default=False)
        ],
    ),
    inspect.Parameter(
        "quiet",
        inspect.Parameter.KEYWORD_ONLY,
        default=0,
        annotation=Annotated[
            int, typer.Option("-q", "--quiet", count=True, help="No notes and no progress.", show_default=False)
        ],
    ),
    inspect.Parameter(
        "verbose",
        inspect.Parameter.KEYWORD_ONLY,
        default=0,
        annotation=Annotated[
            int, typer.Option("-v", "--verbose", count=True, help="Say more; twice: everything.", show_default=False)
        ],
    ),
]

__all__ = [
    "ARCHIVE",
    "FINDING",
    "NETWORK",
    "OWN_COPIES",
    "RESCUE",
    "SAVING",
    "STATE",
    "AllowEmpty",
    "Loaded",
    "Paths",
    "Since",
    "StdinName",
    "with_settings",
]
