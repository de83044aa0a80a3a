"""Findings worth reusing: fresh ones are returned, new ones written in batches."""

import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import msgspec
from msgspec import Struct, structs

from linkkeeper.models.verdict import Finding, Judgement, Redirect, Verdict
from linkkeeper.store.batch import Batch, Seconds
from linkkeeper.store.database import Database
from linkkeeper.store.keys import Keys
from linkkeeper.urls import secrets

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
_KEEP = "INSERT OR REPLACE INTO replies VALUES {rows}"
_AT_ONCE = 500
"""Keys asked for in one statement; SQLite takes 999 and more."""
_SORTED = 20 * _AT_ONCE
"""Keys that are put in order before: neighbours are found together, in a third of the time (20,000 keys, 2026-11)."""
_CLOCKS_DIFFER_S = HOUR_S
_KEPT_S = 90 * DAY_S
"""Rows that were due so long ago are dropped: nobody links there any more."""


class CacheOptions(Struct, frozen=True):
    """How long a finding is good for."""

    max_age_s: float | None = None
    """`--max-age`: for all verdicts; None: by verdict."""
    alive_s: float = 7 * DAY_S
    dead_s: float = DAY_S
    blocked_s: float = DAY_S
    suspect_s: float = HOUR_S
    """Short, so that the next day's run asks again and strikes can add up."""
    jitter: float = 0.2
    """Ages differ by up to this share, so that not everything falls due in the same run."""
    options: str = ""
    """All else that could change an answer (headers, proxy, fragments, …) in one text: part of the key.
    It may hold credentials; only a keyed hash of it is kept."""


class Cache:
    """Remembers findings between runs (the check's `Memory`)."""

    def __init__(self, database: Database, options: CacheOptions | None = None) -> None:
        self._database, self._options = database, options or CacheOptions()
        self._keys = Keys(database)
        self._variant = self._keys.told(self._options.options)
        self._decoder = msgspec.msgpack.Decoder(Finding)
        self._encoder = msgspec.msgpack.Encoder()
        self._loaded: dict[str, Finding | None] = {}
        self._waiting: dict[str, Finding] = {}
        """What is to be written, by URL: its rows are made together."""
        self._batch = Batch()
        self._took_in = False
        self._limits_s = _limits_s(self._options)
        self._seconds = Seconds()
        database.at_close(self.close)

    @property
    def is_empty(self) -> bool:
        """True if nothing is known of any URL."""
        return not self._database.read("SELECT 1 FROM replies LIMIT 1")

    def load(self, urls: Iterable[str]) -> None:
        """Fetch what is known of many URLs at once; the next `get` of each then answers from memory."""
        if self.is_empty:
            self._loaded = dict.fromkeys(urls)
            return
        now, rest = time.time(), iter(urls)
        while wanted := {self._keys.of(url): url for url in islice(rest, _SORTED)}:
            self._loaded.update(dict.fromkeys(wanted.values()))
            for key, *row in self._rows_of(sorted(wanted)):
                url = wanted[str(key)]
                self._loaded[url] = self._fresh(url, row, now)

    def _rows_of(self, keys: list[str]) -> Iterator[tuple[object, ...]]:
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            statement = f"SELECT url, checked, due, finding FROM replies WHERE options = ? AND url IN ({marks})"  # noqa: S608 - question marks only are put in
            yield from self._database.read(statement, (self._variant, *some))

    def get(self, url: str) -> Finding | None:
        """Return what is known of url and still fresh; None: ask the server."""
        if url in self._loaded:
            found = self._loaded.pop(url)
            self._loaded = self._loaded or {}  # a dict that was large stays so
            return found
        if url in self._waiting:
            return self._fresh(url, self._row(self._waiting[url])[2:], time.time())
        statement = "SELECT checked, due, finding FROM replies WHERE url = ? AND options = ?"
        rows = self._database.read(statement, (self._keys.of(url), self._variant))
        return self._fresh(url, rows[0], time.time()) if rows else None

    def put(self, finding: Finding) -> None:
        """Keep a finding; written with others, at the latest when the database closes."""
        if finding.judgement.verdict not in self._limits_s or finding.checked is None:
            return
        self._waiting[finding.url] = finding
        self._took_in = True
        if self._batch.full(len(self._waiting)):
            self.write_later()

    def write_later(self) -> None:
        """Have what is waiting written beside whatever comes next."""
        if self._waiting:
            self._database.write_later((_KEEP, self._rows()))
            self._waiting = {}

    def flush(self) -> None:
        """Write what is waiting."""
        if self._waiting and self._database.write((_KEEP, self._rows())):
            self._waiting = {}

    def close(self) -> None:
        """Write what is waiting; drop what has been due for months."""
        self.flush()
        if self._took_in:
            old = int(time.time() - _KEPT_S)
            self._database.write(("DELETE FROM replies WHERE due < ?", [(old,)]), patient=False)

    def _rows(self) -> list[tuple[object, ...]]:
        return [self._row(finding) for finding in self._waiting.values()]

    def _row(self, finding: Finding) -> tuple[object, ...]:
        key = self._keys.of(finding.url)
        checked = int(self._seconds.of(finding.checked)) if finding.checked is not None else 0
        due = int(checked + self._jittered(self._limits_s[finding.judgement.verdict], finding.url, checked))
        kept = finding if key == finding.url and _is_harmless(finding) else _stripped(finding)
        return key, self._variant, checked, due, self._encoder.encode(kept)

    def _fresh(self, url: str, row: Sequence[object], now: float) -> Finding | None:
        """Return the finding of a row (checked, due, blob), if it is not too old, nor from the future."""
        checked, due, blob = row
        if not isinstance(checked, int) or not isinstance(due, int) or not isinstance(blob, bytes):
            return None
        limit_s = self._options.max_age_s
        if checked > now + _CLOCKS_DIFFER_S or now > (due if limit_s is None else checked + limit_s):
            return None
        try:
            found = self._decoder.decode(blob)
            structs.force_setattr(found, "cached", True)  # nobody else has seen it yet
            return found if found.url == url else structs.replace(found, url=url)
        except (msgspec.MsgspecError, ValueError):  # written by another version: ask again
            return None

    def _jittered(self, limit_s: float, url: str, at: int) -> float:
        """Return how long a finding is good for: up to `jitter` less than the limit, always the same for the same."""
        share = zlib.crc32(url.encode("utf-8", "replace"), at & 0xFFFFFFFF) / 0xFFFFFFFF
        return limit_s * (1 - self._options.jitter * share)


def _limits_s(options: CacheOptions) -> dict[Verdict, float]:
    """Return the age limits; what has none is not kept."""
    return {
        Verdict.OK: options.alive_s,
        Verdict.REDIRECTED: options.alive_s,
        Verdict.DEAD: options.dead_s,
        Verdict.BLOCKED: options.blocked_s,
        Verdict.SUSPECT: options.suspect_s,
    }


def _is_harmless(finding: Finding) -> bool:
    """Say whether nothing beside its URL can hold credentials: as with nine in ten."""
    if finding.redirects or finding.judgement.signs or finding.title or finding.missing_fragments:
        return False
    if finding.final_url != finding.url and finding.final_url is not None:
        return False
    return "@" not in (detail := finding.judgement.detail) and "=" not in detail and "%" not in detail


def _stripped(finding: Finding) -> Finding:
    """Return a finding without credentials anywhere."""
    return structs.replace(
        finding,
        url=secrets.strip(finding.url),
        final_url=secrets.strip(finding.final_url) if finding.final_url else finding.final_url,
        redirects=tuple(Redirect(secrets.strip(hop.url), hop.status) for hop in finding.redirects),
        judgement=_masked(finding.judgement),
        title=secrets.mask(finding.title),
        missing_fragments=tuple((secrets.mask(one), _masked(why)) for one, why in finding.missing_fragments),
    )


def _masked(judgement: Judgement) -> Judgement:
    signs = tuple(secrets.mask(sign) for sign in judgement.signs)
    return structs.replace(judgement, detail=secrets.mask(judgement.detail), signs=signs)
