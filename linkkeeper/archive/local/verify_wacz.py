"""A WACZ file proved (WACZ 1.1.1): the ZIP, its description, and then all that is proved of a directory."""

import gzip
import hashlib
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

import msgspec
from msgspec import Struct

from linkkeeper.archive.archive_urls import stamp
from linkkeeper.archive.local.base import Verification
from linkkeeper.archive.local.index import LINE_LIMIT
from linkkeeper.archive.local.layout import SUFFIX, unreadable
from linkkeeper.archive.local.ledger import Ledger, Problems
from linkkeeper.archive.local.spool import Spool, Window

ARCHIVE, INDEXES, PAGES = "archive/", "indexes/", "pages/pages.jsonl"
PACKAGE, PACKAGE_DIGEST = "datapackage.json", "datapackage-digest.json"
SOFTWARE = "linkkeeper"
_TEXT_LIMIT = 64 << 20
_UNPACKED_LIMIT = 1 << 30
_UNPACKED_TOTAL = 4 << 30
"""Bytes that all compressed files together may have unpacked, each as often as it is unpacked. Players want the large
ones stored, so nothing that can be played comes near."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_INDEX_LIMIT, _INDEX_RATIO = 64 << 20, 100
"""Bytes that an index may have unpacked: so many, or so many times its packed size. Real ones shrink to a tenth."""
_STEP = 1 << 20
_LOCAL_HEADER = 30
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What reading a damaged ZIP raises; RuntimeError for an encrypted file."""


_T = TypeVar("_T")


class _Resource(Struct, frozen=True):
    path: str
    hash: str = ""
    bytes: int = -1


class _Package(Struct, frozen=True):
    resources: list[_Resource]
    profile: str = ""
    wacz_version: str = ""
    software: str = ""


class _PackageDigest(Struct, frozen=True):
    hash: str
    path: str = PACKAGE


class _Page(Struct, frozen=True):
    url: str
    ts: str


class _Block(Struct, frozen=True):
    offset: int
    length: int
    filename: str = ""
    digest: str = ""


def verify(path: Path) -> Verification:
    """Return what is wrong with a WACZ file. Raises LinkkeeperError if it cannot be read, or unpacked."""
    problems = Problems()
    try:
        with zipfile.ZipFile(path) as wacz, ExitStack() as exits:
            return _Reading(path, wacz, problems, exits).verification()
    except _BROKEN as error:
        problems.add(path.name, "zip-damaged", str(error) or type(error).__name__)
        return Verification(tuple(problems.found), (), 0, 0, 0)
    except OSError as error:
        raise unreadable(error, str(path)) from error


class _Reading:
    """One open WACZ."""

    def __init__(self, path: Path, wacz: zipfile.ZipFile, problems: Problems, exits: ExitStack) -> None:
        self._path, self._wacz, self._problems = path, wacz, problems
        self._infos = {info.filename: info for info in wacz.infolist() if not info.is_dir()}
        self._notes: list[str] = []
        self._is_ours = False
        self._sound: set[str] = set()
        self._budget = _UNPACKED_TOTAL
        self._spool = Spool(path, exits)

    def verification(self) -> Verification:
        if len(self._infos) < sum(not info.is_dir() for info in self._wacz.infolist()):
            self._problems.add("", "zip-damaged", "two files have one name")
        if sum(info.compress_size for info in self._infos.values()) > self._path.stat().st_size:
            self._problems.add("", "zip-damaged", "its files lie over one another")
            self._infos = {}
        self._check_package()
        warcs = [name for name in sorted(self._infos) if name.startswith(ARCHIVE) and name.endswith(SUFFIX)]
        ledger = Ledger(self._problems, self._open_warc, ARCHIVE)
        for name in warcs:
            self._read_warc(ledger, name)
        self._check_indexes(ledger, [name.removeprefix(ARCHIVE) for name in warcs])
        ledger.check_revisits()
        pages = self._check_pages(ledger)
        found = tuple(self._problems.found)
        return Verification(found, tuple(self._notes), len(self._infos), ledger.records, pages)

    # -- description -------------------------------------------------------------------------------------------

    def _check_package(self) -> None:
        hashes = {name: self._hash(name) for name in self._infos}
        package = self._decode(PACKAGE, _Package, "datapackage")
        if package is None:
            return
        self._is_ours = package.software.startswith(SOFTWARE)
        if package.profile != "data-package" or not package.wacz_version.startswith("1."):
            self._problems.add(PACKAGE, "datapackage", "profile or wacz_version is not that of a WACZ 1")
        for one in package.resources:
            self._check_resource(one, hashes)
        named = {one.path for one in package.resources} | {PACKAGE, PACKAGE_DIGEST}
        for name in sorted(self._infos.keys() - named):
            self._problems.add(name, "datapackage-unlisted", f"{PACKAGE} does not name it")
        self._check_package_digest(hashes)

    def _check_resource(self, one: _Resource, hashes: dict[str, str]) -> None:
        info = self._infos.get(one.path)
        if info is None:
            self._problems.add(one.path, "datapackage-missing", f"{PACKAGE} names it, the ZIP does not hold it")
            return
        if one.bytes != info.file_size:
            told = f"{PACKAGE} says {one.bytes} bytes, there are {info.file_size}"
            self._problems.add(one.path, "datapackage-bytes", told)
        if hashes[one.path] and one.hash.lower() != hashes[one.path]:
            self._problems.add(
                one.path, "datapackage-hash", f"{PACKAGE} says {one.hash[:80]}, it is {hashes[one.path]}"
            )

    def _check_package_digest(self, hashes: dict[str, str]) -> None:
        if PACKAGE_DIGEST not in self._infos:
            self._notes.append(f"without {PACKAGE_DIGEST}, nothing vouches for {PACKAGE}")
            return
        told = self._decode(PACKAGE_DIGEST, _PackageDigest, "datapackage-digest")
        if told and (told.path != PACKAGE or told.hash.lower() != hashes[PACKAGE]):
            self._problems.add(
                PACKAGE_DIGEST, "datapackage-digest", f"it says {told.hash[:80]}, it is {hashes[PACKAGE]}"
            )

    def _hash(self, name: str) -> str:
        """Return the SHA-256 of a file of the ZIP, which also proves its CRC; empty if it cannot be read."""
        digest = hashlib.sha256()
        info = self._infos[name]
        try:
            self._spend(info)
            with self._wacz.open(info) as file:
                while piece := file.read(_STEP):
                    digest.update(piece)
        except _BROKEN as error:
            self._problems.add(name, "zip-damaged", str(error) or type(error).__name__)
            return ""
        self._sound.add(name)
        return f"sha256:{digest.hexdigest()}"

    def _spend(self, info: zipfile.ZipInfo) -> None:
        """Take from the budget what a file has unpacked. Raises BadZipFile if that is too much."""
        if info.compress_type not in _METHODS:
            raise zipfile.BadZipFile("compressed in a way that players do not know")
        if info.compress_type == zipfile.ZIP_STORED:
            return
        if info.file_size > _UNPACKED_LIMIT:
            raise zipfile.BadZipFile(f"{info.file_size} bytes, compressed: too large to be unpacked")
        self._spend_bytes(info.file_size)

    def _spend_bytes(self, size: int) -> None:
        self._budget -= size
        if self._budget < 0:
            raise zipfile.BadZipFile("all that is compressed is together too large to be unpacked")

    # -- WARCs and index ---------------------------------------------------------------------------------------

    @contextmanager
    def _opened(self, name: str) -> Iterator[BinaryIO]:
        """Give a file of the ZIP in which one may go back and forth at no cost; zipfile reads anew from the start."""
        info = self._infos[name]
        if info.compress_type == zipfile.ZIP_STORED:
            with self._path.open("rb") as file:
                yield cast("BinaryIO", Window(file, _start(file, info), info.file_size))
            return
        if name not in self._spool.places:
            self._spend(info)
            with self._wacz.open(info) as source:
                self._spool.take(name, source)
        yield self._spool.window(name)

    def _open_warc(self, name: str) -> AbstractContextManager[BinaryIO]:
        return self._opened(ARCHIVE + name)

    def _read_warc(self, ledger: Ledger, name: str) -> None:
        if self._infos[name].compress_type != zipfile.ZIP_STORED:
            self._problems.add(name, "warc-deflated", "players read single records out of it, so it must be stored")
            if name not in self._sound:
                return
        try:
            ledger.read(name.removeprefix(ARCHIVE), self._infos[name].file_size)
        except _BROKEN as error:
            if name in self._sound:
                self._problems.add(name, "zip-damaged", str(error) or type(error).__name__)

    def _check_indexes(self, ledger: Ledger, warcs: list[str]) -> None:
        names = [name for name in sorted(self._infos) if name.startswith(INDEXES) and name in self._sound]
        read = False
        for name in names:
            if name.endswith((".cdx", ".cdxj")):
                read = True
                ledger.check_index(name, self._texts(name))
            elif name.endswith((".cdx.gz", ".cdxj.gz")):
                read = True
                ledger.check_index(name, self._packed_texts(name))
                self._check_blocks(name, [one for one in names if one.endswith(".idx")])
        if read:
            ledger.check_unindexed(warcs)
        else:
            self._problems.add(INDEXES, "index-missing", "no index.cdx, no index.cdx.gz")

    def _texts(self, name: str) -> Iterator[bytes]:
        self._spend(self._infos[name])
        with self._wacz.open(name) as file:
            while text := file.readline(LINE_LIMIT):
                yield text

    def _packed_texts(self, name: str) -> Iterator[bytes]:
        if self._infos[name].compress_type != zipfile.ZIP_STORED:
            self._problems.add(name, "index-block", "players read single blocks out of it, so it must be stored")
        try:
            with self._wacz.open(name) as file, gzip.GzipFile(fileobj=file) as unpacked:
                limit = max(_INDEX_LIMIT, self._infos[name].file_size * _INDEX_RATIO)
                while (text := unpacked.readline(LINE_LIMIT)) and (limit := limit - len(text)) > 0:
                    self._spend_bytes(len(text))
                    yield text
                if text:
                    self._problems.add(name, "index-block", "unpacked it is too large to be an index")
        except (OSError, EOFError, zlib.error) as error:
            self._problems.add(name, "index-block", f"damaged: {error}")

    def _check_blocks(self, name: str, lists: list[str]) -> None:
        """Hold the list of blocks against the blocks: each a gzip member that begins with the line it names."""
        end = 0
        for place, text in enumerate((text for one in lists for text in self._texts(one)), 1):
            if text.startswith(b"!"):
                continue
            head, _, rest = text.partition(b" {")  # a key may have braces, but no space
            try:
                block = msgspec.json.decode(b"{" + rest, type=_Block)
                good = self._is_block(name, block, head)
            except (msgspec.MsgspecError, OSError, EOFError, zlib.error):
                good = False
            if not good or block.offset != end:
                self._problems.add(lists[0], "index-block", f"it names no block of {name}", place)
                return
            end = block.offset + block.length
        if end != self._infos[name].file_size:
            self._problems.add(name, "index-block", f"{INDEXES}*.idx names {end} bytes of it, not all")

    def _is_block(self, name: str, block: _Block, head: bytes) -> bool:
        size = self._infos[name].file_size
        if not (0 <= block.length <= size and 0 <= block.offset <= size):
            return False
        with self._opened(name) as file:
            file.seek(block.offset)
            data = file.read(block.length)
        told = block.digest.removeprefix("sha256:")
        if told and told != hashlib.sha256(data).hexdigest():
            return False
        first = zlib.decompressobj(31).decompress(data, LINE_LIMIT)
        return first.startswith(head)

    # -- pages -------------------------------------------------------------------------------------------------

    def _check_pages(self, ledger: Ledger) -> int:
        if PAGES not in self._sound:
            self._problems.add(PAGES, "pages-missing", "players list what is in it")
            return 0
        pages = 0
        for place, text in enumerate(self._texts(PAGES), 1):
            if place == 1 and b'"format"' in text:
                continue
            try:
                page = msgspec.json.decode(text, type=_Page)
                moment = _stamp(page.ts)
            except (msgspec.MsgspecError, ValueError, OverflowError) as error:
                self._problems.add(PAGES, "pages-line", str(error), place)
                continue
            pages += 1
            exactly = (moment,) if self._is_ours else ()  # others' pages have the time at which a browser began
            if not ledger.holds_page(page.url, *exactly):
                told = f"no record holds {page.url[:200]} at {page.ts[:40]}"
                self._problems.add(PAGES, "page-nothing", told, place)
        return pages

    def _decode(self, name: str, wanted: type[_T], kind: str) -> _T | None:
        info = self._infos.get(name)
        if info is None or name not in self._sound:
            self._problems.add(name, kind, "it is not there" if info is None else "it cannot be read")
            return None
        try:
            with self._wacz.open(info) as file:
                return msgspec.json.decode(file.read(_TEXT_LIMIT), type=wanted)
        except msgspec.MsgspecError as error:
            self._problems.add(name, kind, str(error))
            return None


def _start(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Return where the bytes of a stored file begin in the ZIP."""
    file.seek(info.header_offset)
    head = file.read(_LOCAL_HEADER)
    if len(head) < _LOCAL_HEADER or not head.startswith(b"PK\3\4"):
        raise zipfile.BadZipFile(f"no file begins where {info.filename[:200]!r} should")
    names, extras = struct.unpack("<HH", head[-4:])
    return info.header_offset + _LOCAL_HEADER + int(names) + int(extras)


def _stamp(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
