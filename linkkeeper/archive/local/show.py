"""`archive show URL`: what is held of a URL, and its payload as a file."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from linkkeeper.archive.archive_urls import without_fragment
from linkkeeper.archive.local import heads, index, lacking, manifest
from linkkeeper.archive.local.base import Held
from linkkeeper.archive.local.cdxj import REVISIT, Line
from linkkeeper.archive.local.layout import WARCS, failure, replacing, require, require_index, unreadable, write_all
from linkkeeper.archive.local.member import DamageError
from linkkeeper.archive.local.payloads import opened, payload
from linkkeeper.archive.surt import surt_key
from linkkeeper.errors import LinkkeeperError
from linkkeeper.net.inflate import InflateError, inflate

_ENCODED_LIMIT, _DECODED_LIMIT = 64 << 20, 256 << 20
"""Bytes of a payload that are decoded in memory; nothing that we capture comes near."""


def held(directory: Path, url: str) -> tuple[Held, ...]:
    """Return the captures of a URL that can be replayed, oldest first. Its fragment is ignored.

    As a player would look for it: scheme, `www.`, case and the order of arguments do not count. A URL under which posts
    cite a page also finds that page. Raises LinkkeeperError if the directory holds no archive, its index is missing,
    or it cannot be read.
    """
    require(directory)
    require_index(directory)
    asked = without_fragment(url)
    pages: dict[tuple[str, str], set[str]] = {}
    times: dict[str, set[str]] = {}
    try:
        for page in manifest.read(directory):
            pages.setdefault((page.page, page.ts), set()).update(page.posts)
            if page.url == asked and page.page != asked:
                times.setdefault(page.page, set()).add(page.ts)
        listed = [line for page, then in times.items() for line in _listed(directory, page) if line.ts in then]
        known = {_place(line): line for line in [*listed, *_listed(directory, asked)]}
        replayable = lacking.Replayable(directory)
        found = [line for line in known.values() if replayable.has(line)]
    except OSError as error:
        raise unreadable(error, str(directory)) from error
    ordered = sorted(found, key=lambda line: (line.ts, line.filename, line.offset))
    return tuple(_held(line, pages.get((line.url, line.ts), set())) for line in ordered)


def lost(directory: Path, url: str) -> tuple[str, ...]:
    """Return the WARCs that captures of a URL lie in, or revisit, by the index, and that are missing; sorted by name.

    Raises LinkkeeperError if the directory cannot be read.
    """
    try:
        absent = index.missing(directory)
        lines = _listed(directory, without_fragment(url)) if absent else []
        replayable = lacking.Replayable(directory)
        broken = [line for line in lines if not replayable.has(line)]
    except OSError as error:
        raise unreadable(error, str(directory)) from error
    named = {line.filename for line in broken} & absent
    return tuple(sorted(named or absent)) if broken else ()


def holds(directory: Path, url: str, ts: str) -> bool:
    """Say whether a capture of a URL (or of another spelling of it) at exactly that time is held.

    The payload is not read. Raises LinkkeeperError if it cannot be read.
    """
    try:
        then = [line for line in _listed(directory, without_fragment(url)) if line.ts == ts]
        return any(map(lacking.Replayable(directory).has, then))
    except OSError as error:
        raise unreadable(error, str(directory)) from error


def extract(directory: Path, capture: Held, target: Path) -> int:
    """Write the payload of a capture into a file, its content coding undone; return its size in bytes.

    The file is replaced when all is written and proved. Raises LinkkeeperError if the capture is damaged or gone, or
    the file cannot be written.
    """
    size = 0
    try:
        with replacing(target) as fd:
            for piece in pieces(directory, capture):
                write_all(fd, piece)
                size += len(piece)
    except OSError as error:
        raise failure(error, f"cannot write {target}") from error
    return size


def pieces(directory: Path, capture: Held) -> Iterator[bytes]:
    """Yield the payload of a capture, its content coding undone. Raises LinkkeeperError, at the latest at the end."""
    line = _line(capture)
    try:
        with opened(directory, line) as record:
            encoding = heads.value_of(record.head, "content-encoding")
        with payload(directory, line) as stored:
            yield from _decoded(stored, encoding, capture) if encoding else stored
    except DamageError as damage:
        raise LinkkeeperError(
            f"{capture.url} is damaged: {damage}", "`linkkeeper archive verify` says more"
        ) from damage
    except OSError as error:
        raise unreadable(error, str(error.filename or directory / WARCS / capture.file)) from error


def _decoded(stored: Iterable[bytes], encoding: str, capture: Held) -> Iterator[bytes]:
    data = bytearray()
    for piece in stored:
        data += piece
        if len(data) > _ENCODED_LIMIT:
            raise LinkkeeperError(
                f"{capture.url} is too large to be decoded here", "export it, and look at it in a player"
            )
    try:
        yield inflate(bytes(data), encoding, _DECODED_LIMIT)[0]
    except InflateError as error:
        raise LinkkeeperError(f"{capture.url} is not what its Content-Encoding says ({error})") from error


def _listed(directory: Path, url: str) -> list[Line]:
    try:
        return index.find(directory, surt_key(url))
    except ValueError:
        return []


def _place(line: Line) -> tuple[str, int]:
    return line.filename, line.offset


def _held(line: Line, posts: set[str]) -> Held:
    return Held(
        url=line.url,
        ts=line.ts,
        status=line.status,
        mime=line.mime,
        digest=line.digest,
        file=line.filename,
        offset=line.offset,
        length=line.length,
        revisit=line.mime == REVISIT,
        posts=tuple(sorted(posts)),
    )


def _line(capture: Held) -> Line:
    return Line(
        key="",
        ts=capture.ts,
        url=capture.url,
        mime=capture.mime,
        status=capture.status,
        digest=capture.digest,
        length=capture.length,
        offset=capture.offset,
        filename=capture.file,
    )
