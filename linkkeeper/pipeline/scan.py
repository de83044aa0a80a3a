"""The whole run on one page: read posts, ask about their links, look for copies of the dead, conclude."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from msgspec import Struct, structs

from linkkeeper.check import collector
from linkkeeper.check import links as link_rules
from linkkeeper.check.local import LocalChecker
from linkkeeper.config.settings import Settings, WaybackSettings
from linkkeeper.errors import UsageError
from linkkeeper.extract.discover import DiscoverOptions, Discovery, discover
from linkkeeper.extract.remembered import ExtractionCache
from linkkeeper.extract.scan import Scanned, extract_files
from linkkeeper.models.document import FileProblem
from linkkeeper.models.link import Link
from linkkeeper.models.run import Run
from linkkeeper.models.verdict import Judgement, Verdict
from linkkeeper.pipeline import copies, coverage, options, result
from linkkeeper.pipeline.changes import Changes
from linkkeeper.pipeline.collect import Collection, Entry, Place, Rules
from linkkeeper.pipeline.events import Events
from linkkeeper.pipeline.outcome import Outcome, dead_places
from linkkeeper.pipeline.state import State
from linkkeeper.report.base import Extras
from linkkeeper.report.places import plural
from linkkeeper.report.registry import is_report
from linkkeeper.urls import rules as url_rules
from linkkeeper.urls.clean import Cleaned, Cleaner

_LONG_BYTES = 1 << 17
"""Documents that take others so long to read that one had better not just wait for them."""
NOT_ASKED = Judgement(Verdict.SKIPPED, "excluded", "only archive links are looked at")


class Request(Struct, frozen=True):
    """What the user asked for."""

    paths: tuple[str, ...] = ()
    """As given; empty: the settings' paths, else `content/` where it exists, else `.`."""
    stdin_name: str = "stdin.md"
    stdin: bytes | None = None
    """The document of `-`."""
    allow_empty: bool = False
    since: str = ""
    """A git revision: only links on lines that changed since then count."""
    outputs: tuple[str, ...] = ()
    """Files that will be written after the run: no document may be among them."""
    ask_all: bool = False
    """With since: ask about the other links as well; what changed is in `Result.changes`."""
    rows_only: bool = False
    """Only the run is wanted: `Result.collection` is empty."""


class Result(Struct, frozen=True):
    """A run, and what `fix` needs beside it."""

    run: Run
    interrupted: bool
    collection: Collection
    outcome: Outcome
    extras: Extras | None = None
    """What only some reports show: how earlier runs fared."""
    changes: Changes | None = None
    """What changed since the revision of the request, if it named one."""
    documents: frozenset[str] = frozenset()
    """Every document that was read."""


def scan(request: Request, settings: Settings, events: Events) -> Result:
    """Find, clean, check and rescue every link; change no file.

    Raises UsageError for paths and settings that cannot be meant. What goes wrong with one file, host or
    archive is a row or a note of the run.
    """
    started = datetime.now(UTC)
    _check_archives(settings)
    with collector.calm(), State(settings) as state:
        found, changes = documents(request, settings)
        size_bytes = sum(file.size_bytes for file in found.files)
        load = _load_network if size_bytes >= _LONG_BYTES and not state.knows_answers else None
        collection, seen, problems = read(request, settings, events, state.extractions, (found, changes), load)
        copies = coverage.known(settings, state)
        outcome = ask(collection, options.from_now_on(settings, datetime.now(UTC) - started), state, events)
        state.write_later()
        outcome.notes += state.notes  # what comes to them by the writing, `save_run` adds
        covered = coverage.of_run(copies, collection, outcome, settings, state)
        run = result.build(
            collection, seen, problems, outcome, started, request.paths, covered, spend=request.rows_only
        )
        run = state.save_run(run)
        trend = state.trend()
    read_files = frozenset(file.path for file in seen.files)
    return Result(run, outcome.interrupted, collection, outcome, Extras(trend=trend), changes, read_files)


def _check_archives(settings: Settings) -> None:
    """Raise UsageError for an archive of the user's that cannot be one."""
    if settings.timegate or settings.wayback != WaybackSettings():
        from linkkeeper.archive import registry  # with every archive: only where somebody names one

        registry.check_options(options.archive(settings, None))


def read(
    request: Request,
    settings: Settings,
    events: Events,
    cache: ExtractionCache | None = None,
    chosen: tuple[Discovery, Changes | None] | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> tuple[Collection, Discovery, list[FileProblem]]:
    """Return every link of the documents, gathered by URL. Raises UsageError if there is nothing to read.

    chosen: what `documents` said, where somebody has asked already. meanwhile: is called once, before other processes
    are waited for.
    """
    found, changes = chosen or documents(request, settings)
    events.stage("reading", len(found.files))
    read_so_far = _documents(request, found, settings, cache, meanwhile)
    collection = Collection(_rules(settings, _paths(request, settings), None if request.ask_all else changes))
    problems = list(found.problems)
    for scanned in read_so_far:
        if scanned.extraction.links or not scanned.extraction.problems:
            collection.add(scanned.document, scanned.extraction.links)
        problems += scanned.extraction.problems
        events.advance("reading", f"{collection.links} links")
    return collection, found, problems


def _load_network() -> None:
    """Load what asks: some link will have to be asked about."""
    from linkkeeper.check import evidence, runner
    from linkkeeper.net import client
    from linkkeeper.pipeline import online

    del runner, client, online
    evidence.prepare()


def documents(request: Request, settings: Settings) -> tuple[Discovery, Changes | None]:
    """Return the documents to read, and what changed in them if that was asked. Raises UsageError."""
    paths = _paths(request, settings)
    found = discover(paths, DiscoverOptions())
    if not found.files and not found.stdin and not found.problems and not request.allow_empty:
        raise UsageError(
            f"nothing to scan in {', '.join(paths)}: {unread(found.skipped)}",
            "name a file or folder with posts, or say --allow-empty",
        )
    found = _spare(found, request.outputs)
    if not request.since:
        return found, None
    return changed(found, request.since, keep_all=request.ask_all)


def unread(skipped: int) -> str:
    """Say why nothing was found to read."""
    return f"{plural(skipped, 'file')}, none in a format that linkkeeper reads" if skipped else "there is no file"


def _spare(found: Discovery, outputs: tuple[str, ...]) -> Discovery:
    """Return the documents less our own reports that will be written anew.

    Raises UsageError if any other file to be written is one of the documents, by whatever name.
    """
    taken = {inode: path for path in outputs if (inode := _inode(path))}
    if not taken:
        return found
    own = {file.path for file in found.files if _inode(file.path) in taken}
    for path in own:
        if not is_report(Path(path)):
            raise UsageError(f"{path} is one of the documents and would be overwritten", "name another file")
    return structs.replace(found, files=tuple(file for file in found.files if file.path not in own))


def _inode(path: str) -> tuple[int, int] | None:
    """Return what is the same for all names of a file; None: there is none yet."""
    try:
        found = os.stat(path)  # noqa: PTH116  # thousands of them: a Path each would cost as much again
    except OSError:
        return None
    return found.st_dev, found.st_ino


def changed(found: Discovery, revision: str, *, keep_all: bool = False) -> tuple[Discovery, Changes]:
    """Return the files of found that changed since a git revision (or all), and what changed. Raises UsageError."""
    from linkkeeper.pipeline import changes

    if found.stdin:
        raise UsageError("--since compares files, and `-` is none", "name files or folders")
    what = changes.since(revision, [file.path for file in found.files])
    files = tuple(file for file in found.files if keep_all or file.path in what.ranges)
    problems = tuple(FileProblem(path, changes.OUTSIDE) for path in what.outside)
    return structs.replace(found, files=files, problems=found.problems + problems), what


def _paths(request: Request, settings: Settings) -> tuple[str, ...]:
    return request.paths or tuple(settings.paths) or default_paths()


def default_paths() -> tuple[str, ...]:
    """Return what is scanned when nobody says: `content/` where it exists, else this folder."""
    return ("content",) if Path("content").is_dir() else (".",)


def _documents(
    request: Request,
    found: Discovery,
    settings: Settings,
    cache: ExtractionCache | None,
    meanwhile: Callable[[], None] | None,
) -> Iterable[Scanned]:
    files = extract_files(found.files, options.extraction(settings), cache, meanwhile=meanwhile)
    return chain(files, _stdin(request, settings)) if found.stdin else files


def _stdin(request: Request, settings: Settings) -> Iterator[Scanned]:
    import hashlib

    from linkkeeper.extract import registry  # every format with it
    from linkkeeper.models.document import Document

    data = request.stdin or b""
    document = Document(request.stdin_name, hashlib.sha256(data).hexdigest(), len(data))
    yield Scanned(document, registry.extract(request.stdin_name, data, options.extraction(settings)))


def cleaning(settings: Settings) -> Callable[[Link], Place]:
    """Return what cleans the URL of a link. Raises UsageError for the user's rules."""
    cleaner = Cleaner(url_rules.load(options.cleaning(settings)))

    def clean(link: Link) -> Place:
        cleaned = cleaner.clean(link.url)
        if not cleaned.steps:
            return Place(link, cleaned.url)
        return Place(
            link,
            cleaned.url,
            cleaned.without_credentials if cleaned.credentials_removed else "",
            cleaned.steps[0].rule,
            _removed(cleaned),
            cleaned.target,
        )

    return clean


def _rules(settings: Settings, paths: tuple[str, ...], changes: Changes | None = None) -> Rules:
    clean = cleaning(settings)
    local = LocalChecker(options.local(settings, paths))
    own = copies.OwnLinks(settings) if settings.archive.local_base else None

    def judge(link: Link) -> Judgement | None:
        if changes is not None and not changes.touch(link.document, link.span.start, link.span.end):
            return Judgement(Verdict.SKIPPED, "excluded", f"not on a line changed since {changes.since}")
        if own is not None and (judgement := own.judge(link.url)) is not None:
            return judgement
        if link_rules.is_sound(link):
            return None
        judgement = link_rules.judge_link(link)
        if judgement is None and link_rules.is_local(link.url):
            return local.judge(link.document, link.url)
        return judgement

    return Rules(clean, judge, *([re.compile(text) for text in side] for side in (settings.include, settings.exclude)))


def ask(collection: Collection, settings: Settings, state: State, events: Events) -> Outcome:
    """Answer every open question: from memory, else over the network (loaded only then)."""
    outcome = Outcome()
    due: list[Entry] = []
    state.load(entry.url for entry in collection.asked())
    for entry in collection.asked():
        known = state.memory.get(entry.url)
        if known is None:
            due.append(entry)
        else:
            outcome.findings[entry.url] = known
    wanted = dead_places(collection, outcome) if settings.rescue else []
    waiting = {entry.url for entry in due} | {entry.url for entry, _ in wanted}
    for entry in collection.entries.values() if events.wants_rows else ():
        if entry.judgement is not None or entry.url not in waiting:
            for row in result.url_rows(entry, outcome):
                events.row(row)
    if due or wanted:
        from linkkeeper.pipeline import online

        online.run(due, collection, outcome, settings, state, events)
    return outcome


def _removed(cleaned: Cleaned) -> str:
    """Say what cleaning took, by name: the values may be secrets."""
    names = [step.removed.partition("=")[0] for step in cleaned.steps if step.kind == "strip"]
    parts = ["taken out of its redirect"] if any(step.kind == "unwrap" for step in cleaned.steps) else []
    return "; ".join(parts + (["without " + ", ".join(names)] if names else []))
