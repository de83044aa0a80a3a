"""What comes from outside, made harmless to look at: control, bidi and invisible characters, credentials."""

import operator
import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, structs

from linkkeeper.models.run import Run, UrlRow
from linkkeeper.urls.secrets import mask

T = TypeVar("T")

_LONGEST = 4000
"""Characters; more than browsers and servers take in a URL."""
_LOG_COMMAND = re.compile(r"##(?=[A-Za-z]*\[)")
"""`##[error]`, `##vso[…]`, `##teamcity[…]`: CI logs obey these anywhere in a line."""
_LOG_LINE = re.compile(r"^(\s*):(?=:)", re.MULTILINE)
"""`::error::` at the start of a line, after white space: GitHub's and Forgejo's commands."""
_NOT_IN_JSON = re.compile(
    r"[\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ue000-\uf8ff\ufeff"
    r"\ufff0-\uffff\U000e0000-\U0010ffff]|##(?=[A-Za-z]*\[)"
)


def visible(text: str) -> str:
    """Return text on one line in which every character can be seen: the others as `\\x1b`, `\\u202e`.

    Controls, line ends, bidi overrides, zero-width and tag characters, lone surrogates, private and
    unassigned code points. Spaces of other scripts stay. Log commands (`##[`) are broken up.
    """
    if not text.isprintable():
        text = "".join(char if _can_be_seen(char) else _escaped(char) for char in text)
    return _LOG_COMMAND.sub("#\\\\x23", text) if "##" in text else text


def _can_be_seen(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _escaped(char: str) -> str:
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def log_lines(text: str) -> str:
    """Return text in which no line begins with `::` and nothing reads `##[`: CI runners take them for commands."""
    text = _LOG_LINE.sub(r"\1\\x3a", text)
    return _LOG_COMMAND.sub("#\\\\x23", text) if "##" in text else text


def json_text(text: str) -> str:
    """Return JSON text with invisible characters (and log commands) as `\\u….` escapes: same data, safe to show.

    Outside strings JSON has only ASCII, so replacing them wherever they stand cannot change its meaning.
    """
    if text.isascii() and "\x7f" not in text and ("#" not in text or "##" not in text):
        return text
    return _NOT_IN_JSON.sub(_json_escape, text)


def _json_escape(found: re.Match[str]) -> str:
    units = found.group().encode("utf-16-be")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))


def without_surrogates(text: str) -> str:
    """Return text that can be encoded: a lone surrogate (a byte of a file name that is not UTF-8) as `\\udcff`."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def toml_text(text: str) -> str:
    """Return text as a TOML basic string (TOML 1.0), quotes included: what cannot be seen is escaped."""
    return '"' + "".join(map(_toml, without_surrogates(text))) + '"'


def _toml(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable() or char == "\u3000":
        return char
    code = ord(char)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


_ENCODER = msgspec.json.Encoder()
_PIECE = 64
MARKS = (b"@", b"=", b"%")
"""Without any of these there is no user information and no parameter, escaped or not: `mask` changes nothing."""


def masked(run: Run) -> Run:
    """Return run as it may leave this machine: credentials as `***`, every string encodable."""
    texts = _Once(_masked_text)
    rows: list[UrlRow] = []
    for start in range(0, len(run.urls), _PIECE):
        piece = run.urls[start : start + _PIECE]
        rows += piece if _surely_harmless(piece) else _masked_rows(piece, texts)
    return structs.replace(_changed(structs.replace(run, urls=[]), texts), urls=rows)


def _surely_harmless(rows: list[UrlRow]) -> bool:
    """Say whether nothing in these rows can be masked: quick, for most are so. False where that is not sure."""
    return bool(_harmless_json(rows))


def _harmless_json(rows: list[UrlRow]) -> bytes:
    """Return rows as JSON lines if nothing in them can be masked; else, or where that is not sure, nothing."""
    try:
        data = _ENCODER.encode_lines(rows)
    except UnicodeEncodeError:  # half a UTF-16 pair
        return b""
    at, equals, percent = MARKS
    return b"" if at in data or equals in data or percent in data else data


def _masked_rows(rows: list[UrlRow], texts: "_Once") -> list[UrlRow]:
    return [row if _surely_harmless([row]) else _walk(row, texts) for row in rows]


def json_line(row: UrlRow) -> bytes:
    """Return one row as `json_lines` does."""
    return _harmless_json([row]) or json_lines([row])


def json_lines(rows: list[UrlRow]) -> bytes:
    """Return rows as JSON objects, each with a line feed behind it and none within, masked like the whole run."""
    texts = _Once(_masked_text)
    pieces = [rows[start : start + _PIECE] for start in range(0, len(rows), _PIECE)]
    return b"".join([_harmless_json(piece) or _ENCODER.encode_lines(_masked_rows(piece, texts)) for piece in pieces])


def masked_value(value: Any) -> Any:
    """Return data of plain types with every string masked."""
    return _walk(value, _Once(_masked_text))


def shown(value: T) -> T:
    """Return a run, or a part of one, masked, with every string `visible` and none endless: for people to read."""
    return _changed(value, _Once(lambda text: visible(shortened(_masked_text(text)))))


def shortened(text: str) -> str:
    """Return text with the middle left out where nobody would read it: a picture in a `data:` URL."""
    left_out = len(text) - _LONGEST
    return text if left_out <= 0 else f"{text[: _LONGEST - 100]}[… {left_out:,} characters …]{text[-100:]}"


def _masked_text(text: str) -> str:
    return without_surrogates(mask(text))


class _Once(dict[str, str]):
    """Changes each distinct string once: a run repeats its files, rules and details."""

    def __init__(self, change: Callable[[str], str]) -> None:
        super().__init__()
        self._change = change

    def __missing__(self, text: str) -> str:
        done = self._change(text)
        self[text] = done = text if done == text else done  # the same object: what holds it can stay as it is
        return done


def _changed(value: T, texts: _Once) -> T:
    """Return value with every string in it changed, however deep; what has none to change is returned as it is."""
    changed: T = _walk(value, texts)
    return changed


def _walk(value: Any, texts: _Once) -> Any:
    kind = type(value)
    if kind is str:
        return texts[value]
    if kind is list or kind is tuple:
        items = [_walk(item, texts) for item in value]
        return kind(items) if any(map(operator.is_not, items, value)) else value
    if kind is dict:
        return {_walk(key, texts): _walk(item, texts) for key, item in value.items()}
    return _walk_struct(value, texts) if isinstance(value, Struct) else value


def _walk_struct(value: Struct, texts: _Once) -> Struct:
    """Return a struct whose strings are changed. Numbers, moments and most lists need no look: there are many."""
    changes: dict[str, Any] = {}
    for name in _open_fields(type(value)):
        old = getattr(value, name)
        if old:
            new = texts[old] if type(old) is str else _walk(old, texts)
            if new is not old:
                changes[name] = new
    return structs.replace(value, **changes) if changes else value


@cache
def _open_fields(kind: type[Struct]) -> tuple[str, ...]:
    """Return the fields of a struct that can hold text."""
    closed = {int, bool, float, datetime, date, datetime | None, date | None, int | None}
    return tuple(
        item.name
        for item in structs.fields(kind)
        if item.type not in closed and not (isinstance(item.type, type) and issubclass(item.type, Enum))
    )
