"""The day a link was written: front matter, else the file's name, else the commit of the line, else the file.

A time with a zone is an instant; one without is in the zone of the settings; a bare date lasts until the end of
its day (a month until the end of the month).
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from linkkeeper.archive import date_text
from linkkeeper.archive.date_text import Moment
from linkkeeper.errors import UsageError
from linkkeeper.extract import front_matter
from linkkeeper.models.document import Dated

Blame = Callable[[str, int, bytes], datetime | None]
"""(path as the user gave it, line from 1, the link's bytes) → when the commit that brought it was written, if known."""
FIELDS = ("date", "published", "publishdate", "publish_date", "pubdate", "pubdatetime", "published_at", "created")
"""Of the front matter, in this order, whatever their case. `lastmod` and the like never: links are older."""
_HEAD_BYTES = 4096
_HEAD_LINE = re.compile(
    rb"^(?::(?:rev)?date:|#\+date:|\.\.[ \t]+date:|date[ \t]*:|published[ \t]*:)[ \t]*(\S[^\r\n]{0,100})",
    re.IGNORECASE | re.MULTILINE,
)
"""reStructuredText and AsciiDoc fields, Org keywords, Nikola comments, MultiMarkdown heads without markers."""
_FIELD_SUFFIXES = frozenset({".rst", ".rest", ".adoc", ".asciidoc", ".asc", ".org"})
"""Here fields may follow the title."""
_PLAIN_SUFFIXES = frozenset({".md", ".markdown", ".mmd", ".txt"})
"""Here only the lines before the first blank one are a head."""
_BOM = b"\xef\xbb\xbf"
_DATE_LINE = re.compile(rb"^date[ \t]*[:=][ \t]*([^\r\n#]*)(?:#[^\r\n]*)?\r?$", re.IGNORECASE | re.MULTILINE)
_TABLE = re.compile(rb"^[ \t]*\[", re.MULTILINE)
_FIRST_BLANK = re.compile(rb"\n[ \t]*\r?\n")
_DAY_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_YEAR, _MONTH, _DAY = re.compile(r"(?:19|20)\d\d"), re.compile(r"0?[1-9]|1[0-2]"), re.compile(r"0?[1-9]|[12]\d|3[01]")
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?")


class DateOptions(Struct, frozen=True):
    """Settings that dates depend on."""

    timezone: str = "UTC"
    """IANA name or offset (`+08:00`) of times that name none."""


def zone(name: str) -> tzinfo:
    """Return a zone by IANA name or offset. Raises UsageError for an unknown one."""
    if match := _OFFSET.fullmatch(name.strip()):
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        if minutes < 24 * 60:
            return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise _unknown_zone(name) from error


def date_of(path: str, data: bytes, line: int, options: DateOptions, blame: Blame | None = None) -> Dated:
    """Return the date of a link in a line (from 1) of a document. Never raises for what documents hold."""
    return document_date(path, data, options) or line_date(path, line, options, blame)


def document_date(path: str, data: bytes, options: DateOptions) -> Dated | None:
    """Return the date that the whole document has: by its head or its name. None: its lines differ."""
    local = zone(options.timezone)
    for said in _head(path, data):
        if found := _dated(said, local, "front matter"):
            return found
    named = in_name(path)
    return _dated(named, local, "file name") if named is not None else None


def line_date(path: str, line: int, options: DateOptions, blame: Blame | None = None, written: bytes = b"") -> Dated:
    """Return the date of the commit that brought the link (its bytes: written) into the line, else the file's own."""
    brought = blame(path, line, written) if blame else None
    if brought is not None:
        return Dated(brought.astimezone(UTC), "commit", brought.isoformat())
    try:
        return file_date(Path(path).stat().st_mtime, options)
    except (OSError, ValueError, OverflowError):  # standard input, or gone meanwhile
        return file_date(datetime.now(UTC).timestamp(), options)


def file_date(modified_s: float, options: DateOptions) -> Dated:
    """Return the date of a file that was last changed so many seconds after 1970. Raises ValueError, OverflowError."""
    changed = datetime.fromtimestamp(int(modified_s), UTC)
    return Dated(changed, "file", changed.astimezone(zone(options.timezone)).isoformat())


def in_name(path: str) -> Moment | None:
    """Return the date in a path: `2016-07-08-title.md`, `2016-07-08/index.md`, `2016/07/08/x.md`, `2016/07/x.md`."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    for part in reversed(parts):
        for match in _DAY_IN_NAME.finditer(part):
            if (found := date_text.day(int(match[1]), int(match[3]), int(match[4]))) is not None:
                return found
    return _in_folders(parts[:-1])


def _in_folders(folders: tuple[str, ...]) -> Moment | None:
    for place in range(len(folders) - 2, -1, -1):
        year, month, *rest = folders[place : place + 3]
        if not (_YEAR.fullmatch(year) and _MONTH.fullmatch(month)):
            continue
        if rest and _DAY.fullmatch(rest[0]):
            return date_text.day(int(year), int(month), int(rest[0]))
        return date_text.month(int(year), int(month))
    return None


def _head(path: str, data: bytes) -> Iterator[Moment]:
    quick = _plain_date(data.removeprefix(_BOM))
    if quick is not None:
        yield quick
    fields = {str(name).lower(): value for name, value in front_matter.read(data).fields.items()}
    for name in FIELDS:
        if (moment := _moment(fields.get(name))) is not None:
            yield moment
    if not fields:
        for match in _HEAD_LINE.finditer(_head_without_markers(path, data)):
            if (moment := date_text.read(match[1].decode("utf-8", "replace"))) is not None:
                yield moment


def _plain_date(data: bytes) -> Moment | None:
    """Return the date of a plain `date: …` line of the head. Parsing all of it takes seven times longer."""
    head = front_matter.block(data)
    if head.kind not in ("yaml", "toml"):
        return None
    fields = (
        _TABLE.split(data[head.start : head.end], maxsplit=1)[0] if head.kind == "toml" else data[head.start : head.end]
    )
    lines = _DATE_LINE.findall(fields)
    return date_text.read(lines[0].decode("utf-8", "replace")) if len(lines) == 1 else None


def _head_without_markers(path: str, data: bytes) -> bytes:
    suffix = PurePosixPath(path.lower()).suffix
    if suffix in _FIELD_SUFFIXES:
        return data[:_HEAD_BYTES]
    return _FIRST_BLANK.split(data[:_HEAD_BYTES], maxsplit=1)[0] if suffix in _PLAIN_SUFFIXES else b""


def _moment(value: Any) -> Moment | None:
    """Return what a parsed field means; `published: true` means no date."""
    match value:
        case datetime():
            return Moment(value, value.isoformat())
        case date():
            return date_text.day(value.year, value.month, value.day)
        case bool() | None:
            return None
        case int() | str():
            return date_text.read(str(value))
        case _:
            return None


def _dated(moment: Moment, local: tzinfo, source: str) -> Dated | None:
    aware = moment.until if moment.until.tzinfo else moment.until.replace(tzinfo=local)
    try:
        return Dated(aware.astimezone(UTC), source, moment.text)
    except OverflowError:  # year 1 or 9999
        return None


def _unknown_zone(name: str) -> UsageError:
    return UsageError(
        f"unknown time zone: {name!r}", "use an IANA name such as Asia/Shanghai, or an offset such as +08:00"
    )
