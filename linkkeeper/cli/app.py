"""Registers the commands, and turns what goes wrong into one clear line and an exit code."""

import functools
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Any

import typer

from linkkeeper.check import collector
from linkkeeper.cli import completion, exits, output, starting
from linkkeeper.errors import LinkkeeperError, UsageError
from linkkeeper.models.about import VERSION

_COMMANDS = ("scan", "fix", "undo", "links", "clean", "report", "history", "init", "demo")
"""Each a function in the module of its name; `archive` is a group."""


def _version(wanted: bool) -> None:
    if wanted:
        output.data(f"linkkeeper {VERSION}\n")
        raise typer.Exit


def _main(
    version: Annotated[  # the callback acts on it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    pass


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Return command with every exception turned into a line on stderr and an exit code."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            _end_as_by_ctrl_c()
            command(*args, **kwargs)
            sys.stdout.flush()
        except UsageError as error:
            raise _leave(error, exits.USAGE) from error
        except LinkkeeperError as error:
            raise _leave(error, exits.UNFINISHED) from error
        except BrokenPipeError as error:
            output.hush_pipe()
            raise typer.Exit(exits.OK) from error
        except KeyboardInterrupt as error:
            output.error("linkkeeper: interrupted")
            raise typer.Exit(exits.INTERRUPTED) from error
        except (typer.Exit, typer.Abort, SystemExit):
            raise
        except OSError as error:
            raise _leave(_of_the_system(error), exits.UNFINISHED) from error
        except UnicodeEncodeError as error:
            raise _of_an_argument(error) from error
        except Exception as error:  # the last line of defence: a crash is exit 3, not 1
            raise _crash(error) from error

    return run


def _end_as_by_ctrl_c() -> None:
    """Let a termination tidy up and report as Ctrl-C does; who ignores it or has another way of ending keeps that."""
    with suppress(ValueError):  # not in the main thread
        starting.started()
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, signal.default_int_handler)


def _leave(error: LinkkeeperError, code: int) -> typer.Exit:
    output.error(f"linkkeeper: {error}" + (f"\n  {error.hint}" if error.hint else ""))
    return typer.Exit(code)


def _of_the_system(error: OSError) -> LinkkeeperError:
    """Say in a line what the system refused: a full disk under stdout, a folder that cannot be made."""
    where = f"{error.filename}: " if error.filename else ""
    return LinkkeeperError(f"{where}{error.strerror or error}", "free some space or mend the place, then run again")


def _of_an_argument(error: UnicodeEncodeError) -> typer.Exit:
    """Return how to leave if an argument is no text, which no URL can be; else it was our fault."""
    try:
        "".join(sys.argv).encode()
    except UnicodeEncodeError:
        return _leave(UsageError("an argument is not UTF-8", "write a URL percent-encoded: %E4%B8%AD"), exits.USAGE)
    return _crash(error)


def _crash(error: Exception) -> typer.Exit:
    if output.verbose():
        import traceback

        output.error(traceback.format_exc())
    output.error(
        f"linkkeeper: internal error: {type(error).__name__}: {error}\n"
        "  No post was left half written. Run again with -v for the details, and please report them."
    )
    return typer.Exit(exits.UNFINISHED)


def _bare() -> typer.Typer:
    app = typer.Typer(
        name="linkkeeper",
        help="Find the dead links in your posts, rescue them from web archives, and fix the posts byte by byte.",
        epilog="Try it without a network: linkkeeper demo",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_main)
    return app


def _add(app: typer.Typer, name: str) -> None:
    module = import_module(f"linkkeeper.cli.{name}")
    app.command()(guarded(getattr(module, name)))


@functools.cache
def _whole() -> typer.Typer:
    """Return all commands."""
    from linkkeeper.cli import archive

    app = _bare()
    for name in _COMMANDS:
        _add(app, name)
    for command in archive.COMMANDS:
        archive.group.command()(guarded(command))
    app.add_typer(archive.group)
    completion.mend()
    return app


def _one(name: str) -> typer.Typer:
    """Return an app of one command: 40 ms sooner than all of them."""
    app = _bare()
    _add(app, name)
    return app


def __getattr__(name: str) -> typer.Typer:
    """Return `app`, all commands, to who asks for it."""
    if name == "app":
        return _whole()
    raise AttributeError(name)


def main() -> None:
    """Read the command line and run its command."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    with collector.calm():
        try:
            (_one(wanted) if wanted in _COMMANDS else _whole())(prog_name="linkkeeper")
        finally:
            collector.leave()
