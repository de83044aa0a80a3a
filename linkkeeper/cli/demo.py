"""`linkkeeper demo`."""

from pathlib import Path
from typing import Annotated

import typer

from linkkeeper.cli import output

Keep = Annotated[
    Path | None,
    typer.Option("--keep", metavar="DIR", help="Leave posts and report in this new folder.", show_default=False),
]


def demo(keep: Keep = None) -> None:
    """Show the whole story on this machine, without a network: scan, rescue, fix, diff, report, undo, archive.

    A small web and a small archive are served on loopback by linkkeeper itself; a few posts that link to
    them are copied to a temporary folder. Nothing of yours is touched. Takes less than 15 seconds.

    \b
    Examples:
      linkkeeper demo
      linkkeeper demo --keep linkkeeper-demo     and open linkkeeper-demo/report.html afterwards
    """
    output.setup(0, 0)
    from linkkeeper.demo import story

    story.tell(output.data, keep)
