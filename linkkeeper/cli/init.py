"""`linkkeeper init`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkkeeper.cli import output
from linkkeeper.errors import UsageError

if TYPE_CHECKING:
    from linkkeeper.pipeline.setup import Project, Proposal

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; what is there already stays.")]
Force = Annotated[bool, typer.Option("--force", help="With --yes: write over what is there already.")]


def init(yes: Yes = False, force: Force = False) -> None:
    """Look at this folder; show, and write, the settings, a CI workflow and a pre-commit entry that fit it.

    Each file is shown first and written after a yes. A file that is there already stays unless you say otherwise.

    \b
    Examples:
      linkkeeper init
      linkkeeper init --yes

    Exit codes: 0 done, 2 there is no terminal to ask on (nothing was written), or a file cannot be written.
    """
    output.setup(0, 0)
    if force and not yes:
        raise UsageError("--force is for --yes: without it you are asked about each file", "say --yes --force")
    from linkkeeper.pipeline import setup

    here = Path()
    project = setup.look(here)
    output.data(_about(project))
    asks = sys.stdin.isatty() and sys.stderr.isatty()
    written = [_offer(one, yes=yes, force=force, asks=asks) for one in setup.proposals(here, project)]
    if not yes and not asks:
        raise UsageError("nothing was written, for there is no terminal to ask on", "linkkeeper init --yes writes it")
    if any(written):
        output.data("\nNext: linkkeeper scan\n")


def _about(project: "Project") -> str:
    generator = project.generator or "no site generator that linkkeeper knows"
    forge = {"github": "GitHub", "gitlab": "GitLab", "forgejo": "Forgejo"}.get(project.forge, "no CI")
    return output.harmless(f"Found {generator}, posts in {', '.join(project.paths)}, {forge}.\n")


def _offer(one: "Proposal", *, yes: bool, force: bool, asks: bool) -> bool:
    """Show one file and write it if that is wanted; return whether it was written."""
    place = Path(one.path)
    there = place.exists() or place.is_symlink()
    output.data(f"\n── {one.path} ({one.why}){' ── is there already' if there else ''}\n\n{one.text}")
    if one.note:
        output.data(output.harmless(f"\n→ {one.note}\n"))
    if there and place.is_file() and not place.is_symlink() and place.read_bytes() == one.text.encode():
        output.data(f"→ {one.path} holds just this\n")
        return False
    if not one.writable or not _wanted(one, there, yes=yes, force=force, asks=asks):
        output.data(f"→ {one.path} was left alone\n")
        return False
    _write(place, one.text)
    output.data(f"→ {'wrote over' if there else 'wrote'} {one.path}\n")
    return True


def _wanted(one: "Proposal", there: bool, *, yes: bool, force: bool, asks: bool) -> bool:
    if yes:
        return force or not there
    if not asks:
        return False
    sys.stdout.flush()
    question = f"{one.path} is there already. Write over it?" if there else f"Write {one.path}?"
    return output.ask(f"{question} [y/N] ") == "y"


def _write(place: Path, text: str) -> None:
    from linkkeeper.report import registry

    for parent in reversed(place.parents):
        if parent.is_symlink():
            raise UsageError(f"{parent} is a symbolic link, and init does not follow links", "make it a real folder")
        try:
            parent.mkdir(exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"cannot make the folder {parent}: {error.strerror}", "see what is in its place"
            ) from error
    registry.save(place, text)
