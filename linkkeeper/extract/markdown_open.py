"""What is still open where a long Markdown text is to be cut: a code fence, an HTML block.

Nearly always a look at the lines that may begin one is enough; where it is not, the parser is asked, which takes as
long as half of reading the text.
"""

import re
from collections.abc import Iterator
from typing import Any

from linkkeeper.extract.markdown_scan import PARSER

FENCE = re.compile(rb" {0,3}(`{3,}|~{3,})[^\r\n]*")
_FENCES = re.compile(rb"\n( {0,3})(`{3,}+|~{3,}+)([^\n]*+)")
_MAY_STAY_OPEN = re.compile(rb"```|~~~|<")
_LASTING = re.compile(rb"<(?:!--|\?|![A-Za-z\[]|(?:script|pre|style|textarea)(?=[\s>]|\Z))", re.IGNORECASE)
"""What may begin an HTML block that blank lines do not end (CommonMark 4.6, kinds 1 to 5)."""
_BLANK_LINE = re.compile(rb"\n[ \t]*+\r?+\n")
_LONGEST_BLOCK = 4096
_MOST = 500
"""Of more fences or comments, the parser tells faster."""


def still_open(data: bytes, start: int, end: int) -> int | None:
    """Return where the code fence or HTML block begins that is open at the end of this piece, or None."""
    piece = data[start:end]
    if not _MAY_STAY_OPEN.search(piece):
        return None
    text = _with_line_end(piece)
    if PARSER.html(text + "# x\n").endswith("<h1>x</h1>\n"):  # half the price of its events
        return None
    begin, _ = last_block(text)
    return start + max(piece.rfind(b"\n", 0, begin), piece.rfind(b"\r", 0, begin)) + 1


def open_behind_blank(data: bytes, start: int, end: int) -> int | None:
    """Return what `still_open` does for a piece that ends with a blank line; the parser is asked only in doubt."""
    opened = _open_fence(data[start:end])
    if opened is None:
        return still_open(data, start, end)
    return start + opened if opened >= 0 else None


def _open_fence(piece: bytes) -> int | None:
    """Return where the fence begins that nothing closes, -1 if all are closed, and None if that is not certain.

    Certain is a fence at the margin: no list or quote holds it, and it opens unless HTML stands right before it.
    """
    if piece.count(b"\r") != piece.count(b"\r\n") or _may_last(piece):
        return None
    begin, opened, text = -1, b"", b"\n" + piece
    for number, match in enumerate(_FENCES.finditer(text)):
        indent, mark, rest = match.groups()
        if number > _MOST or b"\t" in rest:  # the parser lets no fence with a tab behind it close (observed 2026-11)
            return None
        if opened:
            if mark[:1] == opened[:1] and len(mark) >= len(opened) and not rest.strip(b" \r"):
                begin, opened = -1, b""
        elif mark[:1] == b"~" or b"`" not in rest:
            if indent or not _is_behind_text(text, match.start()):
                return None
            begin, opened = match.start(), mark
    return begin


def _may_last(piece: bytes) -> bool:
    """Tell whether there is HTML that may go on after a blank line. Comments that end with their line do not."""
    for number, opener in enumerate(_LASTING.finditer(piece)):
        line = piece.find(b"\n", opener.end())
        end = piece.find(b"-->", opener.end(), line if line >= 0 else len(piece))
        if number > _MOST or end < 0 or opener[0] != b"<!--":
            return True
    return False


def _is_behind_text(text: bytes, fence: int) -> bool:
    """Tell whether no HTML block can hold the line behind: there is no tag between it and a blank line before it."""
    tag = text.rfind(b"<", max(0, fence - _LONGEST_BLOCK), fence)
    if tag < 0:
        return fence <= _LONGEST_BLOCK or _BLANK_LINE.search(text, fence - _LONGEST_BLOCK, fence + 1) is not None
    return _BLANK_LINE.search(text, tag, fence + 1) is not None


def _with_line_end(piece: bytes) -> str:
    text = piece.decode("utf-8", "replace")
    return text if text.endswith(("\n", "\r")) else text + "\n"


def last_block(text: str) -> tuple[int, int]:
    """Return the range of the last block of code or HTML."""
    last = (0, 0)
    events: Iterator[tuple[Any, Any]] = PARSER.events_with_range(text, merge_text=True)
    for event, span in events:
        if event.__class__ is dict and "Start" in event:
            tag = event["Start"]
            if tag == "HtmlBlock" or (tag.__class__ is dict and "CodeBlock" in tag):
                last = (span["start"], span["end"])
    return last


def past_inner_code(data: bytes, start: int, end: int) -> int:
    """Return the end of the fenced code in a list or quote that is open at the end of this piece, or that end."""
    piece = data[start:end]
    if b"```" not in piece and b"~~~" not in piece:
        return end
    text = _with_line_end(piece)
    begin, stop = last_block(text)
    fence = FENCE.match(piece, begin)
    if fence is None or stop < len(text.encode()) - 2:
        return end
    closing = re.compile(
        rb"(?<=[\r\n])(?:[ \t>]*+%b{%d,}[ \t]*+[\r\n]*|(?=[^ \t>\r\n]))" % (fence[1][:1], len(fence[1]))
    )
    match = closing.search(data, end)
    return match.end() if match else len(data)
