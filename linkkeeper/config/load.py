"""Flags over environment over file over defaults, and where each value came from."""

import difflib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
import tomli

from linkkeeper.config.settings import ENVIRONMENT_PREFIX, LOOSENING, Field, HostSettings, Loaded, Settings, fields
from linkkeeper.config.values import check
from linkkeeper.errors import UsageError

FILE_NAMES = ("linkkeeper.toml", "pyproject.toml")


def load(flags: Mapping[str, Any], config_file: str | None = None, start: Path | None = None) -> Loaded:
    """Return the settings for flags (path -> value, only those given), the environment and the file.

    config_file: named by the user, must exist. Without it the nearest `linkkeeper.toml` or
    `pyproject.toml` with a `[tool.linkkeeper]` table is taken, from start (default: here) upward
    to the root of the git work tree.
    Raises UsageError naming the setting, its origin, and the nearest known one if it is unknown.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    notes: list[str] = []
    for path, value, origin in (*_from_file(config_file, start, notes), *_from_environment(), *_from_flags(flags)):
        values[path] = _convert(path, value, origin)
        origins[path] = origin
    nested: dict[str, Any] = {}
    for path, value in values.items():
        group, _, key = path.rpartition(".")
        (nested.setdefault(group, {}) if group else nested)[key] = value
    if "state" not in nested:
        nested["state"] = _state_above(start or Path.cwd())
    return Loaded(msgspec.convert(nested, Settings), origins, tuple(notes))


def _state_above(start: Path) -> str:
    """Return the state directory of the nearest folder upward that has one, within the git work tree; else ours.

    Outside of git nothing says where the collection ends: what lies above may be somebody else's.
    """
    own = Settings().state
    above: list[Path] = []
    for folder in (start, *start.parents):
        above.append(folder)
        if os.path.exists(folder / ".git"):  # noqa: PTH110 - a folder that may not be entered is no error
            found = next((one for one in above if (one / own).is_dir()), start)
            return own if found == start else str(found / own)
    return own


def _from_flags(flags: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    known = {item.path: item.flag for item in fields()}
    for path, value in flags.items():
        yield path, value, f"flag {known[path]}" if known.get(path) else "command line"


def _from_environment() -> Iterator[tuple[str, Any, str]]:
    known = {item.variable: item for item in fields()}
    for name, text in sorted(os.environ.items()):
        if not name.startswith(ENVIRONMENT_PREFIX):
            continue
        if name not in known:
            raise UsageError(f"environment variable {name} is not a setting", _nearest(name, known))
        yield known[name].path, _from_text(known[name], text), f"environment {name}"


def _from_text(item: Field, text: str) -> Any:
    if isinstance(item.default, bool):
        words = {
            "1": True,
            "true": True,
            "yes": True,
            "on": True,
            "0": False,
            "false": False,
            "no": False,
            "off": False,
            "": False,
        }
        return words.get(text.strip().lower(), text)
    if isinstance(item.default, list):
        return [part for part in re.split(r"[\n,]", text) if part] if item.path in _COMMA_LISTS else text.splitlines()
    if isinstance(item.default, dict):
        return dict(part.split("=", 1) for part in text.splitlines() if "=" in part)
    if isinstance(item.default, (int, float)) and not isinstance(item.default, bool):
        return _number(text)
    return text


_NAMES = frozenset({"archive.to"})
"""Lists of names without commas in them: a flag may be repeated, and hold several."""
_COMMA_LISTS = frozenset(
    {"fail_on", "allow_host", "paths", "archive.to", "clean.strip", "clean.keep_hosts", "clean.keep_params"}
)


def _number(text: str) -> float | int | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _from_file(config_file: str | None, start: Path | None, notes: list[str]) -> Iterator[tuple[str, Any, str]]:
    path = Path(config_file) if config_file else _find(start or Path.cwd())
    if path is None:
        return
    table = _table(path)
    guarded = config_file is None and in_ci()
    for key, value in _flatten(table, path):
        if guarded and key in LOOSENING:
            notes.append(
                f"{path.name}: {key} from the tree does not count in CI; use --config, a flag or the environment"
            )
            continue
        yield key, value, f"file {path.name}"


def in_ci() -> bool:
    """Return whether this runs in continuous integration, as CI services say it (`CI` is set and not false)."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def _find(start: Path) -> Path | None:
    for folder in (start, *start.parents):
        for name in FILE_NAMES:
            path = folder / name
            if path.is_file() and (name != "pyproject.toml" or "linkkeeper" in _parse(path).get("tool", {})):
                return path
        if (folder / ".git").exists():
            return None
    return None


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomli.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}", "name a readable TOML file with --config") from error
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: not valid TOML: {error}", "correct the file, or name another with --config"
        ) from error


def _table(path: Path) -> dict[str, Any]:
    parsed = _parse(path)
    table = parsed.get("tool", {}).get("linkkeeper")
    if table is None and path.name != "pyproject.toml":
        table = parsed
    if not isinstance(table, dict):
        raise UsageError(f"{path}: no [tool.linkkeeper] table", "add one, or name another file with --config")
    return table


def _flatten(table: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Any]]:
    known = {item.path for item in fields()} | {"host"}
    groups = {name.partition(".")[0] for name in known if "." in name}
    for raw, value in table.items():
        key = raw.replace("-", "_")
        if key in groups and isinstance(value, dict):
            for inner, inner_value in value.items():
                yield _known(f"{key}.{inner.replace('-', '_')}", known, path), inner_value
        else:
            yield _known(key, known, path), value


def _known(key: str, known: set[str], path: Path) -> str:
    if key not in known:
        raise UsageError(f"{path}: unknown setting {key!r}", _nearest(key, known))
    return key


def _nearest(name: str, known: Sequence[str] | Mapping[str, Any] | set[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else "docs/settings.md lists them all"


def _convert(path: str, value: Any, origin: str) -> Any:
    if path == "host":
        annotation: Any = dict[str, HostSettings]
    else:
        item = next(item for item in fields() if item.path == path)
        annotation = item.type
        if isinstance(item.default, list) and isinstance(value, str):
            value = [part.strip() for part in value.split(",")] if path in _COMMA_LISTS else [value]
        if path in _NAMES and isinstance(value, list):
            parts = [part.strip() for one in value for part in str(one).split(",")]
            value = list(dict.fromkeys(filter(None, parts)))
    try:
        converted = msgspec.convert(value, annotation)
        check(path, converted)
    except (msgspec.ValidationError, ValueError) as error:
        raise UsageError(f"{path} = {value!r} ({origin}): {_why(annotation, value, error)}", _HINT) from error
    return converted


_HINT = "docs/settings.md says what it takes"


def _why(annotation: Any, value: Any, error: Exception) -> str:
    """Return what is wrong with a value; of a setting with names to choose from, which these are."""
    names = _choices(annotation)
    wrong = [one for one in (value if isinstance(value, list) else [value]) if one not in names] if names else []
    if not wrong:
        return str(error)
    near = difflib.get_close_matches(str(wrong[0]), names, n=1)
    meant = f" (did you mean {near[0]!r}?)" if near else ""
    return f"{wrong[0]!r} is none of {', '.join(names)}{meant}"


def _choices(annotation: Any) -> tuple[str, ...]:
    """Return the words that a setting, or each item of its list, may be; none if it is free."""
    if get_origin(annotation) is Literal:
        return tuple(str(word) for word in get_args(annotation))
    inner = get_args(annotation)
    return _choices(inner[0]) if inner and get_origin(annotation) in (list, Annotated) else ()
