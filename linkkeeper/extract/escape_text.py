"""Escaping layers of plain text and of the values of front matter."""

import json
import re

from linkkeeper.extract import bare
from linkkeeper.extract.escape_base import Layer, identity

_CONTROL = re.compile(r"[\x00-\x1f\x7f\s]")
"""A value with white space in it would not be read back as one URL."""
_PLAIN_YAML = re.compile(r"[A-Za-z0-9/][^\s#]*(?:#[^\s#]*)*")
_SCHEMED = re.compile(r"(?:https?|ftp)://|mailto:", re.IGNORECASE)


def _is_absolute(text: str) -> bool:
    """Whether this is read as a URL wherever it stands: a relative one would be any other text."""
    return _SCHEMED.match(text) is not None


def _bare(text: str) -> str | None:
    """Only what the scanner reads back whole can stand bare, also where prose follows without a space."""
    if not _is_absolute(text):
        return None
    if any(text.count(opening) != text.count(closing) for opening, closing in ("()", "[]", "{}")):
        return None
    data = text.encode("utf-8", "replace")
    found = next(bare.find(data + bare.PROSE), None)
    return text if found and (found.start, found.end) == (0, len(data)) else None


def _yaml_plain(text: str) -> str | None:
    """A plain scalar (YAML 1.2, 7.3.3): no `: `, no ` #`, nothing that flow collections end at."""
    return (
        text
        if _is_absolute(text)
        and _PLAIN_YAML.fullmatch(text)
        and not text.endswith(":")
        and not re.search(r"[,\[\]{}\x00-\x1f\x7f]", text)
        else None
    )


def _quoted_once(text: str) -> str | None:
    return text.replace("'", "''") if _is_absolute(text) and not _CONTROL.search(text) else None


def _literal(text: str) -> str | None:
    return text if _is_absolute(text) and not _CONTROL.search(text) and "'" not in text else None


def _basic(text: str) -> str | None:
    return text.replace("\\", "\\\\").replace('"', '\\"') if _is_absolute(text) and not _CONTROL.search(text) else None


_ESCAPE = re.compile(
    r'\\(?:u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|["\\/bfnrt])'
)
"""The two halves of a character in UTF-16 are one escape, as in JSON."""
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def _in_quotes(quote: str) -> Layer:
    """A JavaScript string in these quotes (ECMAScript, 12.9.4)."""

    def encode(text: str) -> str | None:
        if _CONTROL.search(text) or any(letter in text for letter in '{}"'):
            return None
        return text.replace("\\", "\\\\").replace(quote, f"\\{quote}")

    return Layer(encode, lambda text: _ESCAPE.sub(_one_escape, text).replace(f"\\{quote}", quote))


def _unbasic(text: str) -> str:
    return _ESCAPE.sub(_one_escape, text)


def _one_escape(match: re.Match[str]) -> str:
    escape = match.group()
    if escape[1] in "Ux":
        code = int(escape[2:], 16)  # noqa: FURB166  # no "0x" here
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
    return _SURROGATE.sub("\ufffd", str(json.loads(f'"{escape}"')))


LAYERS: dict[str, Layer] = {
    "bare": Layer(_bare, identity),
    "yaml-plain": Layer(_yaml_plain, identity),
    "yaml-single": Layer(_quoted_once, lambda text: text.replace("''", "'")),
    "yaml-double": Layer(_basic, _unbasic),
    "js-double": _in_quotes('"'),
    "js-single": _in_quotes("'"),
    "js-template": _in_quotes("`"),
    "toml-basic": Layer(_basic, _unbasic),
    "toml-literal": Layer(_literal, identity),
}
