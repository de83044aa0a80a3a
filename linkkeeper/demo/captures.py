"""What the stand-in archive holds, and how its index answers. Pure; rules of the Wayback CDX server."""

import base64
import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from urllib.parse import parse_qsl, quote_plus

from msgspec import Struct

from linkkeeper.archive.surt import surt_key

FIELDS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
PAGE = b"<html><head><title>A page</title></head><body><p>What the author saw.</p></body></html>"


class Capture(Struct, frozen=True):
    """One capture: a row of the index, and what the playback shows."""

    url: str
    """As captured (`original`): scheme, `www.`, `:80` and case as they were then."""
    timestamp: str
    status: int = 200
    body: bytes = PAGE
    mimetype: str = "text/html"
    location: str = ""
    """Target of an archived redirect."""
    revisit: bool = False
    """The index shows a `warc/revisit` row with status `-`."""
    playable: bool = True
    """False: the index lists it, the playback leads to another capture."""
    listed: bool = True
    """False: too fresh for the index, which lags by hours."""
    only_as_captured: bool = False
    """The playback does not find it under another spelling of the URL."""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """The index's key of the URL."""
        return surt_key(self.url)

    @property
    def digest(self) -> str:
        """Base32 SHA-1 of the payload."""
        return base64.b32encode(hashlib.sha1(self.body, usedforsecurity=False).digest()).decode()

    @property
    def moment(self) -> datetime:
        """UTC instant of the capture."""
        return datetime.strptime(self.timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)

    def row(self) -> tuple[str, ...]:
        """Return the record of the index, in the order of FIELDS."""
        shown = ("warc/revisit", "-") if self.revisit else (self.mimetype, str(self.status))
        return (self.key, self.timestamp, self.url, *shown, self.digest, str(len(self.body) + 300))


def key_of(url: str) -> str:
    """Return the key of a URL, with a scheme or without."""
    return surt_key(url if "://" in url else f"http://{url}")


class Collection:
    """All captures, findable by key."""

    def __init__(self, captures: Iterable[Capture] = ()) -> None:
        self._by_key: dict[str, list[Capture]] = {}
        self._rows: list[tuple[str, ...]] = []
        self.add(*captures)

    def add(self, *captures: Capture) -> None:
        """Take more captures in."""
        for capture in captures:
            self._by_key.setdefault(capture.key, []).append(capture)
        self._rows += [capture.row() for capture in captures if capture.listed]
        self._rows.sort()

    def rows(self) -> list[tuple[str, ...]]:
        """Return what the index lists, in its order: by key, then by time."""
        return self._rows

    def of(self, url: str) -> list[Capture]:
        """Return the captures of a URL's key, in order of time."""
        return sorted(self._by_key.get(key_of(url), ()), key=lambda capture: capture.timestamp)


def search(collection: Collection, query_string: str, *, knows_closest: bool = True) -> list[tuple[str, ...]] | str:
    """Return the rows (header first, if there are any) for a CDX query, or the text of an error 400.

    With `showResumeKey`, an empty row and one with the key follow if there is more.
    """
    pairs = parse_qsl(query_string, keep_blank_values=True)
    values = dict(pairs)
    if not values.get("url"):
        return "org.archive.cdxserver: The url= param is required"
    rows = _matching(collection.rows(), values)
    for name, text in pairs:
        if name == "filter":
            rows = _filtered(rows, text)
        if name == "collapse":
            rows = _collapsed(rows, text)
    if knows_closest and values.get("sort") == "closest" and values.get("closest"):
        rows.sort(key=lambda row: abs(_seconds(row[1]) - _seconds(values["closest"])))
    if key := values.get("resumeKey"):
        rows = [row for row in rows if f"{row[0]} {row[1]}" >= key]
    shown = _limited(rows, values.get("limit", ""))
    names = [name for name in values.get("fl", "").split(",") if name in FIELDS] or list(FIELDS)
    if not shown:
        return []
    rest = rows[len(shown) :] if values.get("showResumeKey") == "true" and shown == rows[: len(shown)] else []
    resume: list[tuple[str, ...]] = [(), (quote_plus(" ".join(rest[0][:2])),)] if rest else []
    return [tuple(names), *(tuple(row[FIELDS.index(name)] for name in names) for row in shown), *resume]


def _matching(rows: list[tuple[str, ...]], values: dict[str, str]) -> list[tuple[str, ...]]:
    url, kind = values["url"], values.get("matchType", "exact")
    if url.endswith("*"):
        url, kind = url[:-1], "prefix"
    wanted = key_of(url)
    host = wanted.partition(")")[0]
    starts = {"prefix": (wanted,), "host": (host + ")",), "domain": (host + ")", host + ",")}.get(kind)
    low, high = values.get("from", "").ljust(14, "0"), values.get("to", "").ljust(14, "9")
    return [
        row for row in rows if (row[0].startswith(starts) if starts else row[0] == wanted) and low <= row[1] <= high
    ]


def _filtered(rows: list[tuple[str, ...]], text: str) -> list[tuple[str, ...]]:
    """The expression must match the whole field; `!` turns it round."""
    name, _, expression = text.removeprefix("!").partition(":")
    place, wanted = FIELDS.index(name), not text.startswith("!")
    pattern = re.compile(expression)
    return [row for row in rows if bool(pattern.fullmatch(row[place])) is wanted]


def _collapsed(rows: list[tuple[str, ...]], text: str) -> list[tuple[str, ...]]:
    """Only neighbours fall together."""
    name, _, length = text.partition(":")
    place = FIELDS.index(name)
    return [next(group) for _, group in groupby(rows, key=lambda row: row[place][: int(length) if length else None])]


def _limited(rows: list[tuple[str, ...]], limit: str) -> list[tuple[str, ...]]:
    if not limit.lstrip("-").isdigit():
        return rows
    return rows[: int(limit)] if int(limit) >= 0 else rows[int(limit) :]


def _seconds(timestamp: str) -> float:
    digits = timestamp.ljust(4, "0") + "0101000000"[max(0, len(timestamp) - 4) :]
    return datetime.strptime(digits[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()


def _plays(capture: Capture, url: str) -> bool:
    return not capture.only_as_captured or capture.url.replace(":80/", "/", 1) == url


def nearest(captures: Iterable[Capture], url: str, timestamp: str) -> Capture | None:
    """Return the capture that the playback finds among those of a key: playable, nearest in time."""
    found = [capture for capture in captures if capture.playable and _plays(capture, url)]
    asked = _seconds(timestamp) if timestamp else float("inf")
    latest_first = sorted(found, key=lambda capture: capture.timestamp, reverse=True)
    if not timestamp:
        return latest_first[0] if latest_first else None
    return min(latest_first, key=lambda c: (abs(c.moment.timestamp() - asked), c.url != url, c.status), default=None)
