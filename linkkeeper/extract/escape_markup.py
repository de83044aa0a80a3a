"""Escaping layers of HTML, CSS, JSON, XML and CSV."""

import re
from collections.abc import Callable, Mapping

from linkkeeper.extract import css, entities, json_ld
from linkkeeper.extract.escape_base import Layer, identity
from linkkeeper.extract.unescaped import Unescaped

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_WHOLE_VALUE = re.compile(r"(?:https?|ftp)://[^\s<>\"\x00-\x1f\x7f]+", re.IGNORECASE)
_ABSOLUTE = re.compile(r"(?:https?:)?//[^\s/]", re.IGNORECASE)
"""What is read as a URL in JSON-LD: any other text may stand there, too."""
_SPACE = re.compile(r"[\t\n\f\r ]")
_TRIMMED = "".join(map(chr, range(0x21)))
_IGNORED = str.maketrans("", "", "\t\n\r")
_HTML_ANY = {"&": "&amp;"}
_HTML_UNQUOTED = {
    "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "=": "&#61;", "`": "&#96;", " ": "&#32;",
}  # fmt: skip
_XML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_CSS = {"\\": "\\\\", "<": "\\3c "}
_CSS_UNQUOTED = _CSS | {character: f"\\{character}" for character in "\"'() "}


def _escaping(table: Mapping[str, str], forbidden: re.Pattern[str] = _CONTROL) -> Callable[[str], str | None]:
    """Return an encoder that replaces characters by a table and refuses what a pattern finds."""
    translation = str.maketrans(dict(table))

    def encode(text: str) -> str | None:
        return None if forbidden.search(text) else text.translate(translation)

    return encode


def _untrimmed(encode: Callable[[str], str | None]) -> Callable[[str], str | None]:
    """Readers trim white space around the URL, however it is written: what has such cannot be expressed."""
    return lambda text: None if text != text.strip(_TRIMMED) else encode(text)


def _attribute(table: Mapping[str, str]) -> Callable[[str], str | None]:
    """Browsers drop line breaks in URL attributes, too."""
    return _untrimmed(_escaping(table))


def _decoded(decode: Callable[[bytes], Unescaped]) -> Callable[[str], str]:
    return lambda text: decode(text.encode("utf-8", "replace")).data.decode("utf-8", "replace")


_references = _decoded(entities.attribute)


def _from_attribute(text: str) -> str:
    return _references(text.replace("\0", "\ufffd")).strip(_TRIMMED).translate(_IGNORED)


def _srcset(text: str) -> str | None:
    return None if text[:1] == "," or text[-1:] == "," else _word(text)


def _word(text: str) -> str | None:
    return None if not text or _SPACE.search(text) else text


def _style(table: Mapping[str, str]) -> Callable[[str], str | None]:
    """`#id` points into the document itself: it is read as no link. The space behind an escape would be trimmed."""
    escaping = _untrimmed(_escaping(table))

    def encode(text: str) -> str | None:
        written = escaping(text) if text and text[0] != "#" else None
        return written.removesuffix(" ") if written and text[-1] == "<" else written

    return encode


def _refresh(text: str) -> str | None:
    return None if not text or text[0] in "\"' " or text[:3].lower() == "url" else text


def _without(character: str) -> Callable[[str], str | None]:
    return lambda text: None if character in text or not text else text


def _csv_plain(text: str) -> str | None:
    return None if _CONTROL.search(text) or any(mark in text for mark in '",;|') else text


def _whole(text: str) -> str | None:
    return text if _WHOLE_VALUE.fullmatch(text) else None


def _json_ld(text: str) -> str | None:
    return _in_json(text) if _ABSOLUTE.match(text) else None


_in_json = _escaping({"\\": "\\\\", '"': '\\"', "<": "\\u003c"})
_css = _decoded(css.decode)
_json = _decoded(json_ld.decode)
_xml = _decoded(entities.xml)
LAYERS: dict[str, Layer] = {
    "html-double": Layer(_attribute(_HTML_ANY | {'"': "&quot;"}), _from_attribute),
    "html-single": Layer(_attribute(_HTML_ANY | {"'": "&#39;"}), _from_attribute),
    "html-unquoted": Layer(lambda text: _attribute(_HTML_UNQUOTED)(text) or None, _from_attribute),
    "srcset": Layer(_srcset, identity),
    "url-list": Layer(_word, identity),
    "refresh": Layer(_refresh, identity),
    "refresh-double": Layer(_without('"'), identity),
    "refresh-single": Layer(_without("'"), identity),
    "css-url": Layer(_style(_CSS_UNQUOTED), _css),
    "css-double": Layer(_style(_CSS | {'"': '\\"'}), _css),
    "css-single": Layer(_style(_CSS | {"'": "\\'"}), _css),
    "json": Layer(_in_json, _json),
    "json-ld": Layer(_json_ld, _json),
    "xml-text": Layer(_attribute(_XML), _xml),
    "xml-double": Layer(_attribute(_XML | {'"': "&quot;"}), _xml),
    "xml-single": Layer(_attribute(_XML | {"'": "&apos;"}), _xml),
    "xml-cdata": Layer(_untrimmed(_without("]]>")), identity),
    "whole": Layer(_whole, identity),
    "csv-plain": Layer(_csv_plain, identity),
    "csv-quoted": Layer(_escaping({'"': '""'}), lambda text: text.replace('""', '"')),
}
"""`html-*` and `xml-*` by the quotes around an attribute value; the `css-*` and `refresh-*` likewise.

`whole` is all of a value in a data file.
"""
