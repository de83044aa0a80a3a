"""docs/settings.md: every setting with its flag, variable, type and default."""

from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from linkkeeper.config.settings import LOOSENING, Field, HostSettings, fields

PAGE = Path("docs/settings.md")

HEAD = """# Settings

Flags win over the environment, the environment over the file, the file over the defaults.
`linkkeeper scan --show-config` prints every setting with its value and where it came from, as TOML.

The file is `linkkeeper.toml`, or `pyproject.toml` with a table `[tool.linkkeeper]`; the nearest one from the
current folder upward, as far as the root of the git work tree, or the one that `--config FILE` names.
In both files keys may be written with `-` or `_`. An unknown key is an error that names the nearest known one.

```toml
[tool.linkkeeper]
paths = ["content"]
exclude = ["^https://intranet\\\\."]
timeout = 15

[tool.linkkeeper.wayback]
rate = 12

[tool.linkkeeper.host."example.com"]
per_host = 2
```

Editors that know JSON Schema for TOML (Even Better TOML, taplo, Tombi) complete and check `linkkeeper.toml` if its
first line names the schema, as `linkkeeper init` writes it:

```toml
#:schema https://raw.githubusercontent.com/linkkeeper/linkkeeper/main/linkkeeper/config/settings.schema.json
```

The file is in the package as well, beside the settings' own code (`linkkeeper/config/settings.schema.json`).

Durations are seconds, or a number with `s`, `m`, `h`, `d`, `w` or `y`: `90`, `10m`, `1y`.

| key | flag | environment | takes | default | |
| --- | --- | --- | --- | --- | --- |
"""

HOST = """
## Per host

In a table `[tool.linkkeeper.host."example.com"]`:

| key | takes | |
| --- | --- | --- |
"""

CI = """
## In CI

Where the variable `CI` is set, a settings file found in the scanned tree may be part of somebody's pull request.
These settings count there only from a flag, the environment, or a file named by `--config`: {names}.
"""


def render() -> str:
    """Return the page."""
    rows = "".join(_row(item) for item in fields())
    hosts = "".join(
        f"| `{item.name}` | {_takes(item.type)} | {_meta(item.type)} |\n"
        for item in msgspec.structs.fields(HostSettings)
    )
    names = ", ".join(f"`{name}`" for name in sorted(LOOSENING))
    return HEAD + rows + HOST + hosts + CI.format(names=names)


def _row(item: Field) -> str:
    flag = f"`{item.flag}`" if item.flag else "–"
    cells = (f"`{item.path}`", flag, f"`{item.variable}`", _takes(item.type), _default(item.default), item.description)
    return "| " + " | ".join(cells) + " |\n"


def _default(value: Any) -> str:
    if value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{','.join(value) if isinstance(value, list) else value}`"


def _meta(annotation: Any) -> str:
    for part in (annotation, *get_args(annotation)):
        for meta in getattr(part, "__metadata__", ()):
            if isinstance(meta, msgspec.Meta) and meta.description:
                return meta.description
    return ""


def _takes(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        metas = [meta for meta in annotation.__metadata__ if isinstance(meta, msgspec.Meta)]
        if any((meta.extra or {}).get("unit") == "duration" for meta in metas):
            return "duration"
        return _takes(get_args(annotation)[0])
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if origin is list:
        return f"list of {_takes(get_args(annotation)[0])}"
    if origin is dict:
        return f"table of {_takes(get_args(annotation)[1])}"
    if origin in (Union, UnionType):
        return _takes(next(part for part in get_args(annotation) if part is not type(None)))
    return {str: "text", int: "whole number", float: "number", bool: "`true` or `false`"}.get(annotation, "table")
