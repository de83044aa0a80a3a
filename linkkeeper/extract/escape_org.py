"""Escaping layers of Org: a backslash before a bracket."""

import re

from linkkeeper.extract.escape_base import Layer, identity

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPED = re.compile(r"\\+(?=[\[\]]|\Z)")
_WEB = re.compile(r"(?:https?|ftp)://|mailto:", re.IGNORECASE)
_FILE = re.compile(r"\.{0,2}/|~")
_BRACKET = re.compile(r"(\\*)([\[\]]|\Z)")


def _target(text: str) -> str | None:
    """Backslashes are doubled where they stand before a bracket or the end (Org manual, 4.1)."""
    if _CONTROL.search(text) or text != text.strip() or "  " in text:
        return None
    if not _WEB.match(text) and (not _FILE.match(text) or "::" in text):
        return None  # a headline to search for, in this file or, behind two colons, in another
    return _BRACKET.sub(lambda match: match[1] * 2 + (f"\\{match[2]}" if match[2] else ""), text)


def _from_target(text: str) -> str:
    return _ESCAPED.sub(lambda match: "\\" * (len(match[0]) // 2), text)


def _angle(text: str) -> str | None:
    return None if not _WEB.match(text) or _CONTROL.search(text) or re.search(r"[<>\s]", text) else text


LAYERS: dict[str, Layer] = {"org-target": Layer(_target, _from_target), "org-angle": Layer(_angle, identity)}
"""`[[URL][text]]` and `<URL>`."""
