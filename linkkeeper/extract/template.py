"""Template code in posts: Liquid, Hugo, Jinja, Nunjucks, ERB. It is no URL, and it must not confuse a parser."""

import re
from collections.abc import Iterator

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
_TOKEN = re.compile(rb"(?=[`~{<])(?:%b|(?P<template>%b))" % (_MARKDOWN_CODE, _CODE), re.DOTALL)
"""The look ahead makes the search three times as fast: it skips to the next of these characters."""
_OPENS = re.compile(rb"\{%-?\s*(highlight|comment|codeblock|code)\b|\{\{[<%]\s*(highlight|mermaid|katex)\b")
_CLOSES = re.compile(rb"\{%-?\s*end(highlight|comment|codeblock|code)\b|\{\{[<%]\s*/\s*(highlight|mermaid|katex)\b")
_FIRST = re.compile(rb"\{[{%#]|<%|`{3}|~{3}")
_IN_URL = re.compile(rb"\{\{|\}\}|\{%|%\}|\$\{|<%|%>|\{#")
_CODE_BEGINS = re.compile(rb"\{\{|\{%|\$\{|<%")
_GOES_ON = re.compile(
    rb"\{\{(?![%<]?-?\s*+(?:/|(?:end|else)\b))|\{%(?!-?\s*+(?:end|els|elif))|\$\{|<%(?!-?\s*+(?:end|els|\}))"
)
_COMMENT = re.compile(rb"\{#|<%#|<%--|\{\{!|\{\{-?\s*+/\*")
_LAST = re.compile(rb"x\Z")
_NOT_LINE_END = re.compile(rb"[^\r\n]")


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
    first = _FIRST.search(data)
    begin = data.rfind(b"\n\n", 0, first.start()) if first else -1  # a code span ends with its paragraph
    return [match.span() for match in _TOKEN.finditer(data, max(begin, 0)) if match.lastgroup == "template"]


def verbatim(data: bytes, code: list[Range]) -> Iterator[Range]:
    """Yield what template blocks show as code or drop (`{% highlight %}`, `{% comment %}`); code is from `pieces`."""
    name, begin = None, 0
    for start, end in code:
        if name is None:
            opener = _OPENS.match(data, start, end)
            name, begin = (opener.group(1) or opener.group(2), end) if opener else (None, 0)
        else:
            closer = _CLOSES.match(data, start, end)
            if closer and name == (closer.group(1) or closer.group(2)):
                yield begin, start
                name = None


def mask(data: bytes, spans: list[Range]) -> bytes:
    """Return data with these spans overwritten by letters, line ends kept: same length, nothing left to parse.

    The last letter is a plus sign: a URL may begin right after it, and it ends none.
    """
    out = bytearray(data)
    for start, end in spans:
        out[start:end] = _LAST.sub(b"+", _NOT_LINE_END.sub(b"x", data[start:end]))
    return bytes(out)
