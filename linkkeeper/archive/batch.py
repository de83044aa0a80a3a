"""Which URLs may share one query of the index. Pure.

A prefix query with a filter that names the wanted keys brings the rows of all of them: one request for up to
some dozens of URLs. Rows come in the order of keys, so a cut-off answer is still complete up to its last key.
"""

import re
from collections.abc import Iterable
from itertools import groupby
from urllib.parse import urlsplit

from msgspec import Struct

from linkkeeper.archive.cdx import CdxAnswer
from linkkeeper.archive.cdx_query import NOT_ERRORS, CdxQuery
from linkkeeper.archive.choose import CdxRow
from linkkeeper.archive.surt import host_of, path_of, surt_key

MAX_ROWS = 5000
_MAX_PATTERN = 1500
"""Characters of the filter: with escapes the request line stays well below 8 KiB."""
_MAX_KEY = 400
GIANTS = frozenset(
    {
        "amazon.com", "archive.org", "bbc.co.uk", "blog.csdn.net", "cnn.com", "en.wikipedia.org", "facebook.com",
        "flickr.com", "github.com", "google.com", "imdb.com", "instagram.com", "linkedin.com", "medium.com",
        "mp.weixin.qq.com", "nytimes.com",
        "reddit.com", "twitter.com", "weibo.com", "x.com", "youtube.com", "youtu.be", "zh.wikipedia.org",
        "zhihu.com", "zhuanlan.zhihu.com",
    }
)  # fmt: skip
"""Sites with so many captures that a query over their folders times out (the index answers 504, observed 2025)."""


class Batch(Struct, frozen=True):
    """One query for several URLs."""

    query: CdxQuery
    keys: dict[str, str]
    """Path part of the key, as rows are told apart by it → whole key."""


def plan_batches(urls: Iterable[str]) -> list[Batch]:
    """Return the queries that serve at least two of the URLs each (in the form of a request, no fragment).

    The same URL wanted for two days counts twice: one query of all its rows serves both.
    """
    pairs = sorted((surt_key(url), url) for url in urls)
    batches: list[Batch] = []
    for _, group in groupby(pairs, key=lambda pair: host_of(pair[0])):
        for sharing in _who_may_share(list(group)):
            batches += [_batch(chunk) for chunk in _chunks(sharing) if len(chunk) > 1]
    return batches


def rows_by_path(answer: CdxAnswer, batch: Batch) -> dict[str, tuple[CdxRow, ...]]:
    """Return the rows of every wanted path that the answer covers; no rows means that the index has none."""
    found: dict[str, list[CdxRow]] = {path: [] for path in batch.keys}
    for row in answer.rows:
        if (path := path_of(row.urlkey)) in found:
            found[path].append(row)
    last = path_of(answer.rows[-1].urlkey) if answer.full and answer.rows else None
    covered = {path: rows for path, rows in found.items() if last is None or path < last}
    return {path: tuple(rows) for path, rows in covered.items()}


def _who_may_share(pairs: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """All URLs of a host; on a giant site only one and the same URL, wanted for several days."""
    if (urlsplit(pairs[0][1]).hostname or "").removeprefix("www.") not in GIANTS:
        return [pairs]
    return [list(same) for _, same in groupby(pairs, key=lambda pair: pair[0])]


def _chunks(pairs: list[tuple[str, str]]) -> Iterable[list[tuple[str, str]]]:
    """Yield what one filter has room for. A key is in one chunk only, however often it is wanted."""
    chunk: list[tuple[str, str]] = []
    size = 0
    for key, same in groupby(pairs, key=lambda pair: pair[0]):
        cost = len(re.escape(path_of(key))) + 1
        if cost > _MAX_KEY:
            continue
        if size + cost > _MAX_PATTERN:
            yield chunk
            chunk, size = [], 0
        chunk += same
        size += cost
    yield chunk


def _batch(pairs: list[tuple[str, str]]) -> Batch:
    keys = {path_of(key): key for key, _ in pairs}
    pattern = "|".join(re.escape(path) for path in keys)
    query = CdxQuery(
        _common_folder([url for _, url in pairs]),
        limit=MAX_ROWS,
        match_type="prefix",
        filters=(NOT_ERRORS, rf"urlkey:[^)]*\)({pattern})"),
    )
    return Batch(query, keys)


def _common_folder(urls: list[str]) -> str:
    """Return the URL of the deepest folder that holds all of them, without the slash at its end.

    The page `/a/` has the key `/a`: a prefix `/a/` would miss it.
    """
    parts = [urlsplit(url) for url in urls]
    folders = [part.path.split("/")[1:-1] for part in parts]
    common: list[str] = []
    for names in zip(*folders, strict=False):
        if len(set(names)) > 1:
            break
        common.append(names[0])
    return f"{parts[0].scheme}://{parts[0].netloc}/" + "/".join(common)
