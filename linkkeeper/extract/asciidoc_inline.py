"""Inline macros of AsciiDoc: links, URLs, images, cross references, and the passthroughs that hide text.

Where Asciidoctor's patterns say what a URL is, they decide; next to Chinese, Japanese or Korean text, which they
do not know, the rule for bare URLs does. Closing marks that were missing once are not looked for again.
"""

import re
from collections.abc import Generator, Iterator

from ahocorasick_rs import BytesAhoCorasick, Implementation

from linkkeeper.extract import bare, html
from linkkeeper.extract.base import SKIP_MAIL, SKIP_TEMPLATE, Found
from linkkeeper.extract.escape_asciidoc import LAYERS

_START = re.compile(
    rb"(?P<escape>\\)?(?:(?P<hide>\+\+\+|\$\$|\+\+|`\+(?!\+)|\+)|(?P<pass>(?:pass|stem|latexmath|asciimath):[a-z,-]*+\[)"
    rb"|(?P<link>link:|mailto:)|(?P<image>(?:image|icon):(?!:))|(?P<xref>xref:|<<(?=[\w#/.:{]))"
    rb"|(?P<url>(?:https?|ftp|irc|file)://)|(?P<other>www\.|@(?=[A-Za-z0-9])))",
    re.IGNORECASE,
)
_LETTERS = b"abcdefghijklmnopqrstuvwxyz0123456789"
_FINDER = BytesAhoCorasick(
    [
        *b"+ $$ pass: stem: math: link: mailto: image: icon: xref: :// www.".split(),
        *(b"@%c" % letter for letter in _LETTERS),
        *(b"<<%c" % letter for letter in _LETTERS + b"_#/.:{"),
    ],
    implementation=Implementation.DFA,
)
"""What `_START` finds has one of these in it, in lower case. Looking for them first is ten times as fast."""
_LONGEST_BEFORE = len(b"\\https")
_TARGET = re.compile(rb"(?:\+\+((?:(?!\+\+)[^\r\n])*+)\+\+|pass:[a-z,-]*\[([^\]\s]*)\]|([^:\s\[][^\s\[]*+))(?=\[)")
_PICTURE = re.compile(rb"([^:\s\[](?:[^\n\[]*[^\s\[])?)(?=\[)")
_XREF = re.compile(rb"([\w#/.:{$-][^\s\[]*+)(?=\[)")
_CROSS = re.compile(rb"([\w#/.:{][^<>\n,]*)(?=,|>>)")
_RUN = re.compile(rb"[^\s\[\]]*+")
_BARE = re.compile(rb"[^\s\[\]<>]*[^\s,.?!\[\]<>)]")
_OPENING = re.compile(rb"[\n\[]")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_LABEL_END = re.compile(rb"(?<!\\)\]")
_HIDDEN_END = {b"+": re.compile(rb"(?<=\S)\+(?![\w+])"), b"`+": re.compile(rb"(?<=\S)\+`")}
_LINK_OPTION = re.compile(rb"(?<![\w-])link=(?:\"([^\"]*)\"|'([^']*)'|([^,\"'\s]+))")
_UNRESOLVED = re.compile(rb"\{\w[\w-]*\}")
_PLAIN = re.compile(rb"(?<=[ \n])https?://[A-Za-z0-9]++(?:[./-][A-Za-z0-9]++)*+/?(?=[ \n])")
"""A URL between spaces to which nothing happens: found at once."""
_PLAINLY = ("asciidoc-bare",)
_FORMATTING = b"*_`#"
_BEFORE_URL = frozenset(b" \t\r\n<>()[];\"'|" + _FORMATTING)
_PLACE = re.compile(r"#|[^:]+\.(?:adoc|asciidoc|asc|html?)(?:#|\Z)")
_NOT_A_URL = "a cross reference can only name a place in these documents"
_SITE_ONLY = "a resource that only the site generator knows"
Scan = Generator[Found, None, int]
"""Yields what it finds and returns where to go on."""


class Scanner:
    """One text on its way through the macros."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.ahead: dict[bytes, re.Match[bytes] | None] = {}
        self.label_end = 0
        self.dead_run = 0
        self.run_end = 0

    def find(self) -> Iterator[Found]:
        """Yield the links in order; offsets are those of the text."""
        position = 0
        for spot in bare.candidates(self.text.lower(), finder=_FINDER):
            if plain := self._plain(spot, max(position, self.label_end, 1)):
                position = plain.end()
                yield Found(*plain.span(), plain[0].decode(), "bare", _PLAINLY)
                continue
            while position <= spot:
                start = _START.search(self.text, max(position, spot - _LONGEST_BEFORE))
                if start is None:
                    return
                position = start.end()
                if start["escape"] is not None:
                    position = self._past_escaped(start)
                elif start.start() >= self.label_end or start.lastgroup == "image":
                    position = yield from getattr(self, f"_{start.lastgroup}")(start)

    def _plain(self, colon: int, floor: int) -> re.Match[bytes] | None:
        text = self.text
        if text[colon] != 0x3A:
            return None
        start = colon - (5 if text[colon - 1] == 0x73 else 4)  # "s"
        return _PLAIN.match(text, start) if start >= floor else None

    def _past_escaped(self, start: re.Match[bytes]) -> int:
        if start["url"] or start["link"]:
            return self._end_of_run(start.end())
        return start.end()

    def _end_of_run(self, position: int) -> int:
        if position >= self.run_end:
            run = _RUN.match(self.text, position)
            self.run_end = run.end() if run else position
        return self.run_end

    def _closing(self, mark: bytes, pattern: re.Pattern[bytes], position: int) -> re.Match[bytes] | None:
        """Return the first match from here on. What was searched before is not searched again."""
        if mark in self.ahead:
            known = self.ahead[mark]
            if known is None or known.start() >= position:
                return known
        self.ahead[mark] = pattern.search(self.text, position)
        return self.ahead[mark]

    def _hide(self, start: re.Match[bytes]) -> Scan:
        mark = start["hide"]
        if mark in _HIDDEN_END:
            before = self.text[start.start() - 1 : start.start()]
            if (before and (before.isalnum() or before in b"_;:\\")) or self.text[
                start.end() : start.end() + 1
            ].isspace():
                return start.end()
            end = self._closing(mark, _HIDDEN_END[mark], start.end() + 1)
        else:
            end = self._closing(mark, re.compile(re.escape(mark)), start.end())
        if end is None:
            return start.end()
        if mark == b"+++":
            yield from self._raw(start.end(), end.start())
        return end.end()

    def _pass(self, start: re.Match[bytes]) -> Scan:
        end = self._closing(b"]", _LABEL_END, start.end())
        if end is None:
            return start.end()
        if start["pass"].lower().startswith(b"pass:"):
            yield from self._raw(start.end(), end.start())
        return end.end()

    def _raw(self, start: int, end: int) -> Iterator[Found]:
        for link in html.find(self.text[start:end], in_markdown=True):
            yield Found(
                link.start + start, link.end + start, link.url, link.kind, link.context, link.skip, link.unwritable
            )

    def _link(self, start: re.Match[bytes]) -> Scan:
        target = _TARGET.match(self.text, start.end()) if start.end() >= self.dead_run else None
        if target is None:
            return self._past_dead(start.end())
        opening = target.end()
        end = self._closing(b"]", _LABEL_END, opening + 1)
        if end is None or not target.lastindex:
            return opening
        self.label_end = end.start()
        layer = "asciidoc-target" if target.lastindex == 3 else "asciidoc-pass"
        span = target.span(target.lastindex)
        if start["link"].lower() == b"mailto:":
            url = f"mailto:{LAYERS[layer].decode(_text(self.text[slice(*span)]))}"
            yield Found(*span, url, "inline", (), SKIP_MAIL)
        else:
            yield self._made(*span, layer, "inline")
        return opening + 1

    def _past_dead(self, position: int) -> int:
        self.dead_run = max(self.dead_run, self._end_of_run(position))
        return position

    def _image(self, start: re.Match[bytes]) -> Scan:
        opening = self._closing(b"[", _OPENING, start.end())
        if opening is None or opening[0] != b"[":
            return start.end()
        end = self._closing(b"]", _LABEL_END, opening.end())
        picture = _PICTURE.match(self.text, start.end(), opening.end())
        if end is None or picture is None:
            return start.end()
        if start["image"].lower() == b"image:":
            yield self._made(*picture.span(1), "asciidoc-target", "image")
        yield from link_option(self.text, picture.end() + 1, end.start(), "asciidoc-attribute")
        return end.end()

    def _xref(self, start: re.Match[bytes]) -> Scan:
        pattern = _CROSS if start["xref"] == b"<<" else _XREF
        target = pattern.match(self.text, start.end()) if start.end() >= self.dead_run else None
        if target is None:
            return start.end() if start["xref"] == b"<<" else self._past_dead(start.end())
        if start["xref"] != b"<<":
            end = self._closing(b"]", _LABEL_END, target.end())
            self.label_end = end.start() if end else self.label_end
        written = _text(target[1])
        skip = SKIP_TEMPLATE if _UNRESOLVED.search(target[1]) else ""
        url = written if _PLACE.match(written) or "/" in written else f"#{written}"
        if not skip and re.search(r"[:$@]", written):
            url, skip = written, _SITE_ONLY
        yield Found(*target.span(1), url, "inline", ("asciidoc-target",), skip, _NOT_A_URL)
        return target.end()

    def _url(self, start: re.Match[bytes]) -> Scan:
        text, begin = self.text, start.start()
        before = text[begin - 1] if begin else 0x20
        if before >= 0x80:
            return (yield from self._as_prose(start))
        if before not in _BEFORE_URL:
            return start.end()
        run_end = self._end_of_run(start.end())
        if before in b"<" and (close := text.find(b">", begin, run_end)) > start.end():
            yield self._made(begin, close, "asciidoc-bare", "autolink")
            return close + 1
        if text[run_end : run_end + 1] == b"[" and (end := self._closing(b"]", _LABEL_END, run_end + 1)):
            self.label_end = end.start()
            yield self._made(begin, run_end, "asciidoc-autolink", "inline")
            return run_end + 1
        if before in b"\"'":
            return run_end
        foreign = self._closing(b"", _NOT_ASCII, begin)
        if foreign is not None and foreign.start() < run_end:
            return (yield from self._as_prose(start))
        return (yield from self._bare(start, run_end, before))

    def _bare(self, start: re.Match[bytes], run_end: int, before: int) -> Scan:
        begin, stop = start.start(), run_end
        if before in _FORMATTING:
            close = self.text.rfind(bytes([before]), start.end(), run_end)
            stop = close if close > 0 else run_end
        match = _BARE.match(self.text, start.end(), stop)
        if match is None:
            return start.end()
        end = match.end()
        if self.text[end - 1] in b";:":
            end -= 2 if self.text[end - 2 : end - 1] == b")" else 1
        if end > start.end():
            yield self._made(begin, end, "asciidoc-bare", "bare")
        return max(end, start.end())

    def _as_prose(self, start: re.Match[bytes]) -> Scan:
        found = bare.at(self.text, start.end() - 3, start.start(), self._end_of_run(start.end()))
        if found is None:
            return start.end()
        yield Found(found.start, found.end, found.url, "bare", ("bare",), found.skip)
        return found.end

    def _other(self, start: re.Match[bytes]) -> Scan:
        found = bare.at(self.text, start.start(), self.label_end, len(self.text))
        if found is not None and found.end > start.start():
            yield found
            return max(found.end, start.end())
        return start.end()

    def _made(self, start: int, end: int, layer: str, kind: str) -> Found:
        written = self.text[start:end]
        skip = SKIP_TEMPLATE if _UNRESOLVED.search(written) or b"{{" in written else ""
        return Found(start, end, LAYERS[layer].decode(_text(written)), kind, (layer,), skip)


def find(text: bytes) -> Iterator[Found]:
    """Yield the links of one text in order; offsets are those of text, whose attributes are resolved already."""
    return Scanner(text).find()


def link_option(text: bytes, start: int, end: int, layer: str) -> Iterator[Found]:
    """Yield the URL of `link=` among the attributes of an image."""
    option = _LINK_OPTION.search(text, start, end)
    if option is None or option.lastindex is None:
        return
    written = option[option.lastindex]
    if written and written not in (b"self", b"none"):
        skip = SKIP_TEMPLATE if _UNRESOLVED.search(written) else ""
        url = LAYERS[layer].decode(_text(written))
        yield Found(*option.span(option.lastindex), url, "inline", (layer,), skip)


def _text(written: bytes) -> str:
    return written.decode("utf-8", "replace")
