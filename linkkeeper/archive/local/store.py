"""The one that writes into the local archive: pages in; WARC records, index lines and manifest lines out.

What makes a kill harmless: the records of a page go into the WARC in one piece, the page's own response last of all,
then its index lines into the pending file, then its line into the manifest. Wherever that stops, the WARC has whole
records up to some point, a page is in the manifest only if its own response is there, and with it all before it.
"""

import contextlib
import logging
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from linkkeeper.archive.archive_urls import stamp
from linkkeeper.archive.local import cdxj, heads, index, layout, manifest, repair
from linkkeeper.archive.local.appending import Appending
from linkkeeper.archive.local.base import Exchange, Kept, LocalOptions, Page, PageCapture
from linkkeeper.archive.local.cdxj import REVISIT, Line
from linkkeeper.archive.local.lock import locked
from linkkeeper.archive.local.member import DamageError
from linkkeeper.archive.local.planned import Planned, planned
from linkkeeper.archive.local.record import Record
from linkkeeper.archive.local.table import Table
from linkkeeper.archive.local.writer import Original, Prepared, RecordWriter, prepare
from linkkeeper.archive.surt import surt_key
from linkkeeper.errors import LinkkeeperError

log = logging.getLogger(__name__)
_REMEMBERED = 4096


class LocalArchive:
    """The local archive in a directory, open for writing; one at a time, by one thread at a time."""

    def __init__(self, directory: Path, options: LocalOptions | None = None) -> None:
        self._directory, self._options = directory, options or LocalOptions()
        self._exits = contextlib.ExitStack()
        self._said: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        """Make the archive if need be, lock and repair it. Raises LinkkeeperError."""
        with contextlib.ExitStack() as exits:
            try:
                (self._directory / layout.WARCS).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise layout.failure(error, f"cannot make {self._directory}") from error
            exits.enter_context(locked(self._directory))
            condition = repair.make_ready(self._directory)
            self._said = condition.said
            self._run = _Run(self._directory, self._options, condition)
            self._exits = exits.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Merge the index, bring everything down to the disk. Raises LinkkeeperError, unless that hid another error."""
        with self._exits:
            try:
                self._run.end()
            except LinkkeeperError as problem:
                if error is None:
                    raise
                log.warning("%s", problem)

    @property
    def repaired(self) -> tuple[str, ...]:
        """What a killed run or another program had left behind, and what was done about it: a line each.

        A WARC is read through before it is written to: what is found then comes later.
        """
        return (*self._said, *self._run.said)

    def keep(self, page: PageCapture) -> Kept:
        """Write a page, its hops and what it loads: whole or not at all.

        Error responses are left out; a payload that is held already becomes a revisit record. Once this has returned,
        a killed process loses nothing of it. Raises NotKeptError if the page is none (an error response, nothing that
        a record could be about); LinkkeeperError if it could not be written: it is then taken back.
        """
        return self._run.keep(page, planned(page))

    def newest(self, url: str) -> Page | None:
        """Return what was kept last of a URL as posts have it (cleaned, without fragment). Reads the manifest."""
        return manifest.newest(self._directory).get(url)

    def cite(self, url: str, posts: Iterable[str]) -> None:
        """Note that these posts cite a page that is held; goes into the manifest when the archive is closed."""
        self._run.citations.setdefault(url, set()).update(posts)


class _Run:
    """What is open and known while an archive is written to."""

    def __init__(self, directory: Path, options: LocalOptions, condition: repair.Condition) -> None:
        self._directory, self._options = directory, options
        self._holdings, self._closed = condition.holdings, set(condition.closed)
        self._warc: Appending | None = None
        self._pending: Appending | None = None
        self._manifest: Appending | None = None
        self._month = ""
        self._lines: list[bytes] = []
        self._written = Table()
        self._originals: dict[str, Original] = {}
        self._synced = time.monotonic()
        self._broken = ""
        self.citations: dict[str, set[str]] = {}
        self.said: list[str] = []

    def keep(self, capture: PageCapture, plan: Planned) -> Kept:
        if self._broken:
            raise LinkkeeperError(
                f"{capture.url} was not kept: {self._broken}", "run again: the archive repairs itself"
            )
        try:
            warc = self._open_for(plan.month)
            kept = self._write_page(warc, capture, plan)
        except OSError as error:
            raise layout.failure(error, f"{capture.url} was not kept") from error
        try:
            self._sync_if_due()
            self._merge_if_due()
        except OSError as error:
            self._broken = f"what was kept before could not be brought down to the disk ({error.strerror})"
        return kept

    def end(self) -> None:
        """Put the new lines into the index; bring everything down to the disk; close."""
        files = [file for file in (self._warc, self._pending, self._manifest) if file]
        try:
            self._sync()
            if self._pending:
                index.merge(self._directory, sorted(self._lines))
            if self.citations:
                manifest.cite(self._directory, self.citations)
            if self._pending and not self._broken:
                (self._directory / layout.PENDING).unlink()
                layout.sync_folder(self._directory)
        except OSError as error:
            raise layout.failure(
                error,
                f"{self._directory} could not be closed in order; every page is held, the next run mends the index",
            ) from error
        finally:
            for file in files:
                file.close()

    # -- one page ----------------------------------------------------------------------------------------------

    def _write_page(self, warc: Appending, capture: PageCapture, plan: Planned) -> Kept:
        assert self._pending is not None
        assert self._manifest is not None
        files = (self._manifest, self._pending, warc)
        page = _Page(self, warc)
        start = warc.good
        try:
            if start == 0:
                page.records.warcinfo(warc.path.name, self._directory.resolve().name)
            for exchange in plan.others:
                page.write(exchange)
            own = page.write(plan.own)
            entry = Page(capture.url, plan.ts, own.digest, plan.own.url, tuple(sorted(set(capture.posts))))
            self._pending.write(b"".join(page.lines))
            self._manifest.write(manifest.encode(entry))
            for file in reversed(files):
                file.flush()
        except BaseException:
            self._take_back(files)
            raise
        for file in files:
            file.settle()
        self._remember(page)
        return Kept(entry, len(page.lines), page.revisits, warc.good - start)

    def _take_back(self, files: tuple[Appending, ...]) -> None:
        try:
            for file in files:
                file.take_back()
        except OSError as error:
            self._broken = f"an earlier page could not be taken back ({error.strerror})"

    def _remember(self, page: "_Page") -> None:
        self._lines += page.lines
        for name in page.written:
            self._written.add(name, 1)
        for line in page.places:
            self._holdings.add(line)
        if len(self._originals) > _REMEMBERED:
            self._originals.clear()
        self._originals |= page.originals

    def was_written(self, name: str) -> bool:
        """Say whether this very exchange was written with an earlier page of the run."""
        return self._written.get(name) is not None

    def original(self, digest: str) -> Original | None:
        """Return the record that holds a payload, having looked at it; None if there is none."""
        if (known := self._originals.get(digest)) is not None:
            return known
        place = self._holdings.place(digest)
        found = _read_original(self._directory / layout.WARCS / place[0], place[1], digest) if place else None
        if found:
            self._originals[digest] = found
        elif place:
            self._holdings.forget(digest)
        return found

    # -- files -------------------------------------------------------------------------------------------------

    def _open_for(self, month: str) -> Appending:
        """Return the WARC to write to; a page is never divided between two."""
        warc = self._warc
        if warc and month == self._month and warc.good < self._options.warc_limit_bytes and self._untouched(warc):
            return warc
        if self._warc:
            self._sync()
            self._warc.close()
            self._warc = None
        self._manifest = self._manifest or Appending(self._directory / layout.MANIFEST)
        self._pending = self._pending or Appending(self._directory / layout.PENDING)
        name = self._next_name(month)
        self._note_open(name)
        self._warc, self._month = Appending(self._directory / layout.WARCS / name), month
        layout.sync_folder(self._directory / layout.WARCS)
        return self._warc

    def _untouched(self, warc: Appending) -> bool:
        if warc.is_as_left():
            return True
        log.warning("%s: another program changed it meanwhile; it is left alone from now on", warc.path)
        self._closed.add(warc.path.name)
        return False

    def _next_name(self, month: str) -> str:
        """Return the month's last WARC if it may still grow, else the next number."""
        sizes = layout.warc_files(self._directory)
        names = {*sizes, *self._closed}
        numbers = [found[1] for found in map(layout.month_and_number, names) if found and found[0] == month]
        last = layout.warc_name(month, max(numbers, default=1))
        if last in self._closed:
            return layout.warc_name(month, max(numbers) + 1)
        size = sizes.get(last)
        if size is None:
            return last
        path = self._directory / layout.WARCS / last
        if size < self._options.warc_limit_bytes and not path.is_symlink() and repair.is_ours(path, size):
            damage = repair.damage(path, size)
            if not damage:
                return last
            self._closed.add(last)
            self.said.append(f"{layout.WARCS}/{last}: {damage}; it is left alone")
        return layout.warc_name(month, max(numbers) + 1)

    def _note_open(self, name: str) -> None:
        """A killed run is known by this: what is torn at the end of that WARC is ours."""
        assert self._pending is not None
        try:
            self._pending.write(index.OPENED + name.encode() + b"\n")
            self._pending.flush()
        except OSError:
            self._pending.take_back()
            raise
        self._pending.settle()
        layout.sync_folder(self._directory)

    def _sync_if_due(self) -> None:
        if time.monotonic() - self._synced >= self._options.sync_every_s:
            self._sync()

    def _sync(self) -> None:
        for file in (self._warc, self._pending, self._manifest):
            if file:
                file.sync()
        self._synced = time.monotonic()

    def _merge_if_due(self) -> None:
        if len(self._lines) >= self._options.merge_every and self._pending and self._warc:
            self._sync()
            index.merge(self._directory, sorted(self._lines))
            self._lines = []
            self._pending.empty()
            self._note_open(self._warc.path.name)


class _Page:
    """The records of one page on their way into the WARC."""

    def __init__(self, run: _Run, warc: Appending) -> None:
        self._run, self._warc = run, warc
        self.records = RecordWriter(warc.write)
        self.lines: list[bytes] = []
        self.places: list[Line] = []
        self.written: set[str] = set()
        self.originals: dict[str, Original] = {}
        self.revisits = 0

    def write(self, exchange: Exchange) -> Prepared:
        """Write response (or revisit) and request, unless this very exchange was written before."""
        one = prepare(exchange)
        name = f"{exchange.url} {one.date} {one.digest}"
        if name in self.written or self._run.was_written(name):
            return one
        original = (self.originals.get(one.digest) or self._run.original(one.digest)) if one.length else None
        start = self._warc.size
        record_id = self.records.revisit(one, original) if original else self.records.response(one)
        line = _line(one, start, self._warc.size - start, self._warc.path.name, is_revisit=original is not None)
        self.records.request(one, record_id)
        self.lines.append(cdxj.encode(line))
        self.written.add(name)
        if original:
            self.revisits += 1
        elif one.length:
            self.originals[one.digest] = Original(exchange.url, one.date)
            self.places.append(line)
        return one


def _line(one: Prepared, offset: int, length: int, name: str, *, is_revisit: bool) -> Line:
    return Line(
        key=surt_key(one.exchange.url),
        ts=stamp(one.exchange.when),
        url=one.exchange.url,
        mime=REVISIT if is_revisit else heads.mime_of(one.head),
        status=heads.status_of(one.head),
        digest=one.digest,
        length=length,
        offset=offset,
        filename=name,
    )


def _read_original(path: Path, offset: int, digest: str) -> Original | None:
    try:
        with path.open("rb") as file:
            record = Record(file, offset)
    except (DamageError, OSError):
        return None
    holds = record.kind == "response" and record.headers.get("warc-payload-digest") == digest
    return Original(record.url, record.date) if holds else None
