"""The labels that a long Markdown text defines, and which of them a piece of it needs."""

import re
from collections.abc import Iterator

from ahocorasick_rs import BytesAhoCorasick, Implementation

from linkkeeper.extract import needles
from linkkeeper.extract.markdown_definitions import ELSEWHERE
from linkkeeper.extract.pieces import LINE_END

_LABEL = rb"\[((?:[^\\\[\]\r\n]|\\.){1,999}+)\]"
DEFINITION = re.compile(rb"(?:\A|(?<=[\r\n]))[ \t>*+\-0-9.)]*+%b:" % _LABEL)
"""What looks like a link reference definition or a note."""
_USE = re.compile(rb"\[((?:[^\\\[\]]++|\\.){1,999}+)\](?!\()", re.DOTALL)
_NO_PARAGRAPH_BEFORE = re.compile(rb"%b(?:[ \t>]*+|#{1,6} [^\r\n]*+)%b\Z" % (LINE_END, LINE_END))
_NEXT_LINE = re.compile(rb"%b(?=[^\r\n])" % LINE_END)
_SIGNS = BytesAhoCorasick((b"]:",), implementation=Implementation.DFA)
_MOST_LABELS = 200_000


def defined(data: bytes) -> frozenset[bytes]:
    """Return the labels of link reference definitions and notes: a line within a paragraph is none."""
    found: set[bytes] = set()
    after = 0
    for match, end in _lines(data):
        start = match.start()
        if start != after and data[start - 2 : start] != b"\n\n" and not _is_behind_none(data, start):
            continue
        after = end
        found.add(_normal(match[1]))
        if len(found) >= _MOST_LABELS:
            break
    return frozenset(found)


def _is_behind_none(data: bytes, start: int) -> bool:
    """Tell whether no paragraph ends right before a line."""
    return _NO_PARAGRAPH_BEFORE.search(data, max(0, start - 80), start) is not None


def _lines(data: bytes) -> Iterator[tuple[re.Match[bytes], int]]:
    """Yield what looks like a definition, ascending, and where the line after it begins.

    Lines without the sign of one, nearly all, are passed over.
    """
    end = 0
    for sign in needles.places(data, _SIGNS, overlapping=False):
        if sign < end:
            continue
        start, end = data.rfind(b"\n", 0, sign) + 1, data.find(b"\n", sign) + 1 or len(data)
        if data.find(b"\r", start, max(start, end - 2)) >= 0:  # several lines
            for one in DEFINITION.finditer(data, start, end):
                line = _NEXT_LINE.search(data, one.end())
                yield one, line.end() if line else len(data)
        elif match := DEFINITION.match(data, start, end):
            yield match, end


def _normal(label: bytes) -> bytes:
    """Return what is equal for labels that match (CommonMark 0.31.2, 4.7)."""
    plain = b" ".join(label.split())
    return plain.lower() if plain.isascii() else plain.decode("utf-8", "replace").casefold().encode()


def wanted(data: bytes, start: int, end: int, labels: frozenset[bytes]) -> bytes:
    """Return definitions of the labels that a piece names and the rest of the text defines."""
    if not labels:
        return b""
    named = {_normal(label): label for label in dict.fromkeys(_USE.findall(data, start, end))}
    missing = [label for normal, label in named.items() if normal in labels]
    return b"".join(b"\n\n[%b]: %b\n" % (b" ".join(label.split()), ELSEWHERE) for label in missing)
