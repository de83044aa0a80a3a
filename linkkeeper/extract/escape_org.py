"""Escaping layers of Org: a backslash before a bracket."""

import re

from linkkeeper.extract.escape_base import Layer, identity

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPED = re.compile(r"\\+(?=[\[\]]|\Z)")
_BRACKET = re.compile(r"(\\*)([\[\]]|\Z)")


def _target(text: str) -> str | None:
    """Backslashes are doubled where they stand before a bracket or the end (Org manual, 4.1)."""
    if not text or _CONTROL.search(text) or text != text.strip() or text[0] in "#*":
        return None
    return _BRACKET.sub(lambda match: match[1] * 2 + (f"\\{match[2]}" if match[2] else ""), text)


def _from_target(text: str) -> str:
    return _ESCAPED.sub(lambda match: "\\" * (len(match[0]) // 2), text)


def _angle(text: str) -> str | None:
    return None if not text or _CONTROL.search(text) or re.search(r"[<>\s]", text) else text


LAYERS: dict[str, Layer] = {"org-target": Layer(_target, _from_target), "org-angle": Layer(_angle, identity)}
"""`[[URL][text]]` and `<URL>`."""
