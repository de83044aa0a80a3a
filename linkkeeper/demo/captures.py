"""What the stand-in archive holds, and how its index answers. Pure; rules of the Wayback CDX server."""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from urllib.parse import parse_qsl

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


def search(captures: Iterable[Capture], query_string: str) -> list[tuple[str, ...]] | str:
    """Return the rows (header first, if there are any) for a CDX query, or the text of an error 400."""
    pairs = parse_qsl(query_string, keep_blank_values=True)
    values = dict(pairs)
    if not values.get("url"):
        return "org.archive.cdxserver: The url= param is required"
    rows = [row for row in sorted(capture.row() for capture in captures if capture.listed) if _matches(row, values)]
    for name, text in pairs:
        if name == "filter":
            rows = _filtered(rows, text)
        if name == "collapse":
            rows = _collapsed(rows, text)
    if values.get("sort") == "closest" and values.get("closest"):
        rows.sort(key=lambda row: abs(_seconds(row[1]) - _seconds(values["closest"])))
    rows = _limited(rows, values.get("limit", ""))
    names = [name for name in values.get("fl", "").split(",") if name in FIELDS] or list(FIELDS)
    return [tuple(names), *(tuple(row[FIELDS.index(name)] for name in names) for row in rows)] if rows else []


def _matches(row: tuple[str, ...], values: dict[str, str]) -> bool:
    key, timestamp = row[0], row[1]
    url, kind = values["url"], values.get("matchType", "exact")
    if url.endswith("*"):
        url, kind = url[:-1], "prefix"
    wanted = surt_key(url)
    host = wanted.partition(")")[0]
    found = {
        "prefix": key.startswith(wanted),
        "host": key.startswith(host + ")"),
        "domain": key.startswith((host + ")", host + ",")),
    }.get(kind, key == wanted)
    low, high = values.get("from", "").ljust(14, "0"), values.get("to", "").ljust(14, "9")
    return found and low <= timestamp <= high


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


def nearest(captures: Sequence[Capture], url: str, timestamp: str) -> Capture | None:
    """Return the capture that the playback finds: of the URL's key, playable, nearest in time."""
    key = surt_key(url)
    found = [c for c in captures if c.playable and c.key == key and _plays(c, url)]
    asked = _seconds(timestamp) if timestamp else float("inf")
    latest_first = sorted(found, key=lambda capture: capture.timestamp, reverse=True)
    if not timestamp:
        return latest_first[0] if latest_first else None
    return min(latest_first, key=lambda c: (abs(c.moment.timestamp() - asked), c.url != url, c.status), default=None)
