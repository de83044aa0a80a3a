"""How many web destinations are found of those that an independent renderer makes of the same files.

    python benchmarks/reach.py FOLDER...  [--show 20]

Markdown is rendered by cmark-gfm, HTML read by lexbor, reStructuredText by docutils (the `test` extra has them).
With `--rewrite` a prefix is put before every web destination of the Markdown files: their renderings may differ in
exactly these attributes.
"""

import argparse
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, urljoin

import cmarkgfm  # type: ignore[import-untyped]  # has no types
import docutils.core
import docutils.nodes
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]  # has no types
from selectolax.lexbor import LexborHTMLParser

from linkkeeper.extract import encodings, escape, front_matter, registry
from linkkeeper.extract.base import ExtractOptions
from linkkeeper.extract.discover import DiscoverOptions, discover
from linkkeeper.models.link import Link

EXTENSIONS = ["table", "strikethrough", "autolink", "tasklist"]
FLAGS = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
ATTRIBUTES = ("href", "src", "poster", "cite", "longdesc", "action", "formaction", "xlink:href")
PREFIX = "https://prefix.example/"
_UNSAFE = re.compile(r"[^\x21-\x7e]|[\"<>\\^`{|}\[\]]")
_TEMPLATE = re.compile(r"%7B%7B|%7B%25|%24%7B|\$%7B|%3C%25")
_ROLE = re.compile(r":[\w.:-]+:`")
"""`:pep:` and its like: their URLs stand nowhere in the text."""
_WEB = re.compile(r"(?:https?:)?//", re.IGNORECASE)


def main() -> None:
    """Print a line for each format, and the differences asked for."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folders", nargs="+")
    asked.add_argument("--show", type=int, default=0, help="how many differences are printed")
    asked.add_argument("--rewrite", action="store_true")
    wanted = asked.parse_args()
    counts: dict[str, Counter[str]] = {}
    shown = wanted.show
    for path, name, data in _documents(wanted.folders):
        rendered, found = {*filter(_is_web, RENDERERS[name](data))}, _found(path, data)
        count = counts.setdefault(name, Counter())
        missing, extra = rendered - found.keys(), {url for url, sure in found.items() if sure} - rendered
        count.update(files=1, rendered=len(rendered), missing=len(missing), extra=len(extra))
        for what, urls in (("missing", missing), ("extra", extra)):
            for url in sorted(urls)[: max(shown, 0)]:
                print(f"{path}: {what} {url}")
                shown -= 1
        if wanted.rewrite and name == "markdown" and not _rewritten_exactly(path, data, count) and wanted.show:
            print(f"{path}: rewriting changed something else")
    for name, count in counts.items():
        print(name, *(f"{value:,} {what}" for what, value in count.items()), sep="  ")


def _documents(folders: Iterable[str]) -> Iterator[tuple[str, str, bytes]]:
    """Yield path, format and UTF-8 bytes of the body of each document that can be rendered."""
    from linkkeeper.extract import formats

    for file in discover(tuple(folders), DiscoverOptions()).files:
        name = formats.module_for(file.path) or ""
        text = encodings.read(Path(file.path).read_bytes()) if name in RENDERERS else None
        if text is not None and text.encoding == "utf-8" and b"\0" not in text.data:
            yield file.path, name, text.data[front_matter.block(text.data).body_start :]


def _found(path: str, body: bytes) -> dict[str, bool]:
    """Return the web destinations, as they are requested; False: a definition, which need not be used."""
    links = registry.extract(path, body, ExtractOptions()).links
    found: dict[str, bool] = {}
    for link in links:
        url = _requested(link.url)
        found[url] = found.get(url, False) or (_is_web(url) and not link.skip and link.kind not in _UNSURE)
    return found


_UNSURE = frozenset({"reference", "frontmatter", "css"})


def _is_web(url: str) -> bool:
    return _WEB.match(url) is not None and not _TEMPLATE.search(url)


def _requested(url: str) -> str:
    return _UNSAFE.sub(lambda match: quote(match.group(), safe=""), re.sub("[\t\n\r]", "", url).strip())


def _html(text: str) -> list[str]:
    nodes = LexborHTMLParser(text).css("*")
    return [_requested(value) for node in nodes for name in ATTRIBUTES if (value := node.attributes.get(name))]


def _page(body: bytes) -> list[str]:
    """Return the destinations of an HTML file: relative ones start at its `<base href>`."""
    text = body.decode("utf-8", "replace")
    bases = [base for node in LexborHTMLParser(text).css("base") if (base := node.attributes.get("href"))]
    return [_requested(urljoin(bases[0].strip(), url)) if bases else url for url in _html(text)]


def _markdown(body: bytes) -> list[str]:
    text = body.decode("utf-8", "replace")
    return _html(cmarkgfm.markdown_to_html_with_extensions(text, options=FLAGS, extensions=EXTENSIONS))


def _rst(body: bytes) -> list[str]:
    settings = {"report_level": 5, "halt_level": 5, "file_insertion_enabled": False, "raw_enabled": True}
    tree = docutils.core.publish_doctree(body.decode("utf-8", "replace"), settings_overrides=settings)
    references = [node for node in tree.findall(docutils.nodes.reference) if not _ROLE.match(node.rawsource)]
    urls = [node.get("refuri", "") for node in references]
    urls += [node.get("uri", "") for node in tree.findall(docutils.nodes.image)]
    return [_requested(url) for url in urls]


RENDERERS: dict[str, Callable[[bytes], list[str]]] = {
    "markdown": _markdown,
    "html": _page,
    "rst": _rst,
}


def _rewritten_exactly(path: str, body: bytes, count: Counter[str]) -> bool:
    """Tell whether a prefix before every web destination changes these attributes of the rendering alone."""
    out, position, changed = [], 0, 0
    for link in registry.extract(path, body, ExtractOptions()).links:
        written = _prefixed(link)
        if written is not None:
            out += [body[position : link.span.start], written]
            position, changed = link.span.end, changed + 1
    before, after = _markdown(body), _markdown(b"".join([*out, body[position:]]))
    same = len(before) == len(after) and all(
        new in (old, _requested(PREFIX + old)) for old, new in zip(before, after, strict=True)
    )
    count.update(rewritten=changed, unlike=not same)
    return same


def _prefixed(link: Link) -> bytes | None:
    if link.skip or link.unwritable or not _is_web(link.url):
        return None
    return escape.encode(PREFIX + link.url, link.context)


if __name__ == "__main__":
    main()
