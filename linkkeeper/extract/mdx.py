"""MDX: Markdown with JSX. Expressions are template code; a string in one is a literal; nothing is indented code."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from msgspec.structs import replace

from linkkeeper.extract import ignore, markdown, markdown_long, signs, template
from linkkeeper.extract.base import SKIP_TEMPLATE, ExtractOptions, Found
from linkkeeper.extract.escape_text import LAYERS
from linkkeeper.extract.html_values import is_template
from linkkeeper.extract.portions import Portion

SUFFIXES = frozenset({".mdx"})
_EXPRESSION = re.compile(rb"=(\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*+\})*+\})*+\})")
"""The value of a JSX attribute, braces nested up to three deep. The `=` first: what is literal is found at once."""
_COMMENT = re.compile(rb"\{/\*(?:(?!\*/)[\s\S])*+\*/\s*+\}")
_LITERAL = re.compile(rb"\{\s*+([\"'`])((?:(?!\1)[^\\\n]|\\.)*+)\1\s*+\}")
_QUOTED = frozenset({"html-double", "html-single"})
_LAYER = {b'"': "js-double", b"'": "js-single", b"`": "js-template"}


def links(data: bytes, options: ExtractOptions) -> Iterator[Found]:
    """Yield every link of an MDX document (without front matter), in order of position."""
    return markdown_long.links(data, options, _links) if len(data) > markdown_long.LONG else _links(data, options)


portions = markdown_long.in_steps


def read(data: bytes, portion: Portion, options: ExtractOptions) -> Iterator[Found]:
    """Yield the links of one of the `portions`, with the offsets of the whole text."""
    return markdown_long.read(data, portion, options, _links)


def _links(data: bytes, options: ExtractOptions) -> Iterator[Found]:
    seen = signs.look(data)
    masks, literals = _expressions(seen) if b"{" in data else ([], [])
    source, comments = markdown.masked(data, masks, options), list[tuple[int, int]]()
    if not options.include_verbatim and b"{/*" in data:
        comments = [one.span() for one in _COMMENT.finditer(data) if ignore.WORD not in one.group()]
        source = template.mask(source, comments) if comments else source
    parsed = signs.masked(seen, _as_attributes(source, literals))
    if comments or any(b"\n" in literal.group() for literal in literals):  # blank lines and signs may come and go
        parsed = signs.look(parsed.source)
    for found in markdown.find(seen, parsed, masks, options, mdx=True):
        yield _judged(data, found, literals)


def _as_attributes(source: bytes, literals: list[re.Match[bytes]]) -> bytes:
    """Turn `{"a"}` into a plain attribute value of the same length."""
    if not literals:
        return source
    out = bytearray(source)
    for literal in literals:
        start, end = literal.span()
        inner, after = literal.span(2)
        out[start:end] = b" " * (inner - 1 - start) + b'"' + literal.group(2) + b'"' + b" " * (end - after - 1)
    return bytes(out)


def anchors(data: bytes) -> frozenset[str]:
    """Return the fragments of its headings and elements."""
    return markdown.anchors(data)


def _expressions(seen: signs.Signs) -> tuple[list[tuple[int, int]], list[re.Match[bytes]]]:
    """Return what stands for code (ascending), and the attribute values that are one string."""
    data = seen.source
    masks = template.pieces(data) if seen.of_templates else []
    literals = []
    for match in _EXPRESSION.finditer(data):
        literal = _LITERAL.fullmatch(match.group(1))
        if literal and b"${" not in match.group() and b'"' not in literal.group(2):
            literals.append(_LITERAL.match(data, match.start(1)))
        else:
            masks.append(match.span(1))
    return _apart(masks), [one for one in literals if one]


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans ascending, those inside others dropped."""
    kept: list[tuple[int, int]] = []
    for span in sorted(spans, key=lambda one: (one[0], -one[1])):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _judged(data: bytes, found: Found, literals: list[re.Match[bytes]]) -> Found:
    """Read what stands in a string by its rules; what holds an expression is template code."""
    text = data[found.start : found.end].decode("utf-8", "replace")
    before = bisect_right(literals, found.start, key=lambda one: one.start()) - 1
    if before < 0 or literals[before].end() <= found.start:
        if not _QUOTED.isdisjoint(found.context):
            return found  # a string, braces and all
        context = (*found.context, "md-jsx")
        if "{" in text and not found.skip:
            return replace(found, url=text, context=context, skip=SKIP_TEMPLATE)
        return replace(found, context=context)
    layer = _LAYER[literals[before].group(1)]
    url = LAYERS[layer].decode(text)
    skip = SKIP_TEMPLATE if is_template(url) else found.skip.replace(SKIP_TEMPLATE, "")  # `&lt;%` is no code here
    return replace(found, url=url, context=(layer,), skip=skip)
