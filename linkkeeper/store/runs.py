"""The reports of the last runs, and the figures of all: for `report RUN` and `history`."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from msgspec import Struct

from linkkeeper.models.run import Run, UrlRow
from linkkeeper.models.verdict import Verdict
from linkkeeper.store.database import Database

T = TypeVar("T")

_KEEP = 20
_BROKEN = (Verdict.DEAD, Verdict.INVALID)
_ASIDE = "accepted"
"""Stands beside the verdicts in the column of that name."""
_PIECE = 100
"""Rows of URLs that are packed together."""
Mask = Callable[[Run], Run]
"""Takes out of a run what no disk may see."""
_UNPACKED_LIMIT = 500_000_000
_MAKE_ROOM = (
    "UPDATE runs SET report = NULL WHERE report IS NOT NULL AND id NOT IN"
    " (SELECT id FROM runs WHERE report IS NOT NULL ORDER BY finished DESC, id DESC LIMIT ?)"
)


class Figures(Struct, frozen=True):
    """One run in figures."""

    id: str
    finished: datetime
    links: int
    verdicts: dict[str, int]
    report: bool
    """Its report is still there."""
    accepted: int = 0
    """Broken URLs, `verdicts` has them, that a baseline or `--new-only` set aside."""


class Runs:
    """What runs of this collection reported."""

    def __init__(self, database: Database, keep: int = _KEEP) -> None:
        self._database, self._keep = database, keep

    def save(self, run: Run, mask: Mask | None = None, marks: Sequence[bytes] = ()) -> None:
        """Keep the report of a run under its id; older reports than the last `keep` make room, their figures stay.

        marks: without any of these in its text, mask leaves a row as it is.
        """
        blob = _packed(run, mask, marks)
        row = (run.id, int(run.finished.timestamp()), run.summary.links, _json(run.summary.verdicts), blob)
        self._database.write(
            ("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?)", [row]),
            (_MAKE_ROOM, [(self._keep,)]),
        )

    def amend(self, run: Run) -> None:
        """Keep another report of a run that was saved, less what was set aside; its figures stay, and say how much."""
        for (found,) in self._database.read("SELECT verdicts FROM runs WHERE id = ?", (run.id,)):
            verdicts = _counts(found)
            aside = sum(verdicts.get(name, 0) - run.summary.verdicts.get(name, 0) for name in _BROKEN)
            row = (_packed(run), _json(verdicts | {_ASIDE: max(0, aside)}), run.id)
            self._database.write(("UPDATE runs SET report = ?, verdicts = ? WHERE id = ?", [row]))

    def named_like(self, beginning: str) -> list[str]:
        """Return the ids that begin so and have a report, the last first."""
        statement = (
            "SELECT id FROM runs WHERE substr(id, 1, ?) = ? AND report IS NOT NULL ORDER BY finished DESC, id DESC"
        )
        return [str(row[0]) for row in self._database.read(statement, (len(beginning), beginning))]

    def load(self, run: str = "") -> Run | None:
        """Return the report of a run by its id (or its beginning, if only one has it), or of the last; None: none."""
        statement = "SELECT report FROM runs WHERE report IS NOT NULL ORDER BY finished DESC, id DESC LIMIT 1"
        rows = self._database.read(statement) if not run else self._named(run)
        blob = rows[0][0] if len(rows) == 1 else None
        if not isinstance(blob, bytes):
            return None
        try:
            return _unpacked(blob)
        except (zlib.error, msgspec.MsgspecError):  # of another version, or damaged
            return None

    def figures(self) -> list[Figures]:
        """Return every run in figures, oldest first."""
        statement = "SELECT id, finished, links, verdicts, report IS NOT NULL FROM runs ORDER BY finished, id"
        return [_figures(row) for row in self._database.read(statement)]

    def _named(self, run: str) -> list[tuple[object, ...]]:
        exact = self._database.read("SELECT report FROM runs WHERE id = ? AND report IS NOT NULL", (run,))
        if exact:
            return exact
        statement = "SELECT report FROM runs WHERE substr(id, 1, ?) = ? AND report IS NOT NULL LIMIT 2"
        return self._database.read(statement, (len(run), run))


def _packed(run: Run, mask: Mask | None = None, marks: Sequence[bytes] = ()) -> bytearray:
    """Return a run in pieces, each after its length: in one, a large run would take its memory once more."""
    packer, out = zlib.compressobj(1), bytearray()
    for piece in _pieces(run, mask or _as_it_is, marks):
        out += packer.compress(len(piece).to_bytes(4, "big")) + packer.compress(piece)
    out += packer.flush()
    return out


def _as_it_is(run: Run) -> Run:
    return run


def _pieces(run: Run, mask: Mask, marks: Sequence[bytes]) -> Iterator[bytes]:
    encode = msgspec.json.Encoder().encode  # in MessagePack a length may look like a mark
    head = mask(msgspec.structs.replace(run, urls=[]))
    yield encode(head)
    for start in range(0, len(run.urls), _PIECE):
        rows = run.urls[start : start + _PIECE]
        try:
            piece = encode(rows)
        except UnicodeEncodeError:  # half a UTF-16 pair, which mask writes otherwise
            piece = None
        if piece is None or any(mark in piece for mark in marks):
            piece = encode(mask(msgspec.structs.replace(head, urls=rows)).urls)
        yield piece


def _unpacked(blob: bytes) -> Run:
    """Raises zlib.error or msgspec.MsgspecError for what is no packed run."""
    data = memoryview(zlib.decompressobj().decompress(blob, _UNPACKED_LIMIT))
    pieces = []
    while data:
        end = 4 + int.from_bytes(data[:4], "big")
        pieces.append(data[4:end])
        data = data[end:]
    run = _decoded(pieces[0] if pieces else b"", Run)
    return msgspec.structs.replace(run, urls=[row for piece in pieces[1:] for row in _decoded(piece, list[UrlRow])])


def _decoded(piece: bytes | memoryview, kind: type[T]) -> T:
    data = bytes(piece)
    is_json = data[:1] in (b"{", b"[")  # else it is MessagePack, as it was until 2026-11
    return msgspec.json.decode(data, type=kind) if is_json else msgspec.msgpack.decode(data, type=kind)


def _json(verdicts: dict[str, int]) -> str:
    return msgspec.json.encode(verdicts).decode()


def _figures(row: tuple[object, ...]) -> Figures:
    run, finished, links, verdicts, report = row
    counts = _counts(verdicts)
    aside = counts.pop(_ASIDE, 0)
    at = datetime.fromtimestamp(finished if isinstance(finished, int) else 0, UTC)
    return Figures(str(run), at, links if isinstance(links, int) else 0, counts, bool(report), aside)


def _counts(verdicts: object) -> dict[str, int]:
    try:
        return msgspec.json.decode(str(verdicts), type=dict[str, int])
    except msgspec.MsgspecError:
        return {}
