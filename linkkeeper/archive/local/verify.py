"""`archive verify`: every record, every index line, every revisit and every page proved; and the index made anew.

`warcio check` 1.8.1 passes over records without digests and over revisits, `wacz validate` 0.6.0 looks at hashes only
(both observed); neither holds an index against its records.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from linkkeeper.archive.local import cdxj, index, manifest, repair, verify_wacz
from linkkeeper.archive.local.base import Verification
from linkkeeper.archive.local.layout import INDEX, MANIFEST, PENDING, WARCS, failure, require, unreadable, warc_files
from linkkeeper.archive.local.ledger import KINDS, Ledger, Problems
from linkkeeper.archive.local.lock import is_locked, locked
from linkkeeper.archive.local.scan import Gap, scan
from linkkeeper.errors import LinkkeeperError

__all__ = ["KINDS", "rebuild", "verify"]


def verify(path: Path) -> Verification:
    """Return what is wrong with an archive's directory, or with a WACZ file; changes nothing.

    While a run is writing, what it has just begun is left out. Raises LinkkeeperError if there is no archive, or the
    system refuses to read it.
    """
    try:
        if path.is_dir():
            return _verify_directory(path)
        if path.exists():
            return verify_wacz.verify(path)
    except OSError as error:
        raise unreadable(error, str(path)) from error
    raise LinkkeeperError(f"{path} does not exist", "name a directory with captures, or a WACZ file")


def rebuild(directory: Path) -> Verification:
    """Make the index anew from the WARCs, foreign ones included, and return what `verify` then finds.

    Records that are damaged are left out of it; pages whose WARC is missing leave the manifest.
    Raises LinkkeeperError, also while another run is writing.
    """
    require(directory)
    with locked(directory):
        try:
            said = repair.take_off_missing(directory)
            index.write(directory / INDEX, sorted(set(_all_lines(directory))))
            (directory / PENDING).unlink(missing_ok=True)
        except OSError as error:
            raise failure(error, f"the index of {directory} could not be written") from error
    found = verify(directory)
    return msgspec.structs.replace(found, notes=(*said, *found.notes))


def _all_lines(directory: Path) -> Iterator[bytes]:
    for name, size in warc_files(directory).items():
        with (directory / WARCS / name).open("rb") as file:
            for item in scan(file, size, name):
                if not isinstance(item, Gap) and item.line is not None and not item.faults and item.line.ts:
                    yield cdxj.encode(item.line)


def _verify_directory(directory: Path) -> Verification:
    require(directory)
    problems, notes = Problems(), []
    busy = is_locked(directory)
    unsettled = _unsettled(directory) if busy else {}
    told = [*index.texts(directory / PENDING)]
    if told:
        notes.append("a run is writing; what it has just begun was left out" if busy else _KILLED)
    ledger = Ledger(problems, lambda name: (directory / WARCS / name).open("rb"), f"{WARCS}/")
    sizes = warc_files(directory)
    for name, size in sizes.items():
        ledger.read(name, size, unsettled.get(name))
    _check_index(directory, ledger, problems, told, bool(sizes))
    ledger.check_revisits()
    pages = _check_manifest(directory, ledger, problems, busy=busy)
    notes += [f"{WARCS}/{name} is no WARC of ours" for name in _strangers(directory)]
    return Verification(tuple(problems.found), tuple(notes), len(sizes), ledger.records, pages)


_KILLED = "a run was killed before it could merge its index lines; the next `archive save` mends that"


def _unsettled(directory: Path) -> dict[str, int]:
    """Return for the WARCs that are being written to where the last indexed record ends."""
    ends: dict[str, int] = dict.fromkeys(index.opened(directory), 0)
    for line in index.lines(directory):
        if line.filename in ends:
            ends[line.filename] = max(ends[line.filename], line.end)
    return ends


def _check_index(directory: Path, ledger: Ledger, problems: Problems, told: list[bytes], any_warcs: bool) -> None:
    if any_warcs and not (directory / INDEX).exists():
        problems.add(INDEX, "index-missing", "the index can be rebuilt from the WARCs")
        return
    ledger.check_index(INDEX, index.texts(directory / INDEX))
    ledger.check_index(PENDING, (text for text in told if text.endswith(b"\n")), pending=True)
    foreign = set(ledger.unknown_to_the_index())
    for name in sorted(foreign):
        problems.add(f"{WARCS}/{name}", "warc-foreign", "rebuilding the index takes its captures in")
    ledger.check_unindexed(set(warc_files(directory)) - foreign)


def _check_manifest(directory: Path, ledger: Ledger, problems: Problems, *, busy: bool) -> int:
    pages = 0
    if ledger.records and not (directory / MANIFEST).exists():
        problems.add(
            MANIFEST,
            "manifest-missing",
            "there are captures, but nothing says which pages are held; the next `archive save` fetches them again",
        )
    for place, text in enumerate(index.texts(directory / MANIFEST), 1):
        if busy and not text.endswith(b"\n"):
            break
        try:
            page = manifest.parse(text)
            if not text.endswith(b"\n"):
                raise ValueError("the line is not whole")
        except ValueError as error:
            problems.add(MANIFEST, "manifest-line", str(error), place)
            continue
        pages += 1
        if not busy and not ledger.holds_page(page.page, page.ts, page.digest):
            what = "another payload" if ledger.holds_page(page.page, page.ts) else "nothing"
            told = f"the WARCs hold {what} of {page.page[:200]} at {page.ts}"
            problems.add(MANIFEST, "manifest-nothing", told, place)
    return pages


def _strangers(directory: Path) -> list[str]:
    folder = directory / WARCS
    known = warc_files(directory)
    return sorted(entry.name for entry in folder.iterdir() if entry.name not in known) if folder.is_dir() else []
