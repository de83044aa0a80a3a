"""What a killed run, or another program, left behind: made into an archive that is whole, and said.

The WARCs are the truth; index and manifest are brought in line with them. Only the end of a file is ever cut, and only
the beginning of a record that has no end, with no readable record behind it. Where no run of ours was writing, these
bytes are first put aside (`torn/`), since another program may have shortened the file. A WARC that is damaged
elsewhere, that does not begin with a record (a Git LFS pointer, for instance), or that is not there at all keeps its
index lines, is not written to again, and is named; pages of one that is not there leave the manifest.
"""

import contextlib
import os
from collections.abc import Collection
from itertools import chain, count
from pathlib import Path

import msgspec
from msgspec import Struct

from linkkeeper.archive.local import cdxj, index, lacking, manifest
from linkkeeper.archive.local.cdxj import REVISIT, Line
from linkkeeper.archive.local.layout import (
    INDEX,
    MANIFEST,
    PENDING,
    TORN,
    WARCS,
    failure,
    month_and_number,
    replacing,
    sync_folder,
    temporary_of,
    warc_files,
    write_all,
)
from linkkeeper.archive.local.member import DamageError
from linkkeeper.archive.local.record import Record
from linkkeeper.archive.local.scan import Gap, scan
from linkkeeper.archive.local.table import Table
from linkkeeper.models.about import USER_AGENT

_COPY = 1 << 20
_PLACE_BITS = 48


class Holdings:
    """Where each payload lies, in little memory: a number per digest. Filled from the index, then page by page."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._places = Table()

    def add(self, line: Line) -> None:
        """Remember the payload of a response."""
        if line.mime == REVISIT or not line.digest.startswith("sha1:"):
            return
        number = self._numbers.setdefault(line.filename, len(self._names))
        if number == len(self._names):
            self._names.append(line.filename)
        self._places.add(line.digest, number << _PLACE_BITS | line.offset)

    def place(self, digest: str) -> tuple[str, int] | None:
        """Return file and offset of the record that holds a payload."""
        place = self._places.get(digest)
        return None if place is None else (self._names[place >> _PLACE_BITS], place & (1 << _PLACE_BITS) - 1)

    def forget(self, digest: str) -> None:
        """The record was not what the index said."""
        self._places.forget(digest)


class Condition(Struct, frozen=True):
    """An archive that is ready to be written to."""

    holdings: Holdings
    said: tuple[str, ...]
    """What was found and done, a line each."""
    closed: frozenset[str]
    """WARCs that are not ours to write to."""


class _Tail(Struct, frozen=True):
    """What lies in a WARC behind the last record that the index knows."""

    found: tuple[Line, ...]
    """Captures that the index lacks."""
    end: int
    """Where the last whole record ends."""
    torn: int
    """Bytes behind it that are the beginning of a record; 0 if there are none."""
    damage: str = ""
    """Why the file must be left alone; empty if it need not."""


def make_ready(directory: Path) -> Condition:
    """Read the index and look behind it in every WARC. The archive must be locked. Raises LinkkeeperError."""
    try:
        return _make_ready(directory)
    except OSError as error:
        raise failure(error, f"cannot repair {directory}") from error


def _make_ready(directory: Path) -> Condition:
    sizes, ours = warc_files(directory), index.opened(directory)
    _sweep(directory)
    unclosed = (directory / PENDING).exists()
    ends, holdings = _read_index(directory)
    said: list[str] = []
    closed: set[str] = set()
    found: list[Line] = []
    shortened: dict[str, int] = {}
    for name, size in sizes.items():
        tail = _look(directory, name, size, ends.get(name, 0), ours)
        if tail.damage:
            said.append(f"{WARCS}/{name}: {tail.damage}; it is left alone")
            closed.add(name)
            continue
        found += tail.found
        if ends.get(name, 0) > size or tail.torn:
            shortened[name] = tail.end
        said += _cut(directory, name, tail, put_aside=name not in ours)
        if tail.found and ends.get(name, 0) <= size:
            number = len(tail.found)
            said.append(f"{WARCS}/{name}: {_captures(number)} that the index lacked {_were(number)} added to it")
    absent = ends.keys() - sizes.keys()
    said += [f"{WARCS}/{name}: {_MISSING}" for name in sorted(absent)]
    if torn := manifest.mend_end(directory):
        said.append(f"{MANIFEST}: a last line that was torn is cut off ({torn} bytes)")
    if unclosed or found or shortened or not (directory / INDEX).exists():
        said += _bring_in_line(directory, found, shortened, sizes.keys() - closed)
        _, holdings = _read_index(directory)
    if absent:
        said += take_off_missing(directory)
    return Condition(holdings, tuple(said), frozenset(closed | absent))


_MISSING = "missing, though the index names it (`linkkeeper archive verify --rebuild` takes its captures off)"


def take_off_missing(directory: Path) -> list[str]:
    """Take pages off the manifest whose WARC is missing, so that they are fetched again; say so. Raises OSError."""
    lost = lacking.gone(directory)
    gone = manifest.rewrite(directory, lambda page: None if (page.page, page.ts, page.digest) in lost else page)
    return [f"{MANIFEST}: {_pages(gone)} whose WARC is missing {_were(gone)} taken off"] if gone else []


def _pages(count: int) -> str:
    return "1 page" if count == 1 else f"{count:,} pages"


def _captures(count: int) -> str:
    return "1 capture" if count == 1 else f"{count:,} captures"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _sweep(directory: Path) -> None:
    """Remove what a kill left of files that were to replace others."""
    for name in (INDEX, MANIFEST):
        with contextlib.suppress(FileNotFoundError):
            temporary_of(directory / name).unlink()


def _read_index(directory: Path) -> tuple[dict[str, int], Holdings]:
    """Return for each WARC where its last record ends (beyond its size if it was shortened), and all payloads."""
    ends: dict[str, int] = {}
    holdings = Holdings()
    for line in index.lines(directory):
        ends[line.filename] = max(ends.get(line.filename, 0), line.end)
        holdings.add(line)
    return ends, holdings


def _look(directory: Path, name: str, size: int, known_end: int, ours: set[str]) -> _Tail:
    path = directory / WARCS / name
    if known_end == 0 and name not in ours and not is_ours(path, size):
        return _Tail((), 0, 0, "not written by linkkeeper, and not in the index")
    start = known_end if known_end <= size else 0
    tail = _read_on(path, size, start, name in ours)
    if tail.torn and name not in ours:
        tail = _read_on(path, size, 0, False)  # before anything is cut, the index must not be believed
    known = {line.offset for line in index.lines(directory) if line.filename == name} if tail.found else set()
    return msgspec.structs.replace(tail, found=tuple(line for line in tail.found if line.offset not in known))


def _read_on(path: Path, size: int, start: int, was_open: bool) -> _Tail:
    found: list[Line] = []
    end = start
    with path.open("rb") as file:
        for item in scan(file, size, path.name, start):
            if not isinstance(item, Gap):
                end = item.offset + item.length
                found += [item.line] if item.line is not None and not item.faults else []
            elif item.end < size or (item.offset == 0 and not was_open):
                return _Tail((), 0, 0, f"damaged at byte {item.offset} ({item.detail})")
    return _Tail(tuple(found), end, size - end)


def _unindexed(directory: Path, names: Collection[str], known: set[tuple[str, int]]) -> list[Line]:
    """Read WARCs from their beginning and return the captures that the index lacks: it may have lost some anywhere."""
    found: list[Line] = []
    for name in sorted(names):
        path = directory / WARCS / name
        tail = _read_on(path, path.stat().st_size, 0, was_open=True)
        found += [line for line in tail.found if (name, line.offset) not in known]
    return found


def is_ours(path: Path, size: int) -> bool:
    """Say whether a WARC has a name of ours and begins as we begin them."""
    if month_and_number(path.name) is None:
        return False
    if size == 0:
        return True
    try:
        with path.open("rb") as file:
            return USER_AGENT.partition("/")[0].encode() in b"".join(Record(file, 0).pieces())
    except DamageError:
        return False


def damage(path: Path, size: int) -> str:
    """Read a WARC through and return what is wrong with the first record that is damaged; empty if none is.

    100 MB take a second or two, once a run: nothing less finds what is wrong in the middle. Raises OSError.
    """
    with path.open("rb") as file:
        for item in scan(file, size, path.name):
            if isinstance(item, Gap) or item.faults:
                what = item.detail if isinstance(item, Gap) else item.faults[0].detail
                return f"damaged at byte {item.offset} ({what})"
    return ""


def _cut(directory: Path, name: str, tail: _Tail, *, put_aside: bool) -> list[str]:
    """Cut off a torn record and say so."""
    if not tail.torn:
        return []
    path = directory / WARCS / name
    aside = _free(directory / TORN / f"{name}.{tail.end}")
    if put_aside:
        _copy_end(path, tail.end, aside)
    with path.open("r+b") as file:
        file.truncate(tail.end)
        os.fsync(file.fileno())
    where = f"; its bytes are in {TORN}/{aside.name}" if put_aside else ""
    return [f"{WARCS}/{name}: the last record was torn and is cut off ({tail.torn} bytes at {tail.end}){where}"]


def _free(path: Path) -> Path:
    """Return a name that nothing has yet: a WARC may be torn at the same byte again."""
    names = (path.with_name(f"{path.name}-{number}") for number in count(2))
    return next(name for name in chain([path], names) if not os.path.lexists(name))


def _copy_end(path: Path, start: int, aside: Path) -> None:
    aside.parent.mkdir(exist_ok=True)
    with path.open("rb") as file, replacing(aside) as fd:
        file.seek(start)
        while piece := file.read(_COPY):
            write_all(fd, piece)


def _bring_in_line(directory: Path, found: list[Line], shortened: dict[str, int], whole: Collection[str]) -> list[str]:
    """Write the index anew with what was found and without what is gone; take pages that are gone off the manifest."""
    before = {cdxj.encode(line): line for line in index.lines(directory)}
    kept = {text: line for text, line in before.items() if line.end <= shortened.get(line.filename, line.end)}
    lost = len(before) - len(kept)
    kept |= {cdxj.encode(line): line for line in found}
    said = []
    held = {(line.url, line.ts, line.digest) for line in kept.values()}
    if any((page.page, page.ts, page.digest) not in held for page in manifest.read(directory)):
        missed = _unindexed(directory, whole, {(line.filename, line.offset) for line in kept.values()})
        kept |= {cdxj.encode(line): line for line in missed}
        held |= {(line.url, line.ts, line.digest) for line in missed}
        if missed:
            number = len(missed)
            said.append(f"{INDEX}: {_captures(number)} that it had lost {_were(number)} found in the WARCs")
    held -= lacking.without_payload(directory, before.values(), kept.values())
    if gone := manifest.rewrite(directory, lambda page: page if (page.page, page.ts, page.digest) in held else None):
        said.append(f"{MANIFEST}: {_pages(gone)} no longer whole {_were(gone)} taken off")
    if lost:
        said.append(f"{INDEX}: {_captures(lost)} now gone {_were(lost)} taken off")
    index.write(directory / INDEX, sorted(kept))  # last: until then the next run would find the same again
    with contextlib.suppress(FileNotFoundError):
        (directory / PENDING).unlink()
    sync_folder(directory)
    return said
