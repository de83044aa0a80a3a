"""Escaping layers of AsciiDoc. It has no escape inside a URL: what its replacements would touch cannot be expressed."""

import re

from linkkeeper.extract.escape_base import Layer, identity
from linkkeeper.extract.escape_text import LAYERS as TEXT

_RISKY = re.compile(
    r"\A:|[\s\x00-\x20\x7f\[\]<>{}\\\"|]|__|\*\*|##|``|\+\+"
    r"|(?<![A-Za-z0-9])[_*+`]|\^\S*\^|~\S*~|[A-Za-z0-9]'[A-Za-z]"
)
"""Formatting marks and typographic replacements, which come before macros (Asciidoctor's substitution order)."""
_ABSOLUTE = re.compile(r"(?:https?|ftp|irc|file)://[^\s]*[^\s,.?!)]\Z", re.IGNORECASE)
_SCHEME = re.compile(r"(?:https?|ftp)://", re.IGNORECASE)
_REPLACED = r"\.\.\.|(?<=\w)--(?=\w)|\((?:C|R|TM)\)"
_TO_ESCAPE = re.compile(_REPLACED)
_TYPOGRAPHIC = re.compile(rf"\\(\{{\w|\.\.\.|--|\((?:C|R|TM)\))|{_REPLACED}")
_BECOMES = {"...": "\u2026\u200b", "--": "\u2014\u200b", "(C)": "\u00a9", "(R)": "\u00ae", "(TM)": "\u2122"}
"""What Asciidoctor writes for these, in URLs too: such a link is broken for its readers."""


def _plain(text: str) -> str | None:
    return None if not text or _RISKY.search(text) else _TO_ESCAPE.sub(r"\\\g<0>", text)


def _bare(text: str) -> str | None:
    if not _ABSOLUTE.match(text) or text[-1] in ";:" or (not text.isascii() and TEXT["bare"].encode(text) is None):
        return None
    return _plain(text)


def _value(text: str) -> str | None:
    """A relative URL would be any other text."""
    return _plain(text) if _SCHEME.match(text) else None


def _autolink(text: str) -> str | None:
    return _plain(text) if _ABSOLUTE.match(text + "x") else None


def _passed(text: str) -> str | None:
    return None if not text or re.search(r"[\s\x00-\x20\x7f{]|\+\+|\A\+|\+\Z", text) else text


def _option(text: str) -> str | None:
    return None if "," in text or "'" in text else _plain(text)


def _media(text: str) -> str | None:
    """Nothing is replaced in a block macro but attributes."""
    return None if not text or re.search(r"[\s\x00-\x20\x7f\[\]{},\"']", text) else text


def _decoded(text: str) -> str:
    """Do what the substitution of replacements does (Asciidoctor: before macros)."""
    return _TYPOGRAPHIC.sub(lambda match: match[1] or _BECOMES[match[0]], text)


LAYERS: dict[str, Layer] = {
    "asciidoc-target": Layer(_plain, _decoded),
    "asciidoc-value": Layer(_value, _decoded),
    "asciidoc-autolink": Layer(_autolink, _decoded),
    "asciidoc-bare": Layer(_bare, _decoded),
    "asciidoc-pass": Layer(_passed, identity),
    "asciidoc-attribute": Layer(_option, _decoded),
    "asciidoc-media": Layer(_media, identity),
}
"""`link:URL[]`, `:u: URL`, `URL[label]`, a URL alone, `link:++URL++[]`, `link=URL` of an image, and `image::URL[]`."""
