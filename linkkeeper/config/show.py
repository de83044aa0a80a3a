"""Settings as TOML that could be written back, each with where its value came from."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from linkkeeper.config.settings import Loaded, Settings, fields
from linkkeeper.report.safe import toml_text
from linkkeeper.urls.secrets import mask

_SECRET = frozenset({"header", "host.headers"})
"""Their values are credentials, whatever they look like."""


def as_toml(loaded: Loaded) -> str:
    """Return every setting with its value and origin, as a `linkkeeper.toml`; what holds a credential is a comment."""
    groups: dict[str, list[str]] = {}
    for item in fields():
        group, _, key = item.path.rpartition(".")
        value, origin = _value(loaded.settings, item.path), loaded.origins.get(item.path, "default")
        if isinstance(value, Mapping):
            groups.setdefault(item.path, []).extend(_lines(value, origin))
        else:
            groups.setdefault(group, []).append(_line(key, value, origin, secret=item.path in _SECRET))
    for name, host in loaded.settings.host.items():
        given = {key: value for key, value in msgspec.to_builtins(host).items() if value not in (None, [], {})}
        groups[f"host.{toml_text(name)}"] = list(_lines(given, loaded.origins.get("host", "default")))
    blocks = (("" if not group else f"[{group}]\n") + "".join(lines) for group, lines in groups.items() if lines)
    return "\n".join(blocks)


def _value(settings: Settings, path: str) -> Any:
    value: Any = settings
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _lines(values: Mapping[str, Any], origin: str) -> Iterator[str]:
    for key, value in values.items():
        yield _line(key, value, origin, secret=f"host.{key}" in _SECRET)


def _line(key: str, value: Any, origin: str, *, secret: bool) -> str:
    shown = _hidden(value) if secret else value
    text = _toml(shown)
    masked = mask(text)
    comment = "# " if masked != text or shown != value else ""
    return f"{comment}{_key(key)} = {masked}  # {toml_text(mask(origin))[1:-1]}\n"


def _hidden(value: Any) -> Any:
    """Return headers without what they say."""
    if isinstance(value, Mapping):
        return dict.fromkeys(value, "***")
    return [f"{line.partition(':')[0]}: ***" for line in value]


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else toml_text(key)


def _toml(value: Any) -> str:
    """Return a value in TOML 1.0: text, number, truth, list or inline table."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_key(key)} = {_toml(one)}' for key, one in value.items())}}}"
    return toml_text(value) if isinstance(value, str) else f"{value!r}"
