"""What comes from outside, made harmless to look at: control, bidi and invisible characters, credentials."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import msgspec

from linkkeeper.models.run import Run, UrlRow
from linkkeeper.urls.secrets import mask

_LOG_COMMAND = re.compile(r"##(?=[A-Za-z]*\[)")
"""`##[error]`, `##vso[…]`, `##teamcity[…]`: CI logs obey these anywhere in a line."""
_LOG_LINE = re.compile(r"^(\s*):(?=:)", re.MULTILINE)
"""`::error::` at the start of a line, after white space: GitHub's and Forgejo's commands."""
_NOT_IN_JSON = re.compile(
    r"[\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff"
    r"\U000e0000-\U000e0fff]|##(?=[A-Za-z]*\[)"
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
    """Return text in which no line begins with `::`, which a CI runner would take for a command."""
    return _LOG_LINE.sub(r"\1\\x3a", text)


def json_text(text: str) -> str:
    """Return JSON text with invisible characters (and log commands) as `\\u….` escapes: same data, safe to show.

    Outside strings JSON has only ASCII, so replacing them wherever they stand cannot change its meaning.
    """
    return _NOT_IN_JSON.sub(_json_escape, text)


def _json_escape(found: re.Match[str]) -> str:
    units = found.group().encode("utf-16-be")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))


def without_surrogates(text: str) -> str:
    """Return text that can be encoded: a lone surrogate (a byte of a file name that is not UTF-8) as `\\udcff`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def masked(run: Run) -> Run:
    """Return run as it may leave this machine: credentials as `***`, every string encodable."""
    return msgspec.convert(_walk(msgspec.to_builtins(run), _MaskOnce()), Run)


def masked_row(row: UrlRow) -> UrlRow:
    """Return one row of a run, masked like the whole."""
    return msgspec.convert(_walk(msgspec.to_builtins(row), _MaskOnce()), UrlRow)


def shown(run: Run) -> Run:
    """Return `masked(run)` with every string `visible`, for reports that people read."""
    mask_once = _MaskOnce()
    return msgspec.convert(_walk(msgspec.to_builtins(run), lambda text: visible(mask_once(text))), Run)


class _MaskOnce:
    """Masks each distinct string once: a run repeats its files, rules and details."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        done = self._known.get(text)
        if done is None:
            done = self._known[text] = without_surrogates(mask(text))
        return done


def _walk(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_walk(item, change) for item in value]
    if isinstance(value, dict):
        return {change(key): _walk(item, change) for key, item in value.items()}
    return value
