"""Payloads read back, revisits followed, content codings undone: what `show`, `export` and `fix` look at."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from linkkeeper.archive.local import heads
from linkkeeper.archive.local.cdxj import Line
from linkkeeper.archive.local.layout import WARCS
from linkkeeper.archive.local.lookup import Lookup
from linkkeeper.archive.local.member import DamageError
from linkkeeper.archive.local.record import Record, timestamp
from linkkeeper.models.verdict import Reply
from linkkeeper.net.inflate import InflateError, inflate

BEGINNING = 64 * 1024


class Beginning(Struct, frozen=True):
    """A capture as a reader's browser would begin to see it."""

    reply: Reply
    """With the beginning of the decoded body."""
    location: str
    """Of a redirect; empty if there is none."""


def beginning(directory: Path, line: Line, lookup: Lookup | None = None) -> Beginning:
    """Return status, headers and the beginning of the body, having proved the digest of the whole payload.

    lookup: what remembers the index, for whoever reads many captures. Raises DamageError if the capture is not what
    the index says, OSError.
    """
    with opened(directory, line) as record:
        head = record.head
    with payload(directory, line, lookup) as pieces:
        body = b""
        for piece in pieces:  # to the end: only then is the digest known
            body += piece if len(body) < BEGINNING else b""
    status = heads.status_of(head)
    headers = heads.pairs(head)
    reply = Reply(
        line.url,
        status=int(status) if status.isdigit() else None,
        final_url=line.url,
        headers=headers,
        body=_decoded(body, heads.value_of(head, "content-encoding")),
        truncated=len(body) > BEGINNING,
    )
    return Beginning(reply, heads.value_of(head, "location"))


@contextmanager
def opened(directory: Path, line: Line) -> Iterator[Record]:
    """Open the record of an index line. Raises DamageError if it is another one, OSError."""
    with (directory / WARCS / Path(line.filename).name).open("rb") as file:
        record = Record(file, line.offset)
        if record.url != line.url or record.ts != line.ts or record.kind not in ("response", "revisit"):
            raise DamageError(f"{line.filename}: another record lies at byte {line.offset}")
        yield record


@contextmanager
def payload(directory: Path, line: Line, lookup: Lookup | None = None) -> Iterator[Iterator[bytes]]:
    """Give the payload of a capture in pieces, content coding and all; of a revisit, that of what it revisits.

    Whoever reads to the end gets DamageError there if a digest is not true. Raises DamageError, OSError.
    """
    with opened(directory, line) as record:
        if record.kind == "response":
            yield _proved(record, line)
            return
        url, date = (record.headers.get(f"warc-refers-to-{name}", "") for name in ("target-uri", "date"))
    original = _original(lookup or Lookup(directory), url, timestamp(date), line.digest)
    with opened(directory, original) as record:
        yield _proved(record, original)


def _proved(record: Record, line: Line) -> Iterator[bytes]:
    yield from record.pieces()
    if record.faults:
        raise DamageError(f"{line.filename}: {record.faults[0].detail} (byte {line.offset})")
    if record.digest != line.digest:
        raise DamageError(f"{line.filename}: the digest is not that of the index (byte {line.offset})")


def _original(lookup: Lookup, url: str, ts: str, digest: str) -> Line:
    lines = lookup.responses((url, ts, digest))
    if not lines:
        raise DamageError(f"the payload that was captured of {url[:200]} at {ts} is gone")
    return lines[0]


def _decoded(body: bytes, encoding: str) -> bytes:
    try:
        return inflate(body, encoding, BEGINNING)[0]
    except InflateError:
        return b""
