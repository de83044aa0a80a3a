"""Template code in posts: Liquid, Hugo, Jinja, Nunjucks, ERB. It is no URL, and it must not confuse a parser."""

import re
from collections.abc import Iterator

from ahocorasick_rs import BytesAhoCorasick, Implementation

from linkkeeper.extract import needles

Range = tuple[int, int]

_CODE = (
    rb"\{\{(?:(?!\{\{|\}\}|\n[ \t]*\r?\n)[^`]){0,2000}\}\}\}?"
    rb"|\{%(?:(?!%\}|\{%|\n[ \t]*\r?\n)[^`]){0,2000}%\}"
    rb"|\{#(?!\})[^{}`]{0,2000}#\}"
    rb"|<%(?:(?!%>|<%)[^`]){0,2000}%>"
)
"""One piece of template code. Bounded, without blank line or backtick: prose about templates stays prose."""
_MARKDOWN_CODE = (
    rb"(?P<mark>(?<!`)`{3,}+(?=[^`\n]*+\n)|~{3,}+)(?:[^\n]*+\n)"
    rb"(?:[^ \t>`~\n][^\n]*+\n|\n|(?![ \t>]*+(?P=mark))(?:[^\n]*+\n|[^\n]++\Z))*+"
    rb"(?:[ \t>]*+(?P=mark)[^\n]*+(?:\n|\Z))?"
    rb"|(?<!`)(?P<ticks>`++)(?:[^`\n]++|\n(?![ \t]*\n))++(?P=ticks)(?!`)"
)
"""A fenced block or a code span."""
_TOKEN = re.compile(rb"%b|(?P<template>%b)" % (_MARKDOWN_CODE, _CODE), re.DOTALL)
_OPENS = re.compile(rb"\{%-?\s*(highlight|comment|codeblock|code)\b|\{\{[<%]\s*(highlight|mermaid|katex)\b")
_CLOSES = re.compile(rb"\{%-?\s*end(highlight|comment|codeblock|code)\b|\{\{[<%]\s*/\s*(highlight|mermaid|katex)\b")
_FINDER = BytesAhoCorasick((b"{{", b"{%", b"{#", b"<%", b"```", b"~~~"), implementation=Implementation.DFA)
"""What template code and a fenced block begin with."""
_OPENERS = BytesAhoCorasick((b"{{<", b"{{%", b"{%"), implementation=Implementation.DFA)
_IN_URL = re.compile(rb"\{\{|\}\}|\{%|%\}|\$\{|<%|%>|\{#")
_CODE_BEGINS = re.compile(rb"\{\{|\{%|\$\{|<%")
_GOES_ON = re.compile(
    rb"\{\{(?![%<]?-?\s*+(?:/|(?:end|else)\b))|\{%(?!-?\s*+(?:end|els|elif))|\$\{|<%(?!-?\s*+(?:end|els|\}))"
)
_COMMENT = re.compile(rb"\{#|<%#|<%--|\{\{!|\{\{-?\s*+/\*")
_LETTERS = bytes(one if one in b"\r\n" else 0x78 for one in range(256))


def in_url(written: bytes) -> bool:
    """Tell whether a destination as written holds template code."""
    return _IN_URL.search(written) is not None


def opens(data: bytes, position: int) -> bool:
    """Tell whether template code begins right here that goes on with a URL: not what ends a block or a branch."""
    return _GOES_ON.match(data, position) is not None


def closes(data: bytes, position: int) -> bool:
    """Tell whether template code begins here that ends a block or a branch: what it follows is complete."""
    return _CODE_BEGINS.match(data, position) is not None and not opens(data, position)


def is_comment(data: bytes, position: int) -> bool:
    """Tell whether the template code that begins here is a comment."""
    return _COMMENT.match(data, position) is not None


def pieces(data: bytes) -> list[Range]:
    """Return every piece of template code in a Markdown text, ascending; what Markdown shows as code is none."""
    found, done = [], 0
    for mark in needles.places(data, _FINDER):
        if mark < done:
            continue
        done = _past_code_spans(data, max(done, data.rfind(b"\n\n", done, mark)), mark)
        if done > mark:
            continue
        token = _TOKEN.match(data, mark)
        done = token.end() if token else mark + 1
        if token and token.lastgroup == "template":
            found.append(token.span())
    return found


def _past_code_spans(data: bytes, position: int, mark: int) -> int:
    """Return the end of the last code span between position, where none is open, and mark, or that holds mark.

    No span goes on after a blank line: what is before the last one need not be read.
    """
    while (tick := data.find(b"`", position, mark)) >= 0:
        token = _TOKEN.match(data, tick)
        position = token.end() if token else tick + 1
    return position


def verbatim(data: bytes, code: list[Range]) -> Iterator[Range]:
    """Yield what template blocks show as code or drop (`{% highlight %}`, `{% comment %}`); code is from `pieces`."""
    yield from ((begin, end) for _, begin, end in _blocks(data, code) if end >= 0)


def left_open(data: bytes, code: list[Range]) -> tuple[bytes, int] | None:
    """Return the name of the block of that kind that nothing closes, and where its content begins; None: all are."""
    return next(((name, begin) for name, begin, end in _blocks(data, code) if end < 0), None)


def may_open(data: bytes, start: int, end: int) -> bool:
    """Tell whether `left_open` is worth asking of what is between the offsets."""
    return needles.any_in(data, _OPENERS, start, end) and _OPENS.search(data, start, end) is not None


def closer(data: bytes, name: bytes, position: int) -> int:
    """Return where, from position on, such a block is closed, or -1."""
    return next((one.start() for one in _CLOSES.finditer(data, position) if name in one.groups()), -1)


def _blocks(data: bytes, code: list[Range]) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, begin and end of the content of each block; the end of one that nothing closes is -1."""
    name, begin = b"", 0
    for start, end in code:
        if not name:
            opener = _OPENS.match(data, start, end)
            name, begin = (opener.group(1) or opener.group(2), end) if opener else (b"", 0)
        else:
            closing = _CLOSES.match(data, start, end)
            if closing and name == (closing.group(1) or closing.group(2)):
                yield name, begin, start
                name = b""
    if name:
        yield name, begin, -1


def mask(data: bytes, spans: list[Range]) -> bytes:
    """Return data with these spans overwritten by letters, line ends kept: same length, nothing left to parse.

    The last letter is a plus sign: a URL may begin right after it, and it ends none.
    """
    out = bytearray(data)
    for start, end in spans:
        out[start:end] = data[start:end].translate(_LETTERS)
        if start < end and out[end - 1] == 0x78:
            out[end - 1] = 0x2B  # "+"
    return bytes(out)
