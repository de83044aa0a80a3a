"""Anchors of a Markdown text, as its renderers make them: GitHub, GitLab, Kramdown (Jekyll), Hugo, Hexo, MkDocs, …

Who renders a text is rarely known, and an anchor that exists must not be called missing: all variants count.
The rules are those of the programs themselves (observed in their documentation and sources, 2026-11).
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from linkkeeper.extract import html
from linkkeeper.extract.markdown_scan import PARSER

_EXPLICIT = re.compile(r"\{[:/*]*\s*(?:[^{}\n#]*\s)?#([^\s{}*]+)[^{}\n]*\}")
"""`{#id}`, Kramdown's `{: #id}`, attributes of Pandoc and Quarto, MDX's `{/* #id */}`."""
_FOOTNOTE = re.compile(r"^[ \t>]*\[\^([^\]\s]+)\]:", re.MULTILINE)
_DAMAGED = re.compile("[\udc80-\udcff]")
_PUNCTUATION = r"[\s~`!@#$%^&*()\-_+=[\]{}|\\;:\"'“”‘’<>,.?/]+"


def anchors(data: bytes) -> frozenset[str]:
    """Return every fragment that one of the usual renderers would give this text."""
    text = _DAMAGED.sub("?", data.decode("utf-8", "surrogateescape"))
    found = set(html.anchors(data)) | set(_EXPLICIT.findall(text))
    counters: list[dict[str, int]] = [{} for _ in _SCHEMES]
    for title, source in _titles(text):
        plain = _EXPLICIT.sub("", title).strip()
        found |= {_numbered(slug(plain), joiner, seen) for (slug, joiner), seen in zip(_SCHEMES, counters, strict=True)}
        found.add(_kramdown(source))
    for number, label in enumerate(_FOOTNOTE.findall(text), 1):
        for name in (label, str(number)):
            found |= {f"fn:{name}", f"fnref:{name}", f"fn{name}", f"fnref{name}", f"fn-{name}", f"fnref-{name}"}
            found |= {f"user-content-fn-{name}", f"user-content-fnref-{name}"}
    return frozenset(found - {""})


def headings(text: str) -> Iterator[str]:
    """Yield the plain text of each heading, in order."""
    return (title for title, _ in _titles(text))


def of_title(title: str) -> frozenset[str]:
    """Return the slugs that the renderers make of one heading, without the number of a repetition."""
    return frozenset(slug(title) for slug, _ in _SCHEMES)


def _numbered(slug: str, joiner: str, seen: dict[str, int]) -> str:
    """Return the slug of a heading, numbered if another one has it; MkDocs numbers the empty one from the start."""
    count = seen.get(slug, 0 if slug or joiner == "-" else 1)
    seen[slug] = count + 1
    return f"{slug}{joiner}{count}" if count else slug


def _titles(text: str) -> Iterator[tuple[str, str]]:
    """Yield text and source of each heading."""
    source = text.encode("utf-8", "replace")
    parts: list[str] | None = None
    events: Iterator[tuple[Any, Any]] = PARSER.events_with_range(text, merge_text=True)
    for event, span in events:
        if event.__class__ is str:
            if parts is not None:
                parts.append(" ")
        elif "Start" in event and event["Start"].__class__ is dict and "Heading" in event["Start"]:
            parts = []
        elif "End" in event and event["End"].__class__ is dict and "Heading" in event["End"]:
            yield "".join(parts or ()), source[span["start"] : span["end"]].decode("utf-8", "replace").strip()
            parts = None
        elif parts is not None:
            parts.append(event.get("Text", "") or event.get("Code", ""))


def _words(title: str, also: str = "-_ ") -> str:
    """Return the letters, digits and marks of a title, and what is in also."""
    return "".join(c for c in title if c.isalnum() or c in also or unicodedata.category(c)[0] == "M")


def _github(title: str) -> str:
    """GitHub, Hugo, Docusaurus, Kramdown with GFM input, Material for MkDocs."""
    return _words(title.strip().lower()).replace(" ", "-")


def _gitlab(title: str) -> str:
    return re.sub("-{2,}", "-", _github(title))


def _kramdown(title: str) -> str:
    """Kramdown's own ids are made of the heading's source; anything but ASCII is dropped."""
    letters = re.sub(r"^[^a-zA-Z]+", "", re.sub(r"\s*\{[^{}]*\}\s*$", "", title))
    return re.sub(r"[^a-zA-Z0-9 -]", "", letters).replace(" ", "-").lower() or "section"


def _hexo(title: str) -> str:
    return re.sub(_PUNCTUATION, "-", _unaccented(title.strip())).strip("-")


def _vuepress(title: str) -> str:
    """VuePress and VitePress; Hexo with `modifyAnchors: 1` too."""
    slug = _hexo(title).lower()
    return f"_{slug}" if slug[:1].isdigit() else slug


def _hexo_lower(title: str) -> str:
    return _hexo(title).lower()


def _unaccented(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title)
    return unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", plain))


def _python_markdown(title: str) -> str:
    """MkDocs: ASCII alone, so that a Chinese heading becomes `_1`, `_2`, …"""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())


def _docutils(title: str) -> str:
    """Sphinx with MyST: `docutils.nodes.make_id`."""
    plain = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"^[-0-9]+|-+$", "", re.sub(r"[^a-z0-9]+", "-", plain))


def _pandoc(title: str) -> str:
    """Pandoc and Quarto: all before the first letter goes, full stops stay."""
    slug = re.sub(r"\s+", "-", _words(title.strip().lower(), "-_. "))
    return re.sub(r"^[\W\d_]+", "", slug) or "section"


def _markdown_it(title: str) -> str:
    """Eleventy with markdown-it-anchor: the fragment is this, percent-encoded."""
    return re.sub(r"\s+", "-", title.strip().lower())


_SCHEMES: tuple[tuple[Callable[[str], str], str], ...] = (
    (_github, "-"),
    (_gitlab, "-"),
    (_kramdown, "-"),
    (_hexo, "-"),
    (_hexo_lower, "-"),
    (_vuepress, "-"),
    (_python_markdown, "_"),
    (_docutils, "-"),
    (_pandoc, "-"),
    (_markdown_it, "-"),
)
"""Slug of a heading, and what stands before the number of a repetition."""
