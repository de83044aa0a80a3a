"""The JSON Schemas of the stable formats, as they ship in the package (JSON Schema 2020-12)."""

import json
from importlib import resources
from typing import Any

NAMES = (
    *("report", "links", "fix", "history"),
    *("archive-save", "archive-status", "archive-verify", "archive-show"),
)


def schema(name: str) -> dict[str, Any]:
    """Return the schema of what a command writes as JSON (`report`: `scan`), or of a line of `links`."""
    text = (resources.files("linkkeeper.report") / "schema" / f"{name}.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
