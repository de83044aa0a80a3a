"""`linkkeeper links`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkkeeper.cli import output
from linkkeeper.cli.options import FINDING, STATE, AllowEmpty, Loaded, Paths, Since, StdinName, with_settings
from linkkeeper.errors import UsageError

if TYPE_CHECKING:
    from linkkeeper.config.settings import Settings
    from linkkeeper.extract.discover import SourceFile, Walk
    from linkkeeper.extract.lines import Lines, LinkLines
    from linkkeeper.models.document import FileProblem

Everything = Annotated[bool, typer.Option("--all", help="Template code, mail and ignored links too.")]


@with_settings(FINDING, ("cache",), STATE)
def links(
    *,
    loaded: Loaded,
    paths: Paths = None,
    everything: Everything = False,
    stdin_name: StdinName = "stdin.md",
    allow_empty: AllowEmpty = False,
    since: Since = "",
) -> None:
    """Print every link in PATHS as a line of JSON, with its exact bytes. Asks nobody, changes no file.

    \b
    Examples:
      linkkeeper links posts/
      linkkeeper links README.md | jq -r .url
      linkkeeper links --since HEAD posts/         links on lines that are not committed yet
      git show HEAD:post.md | linkkeeper links - --stdin-name post.md
    """
    from linkkeeper.extract.discover import DiscoverOptions, Walk

    settings = loaded.settings
    chosen = tuple(paths or settings.paths or (("content",) if Path("content").is_dir() else (".",)))
    walk = Walk(chosen, DiscoverOptions())
    files, problems, keep = _files(walk, since)
    job = _job(settings, everything)
    state = settings.state if settings.cache else ""
    for lines in _documents(files, problems, job, stdin_name if walk.stdin else None, state):
        output.data_bytes(_kept(lines.text, keep) if keep else lines.text)
        for problem in lines.problems:
            output.note(f"{problem.file}: {problem.problem}")
    if not walk.count and not walk.stdin and not walk.problems and not allow_empty:
        from linkkeeper.pipeline.scan import unread

        raise UsageError(
            f"nothing to read in {', '.join(chosen)}: {unread(walk.skipped)}",
            "name a file or folder with posts, or say --allow-empty",
        )


def _files(
    walk: "Walk", since: str
) -> tuple[Iterable["SourceFile"], Sequence["FileProblem"], Callable[[str, int, int], bool] | None]:
    """Return the files to read, what is no such file (all of it once these are walked), and which bytes count."""
    if not since:
        return walk.files(), walk.problems, None
    from linkkeeper.pipeline import scan

    found, changes = scan.changed(walk.discovery(), since)
    return found.files, found.problems, changes.touch


def _kept(text: bytes, keep: Callable[[str, int, int], bool]) -> bytes:
    """Return the lines whose link stands where keep says."""
    import msgspec

    from linkkeeper.extract.lines import Line

    decode = msgspec.json.Decoder(Line).decode
    lines = [(line, decode(line)) for line in text.splitlines(keepends=True)]
    return b"".join(line for line, link in lines if keep(link.file, link.start, link.end))


def _job(settings: "Settings", everything: bool) -> "LinkLines":
    from linkkeeper.extract.base import ExtractOptions
    from linkkeeper.extract.lines import LinkLines
    from linkkeeper.urls.rule_set import CleanOptions

    return LinkLines(
        ExtractOptions(include_verbatim=settings.include_verbatim),
        CleanOptions(
            strip=tuple(settings.clean.strip),
            exempt_hosts=tuple(settings.clean.keep_hosts),
            exempt_params=tuple(settings.clean.keep_params),
            rule_files=(settings.rules,) if settings.rules else (),
        ),
        include=tuple(settings.include),
        exclude=tuple(settings.exclude),
        everything=everything,
    )


def _documents(
    files: Iterable["SourceFile"],
    problems: Sequence["FileProblem"],
    job: "LinkLines",
    stdin_name: str | None,
    state: str,
) -> Iterator["Lines"]:
    import sys

    from linkkeeper.extract.lines import Lines, decode
    from linkkeeper.extract.scan import run

    if state:
        from linkkeeper.store.extractions import Extractions  # takes 3 ms to load

        with closing(Extractions(Path(state))) as cache:
            yield from map(decode, run(files, job, cache))
    else:
        yield from map(decode, run(files, job))
    yield Lines(b"", tuple(problems))
    if stdin_name is not None:
        from linkkeeper.models.document import Document

        parts = job.parts(Document(stdin_name), sys.stdin.buffer.read())
        yield from (decode(part.value) for part in parts)
