"""What the type of a setting cannot say: durations, zones, patterns, URLs."""

import re
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from typing import Any

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_557_600}


def seconds(value: float | str) -> float:
    """Return a duration in seconds: a number, or text such as `90`, `10m`, `1y`. Raises ValueError."""
    if isinstance(value, str):
        match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?)\s*([smhdwy]?)", value.strip().lower())
        if not match:
            raise ValueError("a duration is a number of seconds, or a number with s, m, h, d, w or y")
        return float(match[1]) * _UNITS[match[2] or "s"]
    if value < 0:
        raise ValueError("a duration is not negative")
    return float(value)


def zone(name: str) -> tzinfo:
    """Return the time zone (a tzinfo) of that IANA name. Raises ValueError."""
    from datetime import UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone known here") from error


def remapping(rule: str) -> tuple[str, str]:
    """Return pattern and replacement of a remap rule, `FROM TO`. Raises ValueError."""
    parts = rule.split()
    if len(parts) != 2:
        raise ValueError("a remap rule is `FROM TO`: a regular expression, white space, what takes its place")
    try:
        re.sub(parts[0], parts[1], "")
    except (re.error, IndexError) as error:
        raise ValueError(f"{rule!r} cannot be used: {error}") from error
    return parts[0], parts[1]


def _check_host(host: str) -> None:
    if not re.fullmatch(
        r"(\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]]+)(:[0-9]{1,5})?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", host
    ):
        raise ValueError(f"{host!r} is not HOST or HOST:PORT, e.g. 192.168.1.20:8080 (no http://, no path)")


def _check_folder(name: str) -> None:
    if name and not Path(name).is_dir():
        raise ValueError("there is no such folder")


def _check_url(value: str, schemes: tuple[str, ...]) -> None:
    if value and not value.lower().startswith(schemes):
        raise ValueError("must begin with " + " or ".join(schemes[:2]))
    if any(ord(letter) <= 32 for letter in value):
        raise ValueError("holds white space")


def _check_public_url(value: str) -> None:
    _check_url(value, _WEB)
    if "@" in value.partition("://")[2].partition("/")[0]:
        raise ValueError("holds credentials, and it is written into posts")


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error


def _check_header(line: str) -> None:
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*", line):
        raise ValueError("a header is written `Name: value`")


def _check_text(value: str) -> None:
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
        raise ValueError("holds control characters")


def _check_local_base(value: str) -> None:
    if value and not value.lower().startswith((*_WEB, "/")):
        raise ValueError("must begin with http://, https:// or /")
    if value.startswith("//") or any(ord(letter) <= 32 or letter in '#<>"' for letter in value):
        raise ValueError("is no address that links may begin with")


_WEB = ("http://", "https://")
_CHECKS: dict[str, Callable[[Any], object]] = {
    **dict.fromkeys(("max_time", "max_wait", "max_age", "max_archive_time", "archive.page_time"), seconds),
    "wayback.patience": seconds,
    **dict.fromkeys(("include", "exclude"), _check_pattern),
    "remap": remapping,
    "header": _check_header,
    "user_agent": _check_text,
    "allow_host": _check_host,
    "timezone": zone,
    "root": _check_folder,
    "archive.older_than": lambda value: value == "" or seconds(value),
    "archive.local_base": _check_local_base,
    "wayback.url": lambda value: _check_url(value, _WEB),
    "wayback.public_url": _check_public_url,
    "proxy": lambda value: _check_url(value, (*_WEB, "socks5://", "socks5h://", "socks4://")),
}
"""By setting; of a list, for each of its values."""


def check(path: str, value: Any) -> None:
    """Check what the type of a setting cannot say. Raises ValueError."""
    judge = _CHECKS.get(path)
    if judge is not None:
        for one in value if isinstance(value, list) else [value]:
            judge(one)
