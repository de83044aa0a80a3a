"""Cells of tables written as CSV in prose formats: what ends a cell ends what stands in it."""

import re
from functools import cache


@cache
def _field(delimiter: bytes) -> re.Pattern[bytes]:
    mark = re.escape(delimiter)
    return re.compile(rb"((?:\A|(?<=[\r\n])|(?<=%b))[ \t]*+)\"((?:[^\"]|\"\")*+)\"|%b" % (mark, mark))


def apart(written: bytes, delimiter: bytes = b",") -> bytes:
    """Return the text, as long as before, with a line end for each delimiter and each quote around a cell."""
    if delimiter not in written and b'"' not in written:
        return written
    return _field(delimiter).sub(_ended, written)


def _ended(match: re.Match[bytes]) -> bytes:
    return b"\n" if match[2] is None else b"%b\n%b\n" % (match[1], match[2])
