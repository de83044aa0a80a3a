"""A run as the stable JSON of `linkkeeper/report/1` (schema/report.json)."""

import msgspec

from linkkeeper.models.run import Run
from linkkeeper.report import safe

NAME = "json"


def render(run: Run) -> str:
    """Return run as one JSON object, `schema` first. Invisible characters are `\\u….` escapes: same data."""
    fields = msgspec.structs.asdict(safe.masked(msgspec.structs.replace(run, urls=[])))
    fields["urls"] = msgspec.Raw(safe.rows_json(run.urls))
    ordered = {"schema": fields.pop("schema"), **fields}
    text = msgspec.json.format(msgspec.json.encode(ordered), indent=2).decode("utf-8")
    return safe.json_text(text) + "\n"
