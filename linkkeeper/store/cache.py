"""Findings worth reusing: fresh ones are returned, new ones written in batches."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct, structs

from linkkeeper.models.verdict import Finding, Redirect, Verdict
from linkkeeper.store.database import Database
from linkkeeper.store.keys import Keys
from linkkeeper.urls import secrets

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
_BATCH = 500
_BATCH_S = 2.0
_AT_ONCE = 500
"""Keys asked for in one statement; SQLite takes 999 and more."""
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
        self._waiting: dict[str, tuple[object, ...]] = {}
        self._flushed = datetime.now(UTC)
        database.at_close(self.close)

    def load(self, urls: Iterable[str]) -> None:
        """Fetch what is known of many URLs at once; `get` then answers from memory."""
        wanted = {self._keys.of(url): url for url in urls}
        keys = list(wanted)
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            statement = f"SELECT url, due, finding FROM replies WHERE options = ? AND url IN ({marks})"  # noqa: S608
            self._loaded.update({wanted[key]: None for key in some})
            for key, due, blob in self._database.read(statement, (self._variant, *some)):
                self._loaded[wanted[str(key)]] = self._fresh(wanted[str(key)], due, blob)

    def get(self, url: str) -> Finding | None:
        """Return what is known of url and still fresh; None: ask the server."""
        if url in self._loaded:
            return self._loaded[url]
        key = self._keys.of(url)
        statement = "SELECT due, finding FROM replies WHERE url = ? AND options = ?"
        rows = self._database.read(statement, (key, self._variant))
        return self._fresh(url, *rows[0]) if rows else None

    def put(self, finding: Finding) -> None:
        """Keep a finding; written with others, at the latest when the database closes."""
        age_s = self._age_s(finding)
        if age_s is None or finding.checked is None:
            return
        self._loaded[finding.url] = None  # what was loaded is out of date; who needs this one has it
        key = self._keys.of(finding.url)
        checked = int(finding.checked.timestamp())
        blob = self._encoder.encode(_stripped(finding))
        self._waiting[key] = (key, self._variant, checked, int(checked + age_s), blob)
        now = datetime.now(UTC)
        if len(self._waiting) >= _BATCH or now - self._flushed > timedelta(seconds=_BATCH_S):
            self.flush(patient=False)

    def flush(self, *, patient: bool = True) -> None:
        """Write what is waiting. Without patience a busy database is left for the next time."""
        self._flushed = datetime.now(UTC)
        if self._waiting and self._database.write(
            ("INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?, ?)", self._waiting.values()), patient=patient
        ):
            self._waiting = {}

    def close(self) -> None:
        """Write what is waiting; drop what has been due for months."""
        if self._waiting:
            self.flush()
            old = int(datetime.now(UTC).timestamp() - _KEPT_S)
            self._database.write(("DELETE FROM replies WHERE due < ?", [(old,)]), patient=False)

    def _fresh(self, url: str, due: object, blob: object) -> Finding | None:
        if not isinstance(due, int) or not isinstance(blob, bytes):
            return None
        try:
            finding = self._decoder.decode(blob)
        except (msgspec.MsgspecError, ValueError):  # written by another version: ask again
            return None
        now = datetime.now(UTC)
        if finding.checked is None or finding.checked > now + timedelta(hours=1):  # the clock was wrong then, or is now
            return None
        age_s = (now - finding.checked).total_seconds()
        limit_s = self._options.max_age_s
        if (age_s > limit_s) if limit_s is not None else now.timestamp() > due:
            return None
        return structs.replace(finding, url=url, cached=True)

    def _age_s(self, finding: Finding) -> float | None:
        """Return how long a finding is good for; None: it is not kept."""
        limits = {
            Verdict.OK: self._options.alive_s,
            Verdict.REDIRECTED: self._options.alive_s,
            Verdict.DEAD: self._options.dead_s,
            Verdict.BLOCKED: self._options.blocked_s,
            Verdict.SUSPECT: self._options.suspect_s,
        }
        limit_s = limits.get(finding.judgement.verdict)
        if limit_s is None:
            return None
        seed = hashlib.blake2b(f"{finding.url} {finding.checked}".encode("utf-8", "replace"), digest_size=4).digest()
        share = int.from_bytes(seed, "big") / 0xFFFFFFFF
        return limit_s * (1 - self._options.jitter * share)


def _stripped(finding: Finding) -> Finding:
    """Return a finding without credentials anywhere."""
    if "?" not in finding.url and "@" not in finding.url and not finding.redirects:
        return finding
    judgement = finding.judgement
    return structs.replace(
        finding,
        url=secrets.strip(finding.url),
        final_url=secrets.strip(finding.final_url) if finding.final_url else finding.final_url,
        redirects=tuple(Redirect(secrets.strip(hop.url), hop.status) for hop in finding.redirects),
        judgement=structs.replace(
            judgement,
            detail=secrets.mask(judgement.detail),
            signs=tuple(secrets.mask(sign) for sign in judgement.signs),
        ),
    )
