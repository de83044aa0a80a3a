"""HTML's tokenizer (WHATWG HTML 13.2.5), reduced to what holds links, with exact byte offsets.

Works on ASCII-compatible bytes, in one pass: whatever is still open at the end of the data is dropped, as
browsers drop it, so nothing is ever read twice.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from linkkeeper.extract.html_foreign import Foreign

SPACE = rb"\t\n\f\r "


def _attribute_pattern(group: bytes) -> bytes:
    return (
        rb"%(g)s[^%(s)s/>][^%(s)s/>=]*+)"
        rb"(?:[%(s)s]*+=[%(s)s]*+"
        rb"(?:\"%(g)s[^\"]*+)\"|'%(g)s[^']*+)'|(?=>)|%(g)s[^%(s)s>\"'][^%(s)s>]*+))"
        rb"|(?![%(s)s]*+=))"
    ) % {b"s": SPACE, b"g": group}


_ATTRIBUTES = re.compile(_attribute_pattern(b"("))
_REST_OF_TAG = re.compile(rb"(?:[%(s)s/]*+%(a)s)*+([%(s)s/]*+)>" % {b"s": SPACE, b"a": _attribute_pattern(b"(?:")})
_MARKUP = re.compile(rb"<(?:([A-Za-z][^%(s)s/>]*+)|/([A-Za-z][^%(s)s/>]*+)|(!--)|(!\[CDATA\[)|[!?/])" % {b"s": SPACE})
_PLAIN = re.compile(
    rb"(?:[^<]++|<(?!(?:script|style|title|textarea|xmp|iframe|noembed|noframes|plaintext|svg|math)>)"
    rb"[A-Za-z][A-Za-z0-9-]*+>|</[A-Za-z][A-Za-z0-9-]*+>)*+",
    re.IGNORECASE,
)
"""Text and tags without attributes that change nothing outside SVG and MathML: most of a page, passed over at once."""
_COMMENT_END = re.compile(rb"--!?>")
_SCRIPT_MARK = re.compile(rb"<!--|-->|<(/?)script(?=[%s/>])" % SPACE, re.IGNORECASE)

_TEXT_ONLY = frozenset(b"script style title textarea xmp iframe noembed noframes".split())
"""Elements whose content is not markup. `noscript` is markup: its readers have no scripts."""
_TEXT_END = {name: re.compile(rb"</%s(?=[%s/>])" % (name, SPACE), re.IGNORECASE) for name in _TEXT_ONLY - {b"script"}}


class StartTag(Struct, frozen=True, gc=False):
    """A start tag: `name` in lower case, `start` at the `<`, `rest` just after the name, `end` after the `>`."""

    name: bytes
    start: int
    rest: int
    end: int
    foreign: bool = False
    """Inside SVG or MathML."""


class Attribute(Struct, frozen=True, gc=False):
    """One attribute: `name` in lower case, the offsets of its value without quotes, `quote` as written.

    An attribute without a value has `start == end` and `bare`.
    """

    name: bytes
    start: int
    end: int
    quote: bytes = b""
    bare: bool = False


class RawText(Struct, frozen=True, gc=False):
    """The content of an element that holds text instead of markup."""

    tag: StartTag
    start: int
    end: int


class Comment(Struct, frozen=True, gc=False):
    """A comment, its offsets without `<!--` and `-->`."""

    start: int
    end: int


class EndTag(Struct, frozen=True, gc=False):
    """An end tag; its attributes mean nothing."""

    name: bytes
    start: int
    end: int


Token = StartTag | EndTag | RawText | Comment


def tokens(data: bytes, xml: bool = False, plain: bool = True) -> Iterator[Token]:
    """Yield tags, comments and text-only content in order of position.

    With `xml`, `<script/>` and `<title/>` are closed, as in XHTML served as XML. Without `plain`, tags without
    attributes may be left out.
    """
    foreign = Foreign()
    position = 0
    while markup := _MARKUP.search(data, position if plain or foreign.is_open else _past_plain(data, position)):
        name, closing, comment, cdata = markup.groups()
        if name is not None:
            rest = _REST_OF_TAG.match(data, markup.end())
            if rest is None:
                return
            position = rest.end()
            name = name.lower()
            inside = foreign.open(name, rest[1].endswith(b"/"))
            tag = StartTag(name, markup.start(), markup.end(), position, inside)
            yield tag
            if not inside and not (xml and rest[1].endswith(b"/")):
                if name in _TEXT_ONLY:
                    content_end = _text_end(data, name, position)
                    yield RawText(tag, position, content_end)
                    position = content_end
                elif name == b"plaintext":
                    return
        elif closing is not None:
            rest = _REST_OF_TAG.match(data, markup.end())
            if rest is None:
                return
            position = rest.end()
            foreign.close(closing.lower())
            yield EndTag(closing.lower(), markup.start(), position)
        elif comment is not None:
            inner, position = _comment(data, markup.end())
            yield inner
        else:
            end = b"]]>" if cdata is not None and foreign.is_current else b">"
            position = _after(data, end, markup.end() if end == b"]]>" else markup.start() + 2)


def attributes(data: bytes, tag: StartTag) -> list[Attribute]:
    """Return the attributes of a tag; of duplicates the first, as browsers take it."""
    found: dict[bytes, Attribute] = {}
    for match in _ATTRIBUTES.finditer(data, tag.rest, tag.end):
        name = match[1].lower()
        if name not in found:
            found[name] = _attribute(name, match)
    return list(found.values())


def _attribute(name: bytes, match: re.Match[bytes]) -> Attribute:
    index = match.lastindex or 1
    if index == 1:
        return Attribute(name, match.end(), match.end(), bare=True)
    return Attribute(name, match.start(index), match.end(index), (b"", b"", b'"', b"'", b"")[index])


def _past_plain(data: bytes, position: int) -> int:
    match = _PLAIN.match(data, position)
    return match.end() if match else position


def _after(data: bytes, end: bytes, position: int) -> int:
    at = data.find(end, position)
    return len(data) if at < 0 else at + len(end)


def _comment(data: bytes, start: int) -> tuple[Comment, int]:
    for abrupt in (b">", b"->"):
        if data.startswith(abrupt, start):
            return Comment(start, start), start + len(abrupt)
    end = _COMMENT_END.search(data, start)
    return (Comment(start, len(data)), len(data)) if end is None else (Comment(start, end.start()), end.end())


def _text_end(data: bytes, name: bytes, start: int) -> int:
    if name == b"script":
        return _script_end(data, start)
    end = _TEXT_END[name].search(data, start)
    return len(data) if end is None else end.start()


def _script_end(data: bytes, start: int) -> int:
    """Find `</script`, which `<!-- <script>` hides until its own `</script>` or `-->` (13.2.5.15 to 31)."""
    escaped = hidden = False
    position = start
    while mark := _SCRIPT_MARK.search(data, position):
        position = mark.end()
        if mark[0] == b"<!--":
            if not escaped:
                escaped, position = True, mark.end() - 2  # its dashes may begin "-->"
        elif mark[0] == b"-->":
            escaped = hidden = False
        elif mark[1]:
            if not hidden:
                return mark.start()
            hidden = False
        else:
            hidden = escaped
    return len(data)
