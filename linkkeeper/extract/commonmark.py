"""CommonMark's backslash escapes and character references (0.31.2, 2.4 and 2.5), both ways."""

import html.entities
import re

_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])|&(#[0-9]{1,7}|#[Xx][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_REFERENCE = re.compile(r"&(?=(?:#[0-9]{1,7}|#[Xx][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)")
_BACKSLASH = re.compile(r"\\(?=[!-/:-@\[-`{-~]|\Z)")


def unescape(text: str) -> str:
    """Return text with backslash escapes and character references resolved."""
    if "\\" not in text and "&" not in text:
        return text
    return _ESCAPE.sub(_resolve, text)


def _resolve(match: re.Match[str]) -> str:
    if match.group(1):
        return match.group(1)
    name = match.group(2)
    if name[0] != "#":
        return html.entities.html5.get(f"{name};", match.group())
    code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])  # noqa: FURB166  # no "0x" here
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def escape(text: str) -> str:
    """Return text so that `unescape` gives it back: only what would be taken for an escape is touched."""
    return _REFERENCE.sub("&amp;", _BACKSLASH.sub(r"\\\\", text))
