"""Anchors of a Markdown text, as its renderers make them: GitHub, Kramdown (Jekyll), Hugo, Hexo, MkDocs."""

import re
import unicodedata
from collections.abc import Iterator

from linkkeeper.extract import html
from linkkeeper.extract.markdown_scan import PARSER

_EXPLICIT = re.compile(r"\s*\{:?\s*(?:[^{}]*\s)?#([^\s{}]+)[^{}]*\}\s*#*\s*\Z")
_GITHUB_DROPS = re.compile(r"[^\w\- ]")
_KRAMDOWN_HEAD = re.compile(r"\A[^a-zA-Z]+")
_DAMAGED = re.compile("[\udc80-\udcff]")


def anchors(data: bytes) -> frozenset[str]:
    """Return every fragment that one of the usual renderers would give this text."""
    found = set(html.anchors(data))
    seen: dict[str, int] = {}
    text = _DAMAGED.sub("?", data.decode("utf-8", "surrogateescape"))
    for title in headings(text):
        explicit = _EXPLICIT.search(title)
        if explicit:
            found.add(explicit.group(1))
            title = title[: explicit.start()]
        for slug in of_title(title):
            count = seen.get(slug, 0)
            seen[slug] = count + 1
            found |= {f"{slug}-{count}", f"{slug}_{count}"} if count else {slug}
    return frozenset(found - {""})


def headings(text: str) -> Iterator[str]:
    """Yield the plain text of each heading, in order."""
    parts: list[str] | None = None
    for event, _ in PARSER.events_with_range(text, merge_text=True):
        if event == "SoftBreak" or event == "HardBreak":
            if parts is not None:
                parts.append(" ")
        elif event.__class__ is dict:
            if "Start" in event and event["Start"].__class__ is dict and "Heading" in event["Start"]:
                parts = []
            elif "End" in event and event["End"].__class__ is dict and "Heading" in event["End"]:
                yield "".join(parts or ())
                parts = None
            elif parts is not None:
                parts.append(event.get("Text", "") or event.get("Code", ""))


def of_title(title: str) -> frozenset[str]:
    """Return the slugs that the renderers make of one heading, without the number of a repetition."""
    return frozenset({_github(title), _kramdown(title), _hugo(title), _hexo(title), _mkdocs(title)})


def _github(title: str) -> str:
    return _GITHUB_DROPS.sub("", title.strip().lower()).replace(" ", "-")


def _kramdown(title: str) -> str:
    kept = re.sub(r"[^a-zA-Z0-9 -]", "", _KRAMDOWN_HEAD.sub("", title))
    return kept.replace(" ", "-").lower() or "section"


def _hugo(title: str) -> str:
    """Like GitHub's; the letters stay as they are written with accents."""
    return _github(title)


def _hexo(title: str) -> str:
    return re.sub(r"[\s~`!@#$%^&*()\-_+=[\]{}|\\;:\"'<>,.?/]+", "-", title.strip()).strip("-")


def _mkdocs(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())
