"""linkkeeper/config/settings.schema.json: the settings for editors, made from `Settings`."""

import json
from pathlib import Path
from typing import Any

import msgspec

from linkkeeper.config.settings import Settings, fields

PAGE = Path("linkkeeper/config/settings.schema.json")

DURATION = r"^\s*[0-9]{1,9}(\.[0-9]{1,6})?\s*[smhdwySMHDWY]?\s*$"


def render() -> str:
    """Return the JSON Schema (2020-12) of `linkkeeper.toml`."""
    [made], parts = msgspec.json.schema_components([Settings])
    name = made["$ref"].rpartition("/")[2]
    parts = {key: _part(key, part) for key, part in parts.items()}
    _durations(parts, name)
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://raw.githubusercontent.com/linkkeeper/linkkeeper/main/" + PAGE.as_posix(),
        "title": "Settings of linkkeeper",
        **{key: value for key, value in parts.pop(name).items() if key not in ("title", "$schema")},
    }
    tool = {"type": "object", "properties": {"linkkeeper": {"$ref": "#"}}}
    whole["properties"] = {**whole["properties"], "tool": tool}
    text = json.dumps(whole | {"$defs": parts}, indent=2, ensure_ascii=False) + "\n"
    return text.replace("#/$defs/" + name, "#")


def _part(name: str, part: dict[str, Any]) -> dict[str, Any]:
    """Return a table: keys may be written with `-` as well, and for a list of text one text will do."""
    table = {key: value for key, value in part.items() if key != "required"}
    spelled = {}
    for key, value in part.get("properties", {}).items():
        spelled[key] = _plain(value)
        if "_" in key and name != "HostSettings":
            spelled[key.replace("_", "-")] = {**_plain(value), "x-taplo": {"hidden": True}}
    return table | {"properties": spelled, "additionalProperties": False}


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    if value.get("type") != "array":
        return value
    kept: dict[str, Any] = {key: value[key] for key in ("description", "default") if key in value}
    items = {key: one for key, one in value.items() if key not in kept}
    return {**kept, "anyOf": [items, {"type": "string"}]} if _is_text(value["items"]) else value


def _is_text(items: dict[str, Any]) -> bool:
    return items.get("type") == "string" or "enum" in items


def _durations(parts: dict[str, Any], root: str) -> None:
    """Say what a duration looks like: the type alone allows every text."""
    groups = {"": root, "wayback": "WaybackSettings", "archive": "ArchiveSettings", "clean": "CleanSettings"}
    for item in fields():
        group, _, key = item.path.rpartition(".")
        metas = getattr(item.type, "__metadata__", ())
        if any((getattr(meta, "extra", None) or {}).get("unit") == "duration" for meta in metas):
            properties = parts[groups[group]]["properties"]
            pattern = f"^$|{DURATION}" if item.default == "" else DURATION
            for name in {key, key.replace("_", "-")}:
                one = {field: value for field, value in properties[name].items() if field not in ("anyOf", "type")}
                kinds = [{"type": "number", "minimum": 0}, {"type": "string", "pattern": pattern}]
                properties[name] = {**one, "anyOf": kinds}
