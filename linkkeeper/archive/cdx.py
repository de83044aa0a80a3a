"""Queries to the Wayback Machine's index, through waybackpy.

waybackpy writes the query and reads the records (see `waybackpy_index`). It blocks, so it runs in a worker thread;
its requests go out through our own client.
"""

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec
from msgspec import Struct

from linkkeeper.archive.bridge import Ask, in_thread
from linkkeeper.archive.cdx_query import FIELDS, CdxQuery
from linkkeeper.archive.choose import CdxRow
from linkkeeper.archive.client import ArchiveClient
from linkkeeper.archive.limiter import Pool
from linkkeeper.archive.playback import is_excluded
from linkkeeper.errors import ArchiveError
from linkkeeper.models.verdict import Reply

_MAX_URL = 6000


class CdxAnswer(Struct, frozen=True):
    """The index's rows, those nobody can use left out."""

    rows: tuple[CdxRow, ...]
    full: bool
    """As many rows as asked for: there may be more."""


class ExcludedByOwner(Exception):  # noqa: N818  # an answer, not an error; it ends at the provider
    """The index refuses these URLs at their owner's wish."""


async def ask_index(client: ArchiveClient, base: str, query: CdxQuery, *, spare: bool = False) -> CdxAnswer:
    """Ask the index once (`spare`: see ArchiveClient).

    Raises ArchiveError if it could not be asked, ExcludedByOwner if it may not answer.
    """
    endpoint = f"{base.rstrip('/')}/cdx/search/cdx"

    def work(ask: Ask) -> CdxAnswer:
        def fetch(url: str) -> list[list[str]]:
            return _rows(ask(lambda: client.get(url, Pool.INDEX, nonsense=nonsense, spare=spare)))

        return _ask(fetch, endpoint, query)

    return await in_thread(_thread(), work)


@functools.cache
def _thread() -> ThreadPoolExecutor:
    """The one thread for waybackpy: the index takes one question at a time anyway.

    Not asyncio's own threads: names are looked up there, and a question that blocks the last of them while it waits
    for a name would wait for itself.
    """
    return ThreadPoolExecutor(1, "waybackpy")


def _ask(fetch: Callable[[str], list[list[str]]], endpoint: str, query: CdxQuery) -> CdxAnswer:
    """Run waybackpy."""
    if len(query.url) > _MAX_URL:
        raise ArchiveError(f"a URL of {len(query.url)} characters is too long for the index")
    from linkkeeper.archive import waybackpy_index  # requests comes with it: loaded once a link is dead

    rows, seen = waybackpy_index.ask(fetch, endpoint, query)
    return CdxAnswer(rows, full=seen >= abs(query.limit))


def _rows(reply: Reply) -> list[list[str]]:
    """Return the rows of an answer in the order of FIELDS."""
    if is_excluded(reply):
        raise ExcludedByOwner
    if reply.status != 200:
        raise ArchiveError(f"the index refuses the question: HTTP {reply.status}")
    return parse_rows(reply.body)


def nonsense(reply: Reply) -> str:
    """Return why this is no answer of the index; empty if it is one, be it that the owner forbids it or that the
    question was a bad one (400). Whoever answers 403, 404 or a redirect is no index, or wants us gone.
    """
    if reply.status == 400 or is_excluded(reply):
        return ""
    if reply.status != 200:
        return f"the index refuses the question: HTTP {reply.status}"
    if reply.truncated:
        return "the index's answer is cut off"
    try:
        parse_rows(reply.body)
    except ValueError as error:
        return str(error)
    return ""


def parse_rows(body: bytes) -> list[list[str]]:
    """Return the rows of a JSON answer (header first), or of a plain-text one, in the order of FIELDS.

    No rows: `[]`, a header alone, or an empty body. Raises ValueError for anything else: HTML, cut off, an error.
    """
    if not body.strip():
        return []
    if not body.lstrip().startswith(b"["):
        return _parse_text(body.decode("utf-8", "replace"))
    try:
        table = msgspec.json.decode(body, type=list[list[str | int | float | bool | None]])
    except msgspec.DecodeError as error:
        raise ValueError("the index's JSON is cut off or broken") from error
    if not table or not table[0]:
        return []
    header = [str(name) for name in table[0]]
    if not set(FIELDS[:6]) <= set(header):
        raise ValueError("the index's answer has no header that we know")
    columns = [header.index(name) for name in FIELDS[:6]]
    return [[_text(row[column]) for column in columns] for row in table[1:] if len(row) == len(header)]


def _text(field: object) -> str:
    return "-" if field is None else str(field)


def _parse_text(text: str) -> list[list[str]]:
    """Read plain rows; damaged ones (observed: `data:` URLs with spaces) and a resume key at the end are left out."""
    rows = [line.split(" ") for line in text.splitlines() if line.strip()]
    good = [row[:6] for row in rows if len(row) == len(FIELDS) and row[1].isdigit()]
    if not good:
        raise ValueError("the index did not answer with rows")
    return good
