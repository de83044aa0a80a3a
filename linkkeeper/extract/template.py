"""Template code in posts: Liquid, Hugo, Jinja, Nunjucks, ERB, MDX. It is no URL, and it must not confuse a parser."""

import re
from collections.abc import Iterator

_CODE = re.compile(
    rb"\{\{(?:(?!\{\{|\}\}|\n[ \t]*\r?\n)[^`]){0,2000}\}\}\}?"
    rb"|\{%(?:(?!%\}|\{%|\n[ \t]*\r?\n)[^`]){0,2000}%\}"
    rb"|\{#(?!\})[^{}`]{0,2000}#\}"
    rb"|<%(?:(?!%>|<%)[^`]){0,2000}%>",
    re.DOTALL,
)
"""One piece of template code. Bounded, without blank line or backtick: prose about templates stays prose."""
_VERBATIM = re.compile(
    rb"\{%-?[ \t]*(highlight|comment|codeblock|code)\b[^%]*%\}(.*?)(?=\{%-?[ \t]*end\1[ \t]*-?%\})"
    rb"|\{\{[<%][ \t]*(highlight|mermaid|katex)\b[^}]*[>%]\}\}(.*?)(?=\{\{[<%][ \t]*/[ \t]*\3[ \t]*[>%]\}\})",
    re.DOTALL,
)
"""What these blocks hold is shown as code, or not at all."""
_IN_URL = re.compile(rb"\{\{|\}\}|\{%|%\}|\$\{|<%|%>|\{#")
_FILLER = b"x"


def in_url(written: bytes) -> bool:
    """Tell whether a destination as written holds template code."""
    return _IN_URL.search(written) is not None


def opens(after: bytes) -> bool:
    """Tell whether template code begins right here (what follows a URL belongs to it then)."""
    return after[:2] in (b"{{", b"{%", b"${", b"<%")


def is_near(data: bytes) -> bool:
    """Tell cheaply whether data can hold template code that confuses a parser."""
    return b"{{" in data or b"{%" in data or b"<%" in data or b"{#" in data


def pieces(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield start and end of every piece of template code, in order."""
    yield from (match.span() for match in _CODE.finditer(data))


def verbatim(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield start and end of what template blocks show as code or drop (`{% highlight %}`, `{% comment %}`)."""
    for match in _VERBATIM.finditer(data):
        yield match.span(2) if match.group(1) else match.span(4)


def mask(data: bytes, spans: list[tuple[int, int]]) -> bytes:
    """Return data with these spans overwritten by letters, line ends kept: same length, nothing left to parse."""
    out = bytearray(data)
    for start, end in spans:
        out[start:end] = _NOT_LINE_END.sub(_FILLER, data[start:end])
    return bytes(out)


_NOT_LINE_END = re.compile(rb"[^\r\n]")
