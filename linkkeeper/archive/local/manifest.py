"""`manifest.jsonl`: a line per page that is held whole, with the posts that cite it."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from linkkeeper.archive.local import index, lacking
from linkkeeper.archive.local.base import Page
from linkkeeper.archive.local.layout import MANIFEST, unreadable

_decode = msgspec.json.Decoder(Page).decode


def encode(page: Page) -> bytes:
    """Return the line of a page, with its end."""
    return msgspec.json.encode(page) + b"\n"


def parse(text: bytes) -> Page:
    """Read one line. Raises ValueError for what is none."""
    try:
        return _decode(text)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error


def read(directory: Path) -> Iterator[Page]:
    """Yield the pages in the order in which they were kept; lines that are damaged are left out (`verify` names them).

    Raises LinkkeeperError if the file cannot be read.
    """
    path = directory / MANIFEST
    try:
        for text in index.texts(path):
            if (page := _page(text)) is not None:
                yield page
    except OSError as error:
        raise unreadable(error, str(path)) from error


def newest(directory: Path) -> dict[str, Page]:
    """Return for each URL, as posts have it, the page that was captured last; none that cannot be replayed.

    Raises LinkkeeperError.
    """
    found: dict[str, Page] = {}
    try:
        gone = lacking.gone(directory)
    except OSError as error:
        raise unreadable(error, f"the index of {directory}") from error
    for page in read(directory):
        if (page.page, page.ts, page.digest) in gone:
            continue
        known = found.get(page.url)
        if known is None or known.ts <= page.ts:
            found[page.url] = page
    return found


def mend_end(directory: Path) -> int:
    """Give the last line an end, or cut it off if it is not whole; return how many bytes went. Raises OSError."""
    path = directory / MANIFEST
    last, size = b"\n", 0
    for last in index.texts(path):
        size += len(last)
    if last.endswith(b"\n"):
        return 0
    if _page(last + b"\n") is not None:
        with path.open("ab") as file:
            file.write(b"\n")
        return 0
    os.truncate(path, size - len(last))
    return len(last)


def rewrite(directory: Path, change: Callable[[Page], Page | None]) -> int:
    """Replace every page by what change makes of it, None: drop it; return how many were dropped.

    Lines that cannot be read stay as they are; where nothing changes, nothing is written. Raises OSError.
    """
    path = directory / MANIFEST
    pages = [page for text in index.texts(path) if (page := _page(text)) is not None]
    changes = {page: change(page) for page in pages}
    if any(now != page for page, now in changes.items()):
        index.write(path, _changed(path, changes))
    return sum(changes[page] is None for page in pages)


def _changed(path: Path, changes: Mapping[Page, Page | None]) -> Iterator[bytes]:
    for text in index.texts(path):
        page = _page(text)
        now = changes.get(page, page) if page else None
        if page is None or now == page:
            yield text
        elif now is not None:
            yield encode(now)


def cite(directory: Path, citations: Mapping[str, set[str]]) -> None:
    """Add posts to the last page of each URL. Raises OSError, LinkkeeperError."""
    last = newest(directory)
    wanted = {(url, last[url].ts): posts for url, posts in citations.items() if url in last}

    def change(page: Page) -> Page:
        posts = wanted.get((page.url, page.ts), set())
        return msgspec.structs.replace(page, posts=tuple(sorted({*page.posts, *posts}))) if posts else page

    if any(posts - set(last[url].posts) for (url, _), posts in wanted.items()):
        rewrite(directory, change)


def _page(text: bytes) -> Page | None:
    if not text.endswith(b"\n"):
        return None
    try:
        return parse(text)
    except ValueError:
        return None
