"""The JSON Schemas of the stable formats, as they ship in the package (JSON Schema 2020-12)."""

import json
from importlib import resources
from typing import Any

NAMES = ("report", "links", "fix", "history")


def schema(name: str) -> dict[str, Any]:
    """Return the schema of `scan --format json`, of a line of `links`, of `fix --format json`, or of `history`."""
    text = (resources.files("linkkeeper.report") / "schema" / f"{name}.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
