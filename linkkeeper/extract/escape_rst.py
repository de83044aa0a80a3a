"""Escaping layers of reStructuredText: a backslash before punctuation, white space in a URI means nothing."""

import re

from linkkeeper.extract import bare
from linkkeeper.extract.escape_base import Layer

_CONTROL = re.compile(r"[\x00-\x1f\x7f]|[^\S ]")
"""White space other than a space cannot be kept in a URI: docutils drops it even when it is escaped."""
_ESCAPED_SPACE = re.compile(r"(?<!\\)((?:\\\\)*)\\[ \t\r\n]")
_ESCAPE = re.compile(r"\\([\s\S])")
_KEPT_SPACE = "\ue000"
_SPECIAL_IN_TEXT = re.compile(r"[*`|]|_(?![A-Za-z0-9])")
_PART = r"[-_.!~*'()\[\];/:@&=+$,%a-zA-Z0-9`|]*[~/=+a-zA-Z0-9]"
_BARE = re.compile(rf"(?:https?|ftp)://{_PART}(?:\?{_PART})?(?:#{_PART})?", re.IGNORECASE)
"""As docutils reads it (`rst_inline`): each part ends with one of few characters."""


def _uri(text: str) -> str:
    """Drop white space unless it is escaped, then resolve escapes (docutils' parse_target)."""
    kept = _ESCAPED_SPACE.sub(rf"\1{_KEPT_SPACE}", text)
    return _ESCAPE.sub(r"\1", "".join(kept.split())).replace(_KEPT_SPACE, " ")


def _target(text: str) -> str | None:
    if not text or _CONTROL.search(text) or text != text.strip():
        return None
    escaped = text.replace("\\", "\\\\").replace(" ", "\\ ")
    return escaped[:-1] + "\\_" if escaped.endswith("_") else escaped


def _embedded(text: str) -> str | None:
    escaped = _target(text)
    return None if escaped is None else re.sub(r"[`<>]", r"\\\g<0>", escaped)


def _argument(text: str) -> str | None:
    return None if not text or _CONTROL.search(text) or text != text.strip() else _spaced(text)


def _spaced(text: str) -> str:
    return text.replace("\\", "\\\\").replace(" ", "\\ ")


def _bare(text: str) -> str | None:
    if not _BARE.fullmatch(text):
        return None
    written = _SPECIAL_IN_TEXT.sub(r"\\\g<0>", text)
    found = next(bare.find(written.encode() + bare.PROSE, escapes=True), None)  # some hosts are none: `a_b.c`
    return written if found and found.start == 0 else None


LAYERS: dict[str, Layer] = {
    "rst-target": Layer(_target, _uri),
    "rst-embedded": Layer(_embedded, _uri),
    "rst-argument": Layer(_argument, _uri),
    "rst-bare": Layer(_bare, lambda text: _ESCAPE.sub(r"\1", text)),
}
"""`.. _name: URL`, `` `text <URL>`_ ``, `.. image:: URL`, and a URL standing alone in text."""
