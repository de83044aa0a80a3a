"""Where the constructs of a Markdown text end: behind them another link may stand. Pure."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from linkkeeper.extract.markdown_scan import PARSER

_ATTRIBUTES = re.compile(rb"\{(?![{%])[^{}\r\n]{0,500}\}")
"""Attributes that belong to the construct before them (kramdown, Pandoc)."""
_REFERENCES = frozenset({"Reference", "Collapsed", "Shortcut"})


class Construct(Struct, frozen=True):
    """An outermost link, image or autolink."""

    start: int
    end: int
    """After what belongs to it: `[]` of a collapsed reference, attributes in braces."""
    in_table: bool


class Constructs:
    """The links of a Markdown text, as far as they are constructs of its own. Offsets are bytes of source."""

    def __init__(self, source: bytes) -> None:
        """source is UTF-8 without byte order mark and front matter."""
        self._source = source
        self._all: list[Construct] = []
        self._uses: dict[str, list[Construct]] = {}
        self._labels: list[tuple[int, int, str]] = []
        self.code: list[tuple[int, int]] = []
        """Ranges of code, inline and in blocks: no HTML stands in them."""
        self._read(source.decode("utf-8", "replace"))
        self._starts = [construct.start for construct in self._all]

    def around(self, offset: int) -> Construct | None:
        """Return the outermost construct that holds the byte at offset."""
        number = bisect_right(self._starts, offset) - 1
        return self._all[number] if number >= 0 and offset < self._all[number].end else None

    def uses(self, offset: int) -> list[Construct] | None:
        """Return the constructs that refer to the definition that holds the byte at offset; None if none does."""
        number = bisect_right(self._labels, offset, key=lambda one: one[0]) - 1
        if number < 0 or offset >= self._labels[number][1]:
            return None
        return self._uses.get(self._labels[number][2], [])

    def _read(self, text: str) -> None:
        depth, labels, table_end = 0, set[str](), 0
        events: Iterable[tuple[Any, Any]] = PARSER.events_with_range(text, merge_text=True)
        for event, span in events:
            opened, closed = (event.get("Start"), event.get("End")) if isinstance(event, dict) else (None, None)
            started: tuple[str, Any] = next(iter(opened.items())) if isinstance(opened, dict) else ("", None)
            name, value = started
            if name == "CodeBlock" or (isinstance(event, dict) and "Code" in event):
                self.code.append((span["start"], span["end"]))
            elif name == "Table":
                table_end = span["end"]
            elif name in ("Link", "Image"):
                depth += 1
                if value["link_type"] in _REFERENCES:
                    labels.add(_label(value["id"]))
            elif closed in ("Link", "Image"):
                depth -= 1
                if depth == 0:
                    self._add(span["start"], span["end"], span["start"] < table_end, labels)
                    labels = set()
        for label, known in PARSER.reference_definitions(text).items():
            self._labels.append((known["span"]["start"], known["span"]["end"], _label(label)))
        self._labels.sort()

    def _add(self, start: int, end: int, in_table: bool, labels: set[str]) -> None:
        if labels and self._source.startswith(b"[]", end):
            end += 2
        attributes = _ATTRIBUTES.match(self._source, end)
        construct = Construct(start, attributes.end() if attributes else end, in_table)
        self._all.append(construct)
        for label in labels:
            self._uses.setdefault(label, []).append(construct)


def _label(text: str) -> str:
    """Return a label as labels are compared (CommonMark 6.3)."""
    return " ".join(text.casefold().split())
