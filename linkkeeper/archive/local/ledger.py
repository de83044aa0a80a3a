"""What WARCs hold, in little memory, to hold index, revisits and pages against it.

A capture is remembered by a few numbers, not by its text: collections have hundreds of thousands.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from hashlib import blake2b
from typing import BinaryIO

import msgspec

from linkkeeper.archive.local import cdxj
from linkkeeper.archive.local.base import Problem
from linkkeeper.archive.local.cdxj import REVISIT, Line
from linkkeeper.archive.local.member import DamageError
from linkkeeper.archive.local.record import Record, timestamp
from linkkeeper.archive.local.scan import Gap, Seen, line_of, scan

KINDS = {
    "warc-torn": "the file ends within a record",
    "warc-damaged": "bytes that are no record, or whose compression is damaged",
    "warc-missing": "the index names a WARC that is not there",
    "warc-foreign": "a WARC that the index does not know",
    "warc-deflated": "a WARC inside the WACZ is compressed once more, so that no record can be found by its offset",
    "gzip-single-member": "several records share one gzip member, so that they cannot be found alone",
    "record-length": "a record is longer or shorter than its Content-Length says",
    "record-header": "a header that every record needs is missing or unreadable",
    "record-id": "two records of a file have the same id",
    "http-length": "the head of a response tells another length than its payload has",
    "record-no-digest": "nothing tells what the bytes of a record must be",
    "record-unindexed": "a capture that the index does not know",
    "block-digest": "the bytes of a record are not those that were written",
    "payload-digest": "the payload is not the one that was written",
    "digest-form": "a digest that cannot be computed",
    "revisit-target": "the payload that a revisit stands for is not held",
    "request-partner": "a request whose response is not held",
    "index-missing": "there are WARCs, but no index",
    "index-line": "a line of the index that cannot be read",
    "index-order": "the index is not sorted",
    "index-twice": "two lines of the index for one record",
    "index-nothing": "a line of the index for something that is not there",
    "index-wrong": "a line of the index that says something else than its record",
    "index-block": "a block of the compressed index is not where its list of blocks says, or not the same",
    "manifest-missing": "there are captures, but no manifest",
    "manifest-line": "a line of the manifest that cannot be read",
    "manifest-nothing": "a page of the manifest that no record holds",
    "pages-missing": "the WACZ has no list of pages",
    "pages-line": "a line of the list of pages that cannot be read",
    "page-nothing": "the list of pages names what no record holds",
    "zip-damaged": "the WACZ is no ZIP file, or a file in it is damaged",
    "datapackage": "the description of the WACZ is missing or cannot be read",
    "datapackage-missing": "the description names a file that is not in the WACZ",
    "datapackage-unlisted": "a file of the WACZ that its description does not name",
    "datapackage-hash": "a file is not the one that the description was made for",
    "datapackage-bytes": "a file is longer or shorter than the description says",
    "datapackage-digest": "the description is not the one that its digest was made for",
}
"""Every kind of damage that `verify` names, and what it means."""

Opener = Callable[[str], AbstractContextManager[BinaryIO]]
_MOST = 10_000
"""Problems that are listed; an archive with more is better made anew than read about."""
_HEAD_LINES = 10
"""Lines at the beginning of an index that may say something about it."""
_OPTIONAL = frozenset({"mime", "status", "digest"})


class Problems:
    """A list that ends somewhere."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    @property
    def full(self) -> bool:
        """Say whether nothing more is listed: then looking on is of no use."""
        return len(self.found) >= _MOST

    def add(self, file: str, kind: str, detail: str, offset: int | None = None) -> None:
        """Note one problem; kind is one of KINDS."""
        assert kind in KINDS, kind
        if not self.full:
            self.found.append(Problem(file, kind, detail, offset))


class Ledger:
    """Filled with WARCs first; then index lines and pages are held against it; `settle` tells what is left over."""

    def __init__(self, problems: Problems, opener: Opener, where: str) -> None:
        self._problems, self._open, self._where = problems, opener, where
        self._numbers: dict[str, int] = {}
        self._captures: dict[tuple[int, int], int] = {}
        self._indexed: set[tuple[int, int]] = set()
        self._payloads: set[int] = set()
        self._pages: set[int] = set()
        self._revisits: list[tuple[str, int, int, str]] = []
        self._absent: set[str] = set()
        self.records = 0

    # -- WARCs -------------------------------------------------------------------------------------------------

    def read(self, name: str, size: int, unsettled_from: int | None = None) -> None:
        """Prove every record of a WARC. What begins behind `unsettled_from` is being written: it is not looked at."""
        self._numbers[name] = len(self._numbers)
        responses: set[int] = set()
        requests: list[tuple[int, int]] = []
        ids: set[int] = set()
        with self._open(name) as file:
            for item in scan(file, size, name):
                if unsettled_from is not None and item.offset >= unsettled_from:
                    break
                if isinstance(item, Gap):
                    kind = "warc-torn" if item.torn else "warc-damaged"
                    self._problem(name, kind, f"{item.detail}; {item.end - item.offset} bytes", item.offset)
                else:
                    self._take(name, item, responses, requests)
                    if (known := number(item.record_id)) in ids:
                        self._problem(name, "record-id", f"{item.record_id[:80]} names an earlier record", item.offset)
                    ids.add(known)
        for offset, partner in requests:
            if partner not in responses:
                self._problem(name, "request-partner", "the response of this request is not in the file", offset)

    def _take(self, name: str, seen: Seen, responses: set[int], requests: list[tuple[int, int]]) -> None:
        self.records += 1
        for fault in seen.faults:
            self._problem(name, fault.kind, f"{fault.detail} ({seen.kind} {seen.url[:200]})", seen.offset)
        if not seen.has_digest and seen.line is not None:
            self._problem(name, "record-no-digest", f"{seen.kind} {seen.url[:200]}", seen.offset)
        if seen.kind == "request" and seen.partner:
            requests.append((seen.offset, number(seen.partner)))
        elif seen.kind in ("response", "revisit"):
            responses.add(number(seen.record_id))
        if seen.line is not None:
            self._take_capture(name, seen, seen.line)

    def _take_capture(self, name: str, seen: Seen, line: Line) -> None:
        self._captures[self._numbers[name], seen.offset] = _line_number(line)
        self._pages |= {number(line.url, line.ts, line.digest), number(line.url, line.ts), number(line.url)}
        if line.mime == REVISIT:
            url, date = seen.target
            self._revisits.append((name, seen.offset, number(url, timestamp(date), line.digest), url))
        else:
            self._payloads.add(number(line.url, line.ts, line.digest))

    # -- the index ---------------------------------------------------------------------------------------------

    def check_index(self, file: str, texts: Iterable[bytes], *, pending: bool = False) -> None:
        """Hold an index against the WARCs: its order, and every line against its record.

        Lines that are pending have no order yet, and may stand in the index already.
        """
        before = b""
        for place, text in enumerate(texts, 1):
            if self._problems.full:
                return
            if not pending and text < before:
                self._problems.add(file, "index-order", "this line belongs before the one above it", place)
            before = text
            if text.startswith(b"!") and (pending or place <= _HEAD_LINES):
                continue
            try:
                line = cdxj.parse(text)
                if not text.endswith(b"\n"):
                    raise ValueError("the line is not whole")
            except ValueError as error:
                self._problems.add(file, "index-line", str(error), place)
            else:
                self._check_line(file, place, line, pending=pending)

    def _check_line(self, file: str, place: int, line: Line, *, pending: bool) -> None:
        if line.filename not in self._numbers:
            if line.filename not in self._absent:
                self._absent.add(line.filename)
                self._problem(line.filename, "warc-missing", f"named by line {place} of {file}")
            return
        key = (self._numbers[line.filename], line.offset)
        if key not in self._captures:
            told = f"no capture begins at byte {line.offset} of {line.filename} ({line.url[:200]})"
            self._problems.add(file, "index-nothing", told, place)
            return
        if key in self._indexed and not pending:
            self._problems.add(file, "index-twice", f"byte {line.offset} of {line.filename}", place)
        self._indexed.add(key)
        if self._captures[key] != _line_number(line) and (difference := self._difference(line)):
            self._problems.add(file, "index-wrong", difference, place)

    def _difference(self, line: Line) -> str:
        """Return what a line says otherwise than its record; empty where it only says less."""
        try:
            with self._open(line.filename) as file:
                truth = line_of(Record(file, line.offset).finish(), line.filename)
        except DamageError as damage:
            return str(damage)
        if truth is None:
            return "the record is no capture"
        told = msgspec.structs.asdict(line)
        for field, value in msgspec.structs.asdict(truth).items():
            if field in _OPTIONAL and told[field] in ("-", "unk", ""):
                continue
            if _plain(field, told[field]) != _plain(field, value):
                return f"{field} is {str(told[field])[:200]!r}, of the record {str(value)[:200]!r}"
        return ""

    # -- what is left over -------------------------------------------------------------------------------------

    def holds_page(self, url: str, *more: str) -> bool:
        """Say whether a capture of url is held; with the 14 digits, and the digest, exactly that one."""
        return number(url, *more) in self._pages

    def check_revisits(self) -> None:
        """Look for the payload of every revisit."""
        for name, offset, target, url in self._revisits:
            if target not in self._payloads:
                told = f"no response of {url[:200]} with that date and payload is held" if url else "it names none"
                self._problem(name, "revisit-target", told, offset)

    def check_unindexed(self, names: Iterable[str]) -> None:
        """Name the captures of these WARCs that no line of the index led to."""
        by_number = {self._numbers[name]: name for name in names}
        for key in sorted(self._captures.keys() - self._indexed):
            if key[0] in by_number:
                self._problem(by_number[key[0]], "record-unindexed", "no line of the index leads here", key[1])

    def unknown_to_the_index(self) -> Iterator[str]:
        """Yield the WARCs that hold captures of which the index knows none."""
        known = {place for place, _ in self._indexed}
        holding = {place for place, _ in self._captures}
        yield from (name for name, place in self._numbers.items() if place in holding - known)

    def _problem(self, name: str, kind: str, detail: str, offset: int | None = None) -> None:
        self._problems.add(self._where + name, kind, detail, offset)


def number(*texts: str) -> int:
    """Return 64 bits that stand for some texts."""
    return int.from_bytes(blake2b("\n".join(texts).encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _line_number(line: Line) -> int:
    return number(
        line.key, line.ts, line.url, line.mime, line.status, line.digest.removeprefix("sha1:"), str(line.length)
    )


def _plain(field: str, value: object) -> object:
    """Other programs leave `sha1:` out."""
    return str(value).removeprefix("sha1:") if field == "digest" else value
