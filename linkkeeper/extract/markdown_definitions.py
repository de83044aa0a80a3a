"""Link reference definitions that the parser drops: a label defined again (CommonMark 6.3: the first one counts)."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from ahocorasick_rs import BytesAhoCorasick, Implementation

from linkkeeper.extract import needles
from linkkeeper.extract.base import Found
from linkkeeper.extract.markdown_scan import PARSER, definition

_CANDIDATE = re.compile(rb"[ \t>*+\-0-9.)]*(\[(?!\^)((?:[^\\\[\]\r\n]|\\.){1,999})\]:)[^\r\n]*")
_SIGNS = BytesAhoCorasick((b"]:",), implementation=Implementation.DFA)
ELSEWHERE = "\ue000".encode()
"""What stands for the destination of a label that another piece of a long text defines: a character for private use."""
_ELSEWHERE = b" " + ELSEWHERE
_LABEL = "\ue001%d".encode()
"""Of what is shown to the parser in place of a label, so that none is defined again."""


def repeated(source: bytes, text: str, known: list[tuple[int, int]]) -> Iterator[tuple[Found, tuple[int, int]]]:
    """Yield definitions outside the known ranges, as `markdown_scan.definitions` does."""
    starts = {start for start, _ in known}
    rest = [match for match in _candidates(source) if match.start(1) not in starts and match[2].strip()]
    if not rest:
        return
    shown, ends, grown = _with_own_labels(source, rest)
    wanted = {match.start(1) for match in rest}
    try:
        readable = shown.decode()
    except UnicodeDecodeError:  # damaged bytes, which text has none of
        readable = _with_own_labels(text.encode(), rest)[0].decode()
    for one in PARSER.reference_definitions(readable).values():
        start, end = (at - grown[bisect_right(ends, at)] for at in (one["span"]["start"], one["span"]["end"]))
        if start in wanted:
            yield definition(source, start, end, one["dest"]), (start, end)


def _candidates(source: bytes) -> Iterator[re.Match[bytes]]:
    """Yield the lines that look like a definition, ascending. Most lines have no such sign and are passed over."""
    end = 0
    for sign in needles.places(source, _SIGNS, overlapping=False):
        if sign < end:
            continue
        start = source.rfind(b"\n", 0, sign) + 1
        end = source.find(b"\n", sign) + 1 or len(source)
        match = _CANDIDATE.match(source, start)
        if match and not source.startswith(_ELSEWHERE, match.end(1)):
            yield match


def _with_own_labels(source: bytes, matches: list[re.Match[bytes]]) -> tuple[bytes, list[int], list[int]]:
    """Return a text in which each match has a label of its own: what is a definition is one whatever its label.

    Beside it, where these labels end there (ascending), and by how much the text has grown before each and at its end.
    """
    parts: list[bytes] = []
    ends: list[int] = []
    grown = [0]
    end = 0
    for number, match in enumerate(matches):
        label = _LABEL % number
        parts += (source[end : match.start(2)], label)
        end = match.end(2)
        grown.append(grown[-1] + len(label) - len(match[2]))
        ends.append(end + grown[-1])
    return b"".join((*parts, source[end:])), ends, grown
