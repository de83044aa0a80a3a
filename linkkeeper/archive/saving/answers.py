"""What Save Page Now's answers say. Pure; nothing that comes raises.

Shapes as documented (API document, copy of 2025-10-22) and as observed (2022 to 2026): refusals come with HTTP 200,
a skipped submission has `job_id: null`, anything may be HTML or cut off.
"""

import re
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from linkkeeper.archive.saving.codes import bare
from linkkeeper.models.verdict import Reply
from linkkeeper.urls.secrets import mask

_JOB = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")
_LOGIN = re.compile(r"\blog(?:ged)?[- ]?in\b", re.IGNORECASE)
_REUSED = re.compile(
    r"\b(?:ago|same snapshot|recent|recently|already|cached|previous|existing|reus\w+)\b", re.IGNORECASE
)
"""Other messages that come along say that a capture begins late ("our service is currently overloaded")."""
_WATCHED = re.compile(rb"""watchJob\(\s*["']([A-Za-z0-9][A-Za-z0-9._:-]{0,199})["']""")
_STATUS_EXT = re.compile(rb"\berror:[a-z][a-z-]{2,60}")
_BLOCK_LIST = re.compile(rb"Save Page Now service block list", re.IGNORECASE)
_LONGEST_DETAIL = 300
_NOT_TAKEN = frozenset(range(400, 500)) - {408, 429}


class Accepted(Struct, frozen=True):
    """The archive took the job."""

    job: str
    """Empty: it is at work, and nobody says under which name."""
    reused: bool = False
    """It says that a recent capture is used again."""


class Skipped(Struct, frozen=True):
    """Nothing was begun, for there is a capture that is recent enough."""

    message: str


class Refused(Struct, frozen=True):
    """The archive does not take it, or the capture failed."""

    code: str
    """Without `error:`; empty if none was given."""
    message: str


class NoLogin(Struct, frozen=True):
    """The keys are wrong, or missing."""

    message: str


class Unclear(Struct, frozen=True):
    """Nobody can tell what became of it."""

    why: str


class Pending(Struct, frozen=True):
    """The job is under way."""


class Done(Struct, frozen=True):
    """The archive says that it captured the page."""

    timestamp: str
    """14 digits."""
    original: str
    """After redirects; empty if not told."""


class Sessions(Struct, frozen=True):
    """How much the account may do. None: not told."""

    available: int | None = None
    processing: int | None = None
    captures_today: int | None = None
    captures_limit: int | None = None

    @property
    def quota_is_used_up(self) -> bool:
        """Tell whether no capture is left for today."""
        limit, today = self.captures_limit, self.captures_today
        return limit is not None and today is not None and today >= limit > 0

    @property
    def begun_today(self) -> int:
        """How many captures of today are counted or may still be, whenever the service counts them; -1: not told."""
        return -1 if self.captures_today is None else self.captures_today + (self.processing or 0)


Submitted = Accepted | Skipped | Refused | NoLogin | Unclear
Status = Pending | Done | Refused | Unclear


def read_submit(reply: Reply) -> Submitted:
    """Return what became of a submission. A 429 is no answer: it is dealt with before."""
    if reply.failure:
        return Unclear(reply.detail or reply.failure.value)
    fields = _object(reply.body)
    if reply.status == 401:
        return NoLogin(_message(fields))
    if fields is not None:
        return _submitted(fields, reply)
    if reply.status in _NOT_TAKEN:
        return Refused(f"http-{reply.status}", f"the service answers HTTP {reply.status}")
    return Unclear(f"HTTP {reply.status}, and no JSON")


def _submitted(fields: dict[str, Any], reply: Reply) -> Submitted:
    message, job = _message(fields), fields.get("job_id")
    if isinstance(job, str) and _JOB.fullmatch(job) and _word(fields, "status") != "error":
        return Accepted(job, reused=bool(_REUSED.search(message)))
    if _word(fields, "status") == "error" or _code(fields):
        return NoLogin(message) if not _code(fields) and _LOGIN.search(message) else Refused(_code(fields), message)
    if not job and "job_id" in fields and message:
        return Skipped(message)
    if _LOGIN.search(message):
        return NoLogin(message)
    if reply.status in _NOT_TAKEN:
        return Refused(f"http-{reply.status}", message)
    return Unclear(f"HTTP {reply.status}, and JSON without a job")


def read_status(reply: Reply) -> Status:
    """Return how a job stands."""
    if reply.failure:
        return Unclear(reply.detail or reply.failure.value)
    fields = _object(reply.body)
    return Unclear(f"HTTP {reply.status}, and no JSON") if fields is None else _status(fields)


def read_statuses(reply: Reply) -> dict[str, Status]:
    """Return how jobs stand that were asked for together; those that are not named are left out."""
    rows = _decoded(reply.body) if reply.status == 200 and not reply.failure else None
    found: dict[str, Status] = {}
    for row in rows if isinstance(rows, list) else ():
        job = row.get("job_id") if isinstance(row, dict) else None
        if isinstance(job, str):
            found[job] = _status(row)
    return found


def _status(fields: dict[str, Any]) -> Status:
    match _word(fields, "status"):
        case "pending":
            return Pending()
        case "success":
            timestamp = str(fields.get("timestamp", ""))
            if is_timestamp(timestamp):
                original = fields.get("original_url")
                return Done(timestamp, original if isinstance(original, str) else "")
            return Unclear("a success without a timestamp")
        case "error":
            return Refused(_code(fields), _message(fields))
        case _:
            return Unclear("a status that nobody knows")


def read_user(reply: Reply) -> Sessions | None:
    """Return what the account may do, or None if the answer does not tell."""
    fields = _object(reply.body) if reply.status == 200 and not reply.failure else None
    if fields is None:
        return None
    names = ("available", "processing", "daily_captures", "daily_captures_limit")
    counts = [_count(fields.get(name)) for name in names]
    return None if counts == [None] * 4 else Sessions(*counts)


def read_anonymous(reply: Reply) -> Submitted:
    """Return what became of an anonymous submission that names no capture in its head."""
    if reply.failure:
        return Unclear(reply.detail or reply.failure.value)
    told = _STATUS_EXT.search(reply.body)
    if told is not None:
        return Refused(bare(told[0].decode("ascii")), "")
    if _BLOCK_LIST.search(reply.body):
        return Refused("blocked-url", "")
    watched = _WATCHED.search(reply.body)
    if watched is not None:
        return Accepted(watched[1].decode("ascii"))
    if reply.status == 509:  # waybackpy pull request 53 and issue 99: too many sessions
        return Refused("user-session-limit", "")
    if reply.status == 401:
        return NoLogin("")
    if reply.status in _NOT_TAKEN:
        return Refused(f"http-{reply.status}", f"the service answers HTTP {reply.status}")
    return Unclear(f"HTTP {reply.status}, and no word of a capture")


def is_timestamp(text: str) -> bool:
    """Tell whether text is the 14 digits of an instant."""
    if len(text) != 14 or not text.isascii() or not text.isdigit():
        return False
    try:
        datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return False
    return True


def _object(body: bytes) -> dict[str, Any] | None:
    value = _decoded(body)
    return value if isinstance(value, dict) else None


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None


def _word(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value.strip().lower() if isinstance(value, str) else ""


def _code(fields: dict[str, Any]) -> str:
    for name in ("status_ext", "exception"):
        value = fields.get(name)
        if isinstance(value, str) and (name == "status_ext" or value.lower().startswith("error:")):
            return bare(value)
    return ""


def _message(fields: dict[str, Any] | None) -> str:
    """Return the archive's sentence, on one line and without credentials."""
    value = (fields or {}).get("message")
    text = " ".join(value.split()) if isinstance(value, str) else ""
    shown = "".join(char if char.isprintable() else "\ufffd" for char in text[: 2 * _LONGEST_DETAIL])
    return mask(shown)[:_LONGEST_DETAIL]


def _count(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
