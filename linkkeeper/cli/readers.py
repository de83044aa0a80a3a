"""Processes that load what reads documents while this one loads what reads the command line: 50 ms of each run.

Whether they are needed can only be guessed so early. If not they are dismissed, and another processor worked in vain.
"""

import os
import sys
from typing import TYPE_CHECKING

from linkkeeper.extract import forked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from linkkeeper.extract.job import Job

_READS_NONE = frozenset({"-", "--help", "--show-config"})


def begin(arguments: "Sequence[str]") -> None:
    """Have readers ready if this command line is likely to make much of them."""
    prepare = _PREPARE.get(arguments[0]) if arguments else None
    if prepare and forked.processors() > 1 and hasattr(os, "fork") and _reads(arguments) and _is_new(arguments):
        forked.begin(forked.processors(), prepare)


def dismiss() -> None:
    """End what nobody needed."""
    forked.dismiss()


def _is_new(arguments: "Sequence[str]") -> bool:
    """Guess whether the documents have to be read: nothing is remembered of them, or that does not count."""
    if "--no-cache" in arguments:
        return True
    if any(one.startswith("--config") for one in arguments):
        return False
    folder = _state(arguments) or os.environ.get("LINKKEEPER_STATE") or ".linkkeeper"
    return not os.path.isdir(folder)  # noqa: PTH112 - `pathlib` would have to be loaded


def _state(arguments: "Sequence[str]") -> str:
    """Return the state directory that the command line names, if it does."""
    for one, following in zip(arguments, (*arguments[1:], ""), strict=True):
        if one == "--state":
            return following
        if one.startswith("--state="):
            return one.partition("=")[2]
    return ""


def _reads(arguments: "Sequence[str]") -> bool:
    """Guess whether documents are read at all, and from files."""
    return not any(one in _READS_NONE for one in arguments)


def _for_links() -> forked.Do:
    """Load what `links` makes of most documents, in the new process."""
    _load_msgspec()
    from linkkeeper.extract.base import ExtractOptions
    from linkkeeper.extract.lines import LinkLines

    return _prepared(LinkLines(ExtractOptions()))


def _for_scan() -> forked.Do:
    _load_msgspec()
    from linkkeeper.extract.base import ExtractOptions
    from linkkeeper.extract.scan import Extract

    return _prepared(Extract(ExtractOptions()))


def _load_msgspec() -> None:
    """Load msgspec without typing_extensions, which it would take names from that our types do not need.

    That takes 8 of the 60 ms that a reader takes to load; msgspec does without where it is not installed.
    """
    name = "typing_extensions"
    if name in sys.modules:
        return
    sys.modules[name] = None  # type: ignore[assignment]  # how `import` is told that there is no such module
    try:
        import msgspec
    finally:
        del sys.modules[name]
    del msgspec


def _prepared(job: "Job") -> forked.Do:
    from linkkeeper.cli import output
    from linkkeeper.extract.workers import answering_later

    output.setup(quiet=0, verbose=0)
    job.prepare()
    return answering_later()


_PREPARE = {"links": _for_links, "scan": _for_scan}
