"""Escaping layers of Markdown."""

import re

from linkkeeper.extract import bare
from linkkeeper.extract.commonmark import escape, unescape
from linkkeeper.extract.escape_base import Layer, identity

_NOT_BARE = re.compile(r"[\x00-\x20\x7f]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_AUTOLINK = re.compile(r"[A-Za-z][A-Za-z0-9.+-]{1,31}:[^\x00-\x20\x7f<>]*")


def _destination(text: str) -> str | None:
    """Without angle brackets (CommonMark 6.3): no white space, brackets escaped. A backtick would open code."""
    if not text or _NOT_BARE.search(text) or "\ufffd" in text:
        return None
    escaped = escape(text).replace("<", "&lt;").replace("`", "&#96;")
    return escaped if _balanced(text) else escaped.replace("(", "\\(").replace(")", "\\)")


def _balanced(text: str) -> bool:
    depth = deepest = 0
    for character in text:
        if character in "()":
            depth += 1 if character == "(" else -1
            deepest = max(deepest, depth)
            if depth < 0:
                return False
    return depth == 0 and deepest <= 30


def _angle(text: str) -> str | None:
    """Between angle brackets: a space may stand, angle brackets are escaped. Controls are no part of a URL."""
    if _CONTROL.search(text) or "\ufffd" in text:
        return None
    return escape(text).replace("<", "&lt;").replace(">", "&gt;").replace("`", "&#96;")


def _autolink(text: str) -> str | None:
    """Autolinks know no escapes (CommonMark 6.5)."""
    return text if _AUTOLINK.fullmatch(text) else None


def _bare(text: str) -> str | None:
    """Brackets must be even, or those around the URL would be taken for its partners, and make no link of their own."""
    if "](" in text or "][" in text or any(text.count(one) != text.count(other) for one, other in ("()", "[]", "{}")):
        return None
    written = escape(text)
    data = written.encode("utf-8", "replace")
    found = next(bare.find(data + bare.PROSE, escapes=True), None)
    return written if found and (found.start, found.end) == (0, len(data)) else None


def _in_jsx(text: str) -> str | None:
    """A brace opens an expression of MDX."""
    return None if "{" in text else text


LAYERS: dict[str, Layer] = {
    "md-destination": Layer(_destination, unescape),
    "md-angle": Layer(_angle, unescape),
    "md-autolink": Layer(_autolink, identity),
    "md-bare": Layer(_bare, unescape),
    "md-jsx": Layer(_in_jsx, identity),
    "md-table": Layer(lambda text: text.replace("|", "\\|"), lambda text: text.replace("\\|", "|")),
}
