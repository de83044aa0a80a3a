"""What is still open where a long Markdown text is to be cut: a code fence, an HTML block.

Nearly always a look at the lines that may begin one is enough; where it is not, the parser is asked, which takes as
long as half of reading the text.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import Any

from ahocorasick_rs import BytesAhoCorasick, Implementation

from linkkeeper.extract import needles
from linkkeeper.extract.markdown_scan import PARSER

FENCE = re.compile(rb" {0,3}(`{3,}|~{3,})[^\r\n]*")
_LASTING = rb"<!--|<\?|<![a-z\[]|<(?:script|pre|style|textarea)(?=[\s>]|\Z)"
"""What may begin an HTML block that blank lines do not end (CommonMark 4.6, kinds 1 to 5)."""
_OPENER = re.compile(rb"\n( {0,3})(?:(`{3,}+|~{3,}+)([^\n]*+)|(%b))" % _LASTING, re.IGNORECASE)
_HTML = [bytes((0x3C, *two)) for word in (b"Ss Cc", b"Pp Rr", b"Ss Tt", b"Tt Ee") for two in product(*word.split())]
_FINDER = BytesAhoCorasick((b"```", b"~~~", b"<!", b"<?", *_HTML), implementation=Implementation.DFA)
"""A search for all of this at once reads 10 GB/s, one for three bytes 1 GB/s."""
_MAY_STAY_OPEN = re.compile(rb"```|~~~|<")
_HTML_ENDS = {b"!-": re.compile(rb"-->"), b"?": re.compile(rb"\?>")}
_ELEMENT_END = re.compile(rb"</(?:script|pre|style|textarea)>", re.IGNORECASE)
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
    if not needles.any_in(data, _FINDER, start, end) and data.find(b"\r", start, end) < 0:
        return None
    opened = _open_block(b"\n" + data[start:end])
    if opened is None:
        return still_open(data, start, end)
    return start + opened if opened >= 0 else None


def _open_block(text: bytes) -> int | None:
    """Return where the fence or HTML block begins that nothing closes, -1 if all are closed, and None if that is not
    certain. The text has a line end before it.

    Certain is what begins behind a blank line or other text, not within HTML. At the margin no list or quote holds it;
    further in, one may: then it must end, whoever holds it, before a line that stands further out.
    """
    if text.find(b"\r") >= 0 and text.count(b"\r") != text.count(b"\r\n"):
        return None
    position = tries = 0
    for sign in needles.places(text, _FINDER, overlapping=False):
        if sign < position or (opener := _opener(text, sign)) is None:
            continue
        indent, mark, rest, _ = opener.groups()
        if mark and mark[:1] == b"`" and b"`" in rest:
            continue
        tries += 1
        end = _fence_end(text, opener) if mark else _html_end(text, opener)
        if end is None or not _is_behind_text(text, opener.start()):
            return None
        if tries > _MOST or (indent and (end < 0 or _is_left(text, len(indent), opener.end(), end))):
            return None
        if end < 0:
            return opener.start()
        position = end
    return -1


def _opener(text: bytes, sign: int) -> re.Match[bytes] | None:
    """Return what begins a line, and the line end before it, if it may begin a fence or HTML block."""
    line = text.rfind(b"\n", max(0, sign - 4), sign)
    return _OPENER.match(text, line) if line >= 0 else None


@lru_cache(64)
def _closing(mark: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"\n {0,3}%b{%d,}+([ \t]*+)\r?(?=\n|\Z)" % (mark[:1], len(mark)))


def _fence_end(text: bytes, opener: re.Match[bytes]) -> int | None:
    """Return where the line ends that closes a fence; -1: none does; None: that is not certain."""
    mark = opener[2]
    closing = _closing(mark).search(text, opener.end())
    if closing is None:
        return -1
    # the parser lets no fence with a tab behind it close (observed 2026-11)
    return None if b"\t" in closing[1] else closing.end()


def _html_end(text: bytes, opener: re.Match[bytes]) -> int | None:
    """Return where the line ends with which an HTML block does; -1: none does; None: that is not certain."""
    ending = _HTML_ENDS.get(opener[4][1:3], None if opener[4][1:2] == b"!" else _ELEMENT_END)
    if ending is None or text[opener.end() : opener.end() + 1] in (b">", b"-", b"?"):  # `<!-->`, `<!--->`, `<?>`
        return None
    match = ending.search(text, opener.end())
    if match is None:
        return -1
    line = text.find(b"\n", match.end())
    return line if line >= 0 else len(text)


def _is_left(text: bytes, indent: int, start: int, end: int) -> bool:
    """Tell whether a line begins between the offsets that stands further out than so many spaces."""
    return re.compile(rb"\n {0,%d}[^ \t\r\n]" % (indent - 1)).search(text, start, end) is not None


def _is_behind_text(text: bytes, fence: int) -> bool:
    """Tell whether no HTML block can hold the line behind: there is no tag between it and a blank line before it."""
    if text[fence - 1 : fence] == b"\n":
        return True
    tag = text.rfind(b"<", max(0, fence - _LONGEST_BLOCK), fence)
    if tag < 0:
        return fence <= _LONGEST_BLOCK or _BLANK_LINE.search(text, fence - _LONGEST_BLOCK, fence + 1) is not None
    return _BLANK_LINE.search(text, tag, fence + 1) is not None


def begins_html(head: bytes, in_paragraph: bool) -> bool:
    """Tell whether an HTML block begins with the first line of this text, perhaps as the next line of a paragraph.

    An autolink, or a tag with text behind it, looks much like one (CommonMark 4.6, kinds 6 and 7).
    """
    line = head.splitlines()[0].decode("utf-8", "replace")
    events = PARSER.events(f"a\n{line}\n" if in_paragraph else f"{line}\n")
    return any(event == {"Start": "HtmlBlock"} for event in events)


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
