"""A run as the stable JSON of `linkkeeper/report/1` (schema/report.json)."""

import msgspec

from linkkeeper.models.run import Run
from linkkeeper.report import safe

NAME = "json"
_SPREAD = 1_000
"""URLs of a report that is made for eyes, a field a line. In a larger one each URL is a line: half the size."""

_NO_URLS = b'\n  "urls": []'
"""Stands in a report once: no string holds a line feed."""
_BEFORE_URLS, _BETWEEN_URLS, _AFTER_URLS = b'\n  "urls": [\n    ', b",\n    ", b"\n  ]"


def render(run: Run) -> str:
    """Return run as one JSON object, `schema` first. Invisible characters are `\\u….` escapes: same data."""
    fields = msgspec.structs.asdict(safe.masked(msgspec.structs.replace(run, urls=[])))
    lines = safe.json_lines(run.urls)[:-1]
    ordered = {"schema": fields.pop("schema"), **fields}
    spread = len(run.urls) <= _SPREAD
    if spread:
        ordered["urls"] = msgspec.Raw(b"[" + lines.replace(b"\n", b",") + b"]")
    data = msgspec.json.format(msgspec.json.encode(ordered), indent=2)
    if not spread:
        data = data.replace(_NO_URLS, _BEFORE_URLS + lines.replace(b"\n", _BETWEEN_URLS) + _AFTER_URLS, 1)
    return safe.json_text(data.decode("utf-8") + "\n")
