"""docs/cli.md: every command with its examples and flags, and the exit codes."""

import inspect
from pathlib import Path
from typing import Any

from typer.main import get_command

from linkkeeper.cli import exits
from linkkeeper.cli.app import app

PAGE = Path("docs/cli.md")

HEAD = """# Commands

stdout is data; progress, warnings and the summary go to stderr. Nothing animates without a terminal, and
`NO_COLOR` counts. The flags of the network commands are settings as well: see [settings](settings.md).

## Completion

`linkkeeper --install-completion` teaches the shell that you use (bash, zsh, fish, PowerShell) commands, flags, and what
flags take: formats, verdicts, repairs, the names of kept runs. It takes effect in the next shell, and a test presses
Tab in bash, zsh and fish. `--show-completion` prints the script instead, and
`_LINKKEEPER_COMPLETE=source_zsh linkkeeper` prints it for a shell by name, for packages
and for `eval` in your own settings.

## Exit codes

What is known to need attention wins over what is unknown: 1 before 3.

"""


def render() -> str:
    """Return the page."""
    codes = "".join(f"- **{code}**: {meaning}.\n" for code, meaning in exits.MEANINGS.items())
    group: Any = get_command(app)
    return HEAD + codes + "".join(_command(name, command) for name, command in group.commands.items())


def _command(name: str, command: Any) -> str:
    if hasattr(command, "commands"):
        inner = "".join(_command(f"{name} {below}", one) for below, one in command.commands.items())
        return f"\n## linkkeeper {name}\n\n{inspect.cleandoc(command.help).strip()}\n{inner}"
    about, _, examples = inspect.cleandoc(command.help).partition("\b\n")
    flags = "".join(_flag(item) for item in command.params if item.name != "help")
    table = f"\n| flag | |\n| --- | --- |\n{flags}" if flags else ""
    return f"\n## linkkeeper {name}\n\n{about.strip()}\n\n```text\n{examples.strip()}\n```\n{table}"


def _flag(item: Any) -> str:
    names = [*item.opts, *item.secondary_opts] if item.param_type_name == "option" else [item.metavar or item.name]
    shown = ", ".join(f"`{name}`" for name in names)
    value = f" `{item.metavar}`" if item.param_type_name == "option" and item.metavar else ""
    return f"| {shown}{value} | {(item.help or '').replace('|', chr(92) + '|')} |\n"
