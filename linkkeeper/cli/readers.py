"""Processes that load what reads documents while this one loads what reads the command line: 50 ms of each run.

Whether they are needed can only be guessed so early. If not they are dismissed, and another processor worked in vain.
"""

import os
from typing import TYPE_CHECKING

from linkkeeper.extract import forked

if TYPE_CHECKING:
    from collections.abc import Sequence


def begin(arguments: "Sequence[str]") -> None:
    """Have readers ready if this command line is likely to make much of them."""
    if arguments[:1] == ["links"] and forked.processors() > 1 and hasattr(os, "fork") and _is_new(arguments):
        forked.begin(forked.processors(), _prepared)


def dismiss() -> None:
    """End what nobody needed."""
    forked.dismiss()


def _is_new(arguments: "Sequence[str]") -> bool:
    """Guess whether the documents have to be read: nothing is remembered of them, or that does not count."""
    if "--no-cache" in arguments:
        return True
    elsewhere = any(one.startswith(("--state", "--config")) for one in arguments) or "LINKKEEPER_STATE" in os.environ
    return not elsewhere and not os.path.isdir(".linkkeeper")  # noqa: PTH112 - `pathlib` would have to be loaded


def _prepared() -> forked.Do:
    """Load what most documents need, in the new process."""
    from linkkeeper.cli import output
    from linkkeeper.extract.base import ExtractOptions
    from linkkeeper.extract.lines import LinkLines
    from linkkeeper.extract.workers import answering_later

    output.setup(quiet=0, verbose=0)
    LinkLines(ExtractOptions()).prepare()
    return answering_later()
