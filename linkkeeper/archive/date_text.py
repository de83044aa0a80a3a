"""Dates as people write them at the head of a post. Pure; what is not certainly a date is none."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from msgspec import Struct

_MAX_TEXT = 100
_ZONE = r"(?:\s*(?P<zone>Z|[+-]\d{2}:?\d{2}|[+-]\d{1,2}|UTC|GMT|[A-Z][A-Za-z_]+/[A-Za-z_/+-]+))?"
_TIME = (
    r"(?:(?:\s*[T,]\s*|\s+(?:at\s+)?)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?" + _ZONE + r")?"
)
_WEEKDAY = r"(?:[A-Za-z]{2,9}\.?,?\s+)?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_FORMS = tuple(
    re.compile(form + r"\s*")
    for form in (
        r"(?P<year>\d{4})(?P<s>[-/.])(?P<month>\d{1,2})(?P=s)(?P<day>\d{1,2})" + _TIME,
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})" + _TIME,
        r"(?P<year>\d{4})\s*年\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*[日号]?" + _TIME,
        _WEEKDAY + _DAY + r"[\s-]+(?P<name>[A-Za-z]{3,9})\.?,?[\s-]+(?P<year>\d{4})" + _TIME,
        _WEEKDAY + r"(?P<name>[A-Za-z]{3,9})\.?\s+" + _DAY + r",?\s+(?P<year>\d{4})" + _TIME,
        r"<?(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?:\s+[A-Za-z]{2,9})?(?:\s+(?P<hour>\d{1,2}):(?P<minute>\d{2}))?>?",
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})",
        r"(?P<year>\d{4})\s*年\s*(?P<month>\d{1,2})\s*月",
    )
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_QUOTES = "\"'[] \t"
_YEARS = range(1980, 2101)


class Moment(Struct, frozen=True):
    """A date that was read."""

    until: datetime
    """The last second it covers. Without a zone if none was written."""
    text: str
    """In ISO 8601, as exact as it was written."""


def read(text: str) -> Moment | None:
    """Return what text means, if it is a date from beginning to end."""
    whole = text.strip(_QUOTES)[:_MAX_TEXT]
    for form in _FORMS:
        if match := form.fullmatch(whole):
            return _moment(match.groupdict())
    return None


def day(year: int, month_: int, day_: int) -> Moment | None:
    """Return a whole day, or None if there is no such day."""
    if year not in _YEARS or not 1 <= month_ <= 12 or not 1 <= day_ <= monthrange(year, month_)[1]:
        return None
    return Moment(datetime(year, month_, day_, 23, 59, 59), f"{year:04d}-{month_:02d}-{day_:02d}")  # noqa: DTZ001 - no zone was written: the caller puts in the one of the settings


def month(year: int, month_: int) -> Moment | None:
    """Return a whole month."""
    if year not in _YEARS or not 1 <= month_ <= 12:
        return None
    last = monthrange(year, month_)[1]
    return Moment(datetime(year, month_, last, 23, 59, 59), f"{year:04d}-{month_:02d}")  # noqa: DTZ001 - no zone was written: the caller puts in the one of the settings


def _moment(found: dict[str, str | None]) -> Moment | None:
    month_ = _month_number(found)
    year = int(found["year"] or 0)
    if found.get("day") is None:
        return month(year, month_)
    whole = day(year, month_, int(found["day"] or 0))
    return _at_time(whole, found) if whole and found.get("hour") else whole


def _month_number(found: dict[str, str | None]) -> int:
    if name := found.get("name"):
        return _MONTHS.index(name[:3].lower()) + 1 if name[:3].lower() in _MONTHS else 0
    return int(found["month"] or 0)


def _at_time(whole: Moment, found: dict[str, str | None]) -> Moment | None:
    hour, minute, second = (int(found.get(name) or 0) for name in ("hour", "minute", "second"))
    if half := found.get("half"):
        hour = hour % 12 + (12 if half in "pP" else 0)
    if hour > 23 or minute > 59:
        return None
    until = whole.until.replace(hour=hour, minute=minute, second=min(second, 59), tzinfo=_zone(found.get("zone")))
    return Moment(until, until.isoformat())


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text in ("Z", "UTC", "GMT"):
        return UTC
    if "/" in text:
        return _named(text)
    digits = text[1:].replace(":", "").ljust(4, "0") if len(text) > 3 else text[1:].zfill(2) + "00"
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes)) if minutes < 24 * 60 else None


def _named(text: str) -> tzinfo | None:
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        return None
