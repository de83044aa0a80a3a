"""Links in the Markdown cells of Jupyter notebooks, with spans in the JSON source."""

from collections.abc import Iterator

from linkkeeper.extract import json_ld, json_walk, markdown, slugs
from linkkeeper.extract.base import ExtractOptions, Found
from linkkeeper.extract.unescaped import Builder, Unescaped

SUFFIXES = frozenset({".ipynb"})
_TEXT_CELLS = frozenset({b"markdown", b"heading"})
_ATTACHED = "a picture inside the notebook"
_SPLIT = "the URL runs over several strings of the notebook"


def links(data: bytes, options: ExtractOptions) -> Iterator[Found]:
    """Yield every link of the Markdown cells, in order of position."""
    for cell in cells(data):
        for link in markdown.links(cell.data, options):
            yield _placed(cell, link)


def _placed(cell: Unescaped, link: Found) -> Found:
    source = cell.source(link.start, link.end)
    start, end = source or (cell.source_of(link.start), cell.source_of(max(link.start, link.end - 1)) + 1)
    unwritable = link.unwritable or ("" if source else _SPLIT)
    skip = link.skip or (_ATTACHED if link.url.startswith("attachment:") else "")
    return Found(start, end, link.url, link.kind, (*link.context, "json"), skip, unwritable)


def anchors(data: bytes) -> frozenset[str]:
    """Return the anchors of the headings: as GitHub makes them, and as Jupyter does (spaces to hyphens)."""
    text = b"\n\n".join(cell.data for cell in cells(data))
    jupyter = {title.strip().replace(" ", "-") for title in slugs.headings(text.decode("utf-8", "replace"))}
    return frozenset(markdown.anchors(text) | jupyter)


def cells(data: bytes) -> Iterator[Unescaped]:
    """Yield the text of each Markdown cell; its source is one string or a list of strings."""
    sources: list[json_walk.String] = []
    kinds: list[json_walk.String] = []
    for event in json_walk.walk(data):
        match event:
            case json_walk.String():
                if event.key == b"source":
                    sources.append(event)
                elif event.key == b"cell_type":
                    kinds.append(event)
            case json_walk.Close() if event.is_object and event.name == b"cells":
                own = event.depth + 1
                if any(data[kind.start : kind.end] in _TEXT_CELLS for kind in kinds if kind.depth == own):
                    yield _joined(data, [source for source in sources if source.depth in (own, own + 1)])
                sources.clear()
                kinds.clear()
            case _:
                pass


def _joined(data: bytes, strings: list[json_walk.String]) -> Unescaped:
    builder = Builder()
    for string in strings:
        json_ld.decode_into(builder, data[string.start : string.end], string.start)
    return builder.done()
