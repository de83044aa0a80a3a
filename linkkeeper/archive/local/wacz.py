"""`archive export --wacz FILE`: everything that is held in one file that players read (WACZ 1.1.1).

The WARCs and the compressed index are stored in the ZIP as they are, since players read single records out of them;
the same archive gives the same bytes.
"""

import hashlib
import json
import os
import uuid
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from linkkeeper.archive.archive_urls import instant
from linkkeeper.archive.local import index, manifest, repair
from linkkeeper.archive.local.base import Exported, Page
from linkkeeper.archive.local.layout import INDEX, WARCS, failure, replacing, require, warc_files
from linkkeeper.archive.local.lock import locked
from linkkeeper.archive.local.lookup import Lookup
from linkkeeper.archive.local.member import DamageError
from linkkeeper.archive.local.payloads import beginning
from linkkeeper.archive.local.verify_wacz import ARCHIVE, INDEXES, PACKAGE, PACKAGE_DIGEST, PAGES
from linkkeeper.archive.playback import title_of
from linkkeeper.errors import LinkkeeperError
from linkkeeper.models.about import USER_AGENT

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a ZIP can hold: the day of an export is not part of what is exported."""
_STEP = 1 << 20
_BLOCK_LINES = 300
"""Of the compressed index; what `cdxj-indexer` 1.5.0 takes."""
_SPACE = uuid.UUID("6f0c1f5e-0f4f-5b0a-9f0e-3d1c54a1b6c2")


class _Resource(Struct, frozen=True):
    name: str
    path: str
    hash: str
    bytes: int


def export(directory: Path, target: Path) -> Exported:
    """Write a WACZ of all that is held; target is replaced when it is whole.

    Repairs the archive first, where a run was killed. Raises LinkkeeperError if nothing is held, if another run is
    writing, or if the file cannot be written.
    """
    require(directory)
    with locked(directory):
        repaired = repair.make_ready(directory).said
        names = {line.filename for line in index.lines(directory)}
        sizes = {name: size for name, size in warc_files(directory).items() if name in names}
        if missing := sorted(names - sizes.keys()):
            raise LinkkeeperError(
                f"{WARCS}/{missing[0]} is missing",
                "bring it back, or `linkkeeper archive verify --rebuild` goes on without it",
            )
        if not sizes:
            raise LinkkeeperError(
                f"{directory} holds no captures yet", "`linkkeeper archive save --to local` makes some"
            )
        try:
            return msgspec.structs.replace(_export(directory, target, sizes), repaired=repaired)
        except OSError as error:
            raise failure(error, f"cannot write {target}") from error


def _export(directory: Path, target: Path, sizes: dict[str, int]) -> Exported:
    target.parent.mkdir(parents=True, exist_ok=True)
    damaged: list[str] = []
    with replacing(target) as fd, os.fdopen(os.dup(fd), "wb") as out:
        with zipfile.ZipFile(out, "w") as made:
            writing = _Writing(made)
            for name, size in sizes.items():
                with (directory / WARCS / name).open("rb") as file:
                    writing.stream(ARCHIVE + name, _pieces(file, size), size)
            records = writing.index(index.texts(directory / INDEX))
            pages = writing.pages(_page_lines(directory, damaged))
            writing.package(_last_capture(directory))
        out.flush()
        size_bytes = out.tell()
    return Exported(str(target), pages, records, size_bytes, damaged=tuple(damaged))


class _Writing:
    """A WACZ as it grows."""

    def __init__(self, made: zipfile.ZipFile) -> None:
        self._made = made
        self._resources: list[_Resource] = []

    def stream(self, path: str, pieces: Iterable[bytes], expected: int = 0) -> None:
        """Store a file, and remember its digest for the description."""
        digest, size = hashlib.sha256(), 0
        with self._made.open(_info(path), "w", force_zip64=expected >= 1 << 31) as file:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                file.write(piece)
        self._resources.append(_Resource(path.rpartition("/")[2], path, f"sha256:{digest.hexdigest()}", size))

    def index(self, texts: Iterable[bytes]) -> int:
        """Store the index in compressed blocks, and the list of blocks; return how many lines there are."""
        listed = [b'!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}\n']
        counted = [0]
        self.stream(f"{INDEXES}index.cdx.gz", _blocks(texts, listed, counted))
        self.stream(f"{INDEXES}index.idx", listed)
        return counted[0]

    def pages(self, lines: list[bytes]) -> int:
        """Store the list of pages."""
        head = json.dumps({"format": "json-pages-1.0", "id": "pages", "title": "Pages that the posts cite"})
        self.stream(PAGES, [head.encode() + b"\n", *lines])
        return len(lines)

    def package(self, created: str) -> None:
        """Write the description, and its digest."""
        described = {
            "profile": "data-package",
            "wacz_version": "1.1.1",
            "software": USER_AGENT,
            "created": created,
            "resources": [{"name": r.name, "path": r.path, "hash": r.hash, "bytes": r.bytes} for r in self._resources],
        }
        text = json.dumps(described, indent=2).encode() + b"\n"
        vouched = {"path": PACKAGE, "hash": f"sha256:{hashlib.sha256(text).hexdigest()}"}
        self._made.writestr(_info(PACKAGE), text)
        self._made.writestr(_info(PACKAGE_DIGEST), json.dumps(vouched, indent=2).encode() + b"\n")


def _info(path: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, _EPOCH)
    info.compress_type = zipfile.ZIP_STORED
    info.external_attr = 0o644 << 16
    return info


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    while left and (piece := file.read(min(left, _STEP))):
        left -= len(piece)
        yield piece


def _blocks(texts: Iterable[bytes], listed: list[bytes], counted: list[int]) -> Iterator[bytes]:
    """Yield gzip members of some lines each; note in `listed` what each begins with and where it lies."""
    offset = 0
    for block in _batches(texts):
        counted[0] += len(block)
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        packed = packer.compress(b"".join(block)) + packer.flush()
        place = {"offset": offset, "length": len(packed), "digest": f"sha256:{hashlib.sha256(packed).hexdigest()}"}
        listed.append(b" ".join([*block[0].split(b" ", 2)[:2], json.dumps(place).encode()]) + b"\n")
        offset += len(packed)
        yield packed


def _batches(texts: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for text in texts:
        batch.append(text)
        if len(batch) == _BLOCK_LINES:
            yield batch
            batch = []
    if batch:
        yield batch


def _page_lines(directory: Path, damaged: list[str]) -> list[bytes]:
    """Return the lines of the list of pages: each page once, ordered by the first post that cites it."""
    pages: dict[tuple[str, str], Page] = {}
    cited: dict[tuple[str, str], set[str]] = {}
    posts: dict[tuple[str, str], set[str]] = {}
    for page in manifest.read(directory):
        key = (page.page, page.ts)
        pages[key] = page
        cited.setdefault(key, set()).add(page.url)
        posts.setdefault(key, set()).update(page.posts)
    lookup = Lookup(directory)
    titles = {key: _title(directory, lookup, pages[key], damaged) for key in sorted(pages)}
    ordered = sorted(pages, key=lambda key: (not posts[key], min(posts[key], default=""), key))
    return [_page_line(pages[key], titles[key], sorted(cited[key]), sorted(posts[key])) for key in ordered]


def _page_line(page: Page, title: str, cited: list[str], posts: list[str]) -> bytes:
    told = {
        "id": str(uuid.uuid5(_SPACE, f"{page.ts} {page.page}")),
        "url": page.page,
        "ts": instant(page.ts).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "title": title or page.page,
        "cited": cited,
        "posts": posts,
    }
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _title(directory: Path, lookup: Lookup, page: Page, damaged: list[str]) -> str:
    """Return the title of a page that is held; empty if it has none. Note in `damaged` what cannot be read."""
    for line in lookup.lines((page.page, page.ts, page.digest)):
        try:
            return title_of(beginning(directory, line, lookup).reply)
        except DamageError:
            damaged.append(page.page)
    return ""


def _last_capture(directory: Path) -> str:
    """Return the time that stands for the export: that of the newest capture, so that the same gives the same."""
    last = max((line.ts for line in index.lines(directory)), default="0")
    return instant(last).strftime("%Y-%m-%dT%H:%M:%SZ")
