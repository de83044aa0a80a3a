"""A run as the stable JSON of `linkkeeper/report/1` (schema/report.json)."""

from collections.abc import Iterator

import msgspec

from linkkeeper.models.run import Run
from linkkeeper.report import safe

NAME = "json"
_SPREAD = 1_000
"""URLs of a report that is made for eyes, a field a line. In a larger one each URL is a line: half the size."""
_AT_ONCE = 512
_NO_URLS = '\n  "urls": []'
"""Stands in a report once: no string holds a line feed."""
_BEFORE_URLS, _BETWEEN_URLS, _AFTER_URLS = '\n  "urls": [\n    ', ",\n    ", "\n  ]"


def render(run: Run) -> str:
    """Return run as one JSON object, `schema` first. Invisible characters are `\\u….` escapes: same data."""
    return "".join(pieces(run))


def pieces(run: Run) -> Iterator[str]:
    """Yield what `render` returns, in pieces: of a large run, the whole of it takes its time to be moved about."""
    rows = run.urls
    head = msgspec.structs.asdict(safe.masked(msgspec.structs.replace(run, urls=[])))
    ordered = {"schema": head.pop("schema"), **head}
    if len(rows) <= _SPREAD:
        lines = safe.json_lines(rows)[:-1]
        ordered["urls"] = msgspec.Raw(b"[" + lines.replace(b"\n", b",") + b"]")
        yield _text(ordered)
        return
    before, _, after = _text(ordered).partition(_NO_URLS)
    yield before + _BEFORE_URLS
    for start in range(0, len(rows), _AT_ONCE):
        lines = safe.json_lines(rows[start : start + _AT_ONCE])[:-1]
        yield (_BETWEEN_URLS if start else "") + safe.json_text(lines.decode("utf-8").replace("\n", _BETWEEN_URLS))
    yield _AFTER_URLS + after


def _text(report: dict[str, object]) -> str:
    data = msgspec.json.format(msgspec.json.encode(report), indent=2)
    return safe.json_text(data.decode("utf-8")) + "\n"
